using System.Globalization;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Moldau.Base;
using Moldau.Config;
using Moldau.Transport;

namespace Moldau.Runtime;

/// <summary>The certificates of a listener, from Kafka's ssl.* properties as that listener has them.</summary>
internal static class ListenerTls
{
    /// <summary>Null for a listener without encryption.</summary>
    /// <exception cref="NodeStartException">The properties or the files do not do.</exception>
    public static TlsServer? For(Endpoint endpoint, BrokerConfig config)
    {
        if (endpoint.Protocol is SecurityProtocol.SaslPlaintext or SecurityProtocol.SaslSsl)
            throw Refuse(endpoint, "its security protocol uses SASL, which this version does not serve; use PLAINTEXT or SSL");
        if (endpoint.Protocol != SecurityProtocol.Ssl) return null;
        ConfigValues values = config.ForListener(endpoint.ListenerName);
        TlsClientAuth auth = values.String("ssl.client.auth") switch
        {
            "required" => TlsClientAuth.Required,
            "requested" => TlsClientAuth.Requested,
            _ => TlsClientAuth.None,
        };
        TlsOptions options = new()
        {
            Protocols = Protocols(endpoint, values),
            CipherSuites = CipherSuites(endpoint, values),
            ClientAuth = auth,
            Trusted = auth == TlsClientAuth.None ? null : Trusted(endpoint, values),
        };
        return Reading(endpoint, "its certificate", () => new TlsServer(Keys(endpoint, values), options));
    }

    /// <summary>Everything that the certificates depend on: where it is as before, there is nothing to read anew.</summary>
    public static string Fingerprint(Endpoint endpoint, BrokerConfig config)
    {
        ConfigValues values = config.ForListener(endpoint.ListenerName);
        List<string> parts = [];
        foreach (ConfigKey key in BrokerConfigTable.Table.Keys)
            if (key.Name.StartsWith("ssl.", StringComparison.Ordinal)) parts.Add($"{key.Name}={ConfigValue.Format(values[key.Name])}");
        foreach (string property in (string[])["ssl.keystore.location", "ssl.truststore.location"])
        {
            FileInfo file = new(values.StringOrNull(property) ?? "/");
            if (file.Exists) parts.Add(string.Create(CultureInfo.InvariantCulture, $"{file.Length} {file.LastWriteTimeUtc.Ticks}"));
        }

        return string.Join('\n', parts);
    }

    private static KeyStore Keys(Endpoint endpoint, ConfigValues values)
    {
        string? password = values.StringOrNull("ssl.keystore.password");
        string? keyPassword = values.StringOrNull("ssl.key.password");
        string? chain = values.StringOrNull("ssl.keystore.certificate.chain");
        string? key = values.StringOrNull("ssl.keystore.key");
        if (chain is null != key is null)
            throw Refuse(endpoint, "ssl.keystore.certificate.chain and ssl.keystore.key go together");
        if (!IsPem(endpoint, values, "ssl.keystore.type"))
        {
            if (chain is not null) throw Refuse(endpoint, "ssl.keystore.certificate.chain and ssl.keystore.key need ssl.keystore.type=PEM");
            return KeyStore.FromFile(File.ReadAllBytes(Location(endpoint, values)), password, keyPassword);
        }

        if (chain is not null && key is not null) return KeyStore.FromPem(chain, key, keyPassword);
        string text = File.ReadAllText(Location(endpoint, values));
        return KeyStore.FromPem(text, text, keyPassword);
    }

    /// <summary>Null: whom the system trusts, as Java falls back to its own list.</summary>
    private static X509Certificate2Collection? Trusted(Endpoint endpoint, ConfigValues values)
    {
        string? location = values.StringOrNull("ssl.truststore.location");
        string? certificates = values.StringOrNull("ssl.truststore.certificates");
        bool isPem = IsPem(endpoint, values, "ssl.truststore.type");
        if (certificates is not null && !isPem) throw Refuse(endpoint, "ssl.truststore.certificates needs ssl.truststore.type=PEM");
        if (certificates is null && location is null) return null;
        return Reading(endpoint, "its trust store", () => isPem
            ? KeyStore.FromPemCertificates(certificates ?? File.ReadAllText(location!)).Trusted // one of the two is set
            : KeyStore.FromFile(File.ReadAllBytes(location!), values.StringOrNull("ssl.truststore.password")).Trusted);
    }

    private static T Reading<T>(Endpoint endpoint, string what, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Refuse(endpoint, $"{what} cannot be read: {e.Message}");
        }
    }

    /// <summary>JKS and PKCS12 files are told apart by what is in them, as in Java.</summary>
    private static bool IsPem(Endpoint endpoint, ConfigValues values, string property)
    {
        string type = values.String(property);
        return type.ToUpperInvariant() switch
        {
            "PEM" => true,
            "JKS" or "PKCS12" => false,
            _ => throw Refuse(endpoint, $"{property} {type} is not known; JKS, PKCS12 or PEM. Convert the file with "
                + "keytool -importkeystore -srckeystore FILE -destkeystore FILE.p12 -deststoretype pkcs12"),
        };
    }

    private static SslProtocols Protocols(Endpoint endpoint, ConfigValues values)
    {
        SslProtocols protocols = SslProtocols.None;
        foreach (string name in values.List("ssl.enabled.protocols"))
        {
            protocols |= name switch
            {
                "TLSv1.2" => SslProtocols.Tls12,
                "TLSv1.3" => SslProtocols.Tls13,
                _ => throw Refuse(endpoint, $"ssl.enabled.protocols: {name} is not offered; TLSv1.2 and TLSv1.3 are"),
            };
        }

        return protocols;
    }

    private static List<TlsCipherSuite> CipherSuites(Endpoint endpoint, ConfigValues values)
    {
        List<TlsCipherSuite> suites = [];
        foreach (string name in values.List("ssl.cipher.suites"))
        {
            if (!name.StartsWith("TLS_", StringComparison.Ordinal) || !Enum.TryParse(name, out TlsCipherSuite suite))
                throw Refuse(endpoint, $"ssl.cipher.suites: {name} is not known; suites have the names of the standard, such as TLS_AES_256_GCM_SHA384");
            suites.Add(suite);
        }

        return suites;
    }

    private static string Location(Endpoint endpoint, ConfigValues values) =>
        values.StringOrNull("ssl.keystore.location")
            ?? throw Refuse(endpoint, "ssl.keystore.location is not set, and an SSL listener needs a certificate");

    private static NodeStartException Refuse(Endpoint endpoint, string why) => new($"listener {endpoint.ListenerName}: {why}");
}
