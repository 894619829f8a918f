using System.Globalization;

namespace Moldau.Cli.Profiles;

/// <summary>A profile of Redpanda's <c>rpk</c>, whose file <c>rpk.yaml</c> holds several, as properties of Kafka's clients.</summary>
internal static class RpkFile
{
    private const int DefaultPort = 9092;

    /// <summary>The properties of one of its profiles.</summary>
    /// <param name="text">The file.</param>
    /// <param name="wanted">The profile's name; null: the current one.</param>
    /// <param name="leftOut">Told of what cannot be taken over, and why.</param>
    /// <exception cref="FormatException">It is no such file.</exception>
    /// <exception cref="CommandException">The profile is not there, or names a file that is not.</exception>
    public static (string Name, Dictionary<string, string> Values) Read(string text, string? wanted, Action<string> leftOut)
    {
        YamlNode root = YamlReader.Read(text);
        IReadOnlyList<YamlNode> profiles = root.Field("profiles")?.Items ?? throw new FormatException("it has no list of profiles: is it an rpk.yaml?");
        string[] names = [.. profiles.Select(p => p.TextOf("name") ?? throw new FormatException("a profile has no name"))];
        wanted ??= root.TextOf("current_profile") ?? (names.Length == 1 ? names[0] : null)
            ?? throw new CommandException($"none of its profiles is the current one; choose with --from: {string.Join(", ", names)}", ExitCodes.Usage);
        int index = Array.IndexOf(names, wanted);
        if (index < 0) throw new CommandException($"it has no profile '{wanted}'; there are {string.Join(", ", names)}", ExitCodes.NotFound);
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        if (profiles[index].Field("kafka_api") is not { } api) return (wanted, values);
        if (api.Fields is null) throw new FormatException("kafka_api is no map");
        if (Brokers(api) is { Length: > 0 } brokers) values[Profile.BootstrapProperty] = brokers;
        bool isEncrypted = api.Field("tls") is { } tls && Tls(tls, values, leftOut);
        bool isUser = api.Field("sasl") is { } sasl && Sasl(sasl, values, leftOut);
        if (isEncrypted || isUser) values["security.protocol"] = (isEncrypted, isUser) switch
        {
            (true, true) => "SASL_SSL",
            (true, false) => "SSL",
            _ => "SASL_PLAINTEXT",
        };
        return (wanted, values);
    }

    private static string Brokers(YamlNode api)
    {
        if (api.Field("brokers") is not { } brokers) return "";
        IReadOnlyList<YamlNode> items = brokers.Items ?? throw new FormatException("brokers is no list");
        return string.Join(',', items.Select(i => WithPort(i.Text ?? throw new FormatException("a broker is no text"))));
    }

    private static string WithPort(string broker) => broker.LastIndexOf(':') > broker.LastIndexOf(']')
        ? broker
        : string.Create(CultureInfo.InvariantCulture, $"{broker}:{DefaultPort}");

    /// <summary>An empty section turns it on; false where it is off.</summary>
    private static bool Tls(YamlNode tls, Dictionary<string, string> values, Action<string> leftOut)
    {
        if (tls.Fields is null) throw new FormatException("tls is no map");
        if (!Fact(tls, "enabled", whenUnsaid: true)) return false;
        if (tls.TextOf("ca_file", "ca", "truststore_file") is { } authority)
        {
            if (IsPem(authority)) values["ssl.truststore.certificates"] = authority;
            else values["ssl.truststore.location"] = Existing(authority);
            values["ssl.truststore.type"] = "PEM";
        }

        string? certificate = tls.TextOf("cert_file", "cert");
        string? key = tls.TextOf("key_file", "key");
        if (certificate is null != key is null) throw new FormatException("cert_file and key_file go together");
        if (certificate is not null && key is not null)
        {
            // Kafka's clients want both in one file, or as their text.
            values["ssl.keystore.type"] = "PEM";
            values["ssl.keystore.certificate.chain"] = Pem(certificate);
            values["ssl.keystore.key"] = Pem(key);
        }

        if (Fact(tls, "insecure_skip_verify", whenUnsaid: false))
            leftOut("insecure_skip_verify: this client does not speak with a server whose certificate it cannot check; name its authority with ca_file");
        return true;
    }

    private static bool Sasl(YamlNode sasl, Dictionary<string, string> values, Action<string> leftOut)
    {
        if (sasl.Fields is null) throw new FormatException("sasl is no map");
        string? user = sasl.TextOf("user");
        string? password = sasl.TextOf("password");
        if (user is null && password is null) return false;
        // rpk's own default.
        string mechanism = (sasl.TextOf("mechanism", "type") ?? "SCRAM-SHA-256").ToUpperInvariant();
        string? module = mechanism switch
        {
            "PLAIN" => "org.apache.kafka.common.security.plain.PlainLoginModule",
            "SCRAM-SHA-256" or "SCRAM-SHA-512" => "org.apache.kafka.common.security.scram.ScramLoginModule",
            _ => null,
        };
        if (module is null)
        {
            leftOut($"sasl: rpk's way of {mechanism} has no counterpart in the properties of Kafka's clients; set sasl.mechanism and what it needs");
            return false;
        }

        values["sasl.mechanism"] = mechanism;
        values["sasl.jaas.config"] = $"{module} required username=\"{Escaped(user ?? "")}\" password=\"{Escaped(password ?? "")}\";";
        return true;
    }

    private static bool Fact(YamlNode node, string name, bool whenUnsaid) => node.TextOf(name) switch
    {
        null => whenUnsaid,
        "true" => true,
        "false" => false,
        _ => throw new FormatException($"{name} is neither true nor false"),
    };

    private static bool IsPem(string text) => text.Contains("-----BEGIN ", StringComparison.Ordinal);

    private static string Pem(string fileOrText) => IsPem(fileOrText) ? fileOrText : File.ReadAllText(Existing(fileOrText));

    /// <summary>What it names may be a key's text by mistake, so only what looks like a file is told.</summary>
    private static string Existing(string file) => File.Exists(file)
        ? Path.GetFullPath(file)
        : throw new CommandException(
            file.Contains('\n', StringComparison.Ordinal) ? "a text of tls is neither PEM nor a file" : $"there is no file '{file}', which its tls names",
            ExitCodes.NotFound);

    private static string Escaped(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
}
