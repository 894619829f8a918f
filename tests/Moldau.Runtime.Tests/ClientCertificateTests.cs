using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Moldau.Transport;

namespace Moldau.Runtime.Tests;

/// <summary>Whom a TLS listener lets in, and with what it does so.</summary>
public sealed class ClientCertificateTests : IDisposable
{
    private const int TlsListener = 1;

    private readonly TestAuthority _authority = new("CN=authority");
    private readonly TestAuthority _stranger = new("CN=authority");

    public void Dispose()
    {
        _authority.Dispose();
        _stranger.Dispose();
    }

    [Fact]
    public void Required_LetsInOnlyWhoIsVouchedFor()
    {
        using TestNode node = new(tls: Server(TlsClientAuth.Required, [_authority.Certificate]));
        Assert.True(IsServed(node, [_authority.Issue("CN=client")]));
        Assert.True(IsServed(node, [_authority.Issue("CN=client")], SslProtocols.Tls12));
        Assert.False(IsServed(node, null));
        Assert.False(IsServed(node, [_stranger.Issue("CN=client")]));
        Assert.False(IsServed(node, [_authority.Issue("CN=client", isExpired: true)]));
        Assert.False(IsServed(node, [_authority.Issue("CN=client", usage: TestAuthority.ServerUsage)]));
        Assert.Contains(node.Log.Lines, l => l.Contains("TLS", StringComparison.Ordinal));
    }

    [Fact]
    public void Requested_LetsInWhoShowsNothing_ButNoStranger()
    {
        using TestNode node = new(tls: Server(TlsClientAuth.Requested, [_authority.Certificate]));
        Assert.True(IsServed(node, null));
        Assert.True(IsServed(node, [_authority.Issue("CN=client")]));
        Assert.False(IsServed(node, [_stranger.Issue("CN=client")]));
    }

    [Fact]
    public void Chain_IsFollowedToWhateverIsTrusted_BeItNoRoot()
    {
        using TestAuthority intermediate = _authority.Delegate("CN=intermediate");
        X509Certificate2 client = intermediate.Issue("CN=client");
        using (TestNode node = new(tls: Server(TlsClientAuth.Required, [intermediate.Certificate])))
            Assert.True(IsServed(node, [client]));
        using (TestNode node = new(tls: Server(TlsClientAuth.Required, [client])))
        {
            Assert.True(IsServed(node, [client]));
            Assert.False(IsServed(node, [intermediate.Issue("CN=client")]));
        }
    }

    [Fact]
    public void CipherSuitesAndVersions_AreThoseThatAreConfigured()
    {
        TlsOptions options = new()
        {
            Protocols = SslProtocols.Tls12,
            CipherSuites = [TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384],
        };
        using TestNode node = new(tls: new TlsServer(_authority.Keys("CN=localhost"), options));
        using TestClient tcp = node.Connect(TlsListener);
        using (SslStream stream = new(new NetworkStream(tcp.Socket), false, (_, _, _, _) => true))
        {
            stream.AuthenticateAsClient("localhost");
            Assert.Equal(TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, stream.NegotiatedCipherSuite);
        }

        Assert.False(IsServed(node, null, SslProtocols.Tls13));
    }

    [Fact]
    public void AnotherCertificate_IsForNewConnections_AndOpenOnesStay()
    {
        using TestNode node = new(tls: Server(TlsClientAuth.None, null));
        using TestClient before = node.Connect(TlsListener);
        using SslStream open = new(new NetworkStream(before.Socket), false, (_, _, _, _) => true);
        open.AuthenticateAsClient("localhost");
        string old = open.RemoteCertificate!.GetCertHashString();
        node.Host.SetTls("SSL", Server(TlsClientAuth.None, null));
        using TestClient after = node.Connect(TlsListener);
        using SslStream fresh = new(new NetworkStream(after.Socket), false, (_, _, _, _) => true);
        fresh.AuthenticateAsClient("localhost");
        Assert.NotEqual(old, fresh.RemoteCertificate!.GetCertHashString());
        Assert.True(AnswersEcho(open));
        Assert.True(AnswersEcho(fresh));
    }

    [Fact]
    public void Successor_HasToKeepTheNames()
    {
        TlsServer old = new(_authority.Keys("CN=localhost", "localhost", "node-1"));
        Assert.Null(new TlsServer(_authority.Keys("CN=localhost", "localhost", "node-1", "more")).WhyNoSuccessorOf(old, false, false));
        TlsServer other = new(_authority.Keys("CN=elsewhere", "localhost"));
        Assert.Contains("DistinguishedName", other.WhyNoSuccessorOf(old, false, false));
        Assert.Contains("SubjectAltNames", other.WhyNoSuccessorOf(old, true, false));
        Assert.Null(other.WhyNoSuccessorOf(old, true, true));
    }

    [Fact]
    public void HandshakesThatAreNeverFinished_TakeLittleMemory_AndDisturbNobody()
    {
        using TestNode node = new(tls: Server(TlsClientAuth.Required, [_authority.Certificate]));
        List<TestClient> halves = [];
        // A record of 16 KiB that is to hold a ClientHello, and a part of it.
        byte[] beginning = [22, 3, 1, 0x40, 0, 1, 0, 0x3F, 0xFC, 3, 3, .. new byte[2000]];
        for (int i = 0; i < 200; i++)
        {
            TestClient half = node.Connect(TlsListener);
            half.Send(beginning);
            halves.Add(half);
        }

        Assert.True(IsServed(node, [_authority.Issue("CN=client")]));
        Assert.True(node.Pools[0].OutstandingBytes < 1024 * 1024, $"{node.Pools[0].OutstandingBytes} bytes are held");
        halves.ForEach(h => h.Dispose());
    }

    private TlsServer Server(TlsClientAuth auth, X509Certificate2Collection? trusted) =>
        new(_authority.Keys("CN=localhost"), new() { ClientAuth = auth, Trusted = trusted });

    /// <summary>With TLS 1.3 a client learns only from its first answer whether it was let in.</summary>
    private static bool IsServed(TestNode node, X509CertificateCollection? shown, SslProtocols protocols = SslProtocols.None)
    {
        using TestClient tcp = node.Connect(TlsListener);
        using SslStream stream = new(new NetworkStream(tcp.Socket), false, (_, _, _, _) => true);
        try
        {
            stream.AuthenticateAsClient("localhost", shown, protocols, false);
            return AnswersEcho(stream);
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            return false;
        }
    }

    private static bool AnswersEcho(SslStream stream)
    {
        byte[] frame = TestClient.Frame(Ask.Echo, 4, 2);
        stream.Write(frame);
        byte[] answer = new byte[frame.Length];
        stream.ReadExactly(answer);
        return answer.AsSpan().SequenceEqual(frame);
    }
}
