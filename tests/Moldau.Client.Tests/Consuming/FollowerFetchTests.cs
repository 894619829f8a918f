using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;

namespace Moldau.Client.Tests.Consuming;

/// <summary>Reading from the replica that the leader names (KIP-392), on scripted brokers and virtual time.</summary>
public sealed class FollowerFetchTests
{
    private readonly MachineWorld _world = new(MachineWorld.Settings() with { Rack = "b" });
    private readonly ScriptedBroker _leader;
    private readonly ScriptedBroker _follower;
    private readonly ConsumerPart _consumer;
    private ErrorCode _followerError;

    public FollowerFetchTests()
    {
        _leader = _world.Broker(1, "one");
        _follower = _world.Broker(2, "two");
        _leader.Topic("t", 1);
        _leader.On(ApiKey.ListOffsets, _ => new ListOffsetsResponse
        {
            Topics = [new() { Name = "t", Partitions = [new() { PartitionIndex = 0, Offset = 0, LeaderEpoch = 1 }] }],
        });
        _leader.On(ApiKey.Fetch, request =>
        {
            FetchResponse answer = Empty((FetchRequest)request.Message, ErrorCode.None);
            answer.Responses[0].Partitions[0].PreferredReadReplica = 2;
            return answer;
        });
        _follower.On(ApiKey.Fetch, request => _followerError == ErrorCode.None
            ? Fetched.Answer(_follower, (FetchRequest)request.Message)
            : Empty((FetchRequest)request.Message, _followerError));
        _consumer = _world.Do((machine, turn) => new ConsumerPart(
            machine, new ConsumerSettings { OffsetReset = OffsetReset.Earliest }, turn));
    }

    [Fact]
    public void ReplicaThatTheLeaderNames_IsReadFrom()
    {
        Assign();
        _world.RunUntil(() => _follower.Of(ApiKey.Fetch).Any(), 10_000);
        Assert.Equal("b", ((FetchRequest)_leader.Of(ApiKey.Fetch).First().Message).RackId);
        int asked = _leader.Of(ApiKey.Fetch).Count();
        for (int i = 0; i < 5; i++) TakeOne(i);
        Assert.Equal(asked, _leader.Of(ApiKey.Fetch).Count());
    }

    [Fact]
    public void LeaderIsAskedAgain_AfterTheMetadatasAge()
    {
        Assign();
        TakeOne(0);
        int asked = _leader.Of(ApiKey.Fetch).Count();
        _world.RunFor(_world.Machine.Settings.MetadataMaxAge.Ms + 1000);
        TakeOne(1);
        TakeOne(2);
        Assert.True(_leader.Of(ApiKey.Fetch).Count() > asked);
    }

    [Theory]
    [InlineData(ErrorCode.OffsetOutOfRange)]
    [InlineData(ErrorCode.NotLeaderOrFollower)]
    [InlineData(ErrorCode.ReplicaNotAvailable)]
    public void FollowerThatCannotServe_IsLeftForTheLeader_WithoutAReset(ErrorCode code)
    {
        Assign();
        TakeOne(0);
        int asked = _leader.Of(ApiKey.Fetch).Count();
        _followerError = code;
        _leader.On(ApiKey.Fetch, request => Fetched.Answer(_leader, (FetchRequest)request.Message));
        TakeOne(1);
        TakeOne(2);
        Assert.True(_leader.Of(ApiKey.Fetch).Count() > asked);
        Assert.Single(_leader.Of(ApiKey.ListOffsets));
        Assert.False(_consumer.TryTakeError(out _));
    }

    [Fact]
    public void FollowerThatIsGone_IsLeftForTheLeader()
    {
        Assign();
        TakeOne(0);
        _leader.On(ApiKey.Fetch, request => Fetched.Answer(_leader, (FetchRequest)request.Message));
        _follower.IsUp = false;
        _follower.Break("gone");
        for (int i = 1; i < 4; i++) TakeOne(i);
        Assert.False(_consumer.TryTakeError(out _));
    }

    private static FetchResponse Empty(FetchRequest request, ErrorCode code) => new()
    {
        Responses = [new()
        {
            TopicId = request.Topics[0].TopicId,
            Partitions = [new() { PartitionIndex = 0, ErrorCode = (short)code, HighWatermark = 100 }],
        }],
    };

    private void Assign() => _world.Do((_, turn) =>
    {
        _consumer.Assign([new TopicPartition("t", 0)], turn);
        return 0;
    });

    private void TakeOne(long offset)
    {
        ClientOperation<bool> waiting = _world.Do((_, turn) => _consumer.WaitForRecords(turn));
        _world.RunUntil(() => waiting.IsDone, 60_000);
        FetchedChunk chunk = _consumer.Take()!;
        Assert.Equal(offset, chunk.Position);
        chunk.Release();
        _world.Do((_, _) => 0);
    }
}
