using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;

namespace Moldau.Client.Tests.Machine;

/// <summary>Answers that no honest broker gives: they fail a call and never the client. Each was found by the fuzzer.</summary>
public sealed class HostileAnswerTests
{
    [Fact]
    public void Topic_WhosePartitionsAreOutOfPlace_EndsWhereOneIsMissing()
    {
        MetadataResponse.MetadataResponseTopic answer = new() { Name = "t" };
        foreach (int index in new[] { 0, 3, 1, 1 }) answer.Partitions.Add(new() { PartitionIndex = index, LeaderId = 1, LeaderEpoch = 1 });
        TopicInfo known = MetadataKeeper.Info(answer);
        Assert.Equal([0, 1], known.Partitions.Select(p => p.Partition));
        answer.Partitions.Add(new() { PartitionIndex = -5, LeaderId = 1, LeaderEpoch = 1 });
        Assert.Empty(MetadataKeeper.Info(answer, known).Partitions);
    }

    [Fact]
    public void Answer_ThatSaysNothingOfWhatWasAsked_FailsTheCall()
    {
        MachineWorld world = new();
        world.Broker(1, "one")
            .On(ApiKey.DescribeQuorum, _ => new DescribeQuorumResponse())
            .On(ApiKey.DeleteGroups, _ => new DeleteGroupsResponse())
            .On(ApiKey.FindCoordinator, _ => new FindCoordinatorResponse { Coordinators = [new() { Key = "g", NodeId = 1, Host = "one", Port = 9092 }] });
        var quorum = world.Do(QuorumAdmin.Describe);
        var group = world.Do((machine, turn) => GroupAdmin.Delete(machine, turn, "g"));
        world.RunUntil(() => quorum.IsDone && group.IsDone);
        Assert.Equal(ErrorCode.UnknownServerError, quorum.Error!.Code);
        Assert.Equal(ErrorCode.UnknownServerError, group.Error!.Code);
    }

    [Fact]
    public void Topic_WithoutPartitions_IsNone()
    {
        MachineWorld world = new();
        ScriptedBroker broker = world.Broker(1, "one");
        broker.Topic("empty");
        ProducerPart producer = new(world.Machine, new ProducerOptions { Linger = Duration.Zero, IsIdempotent = false });
        world.Do((machine, turn) => producer.Append(
            new ProduceRecord { Topic = "empty", Partition = ProduceRecord.AnyPartition, TimestampMs = 5, Value = new Records.OptionalBytes("v"u8) },
            turn, out ProduceBatch? _, out _, out _));
        world.RunFor(1_000);
        Assert.Empty(world.Machine.Cluster.Topics);
    }

    [Fact]
    public void ReadCommitted_AsksNoBrokerThatKnowsNoTransactions()
    {
        MachineWorld world = new();
        ScriptedBroker broker = world.Broker(1, "one");
        broker.HighestVersions[ApiKey.ListOffsets] = 1;
        broker.Topic("t", 1);
        ConsumerSettings settings = new() { OffsetReset = OffsetReset.Earliest, IsolationLevel = IsolationLevel.ReadCommitted };
        ConsumerPart consumer = world.Do((machine, turn) =>
        {
            ConsumerPart part = new(machine, settings, turn);
            part.Assign([new TopicPartition("t", 0)], turn);
            return part;
        });
        ClientError? error = null;
        world.RunUntil(() => consumer.TryTakeError(out error));
        Assert.Equal(ErrorCode.UnsupportedVersion, error!.Code);
        Assert.Empty(broker.Of(ApiKey.ListOffsets));
    }

    [Fact]
    public void Times_BeyondTheCalendar_AreItsEnd()
    {
        Assert.Equal(9999, UnixTime.Of(long.MaxValue).Year);
        Assert.Equal(1, UnixTime.Of(long.MinValue).Year);
        Assert.Equal(5, UnixTime.Of(5).ToUnixTimeMilliseconds());
    }
}
