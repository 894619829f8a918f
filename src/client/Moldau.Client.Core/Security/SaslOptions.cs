using Moldau.Base;

namespace Moldau.Client;

/// <summary><c>sasl.mechanism</c></summary>
public enum SaslMechanism
{
    /// <summary>Not chosen yet. Kafka's default, GSSAPI, is not offered.</summary>
    None,

    /// <summary>User and password as they are: inside of TLS only.</summary>
    Plain,

    /// <summary>Proves the password to the broker and the broker to the client (RFC 5802, RFC 7677).</summary>
    ScramSha256,

    /// <inheritdoc cref="ScramSha256"/>
    ScramSha512,

    /// <summary>A token of an identity provider (KIP-255, KIP-768).</summary>
    OAuthBearer,
}

/// <summary>Gets a token for the brokers. Called again when the last one is about to expire; not by two at a
/// time.</summary>
public delegate ValueTask<OAuthToken> OAuthTokenProvider(CancellationToken cancel);

/// <summary>Who a client is to its brokers.</summary>
public sealed record SaslOptions
{
    /// <summary><c>sasl.mechanism</c></summary>
    public SaslMechanism Mechanism { get; init; }

    /// <summary>The user's name for PLAIN and SCRAM; <c>username</c> of <c>sasl.jaas.config</c>.</summary>
    public string? Username { get; init; }

    /// <summary>The password for PLAIN and SCRAM; <c>password</c> of <c>sasl.jaas.config</c>.</summary>
    public Secret? Password { get; init; }

    /// <summary>The user's name and password are a delegation token's id and HMAC (KIP-48); <c>tokenauth</c> of
    /// <c>sasl.jaas.config</c>.</summary>
    public bool IsDelegationToken { get; init; }

    /// <summary>How tokens are got by OAUTHBEARER without <see cref="TokenProvider"/>.</summary>
    public OAuthOptions OAuth { get; init; } = new();

    /// <summary>Gets the tokens of OAUTHBEARER; null for <see cref="OAuth"/>.</summary>
    public OAuthTokenProvider? TokenProvider { get; init; }

    /// <summary>Why these options cannot work; null where they can.</summary>
    internal string? WhyInvalid => Mechanism switch
    {
        SaslMechanism.None =>
            "sasl.mechanism is not set: it is PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER (GSSAPI is not offered)",
        SaslMechanism.OAuthBearer => TokenProvider is null ? OAuth.WhyInvalid : null,
        _ when Username is null || Password is null =>
            $"{MechanismName} needs a user name and a password: sasl.username and sasl.password, or sasl.jaas.config",
        _ => null,
    };

    /// <summary>The mechanism's name on the wire.</summary>
    internal string MechanismName => Mechanism switch
    {
        SaslMechanism.Plain => "PLAIN",
        SaslMechanism.ScramSha256 => "SCRAM-SHA-256",
        SaslMechanism.ScramSha512 => "SCRAM-SHA-512",
        SaslMechanism.OAuthBearer => "OAUTHBEARER",
        _ => "GSSAPI",
    };
}

/// <summary>How OAUTHBEARER gets its tokens: by a client's id and secret from an identity provider's token endpoint
/// (KIP-768), or, for tests alone, by making unsecured ones.</summary>
public sealed record OAuthOptions
{
    /// <summary><c>sasl.oauthbearer.token.endpoint.url</c></summary>
    public Uri? TokenEndpoint { get; init; }

    /// <summary><c>sasl.oauthbearer.client.credentials.client.id</c></summary>
    public string? ClientId { get; init; }

    /// <summary><c>sasl.oauthbearer.client.credentials.client.secret</c></summary>
    public Secret? ClientSecret { get; init; }

    /// <summary><c>sasl.oauthbearer.scope</c>; null asks for none.</summary>
    public string? Scope { get; init; }

    /// <summary><c>sasl.oauthbearer.header.urlencode</c>: id and secret are URL-encoded in the header, as RFC 6749
    /// wants it and some providers do not (KIP-1025).</summary>
    public bool UrlEncodesHeader { get; init; }

    /// <summary>SASL extensions that are sent with each token (KIP-342).</summary>
    public IReadOnlyDictionary<string, string> Extensions { get; init; } = new Dictionary<string, string>();

    /// <summary>Makes tokens without a signature for this principal, which only brokers without any security take:
    /// <c>unsecuredLoginStringClaim_sub</c> of <c>sasl.jaas.config</c>.</summary>
    public string? UnsecuredPrincipal { get; init; }

    /// <summary><c>sasl.login.connect.timeout.ms</c> and <c>sasl.login.read.timeout.ms</c> together: how long the endpoint
    /// may take.</summary>
    public Duration RequestTimeout { get; init; } = Duration.FromSeconds(10);

    /// <summary><c>sasl.login.refresh.window.factor</c>: after this part of its lifetime a token is got anew.</summary>
    public double RefreshWindowFactor { get; init; } = 0.8;

    internal string? WhyInvalid =>
        UnsecuredPrincipal is not null ? null
        : TokenEndpoint is null ? "OAUTHBEARER needs sasl.oauthbearer.token.endpoint.url, or SaslOptions.TokenProvider"
        : TokenEndpoint.Scheme is not ("https" or "http")
            ? $"sasl.oauthbearer.token.endpoint.url is an https address, not {TokenEndpoint.Scheme}"
        : ClientId is null || ClientSecret is null
            ? "OAUTHBEARER needs sasl.oauthbearer.client.credentials.client.id and .client.secret"
        : null;
}

/// <summary>A token as an identity provider gave it.</summary>
/// <param name="Value">The token, such as a JWT.</param>
/// <param name="ExpiresUnixMs">When it ends, in milliseconds since 1970.</param>
public sealed record OAuthToken(Secret Value, long ExpiresUnixMs)
{
    /// <summary>SASL extensions that are sent with it (KIP-342).</summary>
    public IReadOnlyDictionary<string, string> Extensions { get; init; } = new Dictionary<string, string>();
}
