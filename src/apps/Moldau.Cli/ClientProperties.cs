using Moldau.Base;
using Moldau.Cli.Parsing;
using Moldau.Client;
using Moldau.Records;

namespace Moldau.Cli;

/// <summary>Properties of Kafka's clients, as <c>-X</c> gives them.</summary>
internal sealed class ClientProperties
{
    private static readonly string[] Known =
    [
        "acks", "auto.offset.reset", "batch.size", "buffer.memory", "check.crcs", "client.id", "client.rack", "compression.type",
        "connections.max.idle.ms", "delivery.timeout.ms", "enable.idempotence", "fetch.max.bytes", "fetch.max.wait.ms",
        "fetch.min.bytes", "group.instance.id", "heartbeat.interval.ms", "isolation.level", "linger.ms",
        "max.in.flight.requests.per.connection", "max.partition.fetch.bytes", "max.request.size", "metadata.max.age.ms",
        "request.timeout.ms", "retry.backoff.max.ms", "retry.backoff.ms", "session.timeout.ms",
        "socket.connection.setup.timeout.ms",
    ];

    private readonly Dictionary<string, string> _given;

    public ClientProperties(Dictionary<string, string> given)
    {
        foreach (string name in given.Keys)
        {
            if (Array.IndexOf(Known, name) >= 0) continue;
            string hint = Nearest.Of(name, Known) is { } near ? $"did you mean '{near}'?" : $"they are {string.Join(", ", Known)}";
            throw new CommandException($"there is no client property '{name}'; {hint}", ExitCodes.Usage);
        }

        _given = given;
    }

    public ClientSettings Client(IReadOnlyList<BrokerAddress> bootstrap, TimeSpan timeout)
    {
        Duration limit = Duration.FromMs((long)timeout.TotalMilliseconds);
        ClientSettings defaults = new() { BootstrapServers = bootstrap };
        return defaults with
        {
            ClientId = Text("client.id", defaults.ClientId),
            Rack = Text("client.rack", defaults.Rack),
            ApiTimeout = limit,
            RequestTimeout = Time("request.timeout.ms", limit < defaults.RequestTimeout ? limit : defaults.RequestTimeout),
            RetryBackoff = Time("retry.backoff.ms", defaults.RetryBackoff),
            RetryBackoffMax = Time("retry.backoff.max.ms", defaults.RetryBackoffMax),
            ConnectTimeout = Time("socket.connection.setup.timeout.ms", defaults.ConnectTimeout),
            MaxIdle = Time("connections.max.idle.ms", defaults.MaxIdle),
            MetadataMaxAge = Time("metadata.max.age.ms", defaults.MetadataMaxAge),
        };
    }

    public ProducerOptions Producer(TimeSpan timeout, string? codec)
    {
        ProducerOptions defaults = new();
        Duration limit = Duration.FromMs((long)timeout.TotalMilliseconds);
        return defaults with
        {
            Acks = AcksOf(Text("acks", "all")),
            BatchBytes = Size("batch.size", defaults.BatchBytes),
            BufferBytes = Size("buffer.memory", (int)defaults.BufferBytes),
            Linger = Time("linger.ms", defaults.Linger),
            MaxBlock = limit,
            MaxInFlight = Size("max.in.flight.requests.per.connection", defaults.MaxInFlight),
            MaxRequestBytes = Size("max.request.size", defaults.MaxRequestBytes),
            DeliveryTimeout = Time("delivery.timeout.ms", limit),
            Compression = CodecOf(codec ?? Text("compression.type", "none")),
            IsIdempotent = Fact("enable.idempotence"),
        };
    }

    public ConsumerOptions Consumer(string? group, OffsetReset reset)
    {
        ConsumerOptions defaults = new();
        return defaults with
        {
            GroupId = group,
            GroupInstanceId = _given.GetValueOrDefault("group.instance.id"),
            OffsetReset = Reset(reset),
            IsolationLevel = Isolation,
            FetchMinBytes = Size("fetch.min.bytes", defaults.FetchMinBytes),
            FetchMaxBytes = Size("fetch.max.bytes", defaults.FetchMaxBytes),
            MaxPartitionFetchBytes = Size("max.partition.fetch.bytes", defaults.MaxPartitionFetchBytes),
            FetchMaxWait = Span("fetch.max.wait.ms", defaults.FetchMaxWait),
            SessionTimeout = Span("session.timeout.ms", defaults.SessionTimeout),
            HeartbeatInterval = Span("heartbeat.interval.ms", defaults.HeartbeatInterval),
            AllowAutoCreateTopics = false,
            CommitOnlyDone = true,
            CheckCrcs = Fact("check.crcs") ?? true,
        };
    }

    public IsolationLevel Isolation => Text("isolation.level", "read_uncommitted") switch
    {
        "read_uncommitted" => IsolationLevel.ReadUncommitted,
        "read_committed" => IsolationLevel.ReadCommitted,
        _ => throw Wrong("isolation.level", "read_uncommitted or read_committed"),
    };

    private OffsetReset Reset(OffsetReset chosen) => _given.GetValueOrDefault("auto.offset.reset") switch
    {
        null => chosen,
        "earliest" => OffsetReset.Earliest,
        "latest" => OffsetReset.Latest,
        "none" => OffsetReset.None,
        _ => throw Wrong("auto.offset.reset", "earliest, latest or none"),
    };

    private Acks AcksOf(string text) => text switch
    {
        "all" or "-1" => Acks.All,
        "1" => Acks.Leader,
        "0" => Acks.None,
        _ => throw Wrong("acks", "all, 1 or 0"),
    };

    private static CompressionCodec CodecOf(string text) => text switch
    {
        "none" => CompressionCodec.None,
        "gzip" => CompressionCodec.Gzip,
        "snappy" => CompressionCodec.Snappy,
        "lz4" => CompressionCodec.Lz4,
        "zstd" => CompressionCodec.Zstd,
        _ => throw new CommandException($"there is no codec '{text}'; they are none, gzip, snappy, lz4, zstd", ExitCodes.Usage),
    };

    private string Text(string name, string fallback) => _given.GetValueOrDefault(name, fallback);

    private bool? Fact(string name) => _given.GetValueOrDefault(name) switch
    {
        null => null,
        "true" => true,
        "false" => false,
        _ => throw Wrong(name, "true or false"),
    };

    private int Size(string name, int fallback)
    {
        if (!_given.TryGetValue(name, out string? text)) return fallback;
        return Numbers.TryParse(text, out int size) && size > 0 ? size : throw Wrong(name, "a whole number above 0");
    }

    private Duration Time(string name, Duration fallback)
    {
        if (!_given.TryGetValue(name, out string? text)) return fallback;
        return Numbers.TryParse(text, out int ms) ? Duration.FromMs(ms) : throw Wrong(name, "a number of milliseconds");
    }

    private TimeSpan Span(string name, TimeSpan fallback) =>
        TimeSpan.FromMilliseconds(Time(name, Duration.FromMs((long)fallback.TotalMilliseconds)).Ms);

    private CommandException Wrong(string name, string wanted) =>
        new($"{name} is {wanted}, not '{_given.GetValueOrDefault(name)}'", ExitCodes.Usage);
}
