using Moldau.TestServers;

namespace Moldau.Client.Tests.Security;

/// <summary>A server with a listener for each security protocol that it has. Apache's has users for every SASL mechanism;
/// ours has TLS, with and without client certificates.</summary>
public sealed class SecureServer : IDisposable
{
    public const string User = "anna";
    public const string Password = "streng-geheim";

    private static readonly string[] _listeners = ["PLAINTEXT", "SSL", "MUTUAL", "SASL_PLAINTEXT", "SASL_SSL", "SHORT"];

    private readonly Dictionary<string, int> _ports = [];
    private readonly ScratchFolder _scratch = new("secure");

    public SecureServer(bool isApache)
    {
        string[] listeners = isApache ? _listeners : ["PLAINTEXT", "SSL", "MUTUAL"];
        foreach (string listener in listeners) _ports[listener] = FreePorts.Take();
        (int _, int controller) = FreePorts.Pair();
        Authority = new CertificateMaker("CN=Authority");
        CertificateMaker.Issued broker = Authority.Issue("CN=broker", "localhost");
        File.WriteAllBytes(_scratch["broker.p12"], broker.Pkcs12);
        File.WriteAllBytes(_scratch["trust.p12"], Authority.AuthorityPkcs12());
        ServerOptions options = new()
        {
            Ports = (_ports["PLAINTEXT"], controller),
            Properties = Properties(listeners, controller, isApache),
        };
        Server = isApache ? new ApacheServer(options) : new MoldauServer(options);
        Server.Start();
        if (isApache) AddScramUser();
    }

    internal CertificateMaker Authority { get; }

    public ServerUnderTest Server { get; }

    /// <summary>As a client names a listener.</summary>
    public string Bootstrap(string listener, string host = "localhost") => $"{host}:{_ports[listener]}";

    public string TruststorePkcs12 => _scratch["trust.p12"];

    /// <summary>A file of the test.</summary>
    public string Write(string name, string text)
    {
        File.WriteAllText(_scratch[name], text);
        return _scratch[name];
    }

    public string Write(string name, byte[] bytes)
    {
        File.WriteAllBytes(_scratch[name], bytes);
        return _scratch[name];
    }

    public void Dispose()
    {
        Server.Dispose();
        Authority.Dispose();
        _scratch.Dispose();
    }

    private Dictionary<string, string> Properties(string[] listeners, int controller, bool isApache)
    {
        string named = string.Join(',', listeners.Select(l => $"{l}://localhost:{_ports[l]}"));
        Dictionary<string, string> properties = new()
        {
            ["listeners"] = $"{named},CONTROLLER://127.0.0.1:{controller}",
            ["advertised.listeners"] = named,
            ["listener.security.protocol.map"] = isApache
                ? "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SSL:SSL,MUTUAL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL,SHORT:SASL_PLAINTEXT"
                : "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SSL:SSL,MUTUAL:SSL",
            ["inter.broker.listener.name"] = "PLAINTEXT",
            ["ssl.keystore.type"] = "PKCS12",
            ["ssl.keystore.location"] = _scratch["broker.p12"],
            ["ssl.keystore.password"] = CertificateMaker.Password,
            ["ssl.key.password"] = CertificateMaker.Password,
            ["ssl.truststore.type"] = "PEM",
            ["ssl.truststore.location"] = Write("trust.pem", Authority.AuthorityPem),
            ["listener.name.mutual.ssl.client.auth"] = "required",
        };
        if (!isApache) return properties;
        foreach (string listener in (string[])["sasl_plaintext", "sasl_ssl", "short"])
        {
            string prefix = $"listener.name.{listener}";
            properties[$"{prefix}.sasl.enabled.mechanisms"] = "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER";
            properties[$"{prefix}.plain.sasl.jaas.config"] =
                $"org.apache.kafka.common.security.plain.PlainLoginModule required user_{User}=\"{Password}\";";
            foreach (string scram in (string[])["scram-sha-256", "scram-sha-512"])
                properties[$"{prefix}.{scram}.sasl.jaas.config"] = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
            properties[$"{prefix}.oauthbearer.sasl.jaas.config"] =
                "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"broker\";";
        }

        foreach (string mechanism in (string[])["plain", "scram-sha-256", "scram-sha-512", "oauthbearer"])
            properties[$"listener.name.short.{mechanism}.connections.max.reauth.ms"] = "3000";
        return properties;
    }

    private void AddScramUser()
    {
        foreach (string mechanism in (string[])["SCRAM-SHA-256", "SCRAM-SHA-512"])
        {
            KafkaTools.Run(
                "configs",
                [
                    "--bootstrap-server", Bootstrap("PLAINTEXT"), "--alter", "--entity-type", "users", "--entity-name", User,
                    "--add-config", $"{mechanism}=[password={Password}]",
                ]).Succeeded();
        }
    }
}

/// <summary>The secure servers of the assembly, each started when first asked for.</summary>
public sealed class SecureServers : IDisposable
{
    private static readonly Lock _lock = new();
    private SecureServer? _apache;
    private SecureServer? _moldau;

    public SecureServer Get(string name)
    {
        lock (_lock)
        {
            bool isApache = name != "moldau";
            string? missing = isApache ? ApacheServer.WhyMissing : MoldauServer.WhyMissing;
            if (missing is not null) Assert.Skip(missing);
            if (isApache) return _apache ??= new SecureServer(true);
            return _moldau ??= new SecureServer(false);
        }
    }

    public void Dispose()
    {
        _apache?.Dispose();
        _moldau?.Dispose();
    }
}
