namespace Moldau.Records;

/// <summary>Variable-length integers as Kafka's record parser reads them. It is more lenient than the protocol's
/// reader: bits of the last byte that do not fit the type are dropped, so an append accepts exactly what Kafka does.
/// Readers return the bytes consumed, or 0 where the input is truncated or overlong.</summary>
internal static class RecordVarint
{
    public static int Read(ReadOnlySpan<byte> source, out int value)
    {
        // Most lengths of records fit one or two bytes.
        if (source.Length >= 2)
        {
            int first = source[0];
            if (first < 0x80)
            {
                value = (first >> 1) ^ -(first & 1);
                return 1;
            }

            int second = source[1];
            if (second < 0x80)
            {
                int both = (first & 0x7F) | (second << 7);
                value = (both >> 1) ^ -(both & 1);
                return 2;
            }
        }

        return ReadLong(source, out value);
    }

    private static int ReadLong(ReadOnlySpan<byte> source, out int value)
    {
        uint raw = 0;
        value = 0;
        for (int i = 0; i < 5 && i < source.Length; i++)
        {
            byte b = source[i];
            raw |= (uint)(b & 0x7F) << (7 * i);
            if (b >= 0x80) continue;
            value = (int)(raw >> 1) ^ -(int)(raw & 1);
            return i + 1;
        }

        return 0;
    }

    public static int Read64(ReadOnlySpan<byte> source, out long value)
    {
        ulong raw = 0;
        value = 0;
        for (int i = 0; i < 10 && i < source.Length; i++)
        {
            byte b = source[i];
            raw |= (ulong)(b & 0x7F) << (7 * i);
            if (b >= 0x80) continue;
            value = (long)(raw >> 1) ^ -(long)(raw & 1);
            return i + 1;
        }

        return 0;
    }
}
