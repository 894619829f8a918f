namespace Moldau.Config;

// TLS, SASL, delegation tokens, authorization.
public sealed partial class BrokerConfig
{
    public IReadOnlyList<string> SslCipherSuites { get; } = values.List("ssl.cipher.suites");

    public string SslClientAuth { get; } = values.String("ssl.client.auth");

    public IReadOnlyList<string> SslEnabledProtocols { get; } = values.List("ssl.enabled.protocols");

    public string? SslKeyPassword { get; } = values.StringOrNull("ssl.key.password");

    public string? SslKeystoreCertificateChain { get; } = values.StringOrNull("ssl.keystore.certificate.chain");

    public string? SslKeystoreKey { get; } = values.StringOrNull("ssl.keystore.key");

    public string? SslKeystoreLocation { get; } = values.StringOrNull("ssl.keystore.location");

    public string? SslKeystorePassword { get; } = values.StringOrNull("ssl.keystore.password");

    public string SslKeystoreType { get; } = values.String("ssl.keystore.type");

    public string SslProtocol { get; } = values.String("ssl.protocol");

    public string? SslTruststoreCertificates { get; } = values.StringOrNull("ssl.truststore.certificates");

    public string? SslTruststoreLocation { get; } = values.StringOrNull("ssl.truststore.location");

    public string? SslTruststorePassword { get; } = values.StringOrNull("ssl.truststore.password");

    public string SslTruststoreType { get; } = values.String("ssl.truststore.type");
}
