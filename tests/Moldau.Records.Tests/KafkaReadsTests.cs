using Moldau.Base;

namespace Moldau.Records.Tests;

/// <summary>The other direction of the golden files: Kafka reads what we write.</summary>
public sealed class KafkaReadsTests
{
    private const long Now = 1_700_000_000_000;

    [Fact]
    public void Kafka_ReadsOurBatches_OfEveryCodecAndImplementation()
    {
        Dictionary<string, string> expected = [];
        List<string> lines = [];
        foreach (CodecImplementation implementation in Enum.GetValues<CodecImplementation>())
        {
            using RecordCodecs codecs = new(implementation);
            foreach (CompressionCodec codec in Enum.GetValues<CompressionCodec>())
                foreach ((string name, byte[] batch) in Batches(codec, codecs))
                {
                    string key = $"{name}-{codec}-{implementation}";
                    expected.Add(key, BatchText.Of(batch, codecs));
                    lines.Add($"{key}\t{Convert.ToBase64String(batch)}");
                }
        }

        List<string> seen = JavaPeer.Run(
            Path.Combine(AppContext.BaseDirectory, "Golden", "GoldenRecords.java"), "describe", lines);
        Assert.Equal(expected.Count, seen.Count);
        foreach (string line in seen)
        {
            string[] parts = line.Split('\t', 2);
            Assert.True(expected[parts[0]] == parts[1], $"{parts[0]}\nours  {expected[parts[0]]}\nKafka {parts[1]}");
        }
    }

    private static IEnumerable<(string Name, byte[] Batch)> Batches(CompressionCodec codec, RecordCodecs codecs)
    {
        RecordBatchOptions plain = new() { Codec = codec, BaseOffset = 40, PartitionLeaderEpoch = 2 };
        RecordBatchOptions transactional = plain with
        {
            Producer = new ProducerIdAndEpoch(1L << 50, 7),
            BaseSequence = int.MaxValue - 1,
            IsTransactional = true,
        };
        RecordBatchOptions brokersTime = plain with
        {
            TimestampType = TimestampType.LogAppendTime,
            LogAppendTimestamp = Now + 7,
        };
        yield return ("small", Small(plain, codecs));
        yield return ("transactional", Small(transactional, codecs));
        yield return ("time", Small(brokersTime, codecs));
        yield return ("text", Large(plain, codecs, TestData.Text(600_000)));
        yield return ("mixed", Large(plain, codecs, TestData.Mixed(600_000)));
        yield return ("noise", Large(plain, codecs, TestData.Random(200_000)));
        yield return ("zeros", Large(plain, codecs, new byte[600_000]));
        yield return ("skewed", Large(plain, codecs, TestData.Skewed(300_000)));
        yield return ("levels", Large(plain with { CompressionLevel = 1 }, codecs, TestData.Mixed(300_000)));
        if (codec != CompressionCodec.None) yield break;
        yield return ("commit", ControlBatches.BuildEndTransaction(transactional, Now, true, 3));
        byte[] leader = [0, 1, 0, 0, 0, 3, 1, 1, 0];
        yield return ("leader", ControlBatches.Build(plain, Now, ControlRecordType.LeaderChange, leader));
    }

    private static byte[] Small(RecordBatchOptions options, RecordCodecs codecs)
    {
        using RecordBatchBuilder builder = new(options, codecs);
        builder.TryAppend(Now, "k"u8, "v"u8, [new("h", [1, 2, 3]), new("h", null), new("", [])]);
        builder.TryAppend(Now - 100_000, OptionalBytes.Null, ""u8);
        builder.TryAppendAt(100, Now + 5, ""u8, OptionalBytes.Null);
        return builder.BuildArray();
    }

    private static byte[] Large(RecordBatchOptions options, RecordCodecs codecs, byte[] data)
    {
        using RecordBatchBuilder builder = new(options, codecs);
        for (int at = 0; at < data.Length; at += 9973)
            builder.TryAppend(Now + at, BitConverter.GetBytes(at), data.AsSpan(at, Math.Min(9973, data.Length - at)));
        return builder.BuildArray();
    }
}
