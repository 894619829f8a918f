using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;

namespace Moldau.Client.Tests.Consuming;

/// <summary>Classic membership against a scripted coordinator, on virtual time.</summary>
public sealed class MembershipTests
{
    private const string Group = "g";

    [Fact]
    public void Leader_ThatDidNotKnowATopicWhenItAssigned_JoinsAgainWhenItAppears()
    {
        MachineWorld world = new();
        ScriptedBroker broker = Coordinator(world);
        ConsumerPart consumer = world.Do((machine, turn) => new ConsumerPart(machine, Settings(), turn));
        world.Do((_, turn) =>
        {
            consumer.Subscribe(new Subscription(["late"], null), turn);
            return 0;
        });
        world.RunUntil(() => broker.Of(ApiKey.SyncGroup).Any());
        Assert.Empty(consumer.Cursors);
        broker.Topic("late", 1, 1);
        world.RunUntil(() => consumer.Cursors.Length == 2, 30_000);
        Assert.Equal(2, broker.Of(ApiKey.SyncGroup).Count());
    }

    [Fact]
    public void Heartbeats_GoOnWithoutAReader()
    {
        MachineWorld world = new();
        ScriptedBroker broker = Coordinator(world);
        broker.Topic("t", 1);
        ConsumerPart consumer = world.Do((machine, turn) => new ConsumerPart(machine, Settings(), turn));
        world.Do((_, turn) =>
        {
            consumer.Subscribe(new Subscription(["t"], null), turn);
            return 0;
        });
        world.RunFor(60_000);
        Assert.InRange(broker.Of(ApiKey.Heartbeat).Count(), 18, 20);
    }

    [Theory]
    [InlineData(ErrorCode.RebalanceInProgress, true)]
    [InlineData(ErrorCode.IllegalGeneration, true)]
    [InlineData(ErrorCode.UnknownMemberId, false)]
    [InlineData(ErrorCode.GroupIdNotFound, false)]
    public void HeartbeatError_JoinsAgain(ErrorCode code, bool keepsMemberId)
    {
        MachineWorld world = new();
        ScriptedBroker broker = Coordinator(world);
        broker.Topic("t", 1);
        bool isRefused = false;
        broker.On(ApiKey.Heartbeat, _ =>
        {
            short error = isRefused ? (short)0 : (short)code;
            isRefused = true;
            return new HeartbeatResponse { ErrorCode = error };
        });
        ConsumerPart consumer = world.Do((machine, turn) => new ConsumerPart(machine, Settings(), turn));
        world.Do((_, turn) =>
        {
            consumer.Subscribe(new Subscription(["t"], null), turn);
            return 0;
        });
        world.RunUntil(() => broker.Of(ApiKey.SyncGroup).Count() == 2, 30_000);
        JoinGroupRequest second = broker.Of(ApiKey.JoinGroup).Select(r => (JoinGroupRequest)r.Message).Skip(2).First();
        Assert.Equal(keepsMemberId ? "m-1" : "", second.MemberId);
        Assert.Single(consumer.Cursors);
    }

    [Fact]
    public void EagerMember_TellsTheUserAndCommits_WithHeartbeats_BeforeItJoinsAgain()
    {
        MachineWorld world = new();
        ScriptedBroker broker = Coordinator(world);
        broker.Topic("t", 1);
        ConsumerPart consumer = Subscribed(world, Settings() with { Listener = this });
        Return(world, ConsumerCallKind.Assigned);
        world.RunFor(100);
        consumer.Cursors[0].MarkDone(5, 1, int.MaxValue);
        Rebalance(broker);
        world.RunUntil(() => world.UserCalls.Count == 1, 10_000);
        int joins = broker.Of(ApiKey.JoinGroup).Count();
        int beats = broker.Of(ApiKey.Heartbeat).Count();
        world.RunFor(30_000);
        Assert.Equal(joins, broker.Of(ApiKey.JoinGroup).Count());
        Assert.InRange(broker.Of(ApiKey.Heartbeat).Count(), beats + 9, beats + 11);
        Return(world, ConsumerCallKind.Revoked);
        OffsetCommitRequest commit = (OffsetCommitRequest)broker.Of(ApiKey.OffsetCommit).Last().Message;
        Assert.Equal((1, 5), (commit.GenerationIdOrMemberEpoch, commit.Topics[0].Partitions[0].CommittedOffset));
        Return(world, ConsumerCallKind.Assigned);
        Assert.Equal(2, broker.Of(ApiKey.SyncGroup).Count());
    }

    [Fact]
    public void SlowListener_HoldsTheJoinUpForMaxPollIntervalOnly()
    {
        MachineWorld world = new();
        ScriptedBroker broker = Coordinator(world);
        broker.Topic("t", 1);
        Subscribed(world, Settings() with { Listener = this, MaxPollInterval = Duration.FromSeconds(60) });
        Return(world, ConsumerCallKind.Assigned);
        Rebalance(broker);
        world.RunUntil(() => world.UserCalls.Count == 1, 10_000);
        int joins = broker.Of(ApiKey.JoinGroup).Count();
        world.RunFor(59_000);
        Assert.Equal(joins, broker.Of(ApiKey.JoinGroup).Count());
        world.RunFor(2_000);
        Assert.Equal(joins + 1, broker.Of(ApiKey.JoinGroup).Count());
        Assert.Single(world.GivenUp);
    }

    [Fact]
    public void MemberThatIsPutOutWhileItGivesUp_LosesWithoutACommit_AndJoinsAsANewOne()
    {
        MachineWorld world = new();
        ScriptedBroker broker = Coordinator(world);
        broker.Topic("t", 1);
        ConsumerPart consumer = Subscribed(world, Settings() with { Listener = this });
        Return(world, ConsumerCallKind.Assigned);
        world.RunFor(100);
        consumer.Cursors[0].MarkDone(5, 1, int.MaxValue);
        Rebalance(broker);
        world.RunUntil(() => world.UserCalls.Count == 1, 10_000);
        broker.On(ApiKey.Heartbeat, _ => new HeartbeatResponse { ErrorCode = (short)ErrorCode.UnknownMemberId });
        world.RunFor(4_000);
        broker.On(ApiKey.Heartbeat, _ => new HeartbeatResponse());
        Assert.Empty(consumer.Cursors);
        Return(world, ConsumerCallKind.Revoked);
        Return(world, ConsumerCallKind.Lost);
        world.RunUntil(() => world.UserCalls.Count == 1, 10_000);
        Return(world, ConsumerCallKind.Assigned);
        Assert.Empty(broker.Of(ApiKey.OffsetCommit));
        JoinGroupRequest[] joins = [.. broker.Of(ApiKey.JoinGroup).Select(r => (JoinGroupRequest)r.Message)];
        Assert.Equal(["", "m-1", "", "m-1"], joins.Select(j => j.MemberId));
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("i", false)]
    public void Closing_TellsTheUserCommits_AndLeavesUnlessStatic(string? instance, bool leaves)
    {
        MachineWorld world = new();
        ScriptedBroker broker = Coordinator(world);
        broker.Topic("t", 1);
        broker.On(ApiKey.LeaveGroup, _ => new LeaveGroupResponse());
        ConsumerPart consumer = Subscribed(world, Settings() with { Listener = this, GroupInstanceId = instance });
        Return(world, ConsumerCallKind.Assigned);
        world.RunFor(100);
        consumer.Cursors[0].MarkDone(5, 1, int.MaxValue);
        ClientOperation<bool> left = world.Do((_, turn) => consumer.Leave(turn));
        Assert.False(left.IsDone);
        Return(world, ConsumerCallKind.Revoked);
        Assert.True(left.IsDone);
        Assert.Single(broker.Of(ApiKey.OffsetCommit));
        Assert.Equal(leaves ? 1 : 0, broker.Of(ApiKey.LeaveGroup).Count());
    }

    private static ConsumerPart Subscribed(MachineWorld world, ConsumerSettings settings)
    {
        ConsumerPart consumer = world.Do((machine, turn) => new ConsumerPart(machine, settings, turn));
        world.Do((_, turn) =>
        {
            consumer.Subscribe(new Subscription(["t"], null), turn);
            return 0;
        });
        world.RunUntil(() => world.UserCalls.Count > 0, 10_000);
        return consumer;
    }

    private static void Return(MachineWorld world, ConsumerCallKind kind)
    {
        ConsumerCall call = (ConsumerCall)world.UserCalls[0];
        Assert.Equal(kind, call.Kind);
        world.UserCalls.RemoveAt(0);
        world.Return(call);
    }

    /// <summary>Heartbeats say that the group rebalances until the member has joined again.</summary>
    private static void Rebalance(ScriptedBroker broker)
    {
        int joins = broker.Of(ApiKey.JoinGroup).Count();
        broker.On(ApiKey.Heartbeat, _ => new HeartbeatResponse
        {
            ErrorCode = broker.Of(ApiKey.JoinGroup).Count() == joins ? (short)ErrorCode.RebalanceInProgress : (short)0,
        });
    }

    [Fact]
    public void FencedInstance_IsAnErrorForTheUser()
    {
        MachineWorld world = new();
        ScriptedBroker broker = Coordinator(world);
        broker.Topic("t", 1);
        broker.On(ApiKey.Heartbeat, _ => new HeartbeatResponse { ErrorCode = (short)ErrorCode.FencedInstanceId });
        ConsumerPart consumer = world.Do((machine, turn) => new ConsumerPart(machine, Settings(), turn));
        world.Do((_, turn) =>
        {
            consumer.Subscribe(new Subscription(["t"], null), turn);
            return 0;
        });
        world.RunUntil(() => broker.Of(ApiKey.Heartbeat).Any(), 30_000);
        world.RunFor(10);
        Assert.True(consumer.TryTakeError(out ClientError? error));
        Assert.Equal(ErrorCode.FencedInstanceId, error!.Code);
        Assert.Empty(consumer.Cursors);
    }

    private static ConsumerSettings Settings() =>
        new()
        {
            GroupId = Group,
            OffsetReset = OffsetReset.Earliest,
            GroupProtocol = GroupProtocol.Classic,
            AutoCommitInterval = Duration.FromSeconds(100_000),
        };

    /// <summary>A coordinator that makes whoever joins the leader of a group of one.</summary>
    private static ScriptedBroker Coordinator(MachineWorld world)
    {
        ScriptedBroker broker = world.Broker(1, "one");
        int generation = 0;
        broker.On(ApiKey.FindCoordinator, _ => new FindCoordinatorResponse
        {
            Coordinators = { new() { Key = Group, NodeId = 1, Host = "one", Port = 9092 } },
        });
        broker.On(ApiKey.JoinGroup, request =>
        {
            JoinGroupRequest join = (JoinGroupRequest)request.Message;
            if (join.MemberId.Length == 0)
                return new JoinGroupResponse { ErrorCode = (short)ErrorCode.MemberIdRequired, MemberId = "m-1" };
            return new JoinGroupResponse
            {
                GenerationId = ++generation,
                ProtocolType = "consumer",
                ProtocolName = join.Protocols[0].Name,
                Leader = join.MemberId,
                MemberId = join.MemberId,
                Members = { new() { MemberId = join.MemberId, Metadata = join.Protocols[0].Metadata } },
            };
        });
        broker.On(ApiKey.SyncGroup, request =>
        {
            SyncGroupRequest sync = (SyncGroupRequest)request.Message;
            return new SyncGroupResponse { ProtocolName = sync.ProtocolName, Assignment = sync.Assignments[0].Assignment };
        });
        broker.On(ApiKey.Heartbeat, _ => new HeartbeatResponse());
        broker.On(ApiKey.OffsetFetch, request => ScriptedGroup.CommittedAtBegin((OffsetFetchRequest)request.Message));
        broker.On(ApiKey.OffsetCommit, request => new OffsetCommitResponse
        {
            Topics = [.. ((OffsetCommitRequest)request.Message).Topics.Select(t => new OffsetCommitResponse.OffsetCommitResponseTopic
            {
                Name = t.Name,
                Partitions = [.. t.Partitions.Select(p =>
                    new OffsetCommitResponse.OffsetCommitResponsePartition { PartitionIndex = p.PartitionIndex })],
            })],
        });
        broker.On(ApiKey.Fetch, _ => null);
        return broker;
    }
}
