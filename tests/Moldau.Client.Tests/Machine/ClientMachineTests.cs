using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;

namespace Moldau.Client.Tests.Machine;

public sealed class ClientMachineTests
{
    [Fact]
    public void Call_OpensALinkGreetsAndIsAnswered()
    {
        MachineWorld world = new();
        ScriptedBroker broker = world.Broker(1, "one");
        var operation = world.Do(ClusterAdmin.Describe);
        Assert.True(operation.IsDone);
        Assert.Equal("scripted", operation.Result.ClusterId);
        Assert.Equal([ApiKey.ApiVersions, ApiKey.Metadata], broker.Requests.Select(r => r.Api));
    }

    [Fact]
    public void Greeting_OfAnOlderBroker_FallsBackToItsVersion()
    {
        MachineWorld world = new();
        ScriptedBroker broker = world.Broker(1, "one");
        broker.HighestVersions[ApiKey.ApiVersions] = 2;
        broker.HighestVersions[ApiKey.Metadata] = 7;
        var operation = world.Do(ClusterAdmin.Describe);
        Assert.True(operation.IsDone);
        Assert.Equal(2, broker.Of(ApiKey.ApiVersions).Single().Version);
        Assert.Equal(7, broker.Of(ApiKey.Metadata).Single().Version);
    }

    [Fact]
    public void UnreachableCluster_FailsAtTheDeadlineAndSaysWhy()
    {
        MachineWorld world = new();
        var operation = world.Do(ClusterAdmin.Describe);
        Assert.False(operation.IsDone);
        world.RunUntil(() => operation.IsDone, 61_000);
        Assert.Equal(ErrorCode.RequestTimedOut, operation.Error!.Code);
        Assert.Contains("one:9092: refused", operation.Error.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void BrokerThatComesBack_IsFoundWithoutANewCall()
    {
        MachineWorld world = new();
        ScriptedBroker broker = world.Broker(1, "one");
        broker.IsUp = false;
        var operation = world.Do(ClusterAdmin.Describe);
        world.RunFor(5_000);
        Assert.False(operation.IsDone);
        broker.IsUp = true;
        world.RunUntil(() => operation.IsDone, 5_000);
        Assert.Null(operation.Error);
    }

    [Fact]
    public void LinkThatBreaksUnderACall_IsOpenedAgainAndTheCallRepeated()
    {
        MachineWorld world = new();
        ScriptedBroker broker = world.Broker(1, "one");
        bool isFirst = true;
        broker.On(ApiKey.Metadata, request =>
        {
            if (!isFirst) return new MetadataResponse { ClusterId = "second", Brokers = { new() { NodeId = 1, Host = "one", Port = 9092 } } };
            isFirst = false;
            return null;
        });
        var operation = world.Do(ClusterAdmin.Describe);
        broker.Break("reset");
        Assert.False(operation.IsDone);
        world.RunUntil(() => operation.IsDone, 5_000);
        Assert.Equal("second", operation.Result.ClusterId);
    }

    [Fact]
    public void SilentBroker_IsGivenUpAfterTheRequestTimeout()
    {
        MachineWorld world = new(MachineWorld.Settings() with
        {
            BootstrapServers = [new BrokerAddress("one", 9092), new BrokerAddress("two", 9092)],
        });
        ScriptedBroker silent = world.Broker(1, "one");
        ScriptedBroker well = world.Broker(2, "two");
        silent.IsMute = true;
        ClientOperation<ClusterDescription>[] operations =
            [.. Enumerable.Range(0, 8).Select(_ => world.Do(ClusterAdmin.Describe))];
        world.RunUntil(() => operations.All(o => o.IsDone), 59_000);
        Assert.All(operations, o => Assert.Null(o.Error));
        Assert.NotEmpty(well.Requests);
    }

    [Fact]
    public void AnswerOutOfOrder_BreaksTheLink()
    {
        MachineWorld world = new();
        ScriptedBroker broker = world.Broker(1, "one");
        int asked = 0;
        broker.On(ApiKey.Metadata, request =>
        {
            if (asked++ > 0) return new MetadataResponse { ClusterId = "right", Brokers = { new() { NodeId = 1, Host = "one", Port = 9092 } } };
            broker.Answer(request with { CorrelationId = request.CorrelationId + 1 }, new MetadataResponse());
            return null;
        });
        var operation = world.Do(ClusterAdmin.Describe);
        world.RunUntil(() => operation.IsDone, 5_000);
        Assert.Equal("right", operation.Result.ClusterId);
    }

    [Fact]
    public void ApiThatTheBrokerLacks_FailsWithUnsupportedVersion()
    {
        MachineWorld world = new();
        ScriptedBroker broker = world.Broker(1, "one");
        broker.HighestVersions[ApiKey.Metadata] = 0;
        ClientError? failed = null;
        ClientCall<MetadataRequest, MetadataResponse> call = new(
            CallTarget.Any, _ => new MetadataRequest(), (_, _) => CallOutcome.Done, (error, _) => failed = error)
        {
            From = 5,
        };
        world.Do((machine, turn) =>
        {
            machine.Calls.Start(call, turn);
            return 0;
        });
        Assert.Equal(ErrorCode.UnsupportedVersion, failed!.Code);
    }

    [Fact]
    public void Close_FailsWhatIsUnderWay()
    {
        MachineWorld world = new();
        world.Broker(1, "one").On(ApiKey.Metadata, _ => null);
        var operation = world.Do(ClusterAdmin.Describe);
        world.Machine.Close(world.Now, new EffectList<ClientEffect>());
        Assert.True(operation.IsDone);
        Assert.Equal(Instant.Never, world.Machine.NextDeadline);
    }

    [Fact]
    public void IdleLink_IsClosedAfterItsTime()
    {
        MachineWorld world = new();
        ScriptedBroker broker = world.Broker(1, "one");
        world.Do(ClusterAdmin.Describe);
        world.RunFor(541_000);
        world.Do(ClusterAdmin.Describe);
        Assert.Equal(2, broker.Of(ApiKey.ApiVersions).Count());
    }
}
