using Moldau.Base;

namespace Moldau.Records.Tests;

/// <summary>Random batches through all that is done to a batch: built, read, validated, written again in another codec.
/// </summary>
public sealed class PropertyTests
{
    private const long Now = 1_700_000_000_000;
    private static readonly byte[] Words = TestData.Text(200_000);

    [Theory]
    [InlineData(CodecImplementation.Managed)]
    [InlineData(CodecImplementation.NativeIfPresent)]
    public void RandomBatch_KeepsItsRecords_ThroughValidationAndRecompression(CodecImplementation implementation)
    {
        using RecordCodecs codecs = new(implementation);
        using BatchValidator validator = new(codecs);
        for (ulong seed = 1; seed <= 100; seed++)
        {
            Prng prng = new(seed);
            byte[] batch = Build(prng, codecs, out List<string> expected);
            Assert.Equal(expected, Records(batch, codecs));
            AppendRules rules = ValidatorTests.Rules with
            {
                TargetCodec = prng.Chance(0.3) ? null : (CompressionCodec)prng.Next(5),
                MaxMessageBytes = int.MaxValue,
                SegmentBytes = int.MaxValue,
            };
            ValidationResult result = validator.Validate(batch, rules, new AppendContext(Now));
            Assert.True(result.IsAccepted, $"seed {seed}: {result.Message}");
            Assert.Equal(expected.Count, result.RecordCount);
            byte[] stored = result.NeedsRewrite ? result.Rewritten.ToArray() : batch;
            Assert.Equal(expected, Records(stored, codecs));
            Assert.Equal(BatchReadStatus.Ok, RecordBatchView.TryRead(stored, out RecordBatchView view));
            Assert.True(view.IsCrcValid);
            if (rules.TargetCodec is { } codec) Assert.Equal(codec, view.Codec);
        }
    }

    [Fact]
    public void LegacyWrapper_OffsetsFollowItsOwn()
    {
        byte[] wrapper = Convert.FromBase64String(
            GoldenTests.Lines("batches.tsv").Single(static line => line[0] == "v1-gzip-CreateTime")[1]);
        using RecordCodecs codecs = new();
        Assert.Equal(["1000", "1001", "1002", "1003"], Offsets(wrapper, codecs));
        Move(wrapper, 3);
        Assert.Equal(["0", "1", "2", "3"], Offsets(wrapper, codecs));

        // Some librdkafka versions left the wrapper's offset at 0; any other too small one is damage.
        Move(wrapper, 0);
        Assert.Equal(["0", "1", "2", "3"], Offsets(wrapper, codecs));
        Move(wrapper, 2);
        Assert.Equal(["Corrupt"], Offsets(wrapper, codecs));
    }

    private static void Move(byte[] entry, long offset) =>
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(entry, offset);

    private static byte[] Build(Prng prng, RecordCodecs codecs, out List<string> expected)
    {
        expected = [];
        bool isIdempotent = prng.Chance(0.3);
        using RecordBatchBuilder builder = new(
            new RecordBatchOptions
            {
                Codec = (CompressionCodec)prng.Next(5),
                Producer = isIdempotent ? new ProducerIdAndEpoch(prng.Next(1, 1L << 40), 3) : ProducerIdAndEpoch.None,
                BaseSequence = isIdempotent ? prng.Next(1000) : RecordBatchLayout.NoSequence,
                IsTransactional = isIdempotent && prng.Chance(0.5),
            },
            codecs);
        int count = 1 + prng.Next(prng.Chance(0.1) ? 400 : 12);
        for (int i = 0; i < count; i++)
        {
            long timestamp = Now - prng.Next(0, 1L << prng.Next(40)) + prng.Next(1000);
            byte[]? key = Bytes(prng, 40);
            byte[]? value = Bytes(prng, prng.Chance(0.05) ? 100_000 : 300);
            RecordHeader[] headers = new RecordHeader[prng.Chance(0.7) ? 0 : prng.Next(5)];
            for (int h = 0; h < headers.Length; h++)
            {
                byte[]? headerValue = Bytes(prng, 20);
                headers[h] = new RecordHeader(new string('h', prng.Next(9)), headerValue);
            }

            Assert.True(builder.TryAppend(timestamp, key, value, headers));
            string text = string.Join(
                ' ', headers.Select(static h => $"{Hex(h.Key.ToArray())}={Hex(h.Value?.ToArray())}"));
            expected.Add($"{i} {timestamp} {Hex(key)} {Hex(value)} {text}");
        }

        return builder.BuildArray();
    }

    private static List<string> Records(byte[] bytes, RecordCodecs codecs)
    {
        List<string> lines = [];
        Assert.Equal(BatchReadStatus.Ok, RecordBatchView.TryRead(bytes, out RecordBatchView batch));
        using RecordEnumerator records = batch.ReadRecords(codecs);
        while (records.MoveNext())
        {
            RecordView record = records.Current;
            List<string> headers = [];
            foreach (RecordHeaderView h in record.Headers)
                headers.Add($"{Hex(h.Key.ToArray())}={Hex(h.IsValueNull ? null : h.Value.ToArray())}");
            string key = Hex(record.IsKeyNull ? null : record.Key.ToArray());
            string value = Hex(record.IsValueNull ? null : record.Value.ToArray());
            lines.Add($"{record.Offset} {record.Timestamp} {key} {value} {string.Join(' ', headers)}");
        }

        Assert.Equal(RecordReadStatus.Ok, records.Status);
        return lines;
    }

    private static List<string> Offsets(byte[] bytes, RecordCodecs codecs)
    {
        List<string> offsets = [];
        Assert.Equal(BatchReadStatus.Ok, RecordBatchView.TryRead(bytes, out RecordBatchView batch));
        using RecordEnumerator records = batch.ReadRecords(codecs);
        while (records.MoveNext()) offsets.Add($"{records.Current.Offset}");
        if (records.Status != RecordReadStatus.Ok) offsets.Add(records.Status.ToString());
        return offsets;
    }

    private static byte[]? Bytes(Prng prng, int limit)
    {
        if (prng.Chance(0.15)) return null;
        int length = prng.Next(limit);
        return prng.Chance(0.5)
            ? Words.AsSpan(prng.Next(Words.Length - length), length).ToArray()
            : TestData.Random(length, prng.NextUInt64());
    }

    private static string Hex(byte[]? bytes) => bytes is null ? "null" : Convert.ToHexStringLower(bytes);
}
