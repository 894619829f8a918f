using System.Buffers;
using Moldau.Base;

namespace Moldau.Records;

/// <summary>Checks what a client wants to append, in the order in which Kafka 4.4 does, and brings it into the form
/// that the log takes except for its offsets: <see cref="AssignOffsets"/> follows when they are known. Accepted
/// batches are changed in place (timestamps); nothing is allocated for them unless they must be compressed anew. One
/// owner at a time. Two things are stricter than in Kafka, which would keep them and leave the trouble to consumers:
/// a record in a compressed batch must be as long as it says, and an uncompressed batch with gaps in its offsets is
/// written again.
/// </summary>
public sealed partial class BatchValidator : IDisposable
{
    private const int ScratchBytes = 64 * 1024;

    private readonly RecordCodecs _codecs;
    private readonly bool _ownsCodecs;
    private RecordBatchBuilder? _builder;
    private List<RefusedRecord>? _refused;

    public BatchValidator(RecordCodecs? codecs = null)
    {
        _ownsCodecs = codecs is null;
        _codecs = codecs ?? new RecordCodecs();
    }

    /// <summary>Validates the records of one partition in a Produce request: exactly one batch of magic 2.</summary>
    public ValidationResult Validate(Span<byte> records, AppendRules rules, in AppendContext context)
    {
        _refused = null;
        ValidationResult result = CheckSingleBatch(records, context, out RecordBatchView batch);
        if (!result.IsAccepted) return result;
        result = CheckBatch(batch, rules, context);
        if (!result.IsAccepted) return result;
        result = batch.IsCompressed ? CheckCompressed(batch, rules, context) : CheckUncompressed(batch, rules, context);
        if (!result.IsAccepted) return result;
        MutableRecordBatch target = new(records[..batch.SizeInBytes]);
        if (!result.NeedsRewrite) target.SetMaxTimestamp(rules.TimestampType, result.MaxTimestamp);
        return CheckFinalSize(batch, rules, result) with
        {
            Producer = batch.Producer,
            BaseSequence = batch.BaseSequence,
            IsTransactional = batch.IsTransactional,
            SizeInBytes = batch.SizeInBytes,
            LogAppendTimestamp = rules.TimestampType == TimestampType.LogAppendTime
                ? context.NowMs
                : RecordBatchLayout.NoTimestamp,
        };
    }

    /// <summary>Gives an accepted batch its place in the log: outside the checksum.</summary>
    public static void AssignOffsets(Span<byte> batch, long baseOffset, int leaderEpoch)
    {
        MutableRecordBatch target = new(batch);
        target.SetBaseOffset(baseOffset);
        target.SetPartitionLeaderEpoch(leaderEpoch);
    }

    public void Dispose()
    {
        _builder?.Dispose();
        if (_ownsCodecs) _codecs.Dispose();
    }

    /// <summary>What the request's own rules say before the log looks at the batch.</summary>
    private static ValidationResult CheckSingleBatch(
        ReadOnlySpan<byte> records, in AppendContext context, out RecordBatchView batch)
    {
        RecordBatchEnumerator walk = new(records);
        bool isThere = walk.MoveNext();
        batch = walk.Current;
        if (walk.Status == BatchReadStatus.Corrupt)
            return Refuse(RecordError.CorruptMessage, "The size or the magic of the batch is invalid");
        if (!isThere) return Refuse(RecordError.InvalidRecord, "There is no record batch");
        if (batch.Magic != RecordBatchLayout.MagicV2)
            return Refuse(RecordError.InvalidRecord, $"Records of magic {batch.Magic} are no longer accepted");
        if (context.ProduceVersion < 7 && batch.Codec == CompressionCodec.Zstd)
            return Refuse(RecordError.UnsupportedCompressionType, "zstd needs version 7 of the request");
        if (walk.MoveNext())
            return Refuse(RecordError.InvalidRecord, "There is more than one record batch");
        return walk.Status == BatchReadStatus.Corrupt
            ? Refuse(RecordError.CorruptMessage, "Bytes that are no batch follow the batch")
            : default;
    }

    private static ValidationResult CheckBatch(RecordBatchView batch, AppendRules rules, in AppendContext context)
    {
        bool isClient = context.Origin == AppendOrigin.Client;
        if (isClient && batch.BaseOffset != 0)
            return Refuse(RecordError.InvalidRecord, $"The base offset must be 0, not {batch.BaseOffset}");
        if (batch.SizeInBytes > rules.MaxMessageBytes)
            return Refuse(
                RecordError.MessageTooLarge,
                $"The batch has {batch.SizeInBytes} of {rules.MaxMessageBytes} bytes allowed");
        if (!batch.IsCrcValid) return Refuse(RecordError.CorruptMessage, "The checksum of the batch is wrong");
        if (!RecordCodecs.IsAssigned(batch.Codec))
            return Refuse(RecordError.UnknownServerError, $"Codec {(int)batch.Codec} is not known");
        if (!isClient) return default;
        long range = (long)batch.LastOffsetDelta + 1;
        if (range <= 0)
            return Refuse(RecordError.InvalidRecord, $"The offset range [0, {batch.LastOffsetDelta}] is invalid");
        if (batch.RecordCount <= 0)
            return Refuse(RecordError.InvalidRecord, $"The record count {batch.RecordCount} is invalid");
        if (range != batch.RecordCount)
            return Refuse(RecordError.InvalidRecord, $"{batch.RecordCount} records do not fill {range} offsets");
        if (batch.IsControl)
            return Refuse(RecordError.InvalidRecord, "Clients may not write control records");
        if (batch.HasProducerId && batch.BaseSequence < 0)
            return Refuse(
                RecordError.InvalidRecord, $"Sequence {batch.BaseSequence} of producer {batch.ProducerId} is invalid");
        return default;
    }

    private static ValidationResult CheckFinalSize(RecordBatchView batch, AppendRules rules, ValidationResult result)
    {
        int size = result.NeedsRewrite ? result.Rewritten.Length : batch.SizeInBytes;
        if (result.NeedsRewrite && size > rules.MaxMessageBytes)
            return Refuse(
                RecordError.MessageTooLarge, $"The batch grew to {size} of {rules.MaxMessageBytes} bytes allowed");
        return size > rules.SegmentBytes
            ? Refuse(RecordError.RecordListTooLarge, $"{size} bytes do not fit a segment of {rules.SegmentBytes}")
            : result;
    }

    private static ValidationResult Refuse(RecordError error, string message) =>
        new() { Error = error, Message = message };
}
