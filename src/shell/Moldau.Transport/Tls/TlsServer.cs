using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Moldau.Transport;

/// <summary>A server's certificate with its key and chain, ready for handshakes. Nothing is ever downloaded for
/// it.</summary>
public sealed class TlsServer
{
    private TlsServer(X509Certificate2 certificate, X509Certificate2Collection chain, SslProtocols protocols = SslProtocols.None)
    {
        if (!certificate.HasPrivateKey) throw new CryptographicException("the certificate has no private key");
        Options = new()
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate, chain, offline: true),
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            AllowRenegotiation = false,
            EnabledSslProtocols = protocols,
        };
    }

    internal SslServerAuthenticationOptions Options { get; }

    /// <summary>PEM: the certificate first, then its chain; the key in the same file or in one of its own.</summary>
    public static TlsServer FromPem(string certificatePath, string? keyPath = null)
    {
        X509Certificate2Collection chain = [];
        chain.ImportFromPemFile(certificatePath);
        return new(X509Certificate2.CreateFromPemFile(certificatePath, keyPath), chain);
    }

    /// <summary>PEM text: the certificate first, then its chain; the key, which may be encrypted, apart.</summary>
    public static TlsServer FromPemText(
        string certificates, string key, string? keyPassword, SslProtocols protocols = SslProtocols.None)
    {
        X509Certificate2Collection chain = [];
        chain.ImportFromPem(certificates);
        return new(
            string.IsNullOrEmpty(keyPassword)
                ? X509Certificate2.CreateFromPem(certificates, key)
                : X509Certificate2.CreateFromEncryptedPem(certificates, key, keyPassword),
            chain,
            protocols);
    }

    /// <summary>PKCS#12 (.pfx, .p12): the certificate that has a key, and the others as its chain.</summary>
    /// <param name="path">The file.</param>
    /// <param name="password">Its password; null for none.</param>
    /// <param name="protocols">Versions of TLS to offer; none: those of the system.</param>
    public static TlsServer FromPkcs12(string path, string? password, SslProtocols protocols = SslProtocols.None)
    {
        X509Certificate2Collection all = X509CertificateLoader.LoadPkcs12CollectionFromFile(path, password);
        X509Certificate2 own = all.FirstOrDefault(c => c.HasPrivateKey)
            ?? throw new CryptographicException($"{path} holds no private key");
        return new(own, all, protocols);
    }
}
