using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Moldau.Client.Tests.Security;

/// <summary>A certificate authority of one test, and what it vouches for, as PEM text and PKCS12.</summary>
internal sealed class CertificateMaker : IDisposable
{
    public const string Password = "vltava";

    private readonly X509Certificate2 _authority;

    public CertificateMaker(string name)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        DateTimeOffset now = DateTimeOffset.UtcNow;
        _authority = request.CreateSelfSigned(now.AddDays(-2), now.AddDays(2));
    }

    public string AuthorityPem => _authority.ExportCertificatePem();

    /// <summary>The authority alone, as a PKCS12 trust store.</summary>
    public byte[] AuthorityPkcs12()
    {
        X509Certificate2Collection bare = [X509CertificateLoader.LoadCertificate(_authority.RawData)];
        return bare.Export(X509ContentType.Pkcs12, Password)!;
    }

    /// <summary>A certificate for hosts, with its key.</summary>
    public Issued Issue(string name, params string[] hosts)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(name, key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        foreach (string host in hosts)
        {
            if (System.Net.IPAddress.TryParse(host, out System.Net.IPAddress? address)) names.AddIpAddress(address);
            else names.AddDnsName(host);
        }

        if (hosts.Length > 0) request.CertificateExtensions.Add(names.Build());
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using X509Certificate2 signed = request.Create(
            _authority, now.AddDays(-1), now.AddDays(1), RandomNumberGenerator.GetBytes(8));
        using X509Certificate2 own = signed.CopyWithPrivateKey(key);
        X509Certificate2Collection all = [own, X509CertificateLoader.LoadCertificate(_authority.RawData)];
        return new Issued(
            $"{own.ExportCertificatePem()}\n{AuthorityPem}",
            key.ExportPkcs8PrivateKeyPem(),
            key.ExportEncryptedPkcs8PrivateKeyPem(
                Password, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 2048)),
            all.Export(X509ContentType.Pkcs12, Password)!);
    }

    public void Dispose() => _authority.Dispose();

    internal sealed record Issued(string ChainPem, string KeyPem, string EncryptedKeyPem, byte[] Pkcs12);
}
