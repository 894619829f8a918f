namespace Moldau.Base;

/// <summary>Variable-length integers of the Kafka protocol: unsigned LEB128, and zig-zag on top for signed ones.
/// Readers return the bytes consumed, or 0 where the input is truncated or longer than the type allows.</summary>
public static class Varint
{
    public const int MaxBytes32 = 5;
    public const int MaxBytes64 = 10;

    public static int ReadUnsigned(ReadOnlySpan<byte> source, out uint value)
    {
        value = 0;
        for (int i = 0; i < MaxBytes32 && i < source.Length; i++)
        {
            byte b = source[i];
            // The fifth byte has room for four bits. Kafka's reader drops the others and refuses only a sixth byte; no
            // writer sets them, so here they are refused as well.
            if (i == MaxBytes32 - 1 && (b & 0xF0) != 0) return 0;
            value |= (uint)(b & 0x7F) << (7 * i);
            if (b < 0x80) return i + 1;
        }

        return 0;
    }

    public static int ReadUnsigned64(ReadOnlySpan<byte> source, out ulong value)
    {
        value = 0;
        for (int i = 0; i < MaxBytes64 && i < source.Length; i++)
        {
            byte b = source[i];
            if (i == MaxBytes64 - 1 && b > 1) return 0;
            value |= (ulong)(b & 0x7F) << (7 * i);
            if (b < 0x80) return i + 1;
        }

        return 0;
    }

    public static int Read(ReadOnlySpan<byte> source, out int value)
    {
        int n = ReadUnsigned(source, out uint raw);
        value = (int)(raw >> 1) ^ -(int)(raw & 1);
        return n;
    }

    public static int Read64(ReadOnlySpan<byte> source, out long value)
    {
        int n = ReadUnsigned64(source, out ulong raw);
        value = (long)(raw >> 1) ^ -(long)(raw & 1);
        return n;
    }

    public static int WriteUnsigned(Span<byte> destination, uint value)
    {
        int i = 0;
        for (; value >= 0x80; value >>= 7) destination[i++] = (byte)(value | 0x80);
        destination[i++] = (byte)value;
        return i;
    }

    public static int WriteUnsigned64(Span<byte> destination, ulong value)
    {
        int i = 0;
        for (; value >= 0x80; value >>= 7) destination[i++] = (byte)(value | 0x80);
        destination[i++] = (byte)value;
        return i;
    }

    public static int Write(Span<byte> destination, int value) => WriteUnsigned(destination, ZigZag(value));

    public static int Write64(Span<byte> destination, long value) => WriteUnsigned64(destination, ZigZag64(value));

    public static int SizeOfUnsigned(uint value) => value == 0 ? 1 : (38 - int.CreateTruncating(uint.LeadingZeroCount(value))) / 7;

    public static int SizeOfUnsigned64(ulong value) =>
        value == 0 ? 1 : (70 - int.CreateTruncating(ulong.LeadingZeroCount(value))) / 7;

    public static int SizeOf(int value) => SizeOfUnsigned(ZigZag(value));

    public static int SizeOf64(long value) => SizeOfUnsigned64(ZigZag64(value));

    private static uint ZigZag(int value) => (uint)((value << 1) ^ (value >> 31));

    private static ulong ZigZag64(long value) => (ulong)((value << 1) ^ (value >> 63));
}
