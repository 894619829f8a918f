using System.Text;
using Moldau.Client.Tests.Support;

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

    private sealed class Last : IPartitioner
    {
        public int Partition(TopicInfo topic, ReadOnlySpan<byte> key, bool hasKey, ReadOnlySpan<byte> value) =>
            topic.Partitions.Length - 1;
    }
}
