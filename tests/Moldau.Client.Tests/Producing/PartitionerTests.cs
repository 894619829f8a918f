using System.Text;
using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;

namespace Moldau.Client.Tests.Producing;

public sealed class PartitionerTests
{
    /// <summary>What <c>Utils.murmur2</c> of the Java client 4.4.0 gives.</summary>
    [Theory]
    [InlineData("", 275646681, 9)]
    [InlineData("a", -1563381124, 4)]
    [InlineData("ab", 316155434, 2)]
    [InlineData("abc", 479470107, 3)]
    [InlineData("abcd", -1323649548, 8)]
    [InlineData("abcde", 461995741, 1)]
    [InlineData("abcdef", 1870650108, 0)]
    [InlineData("abcdefg", -346467175, 1)]
    [InlineData("abcdefgh", -955427363, 9)]
    [InlineData("21", -973932308, 0)]
    [InlineData("foobar", -790332482, 6)]
    [InlineData("a-little-bit-long-string", -985981536, 8)]
    [InlineData("a-little-bit-longer-string", -1486304829, 11)]
    [InlineData("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971, 5)]
    [InlineData("order-4711", 1584983611, 7)]
    [InlineData("Moldau", 2108650971, 3)]
    [InlineData("český", 819680057, 5)]
    [InlineData("😀", 131881617, 9)]
    public void Murmur2_IsJavas(string key, int hash, int ofTwelve)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(key);
        Assert.Equal(hash, Murmur2.Hash(bytes));
        Assert.Equal(ofTwelve, Murmur2.Partition(bytes, 12));
    }

    [Fact]
    public void Murmur2_TakesBytesAboveAsciiForUnsigned() =>
        Assert.Equal(-1948347274, Murmur2.Hash([.. Enumerable.Range(0, 256).Select(i => (byte)i)]));

    [Fact]
    public void RecordsWithoutKey_StayUntilABatchIsFullAndReachAllPartitions()
    {
        ProducerWorld world = new(new ProducerOptions { BatchBytes = 1000 });
        world.Brokers[0].Topic("t", 1, 1, 1, 1);
        world.World.Do((_, turn) => world.Part.Accumulator.TopicOf("t", turn));
        world.World.RunFor(100);
        List<int> partitions = [];
        for (int i = 0; i < 400; i++) partitions.Add(world.Send(partition: -1, padTo: 80).Batch!.Partition.Index);
        int switches = partitions.Zip(partitions.Skip(1)).Count(pair => pair.First != pair.Second);
        Assert.InRange(switches, 10, 60);
        Assert.All(Enumerable.Range(0, 4), p => Assert.InRange(partitions.Count(x => x == p), 20, 250));
    }

    [Fact]
    public void RecordsWithoutKey_PassOverPartitionsWithoutALeader()
    {
        ProducerWorld world = new(new ProducerOptions { BatchBytes = 200 });
        world.Brokers[0].Topic("t", 1, -1, 1);
        world.World.Do((_, turn) => world.Part.Accumulator.TopicOf("t", turn));
        world.World.RunFor(100);
        for (int i = 0; i < 100; i++) Assert.NotEqual(1, world.Send(partition: -1, padTo: 80).Batch!.Partition.Index);
    }

    [Fact]
    public void OwnPartitioner_Decides()
    {
        ProducerWorld world = new(new ProducerOptions { Partitioner = new Last() });
        world.Brokers[0].Topic("t", 1, 1, 1);
        world.World.Do((_, turn) => world.Part.Accumulator.TopicOf("t", turn));
        world.World.RunFor(100);
        Assert.Equal(2, world.Send(partition: -1, key: "k").Batch!.Partition.Index);
    }

    [Theory]
    [InlineData(3, "named partition 3 of 3")]
    [InlineData(-1, "named partition -1 of 3")]
    [InlineData(99, "failed: it is 99")]
    public void OwnPartitioner_ThatNamesNone_FailsTheRecordAlone(int named, string why)
    {
        ProducerWorld world = new(new ProducerOptions { Partitioner = new Named(named) });
        ProducerWorld.Sent parked = world.Send(partition: -1);
        Assert.False(parked.IsDone);
        world.Brokers[0].Topic("t", 1, 1, 1);
        world.World.RunUntil(() => parked.IsDone, 10_000);
        Assert.Equal(ErrorCode.InvalidPartitions, parked.Error!.Code);
        Assert.Contains(why, parked.Error.Text, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.InvalidPartitions, world.Send(partition: -1).Refused!.Code);
        Assert.Equal(0, world.Part.Accumulator.Memory.Used);
        Assert.Null(world.Send(partition: 2).Refused);
    }

    [Fact]
    public void AvailabilityTimeout_PassesOverABrokerThatTakesNoBatches_UntilItDoes()
    {
        ProducerWorld world = Availability(new ProducerOptions { PartitionerAvailabilityTimeout = Duration.FromMs(500) });
        world.Brokers[1].IsUp = false;
        world.Brokers[1].Break();
        world.Send(partition: 1);
        world.World.RunFor(400);
        Assert.Contains(1, Drawn(world));
        world.World.RunFor(3_000);
        Assert.DoesNotContain(1, Drawn(world));
        world.Brokers[1].IsUp = true;
        world.World.RunFor(3_000);
        Assert.Contains(1, Drawn(world));
    }

    [Fact]
    public void AvailabilityTimeout_EndsWithTheLastRecordThatWaits()
    {
        ProducerWorld world = Availability(new ProducerOptions
        {
            PartitionerAvailabilityTimeout = Duration.FromMs(500),
            DeliveryTimeout = Duration.FromSeconds(10),
        });
        world.Brokers[1].IsUp = false;
        world.Brokers[1].Break();
        world.Send(partition: 1);
        world.World.RunFor(5_000);
        Assert.DoesNotContain(1, Drawn(world));
        world.World.RunFor(20_000);
        Assert.Contains(1, Drawn(world));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(500, false)]
    public void AvailabilityTimeout_CountsWhereItIsSet_AndPartitioningAdaptive(int timeoutMs, bool isAdaptive)
    {
        ProducerWorld world = Availability(new ProducerOptions
        {
            PartitionerAvailabilityTimeout = Duration.FromMs(timeoutMs),
            IsPartitioningAdaptive = isAdaptive,
        });
        world.Brokers[1].IsUp = false;
        world.Brokers[1].Break();
        world.Send(partition: 1);
        world.World.RunFor(5_000);
        Assert.Contains(1, Drawn(world));
    }

    [Fact]
    public void IgnoredKeys_GoWhereRecordsWithoutOneDo()
    {
        ProducerWorld world = new(new ProducerOptions { PartitionerIgnoresKeys = true, BatchBytes = 200 });
        world.Brokers[0].Topic("t", 1, 1, 1, 1);
        world.World.Do((_, turn) => world.Part.Accumulator.TopicOf("t", turn));
        world.World.RunFor(100);
        HashSet<int> partitions = [];
        for (int i = 0; i < 100; i++) partitions.Add(world.Send(partition: -1, key: "same", padTo: 80).Batch!.Partition.Index);
        Assert.Equal(4, partitions.Count);
    }

    /// <summary>Broker 1 leads partition 0, broker 2 partition 1; both are known.</summary>
    private static ProducerWorld Availability(ProducerOptions options)
    {
        ProducerWorld world = new(options with { BatchBytes = 200, Linger = Duration.Zero }, brokers: 2);
        world.Brokers[0].Topic("t", 1, 2);
        world.World.Do((_, turn) => world.Part.Accumulator.TopicOf("t", turn));
        world.World.RunFor(100);
        world.Send(partition: 0);
        world.Send(partition: 1);
        world.World.RunFor(1_000);
        return world;
    }

    private static HashSet<int> Drawn(ProducerWorld world)
    {
        HashSet<int> partitions = [];
        for (int i = 0; i < 60; i++) partitions.Add(world.Send(partition: -1, padTo: 80).Batch!.Partition.Index);
        return partitions;
    }

    private sealed class Named(int partition) : IPartitioner
    {
        public int Partition(TopicInfo topic, ReadOnlySpan<byte> key, bool hasKey, ReadOnlySpan<byte> value) =>
            partition == 99 ? throw new InvalidOperationException("it is 99") : partition;
    }

    private sealed class Last : IPartitioner
    {
        public int Partition(TopicInfo topic, ReadOnlySpan<byte> key, bool hasKey, ReadOnlySpan<byte> value) =>
            topic.Partitions.Length - 1;
    }
}
