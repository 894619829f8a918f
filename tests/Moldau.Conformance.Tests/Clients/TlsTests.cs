using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Moldau.TestServers;
using Moldau.TestServers.Wire;

namespace Moldau.Conformance.Tests.Clients;

/// <summary>A listener that wants client certificates, as librdkafka and openssl meet it.</summary>
[Trait("Category", "Clients")]
public sealed class TlsTests : IDisposable
{
    private readonly ScratchFolder _scratch = new("tls");
    private readonly int _sslPort = FreePorts.Take();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Kcat_WithACertificateOfOurs_IsServed_AndWithoutNot()
    {
        if (TestServer.WhyMissing is { } reason) Assert.Skip(reason);
        Requires.Client("kcat");
        var authority = Authority("CN=authority", out var authorityKey);
        Issue("server", authority, authorityKey);
        Issue("client", authority, authorityKey);
        Issue("stranger", Authority("CN=authority", out var otherKey), otherKey);
        using var server = StartServer();

        Assert.Equal(0, List("client").ExitCode);
        Assert.NotEqual(0, List("stranger").ExitCode);
        Assert.NotEqual(0, List(null).ExitCode);
        Assert.Equal(0, List("client").ExitCode);

        // Another certificate in the same file, and the same property again: it is read anew, without a restart.
        var old = File.ReadAllText(_scratch["server.pem"]);
        Issue("server", authority, authorityKey);
        using var client = new WireClient(server.Port);
        var path = _scratch["server.p12"];
        Assert.Equal(0, Set(client, "listener.name.secure.ssl.keystore.location", path));
        Assert.NotEqual(old, File.ReadAllText(_scratch["server.pem"]));
        Wait.Until(() => Shown() == Thumbprint(_scratch["server.pem"]), TimeSpan.FromSeconds(40), "the new certificate");

        // What cannot be read is refused, and the listener goes on as it was.
        Assert.Equal(42, Set(client, "listener.name.secure.ssl.keystore.location", _scratch["nothing.p12"]));
        Assert.Equal(42, Set(client, "ssl.keystore.location", path));
        Assert.Contains(Thumbprint(_scratch["server.pem"]), Shown());
        Assert.Equal(0, List("client").ExitCode);
    }

    private ServerUnderTest StartServer()
    {
        var ports = (FreePorts.Take(), FreePorts.Take());
        var server = TestServer.Create(new ServerOptions
        {
            Ports = ports,
            Properties = new Dictionary<string, string>
            {
                ["listeners"] = $"PLAINTEXT://127.0.0.1:{ports.Item1},CONTROLLER://127.0.0.1:{ports.Item2},SECURE://127.0.0.1:{_sslPort}",
                ["advertised.listeners"] = $"PLAINTEXT://127.0.0.1:{ports.Item1},SECURE://127.0.0.1:{_sslPort}",
                ["listener.security.protocol.map"] = "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SSL",
                ["listener.name.secure.ssl.keystore.type"] = "PKCS12",
                ["listener.name.secure.ssl.keystore.location"] = _scratch["server.p12"],
                ["listener.name.secure.ssl.keystore.password"] = "vltava",
                ["listener.name.secure.ssl.key.password"] = "vltava",
                ["listener.name.secure.ssl.truststore.type"] = "PEM",
                ["listener.name.secure.ssl.truststore.location"] = _scratch["ca.pem"],
                ["listener.name.secure.ssl.client.auth"] = "required",
            },
        });
        server.Start();
        return server;
    }

    private ProgramResult List(string? who) => ChildProcess.Run(
        "kcat",
        [
            "-L", "-m", "10", "-b", $"127.0.0.1:{_sslPort}", "-X", "security.protocol=ssl", "-X", $"ssl.ca.location={_scratch["ca.pem"]}",
            "-X", "ssl.endpoint.identification.algorithm=none",
            .. who is null
                ? Array.Empty<string>()
                : ["-X", $"ssl.certificate.location={_scratch[who + ".pem"]}", "-X", $"ssl.key.location={_scratch[who + ".key"]}"],
        ],
        TimeSpan.FromSeconds(60));

    /// <summary>What openssl says of the certificate that the listener shows.</summary>
    private string Shown()
    {
        if (TestTools.Find("openssl") is null) Assert.Skip("openssl is not installed");
        var shown = ChildProcess.Run(
            "openssl",
            [
                "s_client", "-connect", $"127.0.0.1:{_sslPort}", "-cert", _scratch["client.pem"], "-key", _scratch["client.key"], "-showcerts",
            ],
            TimeSpan.FromSeconds(60), "");
        return Thumbprint(X509Certificate2.CreateFromPem(shown.Output));
    }

    private static string Thumbprint(string path) => Thumbprint(X509Certificate2.CreateFromPem(File.ReadAllText(path)));

    private static string Thumbprint(X509Certificate2 certificate) => certificate.Thumbprint;

    private static int Set(WireClient client, string name, string value)
    {
        var config = new JsonObject { ["Name"] = name, ["ConfigOperation"] = 0, ["Value"] = value };
        var resource = new JsonObject { ["ResourceType"] = 4, ["ResourceName"] = "1", ["Configs"] = new JsonArray(config) };
        var answer = client.Ask("IncrementalAlterConfigs", 1, new() { ["Resources"] = new JsonArray(resource) });
        return (int)answer!["Responses"]![0]!["ErrorCode"]!;
    }

    private X509Certificate2 Authority(string name, out ECDsa key)
    {
        key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
        if (!File.Exists(_scratch["ca.pem"])) File.WriteAllText(_scratch["ca.pem"], made.ExportCertificatePem());
        return made;
    }

    private void Issue(string name, X509Certificate2 authority, ECDsa authorityKey)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var made = request.Create(
            authority.SubjectName, X509SignatureGenerator.CreateForECDsa(authorityKey), DateTimeOffset.UtcNow.AddHours(-1),
            DateTimeOffset.UtcNow.AddDays(1), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(_scratch[name + ".pem"], made.ExportCertificatePem());
        File.WriteAllText(_scratch[name + ".key"], key.ExportPkcs8PrivateKeyPem());
        using var whole = made.CopyWithPrivateKey(key);
        File.WriteAllBytes(_scratch[name + ".p12"], whole.Export(X509ContentType.Pkcs12, "vltava"));
    }
}
