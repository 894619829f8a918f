using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Moldau.Base;
using Moldau.Transport;

namespace Moldau.Runtime.Tests;

public sealed class LinuxTlsTests() : TlsTests(SocketTransport.Linux);

public sealed class PortableTlsTests() : TlsTests(SocketTransport.Portable);

/// <summary>On every transport.</summary>
public abstract class TlsTests(SocketTransport transport) : IDisposable
{
    private const int TlsListener = 1;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("moldau-tls-");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Echo_OverTls_IsAnswered(bool fromPkcs12)
    {
        using TestNode node = new(tls: Certificate(fromPkcs12), transport: transport);
        using TestClient tcp = node.Connect(TlsListener);
        using SslStream stream = Handshake(tcp);
        foreach (int size in (int[])[0, 1, 100, 16_384, 70_000, 2_000_000])
        {
            byte[] frame = TestClient.Frame(Ask.Echo, ReactorTests.Bytes(size, seed: 1));
            Task writing = Task.Run(() => stream.Write(frame));
            Assert.Equal(frame[4..], Receive(stream));
            Assert.True(writing.IsCompleted || SpinWait.SpinUntil(() => writing.IsCompleted, 10_000));
        }
    }

    [Fact]
    public void FileSlices_OverTls_ArriveIntact_HotAndCold()
    {
        using TestNode node = new(tls: Certificate(false), transport: transport);
        using TestClient plain = node.Connect();
        byte[] data = ReactorTests.Bytes(1_500_000, seed: 2);
        plain.Produce(data);
        using TestClient tcp = node.Connect(TlsListener);
        using SslStream stream = Handshake(tcp);
        for (int round = 0; round < 3; round++)
        {
            byte[] ask = TestClient.FetchFrame(100, 1_400_000);
            stream.Write(ask);
            Assert.Equal(data[100..1_400_100], TestClient.Between(Receive(stream), ask));
            plain.Call(TestClient.Frame(Ask.DropCache));
        }

        Assert.Equal(0, node.Host.Reactors.First().Metrics.SendFileBytes.Value);
    }

    [Fact]
    public void Requests_PipelinedOverTls_ByManyClients_AreAnsweredInOrder()
    {
        using TestNode node = new(shards: 2, tls: Certificate(false), limits: new() { HandshakesPerTurn = 1 }, transport: transport);
        List<(TestClient Tcp, SslStream Stream)> clients = [];
        for (int i = 0; i < 10; i++)
        {
            TestClient tcp = node.Connect(TlsListener);
            clients.Add((tcp, Handshake(tcp)));
        }

        byte[] number = new byte[4];
        foreach ((TestClient _, SslStream stream) in clients)
        {
            for (int i = 0; i < 200; i++)
            {
                BinaryPrimitives.WriteInt32BigEndian(number, i);
                stream.Write(TestClient.Frame(Ask.Echo, number));
            }
        }

        foreach ((TestClient tcp, SslStream stream) in clients)
        {
            for (int i = 0; i < 200; i++)
                Assert.Equal(i, BinaryPrimitives.ReadInt32BigEndian(Receive(stream).AsSpan(1)));
            stream.Dispose();
            tcp.Dispose();
        }
    }

    [Fact]
    public void PlainBytes_OnTheTlsListener_CloseTheConnection_AndNobodyElseIsDisturbed()
    {
        using TestNode node = new(tls: Certificate(false), transport: transport);
        using TestClient good = node.Connect(TlsListener);
        using SslStream stream = Handshake(good);
        using TestClient bad = node.Connect(TlsListener);
        bad.Send(TestClient.Frame(Ask.Echo, 1, 2, 3));
        Assert.True(bad.IsHungUpOn());
        using TestClient silent = node.Connect(TlsListener);
        stream.Write(TestClient.Frame(Ask.Echo, 1));
        Assert.Equal(2, Receive(stream).Length);
        Assert.Contains(node.Log.Lines, l => l.Contains("TLS", StringComparison.Ordinal));
    }

    [Fact]
    public void Goodbye_OverTls_LetsTheAnswerLeave_AndEndsTheSession()
    {
        using TestNode node = new(tls: Certificate(false), transport: transport);
        using TestClient tcp = node.Connect(TlsListener);
        using SslStream stream = Handshake(tcp);
        byte[] frame = TestClient.Frame(Ask.Goodbye, ReactorTests.Bytes(300_000, seed: 3));
        stream.Write(frame);
        Assert.Equal(frame[4..], Receive(stream));
        // close_notify, not a bare end of the stream.
        Assert.Equal(0, stream.Read(new byte[1]));
    }

    [Fact]
    public void CertificateWithoutKey_IsRefused()
    {
        TlsServer made = Certificate(false);
        Assert.NotNull(made);
        string certificate = File.ReadAllText(At("server.pem"));
        int key = certificate.IndexOf("-----BEGIN PRIVATE", StringComparison.Ordinal);
        File.WriteAllText(At("bare.pem"), certificate[..key]);
        Assert.ThrowsAny<CryptographicException>(() => TlsServer.FromPem(At("bare.pem")));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static SslStream Handshake(TestClient tcp)
    {
        SslStream stream = new(new NetworkStream(tcp.Socket), false, (_, _, _, _) => true);
        stream.AuthenticateAsClient("localhost");
        return stream;
    }

    private static byte[] Receive(SslStream stream)
    {
        byte[] prefix = new byte[4];
        stream.ReadExactly(prefix);
        byte[] body = new byte[BinaryPrimitives.ReadInt32BigEndian(prefix)];
        stream.ReadExactly(body);
        return body;
    }

    private TlsServer Certificate(bool asPkcs12)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using X509Certificate2 made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        if (asPkcs12)
        {
            File.WriteAllBytes(At("server.p12"), made.Export(X509ContentType.Pkcs12, "secret"));
            return new(KeyStore.FromFile(File.ReadAllBytes(At("server.p12")), "secret"));
        }

        File.WriteAllText(At("server.pem"), $"{made.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n");
        return TlsServer.FromPem(At("server.pem"));
    }

    private string At(string name) => Path.Combine(_folder.FullName, name);
}
