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
        RecordEnumerator records = batch.ReadRecords(_codecs);
        while (records.MoveNext())
        {
            RecordView record = records.Current;
            CheckRecord(batch, rules, context, index, record.Offset, record.Timestamp, !record.IsKeyNull);
            maxTimestamp = Math.Max(maxTimestamp, record.Timestamp);
            isInPlace &= batch.IsControl || record.Offset - batch.BaseOffset == index;
            index++;
        }

        if (records.Status != RecordReadStatus.Ok)
            return Refuse(RecordError.InvalidRecord, $"Record {index} of {batch.RecordCount} is malformed");
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
        bool isBrokersTime = batch.TimestampType == TimestampType.LogAppendTime;
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
            long timestamp = isBrokersTime
                ? batch.MaxTimestamp
                : unchecked(batch.BaseTimestamp + record.TimestampDelta);
            long offset = unchecked(batch.BaseOffset + record.OffsetDelta);
            CheckRecord(batch, rules, context, index, offset, timestamp, record.HasKey);
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

    private void CheckRecord(
        RecordBatchView batch,
        AppendRules rules,
        in AppendContext context,
        int index,
        long offset,
        long timestamp,
        bool hasKey)
    {
        if (rules.IsCompacted && !hasKey)
        {
            (_refused ??= []).Add(new RefusedRecord(index, RecordFault.KeyMissing, offset, timestamp, 0, 0));
            return;
        }

        if (rules.TimestampType == TimestampType.CreateTime && timestamp != RecordBatchLayout.NoTimestamp)
        {
            long age = unchecked(context.NowMs - timestamp);
            if (age <= rules.TimestampBeforeMaxMs && unchecked(-age) <= rules.TimestampAfterMaxMs) return;
            (_refused ??= []).Add(new RefusedRecord(
                index,
                RecordFault.TimestampOutOfRange,
                offset,
                timestamp,
                unchecked(context.NowMs - rules.TimestampBeforeMaxMs),
                unchecked(context.NowMs + rules.TimestampAfterMaxMs)));
        }
        else if (batch.TimestampType == TimestampType.LogAppendTime)
        {
            (_refused ??= []).Add(
                new RefusedRecord(index, RecordFault.TimestampTypeNotAllowed, offset, timestamp, 0, 0));
        }
    }

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
