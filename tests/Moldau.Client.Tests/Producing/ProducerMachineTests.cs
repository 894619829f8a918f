using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;
using Moldau.Records;
using Sent = Moldau.Client.Tests.Support.ProducerWorld.Sent;

namespace Moldau.Client.Tests.Producing;

/// <summary>The producer on virtual time among scripted brokers.</summary>
public sealed class ProducerMachineTests
{
    [Fact]
    public void Linger_GathersRecordsIntoOneRequest()
    {
        ProducerWorld world = Started();
        Sent[] sent = world.Send(3);
        world.World.RunFor(4);
        Assert.Empty(world.Log.Values("t", 0));
        world.World.RunFor(1);
        Assert.Equal(["0", "1", "2"], world.Log.Values("t", 0));
        Assert.Equal([0, 1, 2], sent.Select(s => s.Offset));
        Assert.Single(world.Brokers[0].Of(ApiKey.Produce));
    }

    [Fact]
    public void LingerZero_SendsAtOnceAndGathersWhileRequestsAreUnderWay()
    {
        ProducerWorld world = Started(new ProducerOptions { Linger = Duration.Zero });
        Assert.True(world.Send().IsDone);
        world.Log.ShouldAnswer = _ => false;
        world.Send(8);
        Assert.Equal(5, world.Log.Held.Count);
        world.Log.ShouldAnswer = null;
        world.Log.AnswerHeld();
        Assert.Equal(9, world.Log.Values("t", 0).Length);
        Assert.Equal((0, 6, 3), world.Log.Written[^1]);
    }

    [Fact]
    public void FullBatch_GoesWithoutLingering()
    {
        ProducerWorld world = Started(new ProducerOptions { Linger = Duration.FromSeconds(100), BatchBytes = 1000 });
        world.Send(4, padTo: 400);
        Assert.Equal(2, world.Log.Values("t", 0).Length);
    }

    [Fact]
    public void Flush_SendsWhatLingersAndEndsWithIt()
    {
        ProducerWorld world = Started(new ProducerOptions { Linger = Duration.FromSeconds(100) });
        world.Log.ShouldAnswer = _ => false;
        world.Send();
        ClientOperation<bool> flush = world.Flush();
        Assert.Single(world.Log.Held);
        Assert.False(flush.IsDone);
        world.Send();
        world.Log.AnswerHeld();
        Assert.True(flush.IsDone);
        Assert.Single(world.Log.Values("t", 0));
    }

    [Fact]
    public void UnknownTopic_IsWaitedForAndRecordsKeepTheirOrder()
    {
        ProducerWorld world = new();
        Sent[] sent = world.Send(3);
        Assert.All(sent, s => Assert.NotNull(s.Parked));
        world.World.RunFor(10_000);
        world.Brokers[0].Topic("t", 1);
        ClientOperation<bool> flush = world.Flush();
        world.World.RunUntil(() => flush.IsDone, 5_000);
        Assert.Equal(["0", "1", "2"], world.Log.Values("t", 0));
    }

    [Fact]
    public void TopicThatNeverComes_FailsAfterMaxBlock()
    {
        ProducerWorld world = new();
        Sent sent = world.Send();
        world.World.RunUntil(() => sent.IsDone, 61_000);
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, sent.Error!.Code);
        Assert.Contains("60000 ms", sent.Error.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void TopicThatMayNotBeWritten_FailsAtOnce()
    {
        ProducerWorld world = new();
        world.Brokers[0].Topics["t"] = new MetadataResponse.MetadataResponseTopic
        {
            Name = "t",
            ErrorCode = (short)ErrorCode.TopicAuthorizationFailed,
        };
        Sent sent = world.Send();
        world.World.RunUntil(() => sent.IsDone, 1_000);
        Assert.Equal(ErrorCode.TopicAuthorizationFailed, sent.Error!.Code);
    }

    [Fact]
    public void FullBuffer_ParksUntilThereIsRoom()
    {
        ProducerWorld world = Started(new ProducerOptions { BufferBytes = 2000, BatchBytes = 1000 });
        world.Log.ShouldAnswer = _ => false;
        Sent[] sent = world.Send(5, padTo: 800);
        Assert.Equal([false, false, true, true, true], sent.Select(s => s.Parked is not null));
        world.Log.ShouldAnswer = null;
        world.Log.AnswerHeld();
        ClientOperation<bool> flush = world.Flush();
        world.World.RunUntil(() => flush.IsDone, 1_000);
        Assert.Equal(["0", "1", "2", "3", "4"], world.Log.Values("t", 0).Select(v => v.Trim()));
    }

    [Fact]
    public void FullBuffer_FailsAfterMaxBlock()
    {
        ProducerWorld world = Started(new ProducerOptions
        {
            BufferBytes = 1000,
            BatchBytes = 1000,
            MaxBlock = Duration.FromSeconds(2),
        });
        world.Log.ShouldAnswer = _ => false;
        Sent[] sent = world.Send(2, padTo: 800);
        world.World.RunUntil(() => sent[1].IsDone, 2_100);
        Assert.Equal(ErrorCode.RequestTimedOut, sent[1].Error!.Code);
        Assert.Contains("buffer", sent[1].Error!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void RecordAboveTheLargestRequest_IsRefused()
    {
        ProducerWorld world = Started(new ProducerOptions { MaxRequestBytes = 50_000 });
        Assert.Equal(ErrorCode.MessageTooLarge, world.Send(padTo: 50_000).Refused!.Code);
        Assert.Null(world.Send(padTo: 49_000).Refused);
        world.World.RunFor(10);
        Assert.Single(world.Log.Values("t", 0));
    }

    [Fact]
    public void LostAnswers_NeitherDoubleNorLoseNorReorder()
    {
        ProducerWorld world = Started(new ProducerOptions { Linger = Duration.Zero });
        Sent first = world.Send();
        world.Log.ShouldAnswer = _ => false;
        Sent[] sent = [first, .. world.Send(8)];
        Assert.Equal(5, world.Log.Held.Count);
        world.Log.ShouldAnswer = null;
        world.Log.Held.Clear();
        world.Brokers[0].Break("reset");
        world.World.RunUntil(() => sent.All(s => s.IsDone), 10_000);
        Assert.Equal(Numbers(9), world.Log.Values("t", 0));
        Assert.Equal(5, world.Log.Duplicates);
        Assert.All(sent, s => Assert.Equal(s.Value, s.Offset.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void RefusalOfTheFirstOfSeveral_IsRepeatedInOrder()
    {
        ProducerWorld world = Started(new ProducerOptions { Linger = Duration.Zero });
        Sent first = world.Send();
        int asked = 0;
        world.Log.Refuse = (_, _, _) => asked++ == 0 ? ErrorCode.NotEnoughReplicas : null;
        world.Log.ShouldAnswer = _ => false;
        Sent[] sent = [first, .. world.Send(4)];
        world.Log.ShouldAnswer = null;
        world.Log.AnswerHeld();
        world.World.RunUntil(() => sent.All(s => s.IsDone), 10_000);
        Assert.Equal(Numbers(5), world.Log.Values("t", 0));
        Assert.All(world.Log.Written, w => Assert.Equal(0, w.Epoch));
    }

    [Fact]
    public void RefusalOfTheVeryFirst_LetsNothingPass()
    {
        // A broker takes any sequence of a producer that it does not know.
        ProducerWorld world = Started(new ProducerOptions { Linger = Duration.Zero });
        int asked = 0;
        world.Log.Refuse = (_, _, _) => asked++ == 0 ? ErrorCode.NotEnoughReplicas : null;
        world.Log.ShouldAnswer = _ => false;
        Sent[] sent = world.Send(3);
        world.Log.ShouldAnswer = null;
        world.Log.AnswerHeld();
        world.World.RunUntil(() => sent.All(s => s.IsDone), 10_000);
        Assert.Equal(Numbers(3), world.Log.Values("t", 0));
    }

    [Fact]
    public void NewLeader_GetsWhatTheOldOneRefused()
    {
        ProducerWorld world = Started(brokers: 2);
        world.Log.Refuse = (request, _, _) => request.Broker.Id == 1 ? ErrorCode.NotLeaderOrFollower : null;
        Sent sent = world.Send();
        world.World.RunFor(5);
        world.Brokers[0].Topic("t", 2).Partitions[0].LeaderEpoch = 2;
        world.World.RunUntil(() => sent.IsDone, 5_000);
        Assert.Null(sent.Error);
        Assert.Single(world.Brokers[1].Of(ApiKey.Produce));
    }

    [Fact]
    public void LeaderInTheAnswer_IsAskedWithoutWaiting()
    {
        ProducerWorld world = Started(brokers: 2);
        world.Log.Refuse = (request, _, _) => request.Broker.Id == 1 ? ErrorCode.NotLeaderOrFollower : null;
        world.Log.Adorn = result =>
        {
            if (result.ErrorCode != 0)
                result.CurrentLeader = new ProduceResponse.LeaderIdAndEpoch { LeaderId = 2, LeaderEpoch = 7 };
        };
        Sent sent = world.Send();
        world.World.RunFor(6);
        Assert.True(sent.IsDone);
        Assert.Null(sent.Error);
    }

    [Fact]
    public void RefusedForGood_BeginsANewEpochForWhatComesBehind()
    {
        ProducerWorld world = Started(new ProducerOptions { Linger = Duration.Zero });
        Sent first = world.Send();
        int asked = 0;
        world.Log.Refuse = (_, _, _) => asked++ == 0 ? ErrorCode.InvalidTimestamp : null;
        world.Log.ShouldAnswer = _ => false;
        Sent[] sent = [first, .. world.Send(4)];
        world.Log.ShouldAnswer = null;
        world.Log.AnswerHeld();
        world.World.RunUntil(() => sent.All(s => s.IsDone), 10_000);
        Assert.Equal(["0", "2", "3", "4"], world.Log.Values("t", 0));
        Assert.Equal(ErrorCode.InvalidTimestamp, sent[1].Error!.Code);
        Assert.Equal([(0, 0, 1), (1, 0, 1), (1, 1, 1), (1, 2, 1)], world.Log.Written);
    }

    [Fact]
    public void DeliveryTimeout_FailsWhatIsUnderWayAndTheRestGoesOn()
    {
        ProducerWorld world = Started(new ProducerOptions { DeliveryTimeout = Duration.FromSeconds(10) });
        world.Log.ShouldAnswer = _ => false;
        Sent lost = world.Send();
        world.World.RunUntil(() => lost.IsDone, 10_100);
        Assert.Equal(ErrorCode.RequestTimedOut, lost.Error!.Code);
        Sent next = world.Send();
        world.Log.ShouldAnswer = null;
        world.World.RunFor(5);
        Assert.False(next.IsDone);
        world.Log.AnswerHeld();
        world.World.RunUntil(() => next.IsDone, 5_000);
        Assert.Null(next.Error);

        // The late answer said that it was written after all: no new epoch.
        Assert.Equal([(0, 0, 1), (0, 1, 1)], world.Log.Written);
    }

    [Fact]
    public void DeliveryTimeout_WithoutAnyWordOfTheBroker_BeginsANewEpoch()
    {
        ProducerWorld world = Started(new ProducerOptions { DeliveryTimeout = Duration.FromSeconds(5) });
        world.Log.Refuse = (_, _, _) => ErrorCode.NotEnoughReplicas;
        Sent lost = world.Send();
        world.World.RunUntil(() => lost.IsDone, 5_100);
        Assert.Contains("NOT_ENOUGH_REPLICAS", lost.Error!.Text, StringComparison.Ordinal);
        world.Log.Refuse = null;
        Sent next = world.Send();
        world.World.RunUntil(() => next.IsDone, 5_000);
        Assert.Equal([(1, 0, 1)], world.Log.Written);
    }

    [Fact]
    public void UnreachableLeader_FailsAfterTheDeliveryTimeout()
    {
        ProducerWorld world = Started();
        world.Brokers[0].IsUp = false;
        world.Brokers[0].Break("reset");
        Sent sent = world.Send();
        world.World.RunUntil(() => sent.IsDone, 121_000);
        Assert.Equal(ErrorCode.RequestTimedOut, sent.Error!.Code);
        Assert.Contains("refused", sent.Error.Text, StringComparison.Ordinal);
        Assert.Equal(0, world.Part.Accumulator.Memory.Used);
    }

    [Fact]
    public void Compression_RunsAsAJobAndKeepsTheOrder()
    {
        ProducerWorld world = Started(new ProducerOptions { Compression = CompressionCodec.Gzip, BatchBytes = 1000 });
        Sent[] sent = world.Send(10, padTo: 300);
        world.World.RunUntil(() => sent.All(s => s.IsDone), 1_000);
        Assert.Equal(Numbers(10), world.Log.Values("t", 0).Select(v => v.Trim()));
        Assert.True(world.Log.Written.Count > 2);
    }

    [Theory]
    [InlineData(CompressionCodec.None)]
    [InlineData(CompressionCodec.Zstd)]
    public void TooLargeBatch_IsDividedUntilItFits(CompressionCodec codec)
    {
        ProducerWorld world = Started(new ProducerOptions { Compression = codec });
        world.Log.MaxBatchBytes = codec == CompressionCodec.None ? 600 : 110;
        Sent[] sent = world.Send(20, padTo: 100);
        world.Send();
        ClientOperation<bool> flush = world.Flush();
        world.World.RunUntil(() => flush.IsDone, 20_000);
        Assert.Equal(Numbers(21), world.Log.Values("t", 0).Select(v => v.Trim()));
        Assert.All(world.Log.Written, w => Assert.Equal(0, w.Epoch));
        Assert.Equal(0, world.Part.Accumulator.Memory.Used);
    }

    [Fact]
    public void AcksNone_EndsWithoutAnAnswer()
    {
        ProducerWorld world = Started(new ProducerOptions { Acks = Acks.None });
        Sent sent = world.Send();
        world.World.RunFor(5);
        Assert.True(sent.IsDone);
        Assert.Equal(-1, sent.Offset);
        Assert.Equal([(-1, -1, 1)], world.Log.Written);
        Assert.Empty(world.Brokers[0].Of(ApiKey.InitProducerId));
    }

    [Fact]
    public void BrokersWithoutProducerIds_GetPlainBatches()
    {
        ProducerWorld world = Started(prepare: broker => broker.HighestVersions[ApiKey.InitProducerId] = -1);
        Sent sent = world.Send();
        world.World.RunUntil(() => sent.IsDone, 1_000);
        Assert.Equal([(-1, -1, 1)], world.Log.Written);
    }

    [Fact]
    public void IdempotenceThatIsInsistedOn_FailsWithoutProducerIds()
    {
        ProducerWorld world = Started(
            new ProducerOptions { IsIdempotent = true },
            prepare: broker => broker.HighestVersions[ApiKey.InitProducerId] = -1);
        Sent sent = world.Send();
        world.World.RunUntil(() => sent.IsDone, 1_000);
        Assert.Equal(ErrorCode.UnsupportedVersion, sent.Error!.Code);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(12)]
    [InlineData(13)]
    public void Versions_OfProduce_AreAllSpoken(short version)
    {
        ProducerWorld world = Started(prepare: broker => broker.HighestVersions[ApiKey.Produce] = version);
        Sent[] sent = world.Send(2);
        world.World.RunUntil(() => sent.All(s => s.IsDone), 1_000);
        Assert.Equal(["0", "1"], world.Log.Values("t", 0));
        Assert.Equal(version, world.Brokers[0].Of(ApiKey.Produce).Single().Version);
    }

    [Fact]
    public void InvalidRecords_AreToldApartFromTheirNeighbours()
    {
        ProducerWorld world = Started();
        world.Log.Refuse = (_, _, _) => ErrorCode.InvalidRecord;
        world.Log.Adorn = result => result.RecordErrors.Add(
            new ProduceResponse.BatchIndexAndErrorMessage { BatchIndex = 1, BatchIndexErrorMessage = "no key" });
        Sent[] sent = world.Send(3);
        world.World.RunFor(5);
        ProduceBatch batch = sent[0].Batch!;
        Assert.Equal("no key", batch.ErrorOf(1)!.Text);
        Assert.Contains("others", batch.ErrorOf(0)!.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(2, 3)]
    public void Retries_LimitTheAttempts(int retries, int attempts)
    {
        ProducerWorld world = Started(new ProducerOptions { Retries = retries });
        int asked = 0;
        world.Log.Refuse = (_, _, _) =>
        {
            asked++;
            return ErrorCode.NotLeaderOrFollower;
        };
        Sent sent = world.Send();
        world.World.RunUntil(() => sent.IsDone, 30_000);
        Assert.Equal(ErrorCode.NotLeaderOrFollower, sent.Error!.Code);
        Assert.Equal(attempts, asked);
        world.Log.Refuse = null;
        Sent next = world.Send();
        world.World.RunUntil(() => next.IsDone, 30_000);
        Assert.Null(next.Error);
        Assert.Equal(0, world.Part.Accumulator.Memory.Used);
    }

    [Fact]
    public void Retries_AreNeededForIdempotence()
    {
        Assert.False(new ProducerOptions { Retries = 0 }.UsesIdempotence);
        Assert.Contains("retries", new ProducerOptions { Retries = 0, IsIdempotent = true }.WhyInvalid, StringComparison.Ordinal);
        Assert.Contains("retries", new ProducerOptions { Retries = 0, TransactionalId = "t" }.WhyInvalid, StringComparison.Ordinal);
    }

    [Fact]
    public void LogAppendTime_IsToldWithTheBatch()
    {
        ProducerWorld world = Started();
        world.Log.Adorn = result => result.LogAppendTimeMs = 42;
        Sent sent = world.Send();
        world.World.RunFor(5);
        Assert.Equal(42, sent.Batch!.LogAppendTimeMs);
    }

    [Fact]
    public void OneRequestInFlight_SendsOneAfterTheOther()
    {
        ProducerWorld world = Started(new ProducerOptions { Linger = Duration.Zero, MaxInFlight = 1, IsIdempotent = false });
        world.Log.ShouldAnswer = _ => false;
        world.Send(4);
        Assert.Single(world.Log.Held);
        world.Log.ShouldAnswer = null;
        world.Log.AnswerHeld();
        Assert.Equal(Numbers(4), world.Log.Values("t", 0));
    }

    [Fact]
    public void Removal_FailsWhatIsLeftAndGivesMemoryBack()
    {
        ProducerWorld world = Started();
        world.Log.ShouldAnswer = _ => false;
        Sent[] sent = world.Send(2);
        world.World.RunFor(5);
        world.World.Do((_, turn) =>
        {
            world.Part.Remove(turn);
            return true;
        });
        Assert.All(sent, s => Assert.NotNull(s.Error));
        Assert.Equal(0, world.Part.Accumulator.Memory.Used);
    }

    private static IEnumerable<string> Numbers(int count) =>
        Enumerable.Range(0, count).Select(i => i.ToString(System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>A world whose producer knows the topic <c>t</c> with one partition at broker 1.</summary>
    private static ProducerWorld Started(
        ProducerOptions? options = null, int brokers = 1, Action<ScriptedBroker>? prepare = null)
    {
        ProducerWorld world = new(options, brokers: brokers);
        foreach (ScriptedBroker broker in world.Brokers) prepare?.Invoke(broker);
        world.Brokers[0].Topic("t", 1);
        world.World.Do((_, turn) => world.Part.Accumulator.TopicOf("t", turn));
        world.World.RunFor(100);
        return world;
    }
}
