using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Moldau.TestServers;

[assembly: AssemblyFixture(typeof(Moldau.Client.Hosting.Tests.Node))]

namespace Moldau.Client.Hosting.Tests;

/// <summary>One node for all tests of the assembly.</summary>
public sealed class Node : IDisposable
{
    private readonly Lock _lock = new();
    private ServerUnderTest? _server;

    public ServerUnderTest Server
    {
        get
        {
            lock (_lock)
            {
                if (MoldauServer.WhyMissing is { } missing) Assert.Skip(missing);
                if (_server is not null) return _server;
                _server = new MoldauServer(new ServerOptions());
                _server.Start();
                return _server;
            }
        }
    }

    public void Dispose() => _server?.Dispose();
}

/// <summary>A topic of a test's own, and hosts that work on it.</summary>
internal sealed class World : IAsyncDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private readonly List<IHost> _hosts = [];

    private World(string bootstrap, string name) =>
        (Bootstrap, Topic, Client) = (bootstrap, new Topic<string, string>(name, Serde.Utf8, Serde.Utf8), new MoldauClient(bootstrap));

    public string Bootstrap { get; }

    public Topic<string, string> Topic { get; }

    public MoldauClient Client { get; }

    public string Group => $"group-{Topic.Name}";

    public Script Script { get; } = new();

    public ConcurrentQueue<string> Log { get; } = new();

    /// <summary>The patience of one wait.</summary>
    public static CancellationToken Patience
    {
        get
        {
            CancellationTokenSource source = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            source.CancelAfter(_patience);
            return source.Token;
        }
    }

    public static async Task<World> CreateAsync(Node node, int partitions = 1)
    {
        World world = new(node.Server.Bootstrap, $"hosted-{Guid.NewGuid():N}");
        await world.Client.Admin.CreateTopicAsync(new NewTopic(world.Topic.Name, partitions, 1), Patience);
        return world;
    }

    public async Task SendAsync(params (string? Key, string Value)[] records)
    {
        await using Producer producer = Client.CreateProducer();
        foreach ((string? key, string value) in records) await producer.EnqueueAsync(Topic, key, value, Patience);
        await producer.FlushAsync(Patience);
    }

    public IHost Host(Action<MoldauBuilder> add, params (string Key, string? Value)[] configuration)
    {
        HostApplicationBuilder builder = new(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection([
            new("ConnectionStrings:kafka", Bootstrap),
            .. configuration.Select(c => new KeyValuePair<string, string?>(c.Key, c.Value)),
        ]);
        builder.Services.AddSingleton(Script);
        builder.Logging.AddProvider(new Logs(Log));
        add(builder.AddMoldau("kafka"));
        IHost host = builder.Build();
        _hosts.Add(host);
        return host;
    }

    public static void Until(Func<bool> isTrue, string what) => Wait.Until(isTrue, _patience, what);

    /// <summary>The records of a topic, as many as are waited for.</summary>
    public async Task<List<ConsumedRecord<string, string>>> ReadAsync(string topic, int count, int partitions = 1)
    {
        await using Consumer<string, string> consumer = Client.CreateConsumer(
            Serde.Utf8, Serde.Utf8, new ConsumerOptions { OffsetReset = OffsetReset.Earliest });
        consumer.Assign([.. Enumerable.Range(0, partitions).Select(p => new Base.TopicPartition(topic, p))]);
        List<ConsumedRecord<string, string>> records = [];
        await foreach (ConsumedRecord<string, string> record in consumer.ReadAllAsync(Patience))
        {
            records.Add(record);
            if (records.Count == count) break;
        }

        return records;
    }

    public async ValueTask DisposeAsync()
    {
        Script.Gate.TrySetResult();
        foreach (IHost host in _hosts)
        {
            using CancellationTokenSource limit = new(TimeSpan.FromSeconds(20));
            bool hasStarted = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStarted.IsCancellationRequested;
            if (hasStarted) await host.StopAsync(limit.Token);
            host.Dispose();
        }

        await Client.DisposeAsync();
    }

    private sealed class Logs(ConcurrentQueue<string> into) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            into.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}

/// <summary>What the handler of a test does, and what it saw.</summary>
internal sealed class Script
{
    private int _running;

    /// <summary>Values whose handling fails, and how often it still does.</summary>
    public ConcurrentDictionary<string, int> Failures { get; } = new();

    /// <summary>What is thrown for them.</summary>
    public Func<string, Exception> Trouble { get; set; } = text => new InvalidOperationException(text);

    /// <summary>The value that waits for the gate; null for none.</summary>
    public string? WaitsAt { get; set; }

    public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ConcurrentQueue<(RecordContext<string, string> Record, DateTimeOffset At)> Seen { get; } = new();

    public ConcurrentQueue<RecordContext<string, string>> Done { get; } = new();

    public int MostRunning { get; private set; }

    public async Task HandleAsync(RecordContext<string, string> record, CancellationToken cancel)
    {
        int running = Interlocked.Increment(ref _running);
        lock (Seen) MostRunning = Math.Max(MostRunning, running);
        try
        {
            Seen.Enqueue((record, DateTimeOffset.UtcNow));
            await Task.Yield();
            if (record.Value == WaitsAt) await Gate.Task.WaitAsync(cancel);
            if (record.Value is { } value && Failures.GetValueOrDefault(value) > 0)
            {
                Failures[value]--;
                throw Trouble($"no luck with {value}");
            }

            Done.Enqueue(record);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }
}

internal sealed class ScriptedHandler(Script script) : IRecordHandler<string, string>
{
    public async ValueTask HandleAsync(RecordContext<string, string> record, CancellationToken cancel) =>
        await script.HandleAsync(record, cancel);
}
