using System.Security.Cryptography;
using Moldau.Base;

namespace Moldau.Client;

/// <summary>A client of one cluster: the links, the metadata and the memory that its producers, consumers and
/// administration share. It speaks with any Kafka-compatible cluster from 2.1 on. Safe for use by many threads at
/// once; it has no thread of its own.</summary>
public sealed class MoldauClient : IAsyncDisposable
{
    /// <summary>A client with default settings.</summary>
    /// <param name="bootstrapServers">Where to ask first: <c>host:port</c>, several with commas between
    /// them.</param>
    public MoldauClient(string bootstrapServers)
        : this(new ClientSettings { BootstrapServers = BrokerAddresses.Parse(bootstrapServers) })
    {
    }

    /// <summary>A client with settings of one's own.</summary>
    /// <param name="settings">What all its parts share.</param>
    /// <param name="time">Another clock, for tests.</param>
    /// <exception cref="ArgumentException">The settings contradict one another, or a key or trust store cannot be
    /// read.</exception>
    public MoldauClient(ClientSettings settings, TimeProvider? time = null)
        : this(
            new SocketWorld(Options(settings)), time ?? TimeProvider.System,
            new ClientMachine(settings, unchecked((ulong)Random.Shared.NextInt64()), RandomNumberGenerator.Fill))
    {
    }

    /// <summary>A client in another world than that of sockets.</summary>
    internal MoldauClient(ClientSettings settings, IClientWorld world, TimeProvider time, ulong seed)
        : this(world, time, new ClientMachine(settings, seed))
    {
    }

    /// <summary>A client without threads, for a program that asks a few things and ends: what is asked of its administration
    /// happens on the thread of who asks, before the task is there. No producers or consumers, and no encryption.</summary>
    /// <param name="settings">What all its parts share.</param>
    /// <param name="door">A connection that is open already; the client closes it.</param>
    internal static MoldauClient OfCaller(ClientSettings settings, OpenConnection? door) => new(
        new CallerWorld(Options(settings), door), new CallerTime(),
        new ClientMachine(settings, unchecked((ulong)Random.Shared.NextInt64()), static bytes => RandomNumberGenerator.Fill(bytes)));

    private MoldauClient(IClientWorld world, TimeProvider time, ClientMachine machine)
    {
        Driver = new ClientDriver(machine, world, time);
        Admin = new AdminClient(Driver);
    }

    /// <summary>Topics, groups, configuration: everything that administers the cluster.</summary>
    public AdminClient Admin { get; }

    /// <summary>What is known of the cluster now, without asking it.</summary>
    public ClusterView Cluster => Driver.Cluster;

    /// <summary>A consumer that is told what to read: by <c>Subscribe</c> as a member of a group, or by
    /// <see cref="Consumer{TKey,TValue}.Assign"/>.</summary>
    /// <param name="key">How keys are read.</param>
    /// <param name="value">How values are read.</param>
    /// <param name="options">What it is to do.</param>
    public Consumer<TKey, TValue> CreateConsumer<TKey, TValue>(
        IDeserializer<TKey> key, IDeserializer<TValue> value, ConsumerOptions? options = null) =>
        new(Driver, options ?? new ConsumerOptions(), key, value);

    /// <summary>A consumer that reads a topic as a member of the group that the options name.</summary>
    /// <param name="topic">The topic and its formats.</param>
    /// <param name="options">What it is to do; a group id is needed.</param>
    public Consumer<TKey, TValue> CreateConsumer<TKey, TValue>(Topic<TKey, TValue> topic, ConsumerOptions options)
    {
        Consumer<TKey, TValue> consumer = new(Driver, options, topic.Key, topic.Value);
        consumer.Subscribe(topic.Name);
        return consumer;
    }

    /// <summary>A consumer of a share group (KIP-932): records are given out one by one and acknowledged. It is told what to
    /// read by <see cref="ShareConsumer{TKey,TValue}.Subscribe"/>.</summary>
    /// <param name="key">How keys are read.</param>
    /// <param name="value">How values are read.</param>
    /// <param name="options">What it is to do.</param>
    public ShareConsumer<TKey, TValue> CreateShareConsumer<TKey, TValue>(
        IDeserializer<TKey> key, IDeserializer<TValue> value, ShareConsumerOptions options) => new(Driver, options, key, value);

    /// <summary>A consumer that reads a topic as a member of the share group that the options name.</summary>
    /// <param name="topic">The topic and its formats.</param>
    /// <param name="options">What it is to do.</param>
    public ShareConsumer<TKey, TValue> CreateShareConsumer<TKey, TValue>(Topic<TKey, TValue> topic, ShareConsumerOptions options)
    {
        ShareConsumer<TKey, TValue> consumer = new(Driver, options, topic.Key, topic.Value);
        consumer.Subscribe(topic.Name);
        return consumer;
    }

    internal ClientDriver Driver { get; }

    /// <summary>A producer, which shares the client's metadata and has links of its own. Dispose it to send what is
    /// left.</summary>
    /// <param name="options">How it batches, sends and retries; null for the defaults.</param>
    /// <exception cref="ArgumentException">The options contradict one another.</exception>
    public Producer CreateProducer(ProducerOptions? options = null) => new(Driver, options ?? new ProducerOptions());

    /// <summary>Closes all links. What is still under way fails.</summary>
    public ValueTask DisposeAsync() => Driver.DisposeAsync();

    private static SocketOptions Options(ClientSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return new SocketOptions
        {
            MaxFrameBytes = settings.MaxFrameBytes,
            Security = settings.Security,
            Tls = settings.Security.UsesTls ? new TlsClient(settings.Security.Tls) : null,
            SendBufferBytes = settings.SendBufferBytes,
            ReceiveBufferBytes = settings.ReceiveBufferBytes,
        };
    }
}
