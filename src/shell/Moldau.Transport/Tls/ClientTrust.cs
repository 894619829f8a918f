using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Moldau.Transport;

/// <summary>Decides on client certificates by Java's rule: each certificate from the client's own up to the first that is
/// in the trust store has to be in order, be that one a root or not. Nothing is downloaded, no revocation is asked
/// for.</summary>
internal sealed class ClientTrust(TlsOptions options)
{
    // What is not wrong with a certificate, but with there being no known root above it.
    private const X509ChainStatusFlags OnlyAboutRoots = X509ChainStatusFlags.PartialChain
        | X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.RevocationStatusUnknown
        | X509ChainStatusFlags.OfflineRevocation;

    internal X509ChainPolicy Policy()
    {
        X509ChainPolicy policy = new() { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        if (options.Trusted is null) return policy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(options.Trusted);
        policy.ExtraStore.AddRange(options.Trusted);
        return policy;
    }

    internal bool Accepts(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null) return options.ClientAuth != TlsClientAuth.Required;
        if (errors == SslPolicyErrors.None) return true;
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || options.Trusted is null || chain is null) return false;
        foreach (X509ChainElement element in chain.ChainElements)
        {
            foreach (X509ChainStatus status in element.ChainElementStatus)
                if ((status.Status & ~OnlyAboutRoots) != X509ChainStatusFlags.NoError) return false;
            if (options.Trusted.Contains(element.Certificate)) return true;
        }

        return false;
    }
}
