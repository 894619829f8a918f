namespace Moldau.Client;

/// <summary><c>security.protocol</c>: what a listener of the brokers speaks.</summary>
public enum SecurityProtocol
{
    /// <summary>Neither encrypted nor authenticated.</summary>
    Plaintext,

    /// <summary>TLS, with a client certificate where the broker asks for one.</summary>
    Ssl,

    /// <summary>Authenticated by SASL, not encrypted.</summary>
    SaslPlaintext,

    /// <summary>Authenticated by SASL inside of TLS.</summary>
    SaslSsl,
}

/// <summary>How a client and its brokers know one another, and whether others can listen.</summary>
public sealed record SecurityOptions
{
    /// <summary><c>security.protocol</c></summary>
    public SecurityProtocol Protocol { get; init; }

    /// <summary>What TLS needs beyond the system's trust.</summary>
    public TlsOptions Tls { get; init; } = new();

    /// <summary>Who the client is, for the two SASL protocols.</summary>
    public SaslOptions Sasl { get; init; } = new();

    /// <summary>Whether links are encrypted.</summary>
    public bool UsesTls => Protocol is SecurityProtocol.Ssl or SecurityProtocol.SaslSsl;

    /// <summary>Whether links are authenticated by SASL.</summary>
    public bool UsesSasl => Protocol is SecurityProtocol.SaslPlaintext or SecurityProtocol.SaslSsl;

    /// <summary>Why these options cannot work; null where they can.</summary>
    internal string? WhyInvalid => UsesSasl ? Sasl.WhyInvalid : null;
}
