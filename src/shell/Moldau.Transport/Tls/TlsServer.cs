using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Moldau.Base;

namespace Moldau.Transport;

/// <summary>A server's certificate with its key and chain, and whom it lets in, ready for handshakes. Nothing is ever
/// downloaded for it. Immutable: another certificate is another server.</summary>
public sealed class TlsServer
{
    public TlsServer(KeyStore keys, TlsOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(keys);
        options ??= new();
        if (keys.Own is not { HasPrivateKey: true }) throw new CryptographicException("there is no private key with the certificate");
        Options = new()
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(keys.Own, keys.Others, offline: true),
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            AllowRenegotiation = false,
            EnabledSslProtocols = options.Protocols,
        };
        if (options.CipherSuites.Count > 0) Options.CipherSuitesPolicy = CipherPolicy(options.CipherSuites);
        if (options.ClientAuth == TlsClientAuth.None) return;
        ClientTrust trust = new(options);
        Options.ClientCertificateRequired = true;
        Options.CertificateChainPolicy = trust.Policy();
        Options.RemoteCertificateValidationCallback = trust.Accepts;
        // A resumed session would go without another look at the certificate.
        Options.AllowTlsResume = false;
    }

    /// <summary>Distinguished name of the certificate.</summary>
    public string Subject => Certificate.Subject;

    internal SslServerAuthenticationOptions Options { get; }

    private X509Certificate2 Certificate => Options.ServerCertificateContext!.TargetCertificate; // the constructor sets it

    /// <summary>Why this certificate may not take the place of another while the node runs, null if it may: clients that
    /// knew the node by its names have to find them again.</summary>
    public string? WhyNoSuccessorOf(TlsServer before, bool mayChangeName, bool mayChangeAlternativeNames)
    {
        ArgumentNullException.ThrowIfNull(before);
        if (!mayChangeName && Subject != before.Subject)
            return $"Keystore DistinguishedName does not match: existing={before.Subject}, new={Subject}; see ssl.allow.dn.changes";
        string[] old = NamesOf(before.Certificate);
        string[] now = NamesOf(Certificate);
        return mayChangeAlternativeNames || old.All(now.Contains)
            ? null
            : $"Keystore SubjectAltNames do not match: existing={string.Join(' ', old)}, new={string.Join(' ', now)}; see ssl.allow.san.changes";
    }

    /// <summary>PEM: the certificate first, then its chain; the key in the same file or in one of its own.</summary>
    public static TlsServer FromPem(string certificatePath, string? keyPath = null)
    {
        string certificates = File.ReadAllText(certificatePath);
        return new(KeyStore.FromPem(certificates, keyPath is null ? certificates : File.ReadAllText(keyPath), null));
    }

    private static string[] NamesOf(X509Certificate2 certificate)
    {
        X509SubjectAlternativeNameExtension? names =
            certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        return names is null ? [] : [.. names.EnumerateDnsNames(), .. names.EnumerateIPAddresses().Select(a => a.ToString())];
    }

    private static CipherSuitesPolicy CipherPolicy(IReadOnlyList<TlsCipherSuite> suites)
    {
        // Known at compile time where the product runs; the node refuses to start elsewhere.
        if (OperatingSystem.IsWindows() || OperatingSystem.IsAndroid()) throw new PlatformNotSupportedException();
        return new CipherSuitesPolicy(suites);
    }
}
