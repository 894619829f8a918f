using System.Text.RegularExpressions;
using Moldau.Base;

namespace Moldau.Client;

/// <summary>Encryption and authentication.</summary>
internal static partial class SecurityRows
{
    public static IEnumerable<PropertyRow> All() => [.. Protocol(), .. Tls(), .. Sasl(), .. OAuth()];

    private static IEnumerable<PropertyRow> Protocol() =>
    [
        PropertyRow.OfSecurity("security.protocol", "Protocol", (o, v) => o with
        {
            Protocol = v.OneOf(
                ("PLAINTEXT", SecurityProtocol.Plaintext), ("SSL", SecurityProtocol.Ssl),
                ("SASL_PLAINTEXT", SecurityProtocol.SaslPlaintext), ("SASL_SSL", SecurityProtocol.SaslSsl),
                ("SaslPlaintext", SecurityProtocol.SaslPlaintext), ("SaslSsl", SecurityProtocol.SaslSsl)),
        }),
    ];

    private static IEnumerable<PropertyRow> Tls() =>
    [
        PropertyRow.OfTls("ssl.truststore.location", "TruststoreLocation",
            (o, v) => o with { TruststoreLocation = v.OrNull }, "ssl.ca.location"),
        PropertyRow.OfTls("ssl.truststore.password", "TruststorePassword",
            (o, v) => o with { TruststorePassword = v.Secret }) with { IsSecret = true },
        PropertyRow.OfTls("ssl.truststore.certificates", "TruststoreCertificates",
            (o, v) => o with { TruststoreCertificates = v.OrNull }, "ssl.ca.pem") with { IsSecret = true },
        PropertyRow.OfTls("ssl.keystore.location", "KeystoreLocation", (o, v) => o with { KeystoreLocation = v.OrNull }),
        PropertyRow.OfTls("ssl.keystore.password", "KeystorePassword",
            (o, v) => o with { KeystorePassword = v.Secret }) with { IsSecret = true },
        PropertyRow.OfTls("ssl.keystore.certificate.chain", "KeystoreCertificateChain",
            (o, v) => o with { KeystoreCertificateChain = v.OrNull }, "ssl.certificate.pem") with { IsSecret = true },
        PropertyRow.OfTls("ssl.keystore.key", "KeystoreKey",
            (o, v) => o with { KeystoreKey = v.Secret }, "ssl.key.pem") with { IsSecret = true },
        PropertyRow.OfTls("ssl.key.password", "KeyPassword", (o, v) => o with { KeyPassword = v.Secret }) with { IsSecret = true },
        PropertyRow.OfTls("ssl.endpoint.identification.algorithm", "ChecksHostName",
            (o, v) => o with { ChecksHostName = v.OneOf(("https", true), ("", false), ("none", false), ("true", true), ("false", false)) }),
        PropertyRow.OfTls("ssl.enabled.protocols", "EnabledProtocols", (o, v) => o with { EnabledProtocols = v.List }),
        PropertyRow.OfTls("ssl.cipher.suites", "CipherSuites", (o, v) => o with { CipherSuites = v.List }),
    ];

    private static IEnumerable<PropertyRow> Sasl() =>
    [
        PropertyRow.OfSasl("sasl.mechanism", "Mechanism", (o, v) => o with
        {
            Mechanism = v.OneOf(
                ("PLAIN", SaslMechanism.Plain), ("SCRAM-SHA-256", SaslMechanism.ScramSha256),
                ("SCRAM-SHA-512", SaslMechanism.ScramSha512), ("OAUTHBEARER", SaslMechanism.OAuthBearer),
                ("ScramSha256", SaslMechanism.ScramSha256), ("ScramSha512", SaslMechanism.ScramSha512)),
        }, "sasl.mechanisms", "Security:Sasl"),
        PropertyRow.OfSasl("sasl.username", "Username", (o, v) => o with { Username = v.Given }),
        PropertyRow.OfSasl("sasl.password", "Password", (o, v) => o with { Password = v.Secret }) with { IsSecret = true },
        PropertyRow.OfSasl("sasl.jaas.config", "JaasConfig", Jaas) with { IsSecret = true },
    ];

    private static IEnumerable<PropertyRow> OAuth() =>
    [
        PropertyRow.OfOAuth("sasl.oauthbearer.token.endpoint.url", "TokenEndpoint", (o, v) => o with
        {
            TokenEndpoint = Uri.TryCreate(v.Text, UriKind.Absolute, out Uri? address) ? address : throw v.Wrong("an address"),
        }),
        PropertyRow.OfOAuth("sasl.oauthbearer.client.credentials.client.id", "ClientId",
            (o, v) => o with { ClientId = v.Text }, "sasl.oauthbearer.client.id"),
        PropertyRow.OfOAuth("sasl.oauthbearer.client.credentials.client.secret", "ClientSecret",
            (o, v) => o with { ClientSecret = v.Secret }, "sasl.oauthbearer.client.secret") with { IsSecret = true },
        PropertyRow.OfOAuth("sasl.oauthbearer.scope", "Scope", (o, v) => o with { Scope = v.OrNull }),
        PropertyRow.OfOAuth("sasl.oauthbearer.header.urlencode", "UrlEncodesHeader", (o, v) => o with { UrlEncodesHeader = v.Bool }),
        PropertyRow.OfOAuth("sasl.login.read.timeout.ms", "RequestTimeout", (o, v) => o with { RequestTimeout = v.Time }),
        PropertyRow.OfOAuth("sasl.login.refresh.window.factor", "RefreshWindowFactor",
            (o, v) => o with { RefreshWindowFactor = v.Fraction }),
    ];

    /// <summary><c>some.LoginModule required name="value" …;</c>, of which the names and values count.</summary>
    private static SaslOptions Jaas(SaslOptions options, PropertyText text)
    {
        foreach (Match match in JaasPair().Matches(text.Text))
        {
            string value = match.Groups["quoted"].Success
                ? match.Groups["quoted"].Value.Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal)
                : match.Groups["bare"].Value;
            string name = match.Groups["name"].Value;
            options = name switch
            {
                "username" => options with { Username = value },
                "password" => options with { Password = value },
                "tokenauth" => options with { IsDelegationToken = value == "true" },
                "clientId" => options with { OAuth = options.OAuth with { ClientId = value } },
                "clientSecret" => options with { OAuth = options.OAuth with { ClientSecret = value } },
                "scope" => options with { OAuth = options.OAuth with { Scope = value } },
                "unsecuredLoginStringClaim_sub" => options with { OAuth = options.OAuth with { UnsecuredPrincipal = value } },
                _ when name.StartsWith(Extension, StringComparison.Ordinal) => options with
                {
                    OAuth = options.OAuth with
                    {
                        Extensions = new Dictionary<string, string>(options.OAuth.Extensions) { [name[Extension.Length..]] = value },
                    },
                },
                _ => throw new FormatException($"{text.Name} has an option '{name}' that is not known"),
            };
        }

        return options;
    }

    private const string Extension = "extension_";

    [GeneratedRegex("""(?<name>\w+)\s*=\s*("(?<quoted>(\\.|[^"\\])*)"|'(?<quoted>[^']*)'|(?<bare>[^\s;"']+))""")]
    private static partial Regex JaasPair();
}
