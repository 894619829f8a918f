using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Moldau.Base;

/// <summary>What a key store or trust store holds: PEM text, or a file in PKCS#12 or in Java's own format, which are told
/// apart by their first bytes, as Java does.</summary>
/// <param name="Own">The certificate that has a key; null if none has.</param>
/// <param name="Others">All other certificates.</param>
public sealed record KeyStore(X509Certificate2? Own, X509Certificate2Collection Others)
{
    /// <summary>Whom the store makes trusted: its own certificate where it has a key, as in Java, else all.</summary>
    public X509Certificate2Collection Trusted => Own is null ? Others : [Own];

    /// <summary>Certificates as PEM text, in the order of their chain.</summary>
    public static KeyStore FromPemCertificates(string certificates)
    {
        X509Certificate2Collection all = [];
        all.ImportFromPem(certificates);
        if (all.Count == 0) throw new CryptographicException("there is no certificate in the PEM text");
        return new(null, all);
    }

    /// <summary>PEM text: the certificate first, then its chain; the key, which may be encrypted, apart.</summary>
    public static KeyStore FromPem(string certificates, string key, string? keyPassword) => new(
        string.IsNullOrEmpty(keyPassword)
            ? X509Certificate2.CreateFromPem(certificates, key)
            : X509Certificate2.CreateFromEncryptedPem(certificates, key, keyPassword),
        FromPemCertificates(certificates).Others);

    /// <summary>A store in one file.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="password">Password of the file; null for none.</param>
    /// <param name="keyPassword">Password of the key in a Java key store; null: that of the file.</param>
    public static KeyStore FromFile(byte[] bytes, string? password, string? keyPassword = null)
    {
        if (JavaKeyStore.IsOne(bytes)) return JavaKeyStore.Read(bytes, password, keyPassword ?? password);
        X509Certificate2Collection all = X509CertificateLoader.LoadPkcs12Collection(bytes, password);
        X509Certificate2? own = all.FirstOrDefault(c => c.HasPrivateKey);
        X509Certificate2Collection others = [.. all.Where(c => c != own)];
        return new(own, others);
    }
}
