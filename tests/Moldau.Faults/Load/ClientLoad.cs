using Moldau.Base;
using Moldau.Client;
using Moldau.Records;

namespace Moldau.Faults;

/// <summary>Everything that speaks with the node at once: producers with four codecs, a reader, a group of two, an
/// administrator.</summary>
internal sealed class ClientLoad : IAsyncDisposable
{
    private static readonly CompressionCodec[] _codecs =
        [CompressionCodec.None, CompressionCodec.Lz4, CompressionCodec.Zstd, CompressionCodec.Gzip];

    private readonly List<MoldauClient> _clients = [];
    private readonly List<Task> _producers = [];
    private readonly List<Task> _others = [];
    private readonly CancellationTokenSource _stopSending = new();
    private readonly CancellationTokenSource _stopAll = new();
    private readonly string _bootstrap;
    private readonly ILoadEvents _events;
    private readonly LoadOptions _options;
    private bool _isDisposed;

    public ClientLoad(string bootstrap, ILoadEvents events, LoadOptions options) =>
        (_bootstrap, _events, _options) = (bootstrap, events, options);

    public static IReadOnlyList<TopicPartition> Partitions { get; } =
        [.. LoadTopic.All.SelectMany(t => Enumerable.Range(0, t.Partitions).Select(p => new TopicPartition(t.Name, p)))];

    /// <summary>Makes the topics that are written to.</summary>
    public async Task CreateTopicsAsync()
    {
        var admin = NewClient("admin").Admin;
        foreach (var topic in LoadTopic.All)
        {
            NewTopic wanted = new(topic.Name, topic.Partitions, 1) { Configs = topic.Configs };
            await admin.CreateTopicAsync(wanted).WaitAsync(TimeSpan.FromSeconds(60));
            _events.Topic(topic.Name, TopicState.Created);
        }
    }

    public void Start()
    {
        for (var i = 0; i < _codecs.Length; i++)
        {
            ProducerWorker producer = new(_options.FirstWorker + i, _codecs[i], Partitions, _events, _options);
            var client = NewClient($"producer-{i}");
            _producers.Add(Task.Run(() => producer.RunAsync(client, _stopSending.Token)));
        }

        StartMember(isVisitor: false);
        StartMember(isVisitor: true);
        ReaderWorker reader = new(Partitions, _events);
        var readers = NewClient("reader");
        _others.Add(Task.Run(() => reader.RunAsync(readers, _stopAll.Token)));
        if (!_options.ManagesTopics) return;
        TopicWorker topics = new(_options.FirstWorker + _codecs.Length, LoadTopic.All.Single(t => t.Shrinks), _events, _options);
        var admins = NewClient("topics");
        _others.Add(Task.Run(() => topics.RunAsync(admins, _stopSending.Token)));
    }

    /// <summary>Only a member of the group and a producer: what a second process runs.</summary>
    public void StartOne()
    {
        ProducerWorker producer = new(_options.FirstWorker, CompressionCodec.None, Partitions, _events, _options);
        var client = NewClient($"producer-{_options.FirstWorker}");
        _producers.Add(Task.Run(() => producer.RunAsync(client, _stopSending.Token)));
        StartMember(isVisitor: false);
    }

    /// <summary>Lets the producers bring to an end what they have begun, then ends the rest. The node has to be up.</summary>
    public async Task StopAsync(TimeSpan patience)
    {
        await _stopSending.CancelAsync();
        await Task.WhenAll(_producers).WaitAsync(patience);
        await _stopAll.CancelAsync();
        await Task.WhenAll(_others).WaitAsync(patience);
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        await _stopSending.CancelAsync();
        await _stopAll.CancelAsync();
        foreach (var client in _clients) await client.DisposeAsync();
        try
        {
            await Task.WhenAll(_producers.Concat(_others)).WaitAsync(TimeSpan.FromSeconds(30));
        }
        catch (Exception error) when (error is MoldauException or AggregateException or ObjectDisposedException)
        {
            // The clients were taken from under them: that is how a load ends whose node is gone.
        }

        _stopSending.Dispose();
        _stopAll.Dispose();
    }

    private void StartMember(bool isVisitor)
    {
        GroupWorker member = new([.. LoadTopic.All.Select(t => t.Name)], _events, _options, isVisitor);
        var client = NewClient(isVisitor ? "visitor" : "member");
        _others.Add(Task.Run(() => member.RunAsync(client, _stopAll.Token)));
    }

    private MoldauClient NewClient(string name)
    {
        MoldauClient client = new(new ClientSettings
        {
            BootstrapServers = BrokerAddresses.Parse(_bootstrap),
            ClientId = $"{name}-{_options.FirstWorker}",
            RequestTimeout = _options.RequestTimeout,
            ReconnectBackoffMax = Duration.FromMs(200),
            RetryBackoffMax = Duration.FromMs(400),
        });
        _clients.Add(client);
        return client;
    }
}
