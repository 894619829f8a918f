namespace Moldau.Client;

/// <summary>What a client trusts and shows in TLS. Stores are PEM, PKCS12 or Java's JKS, told apart by their
/// contents. Nobody is asked whether a certificate was revoked, as in Kafka's clients.</summary>
public sealed record TlsOptions
{
    /// <summary><c>ssl.truststore.location</c>: a file with the certificates that are trusted, instead of the
    /// system's.</summary>
    public string? TruststoreLocation { get; init; }

    /// <summary><c>ssl.truststore.password</c> of a PKCS12 or JKS file.</summary>
    public Secret? TruststorePassword { get; init; }

    /// <summary><c>ssl.truststore.certificates</c>: the trusted certificates as PEM text.</summary>
    public string? TruststoreCertificates { get; init; }

    /// <summary><c>ssl.keystore.location</c>: a file with the client's key and certificates, for brokers that ask for
    /// them.</summary>
    public string? KeystoreLocation { get; init; }

    /// <summary><c>ssl.keystore.password</c> of a PKCS12 or JKS file.</summary>
    public Secret? KeystorePassword { get; init; }

    /// <summary><c>ssl.keystore.certificate.chain</c>: the client's certificate and those above it, as PEM text.</summary>
    public string? KeystoreCertificateChain { get; init; }

    /// <summary><c>ssl.keystore.key</c>: the client's key in PKCS8, as PEM text.</summary>
    public Secret? KeystoreKey { get; init; }

    /// <summary><c>ssl.key.password</c> of an encrypted PEM key, and of the key in a JKS file.</summary>
    public Secret? KeyPassword { get; init; }

    /// <summary><c>ssl.endpoint.identification.algorithm</c>: false, which is the empty text there, takes a certificate of
    /// whatever host.</summary>
    public bool ChecksHostName { get; init; } = true;

    /// <summary><c>ssl.enabled.protocols</c>: <c>TLSv1.2</c> and <c>TLSv1.3</c>; empty leaves it to the system.</summary>
    public IReadOnlyList<string> EnabledProtocols { get; init; } = [];

    /// <summary><c>ssl.cipher.suites</c> by their IANA names; empty leaves it to the system. Not on Windows.</summary>
    public IReadOnlyList<string> CipherSuites { get; init; } = [];
}
