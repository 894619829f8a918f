using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Records;
using Sent = Moldau.Client.Tests.Support.ProducerWorld.Sent;

namespace Moldau.Client.Tests.Producing;

/// <summary>How much is filled into a batch that is to be compressed: <c>batch.size</c> counts bytes as they are
/// sent.</summary>
public sealed class CompressionEstimateTests
{
    private const int BatchBytes = 2000;

    [Fact]
    public void Estimate_FollowsWhatBatchesShow_SlowlyDownAndQuicklyUp()
    {
        CompressionEstimate estimate = new();
        Assert.Equal(1, estimate.Ratio);
        estimate.Note(10_061, 2_061);
        Assert.Equal(0.995, estimate.Ratio, 6);
        for (int i = 0; i < 200; i++) estimate.Note(10_061, 2_061);
        Assert.Equal(0.2, estimate.Ratio, 6);
        estimate.Note(10_061, 2_161);
        Assert.Equal(0.25, estimate.Ratio, 6);
        estimate.Note(10_061, 9_061);
        Assert.Equal(0.9, estimate.Ratio, 6);
        estimate.NoteTooLarge();
        Assert.Equal(1, estimate.Ratio);
    }

    [Fact]
    public void BytesFor_IsWhatProbablyFillsABatch_AndNeverBeyondTheBound()
    {
        CompressionEstimate estimate = new();
        Assert.Equal(16_384, estimate.BytesFor(16_384));
        for (int i = 0; i < 200; i++) estimate.Note(10_061, 2_061);
        Assert.Equal(61 + (16_323 / 0.21), estimate.BytesFor(16_384), 1.0);
        for (int i = 0; i < 200; i++) estimate.Note(10_061, 61);
        Assert.Equal(61 + (16 * 16_323), estimate.BytesFor(16_384));
    }

    [Theory]
    [InlineData(CompressionCodec.Gzip)]
    [InlineData(CompressionCodec.Lz4)]
    [InlineData(CompressionCodec.Zstd)]
    [InlineData(CompressionCodec.Snappy)]
    public void Batches_GrowUntilTheirCompressedBytesFillTheBatchSize(CompressionCodec codec)
    {
        ProducerWorld world = Started(codec);
        Sent[] sent = world.Send(20_000, padTo: 100);
        End(world);
        int first = world.Log.Written[0].Count;
        int late = world.Log.Written[^10..^1].Max(w => w.Count);
        Assert.True(late >= 2 * first, $"batches had {first} records at first and {late} in the end");
        Assert.All(world.Log.Sizes, size => Assert.True(size <= BatchBytes, $"a batch of {size} bytes was sent"));
        Assert.Equal(sent.Select(s => s.Value), world.Log.Values("t", 0));
    }

    [Fact]
    public void UncompressedBatches_EndAtTheBatchSize()
    {
        ProducerWorld world = Started(CompressionCodec.None);
        world.Send(1000, padTo: 100);
        End(world);
        Assert.Single(world.Log.Written[..^1].Select(w => w.Count / 2).Distinct());
        Assert.All(world.Log.Sizes, size => Assert.True(size <= BatchBytes));
    }

    [Fact]
    public void RecordsThatCompressWorse_MakeBatchesSmallAgain()
    {
        ProducerWorld world = Started(CompressionCodec.Lz4);
        world.Send(20_000, padTo: 100);
        End(world);
        Prng prng = new(1);
        for (int i = 0; i < 1000; i++) world.SendText(Noise(prng));
        End(world);
        int[] sizes = [.. world.Log.Sizes];
        Assert.True(sizes.Max() > BatchBytes, "no batch was too large: the estimate was never wrong");
        Assert.All(sizes[^5..], size => Assert.True(size <= BatchBytes * 11 / 10, $"a batch of {size} bytes was sent"));
    }

    [Fact]
    public void BatchThatTurnsOutTooLarge_IsDivided_AndTheNextOnesAreSmaller()
    {
        ProducerWorld world = Started(CompressionCodec.Lz4);
        world.Send(20_000, padTo: 100);
        End(world);
        Assert.True(world.Part.Accumulator.TopicOf("t", null!).Compression.Ratio < 0.6);
        world.Log.MaxBatchBytes = BatchBytes * 2;
        Prng prng = new(1);
        string[] noise = [.. Enumerable.Range(0, 200).Select(_ => Noise(prng))];
        foreach (string text in noise) world.SendText(text);
        End(world);
        Assert.Equal(noise, world.Log.Values("t", 0)[20_000..]);
        Assert.True(world.Part.Accumulator.TopicOf("t", null!).Compression.Ratio > 0.9);
        Assert.Equal(0, world.Part.Accumulator.Memory.Used);
    }

    [Fact]
    public void GrowingBatches_StayWithinTheBufferMemory()
    {
        ProducerWorld world = Started(CompressionCodec.Lz4, bufferBytes: 3 * BatchBytes);
        for (int i = 0; i < 5000; i++)
        {
            world.Send(padTo: 100);
            Assert.True(world.Part.Accumulator.Memory.Used <= 3 * BatchBytes);
        }

        End(world);
        Assert.Equal(5000, world.Log.Values("t", 0).Length);
        Assert.Equal(0, world.Part.Accumulator.Memory.Used);
    }

    private static ProducerWorld Started(CompressionCodec codec, long bufferBytes = 32 << 20)
    {
        ProducerWorld world = new(new ProducerOptions
        {
            Compression = codec,
            BatchBytes = BatchBytes,
            BufferBytes = bufferBytes,
            Linger = Duration.FromSeconds(100),
        });
        world.Brokers[0].Topic("t", 1);
        world.World.Do((_, turn) => world.Part.Accumulator.TopicOf("t", turn));
        world.World.RunFor(100);
        return world;
    }

    private static void End(ProducerWorld world)
    {
        ClientOperation<bool> flush = world.Flush();
        world.World.RunUntil(() => flush.IsDone, 60_000);
    }

    private static string Noise(Prng prng)
    {
        byte[] noise = new byte[75];
        prng.NextBytes(noise);
        return Convert.ToBase64String(noise);
    }
}
