using Moldau.Base;

namespace Moldau.Records.Tests;

public sealed class ValidatorTests
{
    /// <summary>Kafka's defaults of a topic.</summary>
    internal static readonly AppendRules Rules = new()
    {
        TargetCodec = null,
        IsCompacted = false,
        TimestampType = TimestampType.CreateTime,
        TimestampBeforeMaxMs = long.MaxValue,
        TimestampAfterMaxMs = 3_600_000,
        MaxMessageBytes = 1_048_588,
        SegmentBytes = 1 << 30,
        MaxDecompressedMessageBytes = 2147483639,
    };

    private static readonly AppendContext Now = new(1_700_000_000_000);

    [Theory]
    [InlineData(CompressionCodec.None)]
    [InlineData(CompressionCodec.Snappy)]
    [InlineData(CompressionCodec.Lz4)]
    [InlineData(CompressionCodec.Zstd)]
    public void Validate_OfAGoodBatch_AllocatesNothing(CompressionCodec codec)
    {
        byte[] batch = Batch(codec, 500);
        using BatchValidator validator = new();
        long allocated = long.MaxValue;
        for (int round = 0; round < 20; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.True(validator.Validate(batch, Rules, Now).IsAccepted);
            BatchValidator.AssignOffsets(batch, 0, round);
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, allocated);
    }

    [Fact]
    public void Validate_LargerThanASegment_IsRecordListTooLarge()
    {
        using BatchValidator validator = new();
        byte[] batch = Batch(CompressionCodec.None, 10);
        ValidationResult result = validator.Validate(batch, Rules with { SegmentBytes = batch.Length - 1 }, Now);
        Assert.Equal(RecordError.RecordListTooLarge, result.Error);
        Assert.True(validator.Validate(batch, Rules with { SegmentBytes = batch.Length }, Now).IsAccepted);
    }

    [Fact]
    public void Validate_NamesTheRefusedRecords()
    {
        using BatchValidator validator = new();
        using RecordBatchBuilder builder = new(RecordBatchOptions.Default);
        builder.TryAppend(Now.NowMs, "k"u8, "v"u8);
        builder.TryAppend(Now.NowMs + 4_000_000, OptionalBytes.Null, "v"u8);
        ValidationResult result = validator.Validate(builder.BuildArray(), Rules, Now);
        RefusedRecord refused = Assert.Single(result.RefusedRecords!);
        Assert.Equal(1, refused.BatchIndex);
        Assert.Equal(RecordFault.TimestampOutOfRange, refused.Fault);
        Assert.Contains((Now.NowMs + 4_000_000).ToString(), refused.Message, StringComparison.Ordinal);
        Assert.Contains((Now.NowMs + 3_600_000).ToString(), refused.Message, StringComparison.Ordinal);
        result = validator.Validate(builder.BuildArray(), Rules with { IsCompacted = true }, Now);
        Assert.Equal(RecordError.InvalidRecord, result.Error);
        Assert.Equal(RecordFault.KeyMissing, Assert.Single(result.RefusedRecords!).Fault);
    }

    [Theory]
    [InlineData(CompressionCodec.Gzip)]
    [InlineData(CompressionCodec.Snappy)]
    [InlineData(CompressionCodec.Lz4)]
    [InlineData(CompressionCodec.Zstd)]
    public void Validate_OfABomb_EndsAtTheLimit_InBoundedMemory(CompressionCodec codec)
    {
        using RecordBatchBuilder builder = new(new RecordBatchOptions { Codec = codec });
        builder.TryAppend(Now.NowMs, "k"u8, new byte[30_000_000]);
        byte[] batch = builder.BuildArray();
        using BatchValidator validator = new();
        AppendRules rules = Rules with
        {
            MaxMessageBytes = int.MaxValue,
            DecodeLimits = new DecodeLimits(MaxBytes: 10_000_000, FreeBytes: 10_000_000, MaxRatio: 1000),
        };
        validator.Validate(batch, rules, Now);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ValidationResult result = validator.Validate(batch, rules, Now);
        Assert.Equal(RecordError.InvalidRecord, result.Error);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000);
        rules = rules with { DecodeLimits = new DecodeLimits(int.MaxValue, FreeBytes: 1_000_000, MaxRatio: 3) };
        Assert.Equal(RecordError.InvalidRecord, validator.Validate(batch, rules, Now).Error);
        rules = rules with { DecodeLimits = DecodeLimits.Default };
        Assert.True(validator.Validate(batch, rules, Now).IsAccepted);
    }

    [Fact]
    public void Validate_UncompressedWithGapsInItsOffsets_IsWrittenAgain()
    {
        using RecordBatchBuilder builder = new(RecordBatchOptions.Default);
        builder.TryAppend(Now.NowMs, "a"u8, "1"u8);
        builder.TryAppendAt(7, Now.NowMs, "b"u8, "2"u8);
        byte[] batch = builder.BuildArray();
        batch[RecordBatchLayout.LastOffsetDelta + 3] = 1;
        new MutableRecordBatch(batch).UpdateCrc();
        using BatchValidator validator = new();
        ValidationResult result = validator.Validate(batch, Rules, Now);
        Assert.True(result.NeedsRewrite);
        BatchValidator.AssignOffsets(result.Rewritten.Span, 100, 3);
        Assert.Equal(BatchReadStatus.Ok, RecordBatchView.TryRead(result.Rewritten.Span, out RecordBatchView view));
        Assert.Equal(
            $"100 @{Now.NowMs} a=1 []; 101 @{Now.NowMs} b=2 []", RecordBatchBuilderTests.Describe(view));
    }

    internal static byte[] Batch(CompressionCodec codec, int records, RecordCodecs? codecs = null)
    {
        using RecordBatchBuilder builder = new(new RecordBatchOptions { Codec = codec }, codecs);
        byte[] text = TestData.Text(100 * records);
        for (int i = 0; i < records; i++)
            builder.TryAppend(Now.NowMs + i, BitConverter.GetBytes(i), text.AsSpan(100 * i, 100), [new("h", [1])]);
        return builder.BuildArray();
    }
}
