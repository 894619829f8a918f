using System.Globalization;
using Moldau.Base;
using Moldau.Client;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Load;

/// <summary>NAME=VALUE arguments; the names and defaults are in <see cref="Usage"/>.</summary>
internal sealed class LoadOptions
{
    public const string Usage = """
        usage: Moldau.Load produce|consume|e2e|delete bootstrap=HOST:PORT topic=NAME [NAME=VALUE]...
          produce   as fast as the buffer memory gives way, or at a rate; latency is of one record in 16, to its acknowledgement
          consume   reads all partitions again and again; with clients=N, N readers of everything
          e2e       a producer and readers of what it sends; latency from when a record was due to when it was read
          size=1024 clients=1 partitions=6 batch=1048576 linger=5 (ms) buffer=67108864 (bytes of all clients) codec=none acks=all
          rate=0 (records a second, over all clients) seconds=4 warmup=2 wait=500 (fetch.max.wait.ms) count=0 (records of the topic:
          consume begins again after so many) server=0 (its process, whose CPU time is measured too)
        """;

    private static readonly Dictionary<string, string> Defaults = new(StringComparer.Ordinal)
    {
        ["bootstrap"] = "127.0.0.1:9092",
        ["topic"] = "load",
        ["size"] = "1024",
        ["clients"] = "1",
        ["partitions"] = "6",
        ["batch"] = "1048576",
        ["linger"] = "5",
        ["buffer"] = "67108864",
        ["codec"] = "none",
        ["acks"] = "all",
        ["rate"] = "0",
        ["seconds"] = "4",
        ["warmup"] = "2",
        ["wait"] = "500",
        ["count"] = "0",
        ["server"] = "0",
    };

    private readonly Dictionary<string, string> _values = new(Defaults, StringComparer.Ordinal);

    /// <exception cref="ArgumentException">An argument has no equals sign, or an unknown name.</exception>
    public LoadOptions(IEnumerable<string> arguments)
    {
        foreach (string argument in arguments)
        {
            string[] parts = argument.Split('=', 2);
            if (parts.Length != 2 || !_values.ContainsKey(parts[0])) throw new ArgumentException($"'{argument}' is no option");
            _values[parts[0]] = parts[1];
        }
    }

    public string Bootstrap => _values["bootstrap"];
    public string Topic => _values["topic"];
    public int Size => Number("size");
    public int Clients => Number("clients");
    public int Partitions => Number("partitions");
    public int Count => Number("count");
    public double Rate => double.Parse(_values["rate"], CultureInfo.InvariantCulture);
    public IEnumerable<TopicPartition> AllPartitions => Enumerable.Range(0, Partitions).Select(p => new TopicPartition(Topic, p));

    public Meter NewMeter() => new(
        double.Parse(_values["seconds"], CultureInfo.InvariantCulture),
        double.Parse(_values["warmup"], CultureInfo.InvariantCulture),
        Number("server"));

    public ProducerOptions Producer => new()
    {
        Acks = _values["acks"] switch { "all" => Acks.All, "1" => Acks.Leader, _ => Acks.None },
        Linger = Duration.FromMs(Number("linger")),
        BatchBytes = Number("batch"),
        MaxRequestBytes = Math.Max(1 << 20, Number("batch") + Size + 4096),
        BufferBytes = Math.Max(Number("buffer") / Clients, 2 * (Number("batch") + Size)),
        Compression = Enum.Parse<CompressionCodec>(_values["codec"], ignoreCase: true),
    };

    public ConsumerOptions Consumer(OffsetReset reset) => new()
    {
        OffsetReset = reset,
        FetchMaxWait = TimeSpan.FromMilliseconds(Number("wait")),
    };

    private int Number(string name) => int.Parse(_values[name], CultureInfo.InvariantCulture);
}
