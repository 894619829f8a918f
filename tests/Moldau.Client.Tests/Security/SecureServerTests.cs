using System.Net;
using System.Text;
using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Security;

/// <summary>TLS and SASL against real servers, right and wrong.</summary>
public sealed class SecureServerTests(SecureServers servers)
{
    private const string Apache = "apache-4.4.0";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Names => Servers.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Tls_WithTrustFromPemFilePkcs12OrText_CarriesRecords(string name)
    {
        SecureServer server = servers.Get(name);
        TlsOptions[] all =
        [
            new() { TruststoreCertificates = server.Authority.AuthorityPem },
            new() { TruststoreLocation = server.Write("ca.pem", server.Authority.AuthorityPem) },
            new() { TruststoreLocation = server.TruststorePkcs12, TruststorePassword = CertificateMaker.Password },
        ];
        foreach (TlsOptions tls in all) await RoundTripAsync(Settings(server, "SSL", SecurityProtocol.Ssl, tls));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task MutualTls_WithKeyFromPemPkcs12OrText_IsLetIn(string name)
    {
        SecureServer server = servers.Get(name);
        CertificateMaker.Issued own = server.Authority.Issue("CN=client");
        TlsOptions trust = new() { TruststoreCertificates = server.Authority.AuthorityPem };
        TlsOptions[] all =
        [
            trust with { KeystoreCertificateChain = own.ChainPem, KeystoreKey = own.KeyPem },
            trust with
            {
                KeystoreLocation = server.Write("client.pem", $"{own.EncryptedKeyPem}\n{own.ChainPem}"),
                KeyPassword = CertificateMaker.Password,
            },
            trust with { KeystoreLocation = server.Write("client.p12", own.Pkcs12), KeystorePassword = CertificateMaker.Password },
        ];
        foreach (TlsOptions tls in all)
        {
            await using MoldauClient client = new(Settings(server, "MUTUAL", SecurityProtocol.Ssl, tls));
            Assert.NotEmpty((await client.Admin.DescribeClusterAsync(Cancel)).Brokers);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task MutualTls_WithoutOrWithAStrangersCertificate_IsRefusedClearly(string name)
    {
        SecureServer server = servers.Get(name);
        TlsOptions trust = new() { TruststoreCertificates = server.Authority.AuthorityPem };
        string without = await WhyFailedAsync(Settings(server, "MUTUAL", SecurityProtocol.Ssl, trust));
        Assert.Contains("ssl.keystore.location", without, StringComparison.Ordinal);
        using CertificateMaker stranger = new("CN=Stranger");
        CertificateMaker.Issued own = stranger.Issue("CN=client");
        string strange = await WhyFailedAsync(Settings(server, "MUTUAL", SecurityProtocol.Ssl,
            trust with { KeystoreCertificateChain = own.ChainPem, KeystoreKey = own.KeyPem }));
        Assert.Contains("refused the TLS handshake", strange, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task UntrustedCertificate_AndWrongName_SayWhatToSet(string name)
    {
        SecureServer server = servers.Get(name);
        using CertificateMaker stranger = new("CN=Stranger");
        foreach (TlsOptions tls in (TlsOptions[])[new(), new() { TruststoreCertificates = stranger.AuthorityPem }])
        {
            string untrusted = await WhyFailedAsync(Settings(server, "SSL", SecurityProtocol.Ssl, tls));
            Assert.Contains("CN=broker", untrusted, StringComparison.Ordinal);
            Assert.Contains("is not trusted", untrusted, StringComparison.Ordinal);
            Assert.Contains("ssl.truststore.location", untrusted, StringComparison.Ordinal);
        }

        TlsOptions trust = new() { TruststoreCertificates = server.Authority.AuthorityPem };
        ClientSettings byAddress = Settings(server, "SSL", SecurityProtocol.Ssl, trust) with
        {
            BootstrapServers = BrokerAddresses.Parse(server.Bootstrap("SSL", "127.0.0.1")),
        };
        string mismatch = await WhyFailedAsync(byAddress);
        Assert.Contains("is for localhost, not for 127.0.0.1", mismatch, StringComparison.Ordinal);
        await using MoldauClient unchecked_ = new(byAddress with
        {
            Security = byAddress.Security with { Tls = trust with { ChecksHostName = false } },
        });
        Assert.NotEmpty((await unchecked_.Admin.DescribeClusterAsync(Cancel)).Brokers);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task WrongProtocol_SaysWhichOneTheListenerSpeaks(string name)
    {
        SecureServer server = servers.Get(name);
        string plainToTls = await WhyFailedAsync(Settings(server, "SSL", SecurityProtocol.Plaintext));
        Assert.Contains("set security.protocol=SSL", plainToTls, StringComparison.Ordinal);
        string tlsToPlain = await WhyFailedAsync(Settings(server, "PLAINTEXT", SecurityProtocol.Ssl));
        Assert.Contains("answers in plaintext", tlsToPlain, StringComparison.Ordinal);
        Assert.Contains("set security.protocol=PLAINTEXT", tlsToPlain, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plaintext_ToAListenerThatWantsSasl_SaysSo()
    {
        SecureServer server = servers.Get(Apache);
        string text = await WhyFailedAsync(Settings(server, "SASL_PLAINTEXT", SecurityProtocol.Plaintext));
        Assert.Contains("set security.protocol=SASL_PLAINTEXT", text, StringComparison.Ordinal);
        Assert.Contains("SCRAM-SHA-512", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SaslMechanism.Plain)]
    [InlineData(SaslMechanism.ScramSha256)]
    [InlineData(SaslMechanism.ScramSha512)]
    [InlineData(SaslMechanism.OAuthBearer)]
    public async Task Sasl_PlaintextAndTls_CarryRecords(SaslMechanism mechanism)
    {
        SecureServer server = servers.Get(Apache);
        await RoundTripAsync(Settings(server, "SASL_PLAINTEXT", SecurityProtocol.SaslPlaintext, sasl: Sasl(mechanism)));
        TlsOptions trust = new() { TruststoreCertificates = server.Authority.AuthorityPem };
        await RoundTripAsync(Settings(server, "SASL_SSL", SecurityProtocol.SaslSsl, trust, Sasl(mechanism)));
    }

    [Theory]
    [InlineData(SaslMechanism.Plain)]
    [InlineData(SaslMechanism.ScramSha256)]
    [InlineData(SaslMechanism.ScramSha512)]
    public async Task Sasl_WithAWrongPassword_FailsAtOnceWithoutTellingIt(SaslMechanism mechanism)
    {
        const string Wrong = "nicht-das-richtige";
        SecureServer server = servers.Get(Apache);
        ClientSettings settings = Settings(
            server, "SASL_PLAINTEXT", SecurityProtocol.SaslPlaintext, sasl: Sasl(mechanism) with { Password = Wrong });
        await using MoldauClient client = new(settings);
        MoldauException error = await Assert.ThrowsAsync<MoldauException>(() => client.Admin.DescribeClusterAsync(Cancel));
        Assert.Equal(ErrorCode.SaslAuthenticationFailed, error.Error);
        Assert.False(error.IsRetriable);
        Assert.DoesNotContain(Wrong, error.ToString(), StringComparison.Ordinal);
        Topic<string, string> topic = new("never", Serde.Utf8, Serde.Utf8);
        await using Producer producer = client.CreateProducer();
        error = await Assert.ThrowsAsync<MoldauException>(async () => await producer.SendAsync(topic, "k", "v", Cancel));
        Assert.Equal(ErrorCode.SaslAuthenticationFailed, error.Error);
    }

    [Fact]
    public async Task LimitedSessions_GoOnAfterTheirEnd()
    {
        SecureServer server = servers.Get(Apache);
        ClientSettings settings = Settings(
            server, "SHORT", SecurityProtocol.SaslPlaintext, sasl: Sasl(SaslMechanism.ScramSha256));
        await using MoldauClient client = new(settings);
        string name = await Topics.CreateAsync(client);
        Topic<string, long> topic = new(name, Serde.Utf8, Serde.Int64);
        await using Producer producer = client.CreateProducer(new ProducerOptions { Linger = Duration.Zero });
        DateTimeOffset end = DateTimeOffset.UtcNow.AddSeconds(8);
        long sent = 0;
        while (DateTimeOffset.UtcNow < end) Assert.Equal(sent, (await producer.SendAsync(topic, "k", sent++, Cancel)).Offset);
        Assert.True(sent > 3, $"{sent} records in two sessions and a half");
    }

    [Fact]
    public async Task OAuth_ByClientCredentials_GetsOneTokenForAllLinks()
    {
        SecureServer server = servers.Get(Apache);
        using TokenEndpoint endpoint = new();
        SaslOptions sasl = new()
        {
            Mechanism = SaslMechanism.OAuthBearer,
            OAuth = new OAuthOptions
            {
                TokenEndpoint = endpoint.Address,
                ClientId = "id:1",
                ClientSecret = "s%cret",
                Scope = "kafka",
                UrlEncodesHeader = true,
            },
        };
        await RoundTripAsync(Settings(server, "SASL_PLAINTEXT", SecurityProtocol.SaslPlaintext, sasl: sasl));
        string asked = Assert.Single(endpoint.Requests);
        Assert.Equal($"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes("id%3A1:s%25cret"))} grant_type=client_credentials&scope=kafka", asked);
    }

    [Fact]
    public async Task OAuth_WhoseEndpointRefuses_SaysSoWithoutTheSecret()
    {
        SecureServer server = servers.Get(Apache);
        using TokenEndpoint endpoint = new() { Status = 401 };
        SaslOptions sasl = new()
        {
            Mechanism = SaslMechanism.OAuthBearer,
            OAuth = new OAuthOptions { TokenEndpoint = endpoint.Address, ClientId = "id", ClientSecret = "verborgen" },
        };
        string text = await WhyFailedAsync(Settings(server, "SASL_PLAINTEXT", SecurityProtocol.SaslPlaintext, sasl: sasl));
        Assert.Contains("gave no token: 401", text, StringComparison.Ordinal);
        Assert.DoesNotContain("verborgen", text, StringComparison.Ordinal);
    }

    [Fact]
    public void StoreThatCannotBeRead_IsRefusedWithTheReason()
    {
        ClientSettings settings = MachineWorld.Settings() with
        {
            Security = new SecurityOptions
            {
                Protocol = SecurityProtocol.Ssl,
                Tls = new TlsOptions { TruststoreLocation = Path.Combine(Path.GetTempPath(), "no-such-store.pem") },
            },
        };
        ArgumentException error = Assert.Throws<ArgumentException>(() => new MoldauClient(settings));
        Assert.Contains("trust store cannot be read", error.Message, StringComparison.Ordinal);
    }

    private static SaslOptions Sasl(SaslMechanism mechanism) => new()
    {
        Mechanism = mechanism,
        Username = SecureServer.User,
        Password = SecureServer.Password,
        OAuth = new OAuthOptions { UnsecuredPrincipal = SecureServer.User },
    };

    private static ClientSettings Settings(
        SecureServer server, string listener, SecurityProtocol protocol, TlsOptions? tls = null, SaslOptions? sasl = null) => new()
        {
            BootstrapServers = BrokerAddresses.Parse(server.Bootstrap(listener)),
            Security = new SecurityOptions { Protocol = protocol, Tls = tls ?? new(), Sasl = sasl ?? new() },
        };

    private static async Task RoundTripAsync(ClientSettings settings)
    {
        await using MoldauClient client = new(settings);
        string name = await Topics.CreateAsync(client);
        Topic<string, string> topic = new(name, Serde.Utf8, Serde.Utf8);
        string large = new('x', 200_000);
        await using Producer producer = client.CreateProducer();
        await producer.SendAsync(topic, "k", "first", Cancel);
        await producer.SendAsync(topic, "k", large, Cancel);
        await using Consumer<string, string> consumer = client.CreateConsumer(
            Serde.Utf8, Serde.Utf8, new ConsumerOptions { OffsetReset = OffsetReset.Earliest });
        consumer.Assign(new TopicPartition(name, 0));
        List<string?> read = [];
        await foreach (ConsumedRecord<string, string> record in consumer.ReadAllAsync(Patience.Token))
        {
            read.Add(record.Value);
            if (read.Count == 2) break;
        }

        Assert.Equal(["first", large], read);
    }

    /// <summary>The error of a call that must not run into its time limit.</summary>
    private static async Task<string> WhyFailedAsync(ClientSettings settings)
    {
        await using MoldauClient client = new(settings);
        MoldauException error = await Assert.ThrowsAsync<MoldauException>(() => client.Admin.DescribeClusterAsync(Patience.Token));
        Assert.NotEqual(ErrorCode.RequestTimedOut, error.Error);
        Assert.False(error.IsRetriable, error.Message);
        return error.Message;
    }

    /// <summary>An identity provider's token endpoint.</summary>
    private sealed class TokenEndpoint : IDisposable
    {
        private readonly HttpListener _listener = new();

        public TokenEndpoint()
        {
            Address = new Uri($"http://127.0.0.1:{FreePorts.Take()}/token");
            _listener.Prefixes.Add($"{Address}/");
            _listener.Start();
            _ = Task.Run(ServeAsync);
        }

        public Uri Address { get; }

        public int Status { get; init; } = 200;

        public List<string> Requests { get; } = [];

        public void Dispose() => _listener.Close();

        private async Task ServeAsync()
        {
            while (_listener.IsListening)
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                using StreamReader reader = new(context.Request.InputStream);
                Requests.Add($"{context.Request.Headers["Authorization"]} {await reader.ReadToEndAsync()}");
                OAuthToken token = UnsecuredToken.For(SecureServer.User, new OAuthOptions(), DateTimeOffset.UtcNow);
                byte[] body = Encoding.UTF8.GetBytes(
                    Status == 200 ? $$"""{"access_token":"{{token.Value.Reveal()}}","expires_in":3600}""" : """{"error":"invalid_client"}""");
                context.Response.StatusCode = Status;
                await context.Response.OutputStream.WriteAsync(body);
                context.Response.Close();
            }
        }
    }
}
