using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Moldau.Transport;

/// <summary>A server's certificate with its key and chain, ready for handshakes. Nothing is ever downloaded for
/// it.</summary>
public sealed class TlsServer
{
    private TlsServer(X509Certificate2 certificate, X509Certificate2Collection chain)
    {
        if (!certificate.HasPrivateKey) throw new CryptographicException("the certificate has no private key");
        Options = new()
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate, chain, offline: true),
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            AllowRenegotiation = false,
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
    public static TlsServer FromPemText(string certificates, string key, string? keyPassword)
    {
        X509Certificate2Collection chain = [];
        chain.ImportFromPem(certificates);
        return new(
            string.IsNullOrEmpty(keyPassword)
                ? X509Certificate2.CreateFromPem(certificates, key)
                : X509Certificate2.CreateFromEncryptedPem(certificates, key, keyPassword),
            chain);
    }

    /// <summary>PKCS#12 (.pfx, .p12): the certificate that has a key, and the others as its chain.</summary>
    public static TlsServer FromPkcs12(string path, string? password)
    {
        X509Certificate2Collection all = X509CertificateLoader.LoadPkcs12CollectionFromFile(path, password);
        X509Certificate2 own = all.FirstOrDefault(c => c.HasPrivateKey)
            ?? throw new CryptographicException($"{path} holds no private key");
        return new(own, all);
    }
}
