using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Moldau.TestServers;

namespace Moldau.Cli.Tests;

/// <summary>Listeners whose security protocol is SSL.</summary>
public sealed class TlsTests : IDisposable
{
    private const string Password = "vltava";

    private readonly ScratchFolder _scratch = new("cli");
    private readonly int[] _ports = [FreePorts.Take(), FreePorts.Take(), FreePorts.Take()];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void PemTextAndPkcs12File_AnswerApiVersions()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = SelfSigned(key);
        File.WriteAllBytes(_scratch["key.p12"], certificate.Export(X509ContentType.Pkcs12, Password));
        string file = ServerProperties.Write(
            _scratch.FullPath,
            $"listeners=SSL://localhost:{_ports[0]},INSIDE://localhost:{_ports[1]},CONTROLLER://localhost:{_ports[2]}",
            $"advertised.listeners=SSL://localhost:{_ports[0]},INSIDE://localhost:{_ports[1]}",
            "listener.security.protocol.map=SSL:SSL,INSIDE:SSL,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name=SSL",
            $"controller.quorum.bootstrap.servers=localhost:{_ports[2]}",
            $"log.dirs={_scratch["data"]}",
            "listener.name.ssl.ssl.keystore.type=PEM",
            $"listener.name.ssl.ssl.keystore.certificate.chain={OneLine(certificate.ExportCertificatePem())}",
            $"listener.name.ssl.ssl.keystore.key={OneLine(key.ExportPkcs8PrivateKeyPem())}",
            "listener.name.inside.ssl.keystore.type=PKCS12",
            $"listener.name.inside.ssl.keystore.location={_scratch["key.p12"]}",
            $"listener.name.inside.ssl.keystore.password={Password}");
        using ChildProcess node = Cli.Start("start", file);
        node.WaitUntilStarted();

        AssertAnswers(_ports[0], certificate);
        AssertAnswers(_ports[1], certificate);
        AssertTheClientSaysWhatToSet(certificate);
        node.Terminate();
        Assert.Equal(0, node.WaitForEnd(Cli.Patience).ExitCode);
    }

    private void AssertTheClientSaysWhatToSet(X509Certificate2 certificate)
    {
        string[] list = ["topic", "list", "-o", "name", "-b", $"localhost:{_ports[0]}"];
        Cli.AssertRefused(Cli.Run(list), 5, "speaks TLS, the client does not: set security.protocol=SSL");
        string[] encrypted = [.. list, "-X", "security.protocol=SSL"];
        Cli.AssertRefused(Cli.Run(encrypted), 5, "is not trusted: self-signed certificate; name who vouches for it in ssl.truststore.location");
        string[] plain = ["topic", "list", "-b", $"localhost:{_ports[2]}", "-X", "security.protocol=SSL"];
        Cli.AssertRefused(Cli.Run(plain), 5, "answers in plaintext where TLS was expected: set security.protocol=PLAINTEXT");
        File.WriteAllText(_scratch["trusted.pem"], certificate.ExportCertificatePem());
        Cli.Run([.. encrypted, "-X", $"ssl.truststore.location={_scratch["trusted.pem"]}"]).Succeeded();
    }

    private static void AssertAnswers(int port, X509Certificate2 expected)
    {
        using TcpClient tcp = new("localhost", port);
        using SslStream tls = new(
            tcp.GetStream(), false, (_, shown, _, _) => shown?.GetCertHashString() == expected.GetCertHashString());
        tls.ReadTimeout = 20_000;
        tls.AuthenticateAsClient("localhost");
        // ApiVersions version 0, correlation id 7, client id "t".
        tls.Write([0, 0, 0, 11, 0, 18, 0, 0, 0, 0, 0, 7, 0, 1, (byte)'t']);
        byte[] head = new byte[14];
        tls.ReadExactly(head);
        Assert.Equal(7, BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(4)));
        Assert.Equal(0, BinaryPrimitives.ReadInt16BigEndian(head.AsSpan(8)));
        Assert.True(BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(10)) > 10);
    }

    /// <summary>As a properties file holds several lines: the escape of Java's properties for a new line.</summary>
    private static string OneLine(string pem) => pem.ReplaceLineEndings("\\n");

    private static X509Certificate2 SelfSigned(ECDsa key)
    {
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset now = DateTimeOffset.UtcNow;
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
