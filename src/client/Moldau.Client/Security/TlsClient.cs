using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Moldau.Base;

namespace Moldau.Client;

/// <summary>What a client trusts and shows, read once from <see cref="TlsOptions"/>. A certificate is trusted by Java's
/// rule: each from the broker's own up to the first that is in the trust store has to be in order, be that one a root or
/// not.</summary>
internal sealed class TlsClient
{
    private const string Pem = "-----BEGIN";

    // What is not wrong with a certificate, but with there being no known root above it.
    private const X509ChainStatusFlags OnlyAboutRoots = X509ChainStatusFlags.PartialChain
        | X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.RevocationStatusUnknown
        | X509ChainStatusFlags.OfflineRevocation;

    private readonly TlsOptions _options;
    private readonly X509Certificate2Collection? _trusted;
    private readonly SslStreamCertificateContext? _own;

    /// <exception cref="ArgumentException">The options or the files do not do; the text says which and
    /// why.</exception>
    public TlsClient(TlsOptions options)
    {
        _options = options;
        _trusted = Reading("the trust store", () => Trusted(options));
        KeyStore? keys = Reading("the key store", () => Keys(options));
        if (keys is null) return;
        if (keys.Own is null) throw new ArgumentException("the key store (ssl.keystore.location) has no key");
        _own = SslStreamCertificateContext.Create(keys.Own, keys.Others, offline: true);
    }

    /// <summary>Whether a certificate is shown to brokers that ask for one.</summary>
    public bool HasCertificate => _own is not null;

    /// <summary>The options of one handshake.</summary>
    /// <param name="host">Whom the certificate must name.</param>
    /// <param name="check">Keeps why a certificate was refused.</param>
    public SslClientAuthenticationOptions For(string host, CertificateCheck check)
    {
        SslClientAuthenticationOptions options = new()
        {
            TargetHost = host,
            EnabledSslProtocols = Protocols(_options.EnabledProtocols),
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            CertificateChainPolicy = Policy(),
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                (check.Problem = WhyRefused(host, certificate, chain, errors)) is null,
        };
        if (_own is not null) options.ClientCertificateContext = _own;
        else options.LocalCertificateSelectionCallback = (_, _, _, server, _) => None(check, isAsked: server is not null);
        if (_options.CipherSuites.Count > 0) options.CipherSuitesPolicy = Suites(_options.CipherSuites);
        return options;
    }

    /// <summary>Called before the handshake, and again when the broker asks for a certificate.</summary>
    private static X509Certificate None(CertificateCheck check, bool isAsked)
    {
        check.IsAsked |= isAsked;
        return null!; // as the callback has it for none
    }

    private static SslProtocols Protocols(IReadOnlyList<string> names)
    {
        SslProtocols protocols = SslProtocols.None;
        foreach (string name in names)
        {
            protocols |= name switch
            {
                "TLSv1.2" => SslProtocols.Tls12,
                "TLSv1.3" => SslProtocols.Tls13,
                _ => throw new ArgumentException($"ssl.enabled.protocols: {name} is not offered; TLSv1.2 and TLSv1.3 are"),
            };
        }

        return protocols;
    }

    private static CipherSuitesPolicy Suites(IReadOnlyList<string> names)
    {
        if (OperatingSystem.IsWindows() || OperatingSystem.IsAndroid())
            throw new ArgumentException("ssl.cipher.suites cannot be set on this system, which has a policy of its own");
        List<TlsCipherSuite> suites = [];
        foreach (string name in names)
        {
            suites.Add(Enum.TryParse(name, out TlsCipherSuite suite)
                ? suite
                : throw new ArgumentException($"ssl.cipher.suites: there is no cipher suite {name}"));
        }

        return new CipherSuitesPolicy(suites);
    }

    private static X509Certificate2Collection? Trusted(TlsOptions options)
    {
        if (options.TruststoreCertificates is { } pem) return KeyStore.FromPemCertificates(pem).Trusted;
        if (options.TruststoreLocation is not { } location) return null;
        byte[] file = File.ReadAllBytes(location);
        return IsPem(file, out string text)
            ? KeyStore.FromPemCertificates(text).Trusted
            : KeyStore.FromFile(file, options.TruststorePassword?.Reveal()).Trusted;
    }

    private static KeyStore? Keys(TlsOptions options)
    {
        string? keyPassword = options.KeyPassword?.Reveal();
        if (options.KeystoreCertificateChain is null != options.KeystoreKey is null)
            throw new ArgumentException("ssl.keystore.certificate.chain and ssl.keystore.key go together");
        if (options.KeystoreKey is { } key)
            return KeyStore.FromPem(options.KeystoreCertificateChain!, key.Reveal(), keyPassword);
        if (options.KeystoreLocation is not { } location) return null;
        byte[] file = File.ReadAllBytes(location);
        return IsPem(file, out string text)
            ? KeyStore.FromPem(text, text, keyPassword)
            : KeyStore.FromFile(file, options.KeystorePassword?.Reveal(), keyPassword);
    }

    private static bool IsPem(byte[] file, out string text)
    {
        text = System.Text.Encoding.UTF8.GetString(file);
        return text.Contains(Pem, StringComparison.Ordinal);
    }

    private static T Reading<T>(string what, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new ArgumentException($"{what} cannot be read: {error.Message}", error);
        }
    }

    private X509ChainPolicy Policy()
    {
        X509ChainPolicy policy = new() { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        if (_trusted is null) return policy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(_trusted);
        policy.ExtraStore.AddRange(_trusted);
        return policy;
    }

    private string? WhyRefused(string host, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null || chain is null) return "it shows no certificate";
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) && WhyUntrusted(chain) is { } problem)
        {
            return $"its certificate ({certificate.Subject}, issued by {certificate.Issuer}) is not trusted: {problem}; "
                + "name who vouches for it in ssl.truststore.location or ssl.truststore.certificates";
        }

        if (!errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) || !_options.ChecksHostName) return null;
        return $"its certificate is for {Names(certificate)}, not for {host}: connect by a name that it has, or set "
            + "ssl.endpoint.identification.algorithm to nothing to take it all the same";
    }

    private string? WhyUntrusted(X509Chain chain)
    {
        string? problem = null;
        foreach (X509ChainElement element in chain.ChainElements)
        {
            foreach (X509ChainStatus status in element.ChainElementStatus)
            {
                problem ??= status.StatusInformation.TrimEnd('.', '\n', ' ');
                if ((status.Status & ~OnlyAboutRoots) != X509ChainStatusFlags.NoError)
                    return status.StatusInformation.TrimEnd('.', '\n', ' ');
            }

            if (_trusted is not null && _trusted.Contains(element.Certificate)) return null;
        }

        return problem ?? "nobody in the trust store vouches for it";
    }

    private static string Names(X509Certificate certificate)
    {
        List<string> names = [];
        foreach (X509Extension extension in new X509Certificate2(certificate).Extensions)
        {
            if (extension is not X509SubjectAlternativeNameExtension alternative) continue;
            names.AddRange(alternative.EnumerateDnsNames());
            names.AddRange(alternative.EnumerateIPAddresses().Select(a => a.ToString()));
        }

        return names.Count > 0 ? string.Join(", ", names) : certificate.Subject;
    }
}

/// <summary>What a handshake showed.</summary>
internal sealed class CertificateCheck
{
    /// <summary>Why the broker's certificate was refused; null where it was not.</summary>
    public string? Problem { get; set; }

    /// <summary>The broker asked for the client's certificate.</summary>
    public bool IsAsked { get; set; }
}
