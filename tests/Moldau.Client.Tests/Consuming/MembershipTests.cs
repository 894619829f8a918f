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
        new() { GroupId = Group, OffsetReset = OffsetReset.Earliest, GroupProtocol = GroupProtocol.Classic };

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
        broker.On(ApiKey.OffsetFetch, request =>
        {
            OffsetFetchRequest fetch = (OffsetFetchRequest)request.Message;
            OffsetFetchResponse answer = new() { Groups = { new() { GroupId = Group } } };
            foreach (var topic in fetch.Groups[0].Topics!)
            {
                answer.Groups[0].Topics.Add(new()
                {
                    Name = topic.Name,
                    Partitions = [.. topic.PartitionIndexes.Select(p =>
                        new OffsetFetchResponse.OffsetFetchResponsePartitions { PartitionIndex = p, CommittedOffset = 0 })],
                });
            }

            return answer;
        });
        broker.On(ApiKey.Fetch, _ => null);
        return broker;
    }
}
