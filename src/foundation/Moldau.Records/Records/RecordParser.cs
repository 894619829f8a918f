using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

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

    /// <summary>What validation wants to know of the record at a position, by the same rules as <see cref="TryParse"/>
    /// and without slices: this is the one loop of the node that runs for each record. Bytes consumed, or 0.</summary>
    public static int TryScan(ReadOnlySpan<byte> source, int start, out ScannedRecord record)
    {
        record = default;
        ref byte bytes = ref MemoryMarshal.GetReference(source);
        int at = start;
        if (!TryReadAt(ref bytes, ref at, source.Length, out int length)) return 0;
        if (length <= 0 || length > source.Length - at) return 0;
        int end = at + length;
        at++; // the attributes, of which no bit has a meaning
        if (!TryReadAt(ref bytes, ref at, end, out long timestampDelta)) return 0;
        if (!TryReadAt(ref bytes, ref at, end, out int offsetDelta)) return 0;
        if (!TryReadAt(ref bytes, ref at, end, out int keyLength) || keyLength > end - at) return 0;
        at += Math.Max(keyLength, 0);
        if (!TryReadAt(ref bytes, ref at, end, out int valueLength) || valueLength > end - at) return 0;
        at += Math.Max(valueLength, 0);
        if (!TryReadAt(ref bytes, ref at, end, out int headerCount) || headerCount < 0 || headerCount > end - at) return 0;
        if (headerCount == 0 ? at != end : !AreHeadersValid(source[at..end], headerCount)) return 0;
        record = new ScannedRecord(timestampDelta, offsetDelta, keyLength >= 0, end - start);
        return end - start;
    }

    /// <summary>The one or two bytes of nearly all lengths inline, the rest by <see cref="RecordVarint"/>. The caller has
    /// made sure that <paramref name="end"/> is within the bytes and not before the position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryReadAt(ref byte bytes, ref int at, int end, out int value)
    {
        if (end - at >= 2)
        {
            int first = Unsafe.Add(ref bytes, at);
            int second = Unsafe.Add(ref bytes, at + 1);
            if (first < 0x80)
            {
                value = (first >> 1) ^ -(first & 1);
                at++;
                return true;
            }

            if (second < 0x80)
            {
                int both = (first & 0x7F) | (second << 7);
                value = (both >> 1) ^ -(both & 1);
                at += 2;
                return true;
            }
        }

        return TryReadLongAt(ref bytes, ref at, end, out value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryReadAt(ref byte bytes, ref int at, int end, out long value)
    {
        if (at < end && Unsafe.Add(ref bytes, at) < 0x80)
        {
            int first = Unsafe.Add(ref bytes, at++);
            value = (first >> 1) ^ -(first & 1);
            return true;
        }

        return TryReadLongAt(ref bytes, ref at, end, out value);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryReadLongAt(ref byte bytes, ref int at, int end, out int value)
    {
        int n = RecordVarint.Read(MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref bytes, at), end - at), out value);
        at += n;
        return n > 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryReadLongAt(ref byte bytes, ref int at, int end, out long value)
    {
        int n = RecordVarint.Read64(MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref bytes, at), end - at), out value);
        at += n;
        return n > 0;
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
