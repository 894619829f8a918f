using System.Globalization;
using System.Text;
using Moldau.Base;
using Moldau.Client;
using Moldau.Config;

namespace Moldau.Fuzz;

/// <summary>server.properties, and the properties of topics and clients. The input is the text.</summary>
internal sealed class PropertiesTarget : FuzzTarget
{
    private const string Combined = """
        process.roles=broker,controller
        node.id=1
        listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093
        controller.listener.names=CONTROLLER
        controller.quorum.bootstrap.servers=localhost:9093
        log.dirs=/data

        """;

    private static readonly string[] Values =
    [
        "true", "false", "", "0", "-1", "1", "2147483647", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "1e9", "NaN", "0.5",
        "compact", "delete", "compact,delete", "LogAppendTime", "producer", "zstd", "PLAINTEXT://:9092", "SSL://[::1]:65536", "A:PLAINTEXT,A:SSL",
        "1@localhost:9093", "a,b,,c", "127.0.0.1:100,host:-1", "fsync", "99999999999",
    ];

    private static readonly string[] Names =
        [.. BrokerConfigTable.Table.Keys.Select(k => k.Name), .. TopicConfigTable.Table.Keys.Select(k => k.Name),
            .. ClientConfiguration.Names];

    public override string Name => "properties";

    public override string Summary => "server.properties: parse-write-parse is a fixed point, validation answers, what is accepted is usable";

    public override int QuickIterations => 2_000;

    /// <summary>Tables of some hundred properties are gone through for each text, errors say what is wrong.</summary>
    public override long AllocationSlack => 16 << 20;

    public override long Fuel(int inputBytes) => 100_000_000;

    public override IEnumerable<byte[]> Seeds(Prng prng)
    {
        yield return Encoding.UTF8.GetBytes(Combined);
        yield return Encoding.UTF8.GetBytes(Combined + "listener.name.plaintext.ssl.keystore.location=/x\nlistener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:SSL\n");
        yield return Encoding.UTF8.GetBytes("# comment\r\n! other\r\n a\\=b : c\\\n   d\\u00e9\\t\nkey\nk v\nk=\\\\\n");
        yield return Encoding.UTF8.GetBytes("cleanup.policy=compact\nretention.ms=5\nsegment.bytes=14\nmin.insync.replicas=2\n");
        yield return Encoding.UTF8.GetBytes("bootstrap.servers=a:1,[::1]:2\nacks=all\nlinger.ms=5\nsecurity.protocol=SASL_SSL\nsasl.mechanism=PLAIN\n");
        foreach (string name in Names) yield return Encoding.UTF8.GetBytes($"{Combined}{name}={Values[prng.Next(Values.Length)]}\n");
    }

    public override byte[] Mutate(byte[] input, byte[] other, Mutator mutator)
    {
        Prng prng = mutator.Prng;
        if (prng.Next(3) == 0) return mutator.Mutate(input, other, MaxBytes);
        List<string> lines = [.. Encoding.UTF8.GetString(input).Split('\n')];
        int at = prng.Next(lines.Count);
        string value = prng.Next(4) == 0 ? Dictionary.Number(prng).ToString(CultureInfo.InvariantCulture)
            : Values[prng.Next(Values.Length)];
        if (prng.Next(3) == 0) lines[at] = lines[at].Split('=')[0] + "=" + value;
        else lines.Insert(at, $"{(prng.Next(12) == 0 ? "listener.name.plaintext." : "")}{Names[prng.Next(Names.Length)]}={value}");
        byte[] changed = Encoding.UTF8.GetBytes(string.Join('\n', lines));
        return changed.Length <= MaxBytes ? changed : input;
    }

    public override void Run(byte[] input)
    {
        string text = Encoding.UTF8.GetString(input);
        if (!PropertiesFile.TryParse(text, out Dictionary<string, string> properties, out string? error))
        {
            Must(error is not null, "a refusal without a reason");
            return;
        }

        bool isRead = PropertiesFile.TryParse(Write(properties), out Dictionary<string, string> again, out _);
        Must(isRead && again.Count == properties.Count && properties.All(p => again[p.Key] == p.Value), "written and read again it is another text");
        Broker(properties);
        Client(properties);
    }

    private static void Broker(Dictionary<string, string> properties)
    {
        List<string> errors = [];
        bool isBuilt = BrokerConfig.TryBuild(properties, out BrokerConfig? config, errors, []);
        Must(isBuilt == (errors.Count == 0) && isBuilt == (config is not null), $"built or wrong, not both: {errors.FirstOrDefault()}");
        if (config is null) return;
        foreach (Config.Endpoint listener in config.Listeners) config.ForListener(listener.ListenerName);
        TopicConfig.Default(config);
        errors.Clear();
        bool isTopic = TopicConfig.TryBuild(properties, config, out _, errors);
        Must(isTopic == (errors.Count == 0), "a topic's properties are built or wrong, not both");
    }

    /// <summary>What a client is given by hand: refused with a sentence, or settings.</summary>
    private static void Client(Dictionary<string, string> properties)
    {
        try
        {
            ClientConfiguration given = ClientConfiguration.Read(properties.Select(p => new KeyValuePair<string, string?>(p.Key, p.Value)));
            given.Check();
            given.ToClientSettings();
            given.Apply(new ConsumerOptions());
        }
        catch (FormatException e)
        {
            Must(e.Message.Length > 0, "a refusal without a reason");
        }
    }

    private static string Write(Dictionary<string, string> properties)
    {
        StringBuilder text = new();
        foreach ((string key, string value) in properties) text.Append(Escape(key)).Append('=').Append(Escape(value)).Append('\n');
        return text.ToString();
    }

    private static string Escape(string text)
    {
        StringBuilder escaped = new();
        foreach (char c in text)
        {
            if (char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '/') escaped.Append(c);
            else escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }

        return escaped.ToString();
    }
}
