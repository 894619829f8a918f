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
