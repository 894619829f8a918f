namespace Moldau.Records;

/// <summary>Parses one record of a v2 batch: length, attributes, timestamp and offset deltas, key, value, headers.
/// Every length is checked against what is there before it is used.</summary>
internal static class RecordParser
{
    /// <summary>What the batch adds to the deltas of its records.</summary>
    internal readonly record struct Context(
        long BaseOffset, long BaseTimestamp, TimestampType TimestampType, long LogAppendTimestamp);

    /// <summary>Bytes consumed, or 0 where the bytes are no record.</summary>
    public static int TryParse(ReadOnlySpan<byte> source, scoped in Context context, out RecordView record)
    {
        record = default;
        int lengthBytes = RecordVarint.Read(source, out int length);
        if (lengthBytes == 0 || length < 0 || length > source.Length - lengthBytes) return 0;
        ReadOnlySpan<byte> body = source.Slice(lengthBytes, length);
        if (body.IsEmpty) return 0;
        int at = 1;
        if (!TryRead64(body, ref at, out long timestampDelta)) return 0;
        if (!TryRead(body, ref at, out int offsetDelta)) return 0;
        if (!TryTake(body, ref at, out ReadOnlySpan<byte> key, out bool isKeyNull)) return 0;
        if (!TryTake(body, ref at, out ReadOnlySpan<byte> value, out bool isValueNull)) return 0;
        if (!TryRead(body, ref at, out int headerCount)) return 0;
        if (headerCount < 0 || headerCount > body.Length - at) return 0;
        ReadOnlySpan<byte> headers = body[at..];
        if (!AreHeadersValid(headers, headerCount)) return 0;
        long timestamp = context.TimestampType == TimestampType.LogAppendTime
            ? context.LogAppendTimestamp
            : unchecked(context.BaseTimestamp + timestampDelta);
        record = new RecordView(
            unchecked(context.BaseOffset + offsetDelta), timestamp, context.TimestampType, key, isKeyNull, value,
            isValueNull, headerCount, headers, lengthBytes + length);
        return lengthBytes + length;
    }

    /// <summary>What validation wants to know of a record, by the same rules as <see cref="TryParse"/> and without its
    /// slices. Bytes consumed, or 0.</summary>
    public static int TryScan(ReadOnlySpan<byte> source, out ScannedRecord record)
    {
        record = default;
        int lengthBytes = RecordVarint.Read(source, out int length);
        if (lengthBytes == 0 || length <= 0 || length > source.Length - lengthBytes) return 0;
        ReadOnlySpan<byte> body = source.Slice(lengthBytes, length);
        int at = 1;
        if (!TryRead64(body, ref at, out long timestampDelta)) return 0;
        if (!TryRead(body, ref at, out int offsetDelta)) return 0;
        if (!TrySkip(body, ref at, out bool hasKey)) return 0;
        if (!TrySkip(body, ref at, out _)) return 0;
        if (!TryRead(body, ref at, out int headerCount)) return 0;
        if (headerCount < 0 || headerCount > body.Length - at) return 0;
        if (headerCount == 0 ? at != body.Length : !AreHeadersValid(body[at..], headerCount)) return 0;
        record = new ScannedRecord(timestampDelta, offsetDelta, hasKey, lengthBytes + length);
        return lengthBytes + length;
    }

    private static bool TrySkip(ReadOnlySpan<byte> source, ref int at, out bool isPresent)
    {
        isPresent = false;
        if (!TryRead(source, ref at, out int length)) return false;
        if (length < 0) return true;
        isPresent = true;
        if (length > source.Length - at) return false;
        at += length;
        return true;
    }

    /// <summary>The headers must fill the rest of the record exactly. A header's key may not be null, its value
    /// may.</summary>
    private static bool AreHeadersValid(ReadOnlySpan<byte> headers, int count)
    {
        int at = 0;
        for (int i = 0; i < count; i++)
        {
            if (!TryTake(headers, ref at, out _, out bool isKeyNull) || isKeyNull) return false;
            if (!TryTake(headers, ref at, out _, out _)) return false;
        }

        return at == headers.Length;
    }

    private static bool TryRead(ReadOnlySpan<byte> source, scoped ref int at, out int value)
    {
        int n = RecordVarint.Read(source[at..], out value);
        at += n;
        return n > 0;
    }

    private static bool TryRead64(ReadOnlySpan<byte> source, scoped ref int at, out long value)
    {
        int n = RecordVarint.Read64(source[at..], out value);
        at += n;
        return n > 0;
    }

    private static bool TryTake(
        ReadOnlySpan<byte> source, scoped ref int at, out ReadOnlySpan<byte> bytes, out bool isNull)
    {
        bytes = default;
        isNull = true;
        if (!TryRead(source, ref at, out int length)) return false;
        if (length < 0) return true;
        isNull = false;
        if (length > source.Length - at) return false;
        bytes = source.Slice(at, length);
        at += length;
        return true;
    }
}
