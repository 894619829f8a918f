using System.Buffers;
using Moldau.Base;

namespace Moldau.Records;

/// <summary>The rules for single records, and the three ways over the records of a batch: in place, streaming out of a
/// compressed batch, and into a new batch.</summary>
public sealed partial class BatchValidator
{
    private ValidationResult CheckUncompressed(RecordBatchView batch, AppendRules rules, in AppendContext context)
    {
        CompressionCodec target = rules.TargetCodec ?? CompressionCodec.None;
        bool isInPlace = target == CompressionCodec.None || batch.IsControl;
        long maxTimestamp = RecordBatchLayout.NoTimestamp;
        int index = 0;
        ReadOnlySpan<byte> records = batch.Payload;
        int at = 0;
        int count = batch.RecordCount;
        RecordRules check = new(batch, rules, context);
        while (index < count)
        {
            int n = RecordParser.TryScan(records, at, out ScannedRecord record);
            at += n;
            if (n == 0 || (index + 1 == count && at != records.Length))
                return Refuse(RecordError.InvalidRecord, $"Record {index} of {count} is malformed");
            long timestamp = check.TimestampOf(record);
            if (!check.IsAcceptable(record.HasKey, timestamp)) AddRefused(check, index, record, timestamp);
            maxTimestamp = Math.Max(maxTimestamp, timestamp);
            isInPlace &= batch.IsControl || record.OffsetDelta == index;
            index++;
        }

        if (count < 0) return Refuse(RecordError.InvalidRecord, $"The record count {count} is invalid");
        if (_refused is not null) return RefuseRecords();
        return isInPlace
            ? Accept(batch, rules, context, maxTimestamp)
            : Rewrite(batch, batch.Payload, target, rules, context);
    }

    private ValidationResult CheckCompressed(RecordBatchView batch, AppendRules rules, in AppendContext context)
    {
        CompressionCodec target = rules.TargetCodec ?? batch.Codec;
        bool areOffsetsConsecutive = true;
        long maxTimestamp = RecordBatchLayout.NoTimestamp;
        RecordRules check = new(batch, rules, context);
        byte[] scratch = ArrayPool<byte>.Shared.Rent(ScratchBytes);
        RecordScanner scanner = new(
            _codecs.GetDecoder(batch.Codec)!,
            batch.Payload,
            scratch,
            rules.MaxDecompressedMessageBytes,
            rules.DecodeLimits.For(batch.Payload.Length));
        int index = 0;
        while (index < batch.RecordCount && scanner.TryReadRecord(out ScannedRecord record))
        {
            long timestamp = check.TimestampOf(record);
            if (!check.IsAcceptable(record.HasKey, timestamp)) AddRefused(check, index, record, timestamp);
            maxTimestamp = Math.Max(maxTimestamp, timestamp);
            areOffsetsConsecutive &= record.OffsetDelta == index;
            index++;
        }

        if (scanner.Status == ScanStatus.Ok && batch.RecordCount > 0) scanner.TryEnd();
        ArrayPool<byte>.Shared.Return(scratch);
        if (scanner.Status != ScanStatus.Ok) return RefuseStream(scanner.Status, index, batch.RecordCount);
        if (_refused is not null) return RefuseRecords();
        if (target == batch.Codec)
        {
            // Kafka wants to write such a batch again, has skipped its values, and ends in an internal error.
            return areOffsetsConsecutive
                ? Accept(batch, rules, context, maxTimestamp)
                : Refuse(RecordError.UnknownServerError, "The offsets in the compressed batch are not consecutive");
        }

        // Known good and within the limits now.
        int bytes = (int)Math.Min(scanner.ScannedBytes, int.MaxValue);
        DecodeStatus status = _codecs.Decompress(
            batch.Codec, batch.Payload, bytes, out byte[]? rented, out int length);
        if (status != DecodeStatus.End) return RefuseStream(ScanStatus.TooLarge, index, batch.RecordCount);
        ValidationResult result = Rewrite(batch, rented.AsSpan(0, length), target, rules, context);
        ArrayPool<byte>.Shared.Return(rented!);
        return result;
    }

    private void AddRefused(in RecordRules check, int index, in ScannedRecord record, long timestamp) =>
        (_refused ??= []).Add(check.Describe(index, record, timestamp));

    /// <summary>Writes the records into a new batch, with consecutive offsets and the target's codec.</summary>
    private ValidationResult Rewrite(
        RecordBatchView batch,
        ReadOnlySpan<byte> payload,
        CompressionCodec target,
        AppendRules rules,
        in AppendContext context)
    {
        RecordBatchOptions options = new()
        {
            Codec = target,
            CompressionLevel = rules.CompressionLevel,
            TimestampType = rules.TimestampType,
            LogAppendTimestamp = context.NowMs,
            Producer = batch.Producer,
            BaseSequence = batch.BaseSequence,
            IsTransactional = batch.IsTransactional,
            MaxBytes = int.MaxValue,
        };
        if (_builder is null) _builder = new RecordBatchBuilder(options, _codecs);
        else _builder.Reset(options);
        RecordParser.Context records = new(
            batch.BaseOffset, batch.BaseTimestamp, batch.TimestampType, batch.MaxTimestamp);
        for (int i = 0; i < batch.RecordCount; i++)
        {
            int n = RecordParser.TryParse(payload, records, out RecordView record);
            if (n == 0) return Refuse(RecordError.InvalidRecord, $"Record {i} of {batch.RecordCount} is malformed");
            if (!_builder.TryAppendCopy(_builder.NextOffset, record))
                return Refuse(RecordError.MessageTooLarge, "The decompressed batch is too large to be written again");
            payload = payload[n..];
        }

        return Accept(batch, rules, context, _builder.MaxTimestamp) with { Rewritten = _builder.Build() };
    }

    private static ValidationResult Accept(
        RecordBatchView batch, AppendRules rules, in AppendContext context, long maxTimestamp) => new()
        {
            RecordCount = batch.RecordCount,
            MaxTimestamp = rules.TimestampType == TimestampType.LogAppendTime ? context.NowMs : maxTimestamp,
        };

    private ValidationResult RefuseRecords()
    {
        List<RefusedRecord> refused = _refused!;
        _refused = null;
        bool isTime = refused.Exists(static r => r.Fault != RecordFault.KeyMissing);
        return new ValidationResult
        {
            Error = isTime ? RecordError.InvalidTimestamp : RecordError.InvalidRecord,
            Message = $"{refused.Count} of the records are not acceptable; the first one: {refused[0].Message}",
            RefusedRecords = refused,
        };
    }

    private static ValidationResult RefuseStream(ScanStatus status, int index, int count) => status switch
    {
        ScanStatus.StreamCorrupt => Refuse(
            RecordError.UnknownServerError, $"The compressed data is damaged at record {index} of {count}"),
        ScanStatus.TooLarge => Refuse(
            RecordError.InvalidRecord, $"The batch unfolds too far at record {index} of {count}"),
        _ => Refuse(RecordError.InvalidRecord, $"Record {index} of {count} in the compressed data is malformed"),
    };
}
