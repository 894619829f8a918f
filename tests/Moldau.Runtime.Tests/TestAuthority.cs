using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Moldau.Base;

namespace Moldau.Runtime.Tests;

/// <summary>A certificate authority of one test.</summary>
internal sealed class TestAuthority : IDisposable
{
    public const string ServerUsage = "1.3.6.1.5.5.7.3.1";

    private readonly X509Certificate2 _signer;

    public TestAuthority(string name)
    {
        using ECDsa key = NewKey();
        DateTimeOffset now = DateTimeOffset.UtcNow;
        _signer = AuthorityRequest(name, key).CreateSelfSigned(now.AddDays(-2), now.AddDays(2));
    }

    private TestAuthority(X509Certificate2 signer) => _signer = signer;

    /// <summary>Without the key.</summary>
    public X509Certificate2 Certificate => X509CertificateLoader.LoadCertificate(_signer.RawData);

    public TestAuthority Delegate(string name)
    {
        using ECDsa key = NewKey();
        using X509Certificate2 signed = Sign(AuthorityRequest(name, key), DateTimeOffset.UtcNow.AddDays(1));
        return new(signed.CopyWithPrivateKey(key));
    }

    public X509Certificate2 Issue(string name, bool isExpired = false, string? usage = null, params string[] hosts)
    {
        using ECDsa key = NewKey();
        CertificateRequest request = new(name, key, HashAlgorithmName.SHA256);
        if (usage is not null) request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new(usage)], true));
        SubjectAlternativeNameBuilder names = new();
        foreach (string host in hosts) names.AddDnsName(host);
        if (hosts.Length > 0) request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 signed = Sign(request, DateTimeOffset.UtcNow.AddHours(isExpired ? -1 : 1));
        return signed.CopyWithPrivateKey(key);
    }

    public KeyStore Keys(string name, params string[] hosts) => new(Issue(name, hosts: hosts), [Certificate]);

    public void Dispose() => _signer.Dispose();

    private static ECDsa NewKey() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private static CertificateRequest AuthorityRequest(string name, ECDsa key)
    {
        CertificateRequest request = new(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request;
    }

    private X509Certificate2 Sign(CertificateRequest request, DateTimeOffset until) =>
        request.Create(_signer, DateTimeOffset.UtcNow.AddDays(-1), until, RandomNumberGenerator.GetBytes(8));
}
