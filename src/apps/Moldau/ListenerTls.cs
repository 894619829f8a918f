using System.Security.Authentication;
using System.Security.Cryptography;
using Moldau.Cli;
using Moldau.Config;
using Moldau.Transport;

namespace Moldau;

/// <summary>The certificate of a listener, from Kafka's ssl.* properties as that listener has them.</summary>
internal static class ListenerTls
{
    /// <summary>Null for a listener without encryption.</summary>
    public static TlsServer? For(Endpoint endpoint, BrokerConfig config)
    {
        if (endpoint.Protocol is SecurityProtocol.SaslPlaintext or SecurityProtocol.SaslSsl)
            throw Refuse(endpoint, "its security protocol uses SASL, which this version does not serve; use PLAINTEXT or SSL");
        if (endpoint.Protocol != SecurityProtocol.Ssl) return null;
        ConfigValues values = config.ForListener(endpoint.ListenerName);
        if (values.String("ssl.client.auth") != "none")
            throw Refuse(endpoint, "ssl.client.auth asks for client certificates, which this version does not check; set it to none");
        SslProtocols protocols = Protocols(endpoint, values);
        try
        {
            return values.String("ssl.keystore.type").ToUpperInvariant() switch
            {
                "PEM" => FromPem(endpoint, values, protocols),
                "PKCS12" => TlsServer.FromPkcs12(
                    Location(endpoint, values), values.StringOrNull("ssl.keystore.password"), protocols),
                "JKS" => throw Refuse(endpoint, "ssl.keystore.type JKS (the default) is a format of Java alone; "
                    + "convert the file with keytool -importkeystore -deststoretype pkcs12 and set ssl.keystore.type=PKCS12, or use PEM"),
                string other => throw Refuse(endpoint, $"ssl.keystore.type {other} is not known; PEM or PKCS12"),
            };
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Refuse(endpoint, $"its certificate cannot be read: {e.Message}");
        }
    }

    private static TlsServer FromPem(Endpoint endpoint, ConfigValues values, SslProtocols protocols)
    {
        string? keyPassword = values.StringOrNull("ssl.key.password");
        string? chain = values.StringOrNull("ssl.keystore.certificate.chain");
        string? key = values.StringOrNull("ssl.keystore.key");
        if (chain is null != key is null)
            throw Refuse(endpoint, "ssl.keystore.certificate.chain and ssl.keystore.key go together");
        if (chain is not null && key is not null) return TlsServer.FromPemText(chain, key, keyPassword, protocols);
        string text = File.ReadAllText(Location(endpoint, values));
        return TlsServer.FromPemText(text, text, keyPassword, protocols);
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

    private static string Location(Endpoint endpoint, ConfigValues values) =>
        values.StringOrNull("ssl.keystore.location")
            ?? throw Refuse(endpoint, "ssl.keystore.location is not set, and an SSL listener needs a certificate");

    private static CommandException Refuse(Endpoint endpoint, string why) => new($"listener {endpoint.ListenerName}: {why}");
}
