using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;

namespace Moldau.Client.Tests.Consuming;

/// <summary>Which partitions a fetch asks for, and when it goes, on a scripted broker and virtual time.</summary>
public sealed class FetchTurnTests
{
    private readonly MachineWorld _world = new(MachineWorld.Settings());
    private readonly ScriptedBroker _broker;
    private readonly ConsumerPart _consumer;
    private bool _isHeld;

    public FetchTurnTests()
    {
        _broker = _world.Broker(1, "one");
        _broker.Topic("t", 1, 1);
        _broker.On(ApiKey.ListOffsets, _ => new ListOffsetsResponse
        {
            Topics = [new()
            {
                Name = "t",
                Partitions = [.. Enumerable.Range(0, 2).Select(i => new ListOffsetsResponse.ListOffsetsPartitionResponse
                {
                    PartitionIndex = i,
                    Offset = 0,
                    LeaderEpoch = 1,
                })],
            }],
        });
        _broker.On(ApiKey.Fetch, request => Answer((FetchRequest)request.Message));
        _consumer = _world.Do((machine, turn) => new ConsumerPart(
            machine, new ConsumerSettings { OffsetReset = OffsetReset.Earliest }, turn));
    }

    [Fact]
    public void PartitionThatIsAtItsEnd_IsNotWaitedFor_WhileRecordsOfItsBrokerWaitForTheReader()
    {
        _world.Do((_, turn) =>
        {
            _consumer.Assign([new TopicPartition("t", 0), new TopicPartition("t", 1)], turn);
            return 0;
        });
        for (int i = 0; i < 5; i++)
        {
            TakeOne(i);

            // The reader takes its time: nothing may be asked meanwhile that holds up the records which come next.
            _world.RunFor(100);
        }

        Assert.All(Fetches, f => Assert.True(AsksFor(f, 0)));
        Assert.Contains(Fetches, f => AsksFor(f, 1));
    }

    [Fact]
    public void PartitionThatIsAtItsEnd_IsAskedFor_WhereNothingElseIs()
    {
        _world.Do((_, turn) =>
        {
            _consumer.Assign([new TopicPartition("t", 1)], turn);
            return 0;
        });
        _world.RunUntil(() => Fetches.Length == 2, 60_000);
        Assert.All(Fetches, f => Assert.True(AsksFor(f, 1)));
    }

    [Fact]
    public void Seek_DuringALongPoll_TakesEffectAtOnce_AndTheAnswerIsDropped()
    {
        ScriptedRequest poll = LongPoll();
        Seek(1, 5);
        Assert.Equal(3, Fetches.Length);
        FetchRequest asked = Fetches[^1];
        Assert.Equal(5, asked.Topics[0].Partitions[0].FetchOffset);
        Assert.Equal(0, asked.SessionEpoch);
        Assert.NotEqual(poll.Link, Requests[^1].Link);

        // What the poll says now is of another place.
        _broker.Answer(poll, Fetched.Answer(_broker, (FetchRequest)poll.Message));
        Assert.Null(_world.Do((_, _) => _consumer.Take()));
        _broker.Answer(Requests[^1], Fetched.Answer(_broker, asked));
        FetchedChunk chunk = _world.Do((_, _) => _consumer.Take()!);
        Assert.Equal(5, chunk.Position);
        chunk.Release();
    }

    [Fact]
    public void Seeks_OneAfterTheOther_GiveUpNoMoreThanOnePoll_UntilItIsAnswered()
    {
        ScriptedRequest poll = LongPoll();
        for (int offset = 5; offset < 10; offset++) Seek(1, offset);
        Assert.Equal(3, Fetches.Length);
        _broker.Answer(poll, Fetched.Answer(_broker, (FetchRequest)poll.Message));
        Assert.Equal(4, Fetches.Length);
        Assert.Equal(9, Fetches[^1].Topics[0].Partitions[0].FetchOffset);
    }

    [Fact]
    public void PartitionThatComesDuringALongPoll_IsAskedForAtOnce()
    {
        LongPoll();
        _world.Do((_, turn) =>
        {
            _consumer.Assign([new TopicPartition("t", 0), new TopicPartition("t", 1)], turn);
            return 0;
        });
        Assert.True(AsksFor(Fetches[^1], 0));
        FetchedChunk chunk = _world.Do((_, _) => _consumer.Take()!);
        Assert.Equal(0, chunk.Cursor.Partition.Partition);
        chunk.Release();
    }

    [Fact]
    public void FetchThatIsAnsweredSoon_IsNotGivenUpForASeek()
    {
        _world.Do((_, turn) =>
        {
            _consumer.Assign([new TopicPartition("t", 0)], turn);
            return 0;
        });
        _isHeld = true;
        TakeOne(0);
        Assert.Equal(2, Fetches.Length);
        Seek(0, 5);
        Assert.Equal(2, Fetches.Length);
        _broker.Answer(Requests[^1], Fetched.Answer(_broker, Fetches[^1]));
        Assert.Equal(5, Fetches[^1].Topics[0].Partitions[0].FetchOffset);
    }

    /// <summary>Partition 1 is at its end, and the broker waits for more.</summary>
    private ScriptedRequest LongPoll()
    {
        _world.Do((_, turn) =>
        {
            _consumer.Assign([new TopicPartition("t", 1)], turn);
            return 0;
        });
        _world.RunUntil(() => Fetches.Length == 2, 60_000);
        return Requests[^1];
    }

    private void Seek(int partition, long offset) => Assert.True(
        _world.Do((_, _) => _consumer.Seek(new TopicPartition("t", partition), offset, -1)));

    private ScriptedRequest[] Requests => [.. _broker.Of(ApiKey.Fetch)];

    private FetchRequest[] Fetches => [.. _broker.Of(ApiKey.Fetch).Select(r => (FetchRequest)r.Message)];

    /// <summary>This broker keeps no sessions, so that each request names all that it asks for.</summary>
    private static bool AsksFor(FetchRequest request, int partition) =>
        request.Topics.SelectMany(t => t.Partitions).Any(p => p.Partition == partition);

    /// <summary>A record of partition 0 wherever it is asked for. Partition 1 is empty: who asks for it alone is told so
    /// the first time, and then waits for what is never written.</summary>
    private FetchResponse? Answer(FetchRequest request)
    {
        if (_isHeld || (!AsksFor(request, 0) && Fetches.Length > 1)) return null;
        FetchResponse answer = Fetched.Answer(_broker, request);
        foreach (FetchResponse.PartitionData partition in answer.Responses.SelectMany(t => t.Partitions))
        {
            partition.HighWatermark = partition.PartitionIndex == 0 ? 1000 : 0;
            if (partition.PartitionIndex == 1) partition.Records = Array.Empty<byte>();
        }

        return answer;
    }

    private void TakeOne(long offset)
    {
        ClientOperation<bool> waiting = _world.Do((_, turn) => _consumer.WaitForRecords(turn));
        _world.RunUntil(() => waiting.IsDone, 60_000);
        FetchedChunk chunk = _world.Do((_, _) => _consumer.Take()!);
        Assert.Equal(offset, chunk.Position);
        chunk.Release();
    }
}
