using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Moldau.Transport;

/// <summary>ssl.client.auth: whether clients are asked for a certificate.</summary>
public enum TlsClientAuth : byte
{
    None = 0,

    /// <summary>A client may do without; one that it shows is checked.</summary>
    Requested = 1,

    Required = 2,
}

/// <summary>How a listener talks TLS, beside its own certificate.</summary>
public sealed record TlsOptions
{
    /// <summary>Versions to offer; none: those of the system.</summary>
    public SslProtocols Protocols { get; init; }

    /// <summary>Cipher suites to accept; empty: the system's choice.</summary>
    public IReadOnlyList<TlsCipherSuite> CipherSuites { get; init; } = [];

    public TlsClientAuth ClientAuth { get; init; }

    /// <summary>Who may vouch for clients; null: the authorities that the system trusts.</summary>
    public X509Certificate2Collection? Trusted { get; init; }
}
