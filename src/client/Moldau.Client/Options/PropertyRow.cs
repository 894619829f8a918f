namespace Moldau.Client;

/// <summary>A property of Kafka's clients: its names, and what it sets.</summary>
internal sealed record PropertyRow
{
    private PropertyRow(string name, string? path, string[] aliases) => (Name, Path, Aliases) = (name, path, aliases);

    /// <summary>Kafka's name.</summary>
    public string Name { get; }

    /// <summary>The name in .NET's configuration, sections included: <c>Producer:Linger</c>. Null where it sets
    /// nothing.</summary>
    public string? Path { get; }

    /// <summary>Other names of the same thing: librdkafka's, and ours where Kafka has none.</summary>
    public string[] Aliases { get; }

    public bool IsSecret { get; init; }

    /// <summary>Why it is taken and changes nothing; null where it sets something.</summary>
    public string? WhyUnused { get; private init; }

    public Func<ClientSettings, PropertyText, ClientSettings>? Client { get; private init; }

    public Func<ProducerOptions, PropertyText, ProducerOptions>? Producer { get; private init; }

    public Func<ConsumerOptions, PropertyText, ConsumerOptions>? Consumer { get; private init; }

    /// <summary>What it sets of a share consumer; Kafka has one list of properties for both kinds of consumers.</summary>
    public Func<ShareConsumerOptions, PropertyText, ShareConsumerOptions>? Share { get; init; }

    public static PropertyRow OfClient(
        string name, string path, Func<ClientSettings, PropertyText, ClientSettings> set, params string[] aliases) =>
        new(name, path, aliases) { Client = set };

    /// <summary>Of encryption and authentication.</summary>
    public static PropertyRow OfSecurity(
        string name, string path, Func<SecurityOptions, PropertyText, SecurityOptions> set, params string[] aliases) =>
        OfClient(name, $"Security:{path}", (o, v) => o with { Security = set(o.Security, v) }, aliases);

    public static PropertyRow OfTls(
        string name, string path, Func<TlsOptions, PropertyText, TlsOptions> set, params string[] aliases) =>
        OfSecurity(name, $"Tls:{path}", (o, v) => o with { Tls = set(o.Tls, v) }, aliases);

    public static PropertyRow OfSasl(
        string name, string path, Func<SaslOptions, PropertyText, SaslOptions> set, params string[] aliases) =>
        OfSecurity(name, $"Sasl:{path}", (o, v) => o with { Sasl = set(o.Sasl, v) }, aliases);

    public static PropertyRow OfOAuth(
        string name, string path, Func<OAuthOptions, PropertyText, OAuthOptions> set, params string[] aliases) =>
        OfSasl(name, $"OAuth:{path}", (o, v) => o with { OAuth = set(o.OAuth, v) }, aliases);

    public static PropertyRow OfProducer(
        string name, string path, Func<ProducerOptions, PropertyText, ProducerOptions> set, params string[] aliases) =>
        new(name, $"Producer:{path}", aliases) { Producer = set };

    public static PropertyRow OfConsumer(
        string name, string path, Func<ConsumerOptions, PropertyText, ConsumerOptions> set, params string[] aliases) =>
        new(name, $"Consumer:{path}", aliases) { Consumer = set };

    /// <summary>Of share consumers alone.</summary>
    public static PropertyRow OfShareConsumer(
        string name, string path, Func<ShareConsumerOptions, PropertyText, ShareConsumerOptions> set) =>
        new(name, $"Consumer:{path}", []) { Share = set };

    public static PropertyRow Unused(string name, string why) => new(name, null, []) { WhyUnused = why };
}
