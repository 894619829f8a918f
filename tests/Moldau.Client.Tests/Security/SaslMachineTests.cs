using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;

namespace Moldau.Client.Tests.Security;

/// <summary>Authentication of links against a broker that plays the other side, on virtual time.</summary>
public sealed class SaslMachineTests
{
    private const string Password = "geheim";

    [Theory]
    [InlineData(SaslMechanism.Plain)]
    [InlineData(SaslMechanism.ScramSha256)]
    [InlineData(SaslMechanism.ScramSha512)]
    [InlineData(SaslMechanism.OAuthBearer)]
    public void RightSecret_IsLetIn_BeforeAnyOtherRequest(SaslMechanism mechanism)
    {
        (MachineWorld world, ScriptedBroker broker, _) = World(mechanism);
        var operation = world.Do(ClusterAdmin.Describe);
        Assert.Null(operation.Error);
        Assert.Equal(
            [ApiKey.ApiVersions, ApiKey.SaslHandshake, ApiKey.SaslAuthenticate], broker.Requests.Take(3).Select(r => r.Api));
        Assert.Equal(ApiKey.Metadata, broker.Requests[^1].Api);
    }

    [Theory]
    [InlineData(SaslMechanism.Plain, "Invalid username or password")]
    [InlineData(SaslMechanism.ScramSha256, "invalid credentials")]
    [InlineData(SaslMechanism.ScramSha512, "invalid credentials")]
    [InlineData(SaslMechanism.OAuthBearer, "the token is not good")]
    public void WrongSecret_FailsAtOnce_WithTheBrokersWords(SaslMechanism mechanism, string words)
    {
        (MachineWorld world, _, _) = World(mechanism, password: "falsch");
        world.NextToken = () => new OAuthToken("bad", long.MaxValue);
        var operation = world.Do(ClusterAdmin.Describe);
        Assert.Equal(ErrorCode.SaslAuthenticationFailed, operation.Error!.Code);
        Assert.False(operation.Error.IsRetriable);
        Assert.Contains(words, operation.Error.Text, StringComparison.Ordinal);
        Assert.Contains("SASL_AUTHENTICATION_FAILED", operation.Error.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("falsch", operation.Error.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void WrongSecret_EndsAWaitingRecordAndAReader()
    {
        (MachineWorld world, _, _) = World(SaslMechanism.Plain, password: "falsch");
        ProducerPart part = world.Do((machine, _) => new ProducerPart(machine, new ProducerOptions()));
        ParkedRecord? parked = world.Do((_, turn) =>
        {
            part.Append(new ProduceRecord { Topic = "t", Partition = 0 }, turn, out ProduceBatch? _, out int _, out ParkedRecord? waits);
            return waits;
        });
        Assert.Equal(ErrorCode.SaslAuthenticationFailed, parked!.Error!.Code);
        ConsumerPart reader = world.Do((machine, turn) =>
        {
            ConsumerPart made = new(machine, new ConsumerSettings(), turn);
            made.Assign([new TopicPartition("t", 0)], turn);
            return made;
        });
        ClientError? error = null;
        world.RunUntil(() => reader.TryTakeError(out error), 10_000);
        Assert.Equal(ErrorCode.SaslAuthenticationFailed, error!.Code);
    }

    [Fact]
    public void MechanismThatTheBrokerLacks_IsToldWithThoseItHas()
    {
        (MachineWorld world, _, _) = World(
            SaslMechanism.Plain, new ScriptedSasl { Mechanisms = ["SCRAM-SHA-256", "GSSAPI"] });
        var operation = world.Do(ClusterAdmin.Describe);
        Assert.Equal(ErrorCode.UnsupportedSaslMechanism, operation.Error!.Code);
        Assert.Contains("SCRAM-SHA-256, GSSAPI", operation.Error.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void ListenerWithoutSasl_IsToldWithTheProtocolToSet()
    {
        (MachineWorld world, ScriptedBroker broker, _) = World(SaslMechanism.Plain);
        broker.On(ApiKey.SaslHandshake, _ => new SaslHandshakeResponse { ErrorCode = (short)ErrorCode.IllegalSaslState });
        var operation = world.Do(ClusterAdmin.Describe);
        Assert.Contains("security.protocol=PLAINTEXT", operation.Error!.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SaslMechanism.ScramSha256)]
    [InlineData(SaslMechanism.ScramSha512)]
    public void BrokerThatDoesNotKnowThePassword_IsNotTrusted(SaslMechanism mechanism)
    {
        (MachineWorld world, ScriptedBroker broker, _) = World(mechanism, new ScriptedSasl { IsImpostor = true });
        var operation = world.Do(ClusterAdmin.Describe);
        Assert.Contains("its signature is wrong", operation.Error!.Text, StringComparison.Ordinal);
        Assert.Empty(broker.Of(ApiKey.Metadata));
    }

    [Theory]
    [InlineData(4095)]
    [InlineData((1 << 20) + 1)]
    [InlineData(int.MaxValue)]
    public void Iterations_OutOfBounds_AreNotComputed(int iterations)
    {
        ScriptedSasl sasl = new() { Iterations = iterations };
        (MachineWorld world, _, _) = World(SaslMechanism.ScramSha256, sasl);
        var operation = world.Do(ClusterAdmin.Describe);
        Assert.Contains("iterations", operation.Error!.Text, StringComparison.Ordinal);
        Assert.Single(sasl.Messages);
    }

    [Theory]
    [InlineData("")]
    [InlineData("r=other,s=AQID,i=4096")]
    [InlineData("r=,s=,i=")]
    [InlineData("s=AQID,i=4096,r=x")]
    [InlineData("e=unknown-user")]
    [InlineData("r=NONCE,s=AQID,i=4096")]
    [InlineData("r=NONCEx,s=***,i=4096")]
    [InlineData("r=NONCEx,s=AQID,i=many")]
    public void FirstScramAnswer_ThatCannotBeTrusted_IsRefused(string answer)
    {
        ScramExchange exchange = new(Sasl(SaslMechanism.ScramSha256, Password), "NONCE");
        exchange.Begin();
        Assert.NotNull(exchange.Take(System.Text.Encoding.UTF8.GetBytes(answer)).Problem);
        Assert.NotNull(exchange.WhyUnfinished);
    }

    [Fact]
    public void AnyBytes_EndTheExchangeOrGoOn_WithoutAnException()
    {
        const string First = "r=NONCEx,s=AQID,i=4096";
        Prng prng = new(7);
        byte[] noise = new byte[40];
        for (int i = 0; i < 5_000; i++)
        {
            ScramExchange exchange = new(Sasl(SaslMechanism.ScramSha256, Password), "NONCE");
            exchange.Begin();
            byte[] first = System.Text.Encoding.UTF8.GetBytes(First);
            for (int changes = prng.Next(4); changes >= 0; changes--) first[prng.Next(first.Length)] = (byte)prng.Next(256);
            exchange.Take(first);
            prng.NextBytes(noise);
            Assert.NotNull(new ScramExchange(Sasl(SaslMechanism.ScramSha512, Password), "NONCE").Take(noise).Problem);
            Assert.NotNull(new OAuthBearerExchange(new OAuthToken("t", 0)).Take(noise).Problem);
        }
    }

    [Fact]
    public void Scram_OfRfc7677_GivesItsProof()
    {
        SaslOptions options = new() { Mechanism = SaslMechanism.ScramSha256, Username = "user", Password = "pencil" };
        ScramExchange exchange = new(options, "rOprNGfwEbeRWgbNEkqO");
        Assert.Equal("n,,n=user,r=rOprNGfwEbeRWgbNEkqO", Text(exchange.Begin().Message));
        SaslStep step = exchange.Take("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"u8);
        step.Job!.Run();
        Assert.Equal(
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            Text(step.Job.Step.Message));
        Assert.Null(exchange.Take("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="u8).Problem);
        Assert.Null(exchange.WhyUnfinished);
    }

    [Fact]
    public void Scram_EscapesTheName_AndNamesDelegationTokens()
    {
        SaslOptions options = new()
        {
            Mechanism = SaslMechanism.ScramSha512,
            Username = "a=b,c",
            Password = "p",
            IsDelegationToken = true,
        };
        Assert.Equal("n,,n=a=3Db=2Cc,r=N,tokenauth=true", Text(new ScramExchange(options, "N").Begin().Message));
    }

    [Fact]
    public void LimitedSession_IsRenewedBeforeItsEnd_AndNothingIsLost()
    {
        ScriptedSasl sasl = new() { SessionLifetimeMs = 10_000 };
        (MachineWorld world, ScriptedBroker broker, _) = World(SaslMechanism.ScramSha256, sasl);
        world.Do(ClusterAdmin.Describe);
        world.RunFor(8_000);
        world.Do(ClusterAdmin.Describe);
        Assert.Single(broker.Of(ApiKey.SaslHandshake));
        world.RunFor(1_600);
        var operation = world.Do(ClusterAdmin.Describe);
        Assert.Null(operation.Error);
        Assert.Equal(2, broker.Of(ApiKey.SaslHandshake).Count());
        Assert.Single(broker.Of(ApiKey.ApiVersions));
        Assert.Equal(sasl.Messages.Count, sasl.Messages.Distinct().Count());
    }

    [Fact]
    public void Renewal_WithAnAnswerOutstanding_TakesBothInOrder()
    {
        (MachineWorld world, ScriptedBroker broker, _) = World(
            SaslMechanism.Plain, new ScriptedSasl { SessionLifetimeMs = 10_000 });
        ScriptedRequest? held = null;
        world.Do(ClusterAdmin.Describe);
        broker.On(ApiKey.ListGroups, request =>
        {
            held = request;
            return null;
        });
        ListGroupsResponse? groups = null;
        ClientCall<ListGroupsRequest, ListGroupsResponse> call = new(
            CallTarget.Broker(1), _ => new ListGroupsRequest(),
            (answer, _) =>
            {
                groups = answer;
                return CallOutcome.Done;
            },
            (error, _) => Assert.Fail(error.Text));
        world.Do((machine, turn) =>
        {
            machine.Calls.Start(call, turn);
            return 0;
        });
        world.RunFor(9_600);
        ScriptedRequest? renewal = null;
        broker.On(ApiKey.SaslHandshake, request =>
        {
            renewal = request;
            return null;
        });
        var cluster = world.Do(ClusterAdmin.Describe);
        Assert.False(cluster.IsDone);
        broker.Answer(held!, new ListGroupsResponse());
        Assert.NotNull(groups);
        Assert.False(cluster.IsDone);
        broker.Answer(renewal!, new SaslHandshakeResponse { Mechanisms = { "PLAIN" } });
        Assert.True(cluster.IsDone);
        Assert.Null(cluster.Error);
    }

    [Fact]
    public void TokenThatCannotBeGotNow_IsAskedForAgain()
    {
        (MachineWorld world, _, _) = World(SaslMechanism.OAuthBearer);
        int asked = 0;
        world.NextToken = () => asked++ == 0 ? null : new OAuthToken("good", long.MaxValue);
        var operation = world.Do(ClusterAdmin.Describe);
        world.RunUntil(() => operation.IsDone, 10_000);
        Assert.Null(operation.Error);
    }

    [Fact]
    public void OAuthMessage_HasTheExtensions()
    {
        OAuthToken token = new("t", 0) { Extensions = new Dictionary<string, string> { ["logicalCluster"] = "lkc-1" } };
        Assert.Equal(
            "n,,\u0001auth=Bearer t\u0001logicalCluster=lkc-1\u0001\u0001", Text(new OAuthBearerExchange(token).Begin().Message));
    }

    [Fact]
    public void Settings_ThatCannotWork_AreRefused()
    {
        Assert.Contains("sasl.mechanism is not set", Refused(new SaslOptions()), StringComparison.Ordinal);
        Assert.Contains("sasl.username", Refused(new SaslOptions { Mechanism = SaslMechanism.Plain }), StringComparison.Ordinal);
        Assert.Contains(
            "token.endpoint.url", Refused(new SaslOptions { Mechanism = SaslMechanism.OAuthBearer }), StringComparison.Ordinal);
    }

    [Fact]
    public void Secrets_AreNotInTheTextOfOptions()
    {
        SecurityOptions options = new()
        {
            Sasl = new SaslOptions
            {
                Mechanism = SaslMechanism.Plain,
                Username = "anna",
                Password = Password,
                OAuth = new OAuthOptions { ClientId = "id", ClientSecret = Password },
            },
            Tls = new TlsOptions
            {
                KeystoreKey = Password,
                KeystorePassword = Password,
                KeyPassword = Password,
                TruststorePassword = Password,
            },
        };
        ClientSettings settings = MachineWorld.Settings() with { Security = options };
        string text = $"{settings} {options} {options.Sasl} {options.Tls} {new OAuthToken(Password, 0)}";
        Assert.DoesNotContain(Password, text, StringComparison.Ordinal);
        Assert.Contains("[hidden]", text, StringComparison.Ordinal);
    }

    private static string Refused(SaslOptions sasl) => Assert.Throws<ArgumentException>(() => new MachineWorld(
        MachineWorld.Settings() with { Security = new SecurityOptions { Protocol = SecurityProtocol.SaslSsl, Sasl = sasl } })).Message;

    private static string Text(byte[]? message) => System.Text.Encoding.UTF8.GetString(message!);

    private static SaslOptions Sasl(SaslMechanism mechanism, string password) => new()
    {
        Mechanism = mechanism,
        Username = "anna",
        Password = password,
        TokenProvider = _ => throw new InvalidOperationException("the world gives tokens"),
    };

    private static (MachineWorld World, ScriptedBroker Broker, ScriptedSasl Sasl) World(
        SaslMechanism mechanism, ScriptedSasl? sasl = null, string password = Password)
    {
        MachineWorld world = new(MachineWorld.Settings() with
        {
            Security = new SecurityOptions { Protocol = SecurityProtocol.SaslPlaintext, Sasl = Sasl(mechanism, password) },
        })
        {
            NextToken = () => new OAuthToken("good", long.MaxValue),
        };
        ScriptedBroker broker = world.Broker(1, "one");
        sasl ??= new ScriptedSasl();
        sasl.Serve(broker);
        return (world, broker, sasl);
    }
}
