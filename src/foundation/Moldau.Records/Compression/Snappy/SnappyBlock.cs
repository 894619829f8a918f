using System.Buffers.Binary;
using System.Numerics;

namespace Moldau.Records;

/// <summary>The raw snappy format: a varint with the uncompressed length, then literals and copies.</summary>
public static class SnappyBlock
{
    /// <summary>Offsets of this encoder reach back at most so far: it works on fragments of this size.</summary>
    private const int FragmentBytes = 1 << 16;
    private const int HashBits = 14;
    private const int MinimumMatch = 4;

    /// <summary>A three-byte copy yields 64 bytes: no input unfolds further.</summary>
    private const int LargestRatio = 22;

    public static int MaxEncodedBytes(int inputBytes) => checked(32 + inputBytes + inputBytes / 6);

    /// <summary>The declared length, where it is one that so many bytes can unfold to.</summary>
    public static bool TryReadLength(ReadOnlySpan<byte> source, out int length, out int prefixBytes)
    {
        prefixBytes = Base.Varint.ReadUnsigned(source, out uint value);
        length = (int)Math.Min(value, int.MaxValue);
        return prefixBytes > 0 && value <= (long)source.Length * LargestRatio;
    }

    /// <summary>Decodes a whole block; the destination is exactly as long as the declared length.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> source, int prefixBytes, Span<byte> destination)
    {
        int from = prefixBytes;
        int to = 0;
        while (from < source.Length)
        {
            byte tag = source[from++];
            int length;
            int offset;
            switch (tag & 3)
            {
                case 0:
                    if (!TryReadLiteralLength(source, ref from, tag >> 2, out length)) return false;
                    if (length > source.Length - from || length > destination.Length - to) return false;
                    MatchCopy.CopyLiterals(source, from, destination, to, length);
                    from += length;
                    to += length;
                    continue;
                case 1:
                    if (from >= source.Length) return false;
                    length = 4 + ((tag >> 2) & 7);
                    offset = ((tag & 0xE0) << 3) | source[from++];
                    break;
                case 2:
                    if (source.Length - from < 2) return false;
                    length = (tag >> 2) + 1;
                    offset = BinaryPrimitives.ReadUInt16LittleEndian(source[from..]);
                    from += 2;
                    break;
                default:
                    if (source.Length - from < 4) return false;
                    length = (tag >> 2) + 1;
                    uint wide = BinaryPrimitives.ReadUInt32LittleEndian(source[from..]);
                    if (wide > int.MaxValue) return false;
                    offset = (int)wide;
                    from += 4;
                    break;
            }

            if (offset == 0 || offset > to || length > destination.Length - to) return false;
            MatchCopy.Copy(destination, to, offset, length);
            to += length;
        }

        return to == destination.Length;
    }

    /// <summary>Encodes a whole block; the table has <see cref="TableLength"/> entries.</summary>
    public static int Encode(ReadOnlySpan<byte> source, Span<byte> destination, Span<ushort> table)
    {
        int at = Base.Varint.WriteUnsigned(destination, (uint)source.Length);
        while (!source.IsEmpty)
        {
            int n = Math.Min(source.Length, FragmentBytes);
            table.Clear();
            at += EncodeFragment(source[..n], destination[at..], table);
            source = source[n..];
        }

        return at;
    }

    public const int TableLength = 1 << HashBits;

    private static int EncodeFragment(ReadOnlySpan<byte> source, Span<byte> destination, Span<ushort> table)
    {
        int to = 0;
        int literals = 0;
        int i = 1;
        int skip = 32;
        while (i + MinimumMatch <= source.Length)
        {
            uint word = BinaryPrimitives.ReadUInt32LittleEndian(source[i..]);
            int slot = (int)((word * 0x1E35A7BD) >> (32 - HashBits));
            int candidate = table[slot];
            table[slot] = (ushort)i;
            if (candidate >= i || BinaryPrimitives.ReadUInt32LittleEndian(source[candidate..]) != word)
            {
                // Data without matches is stepped over faster and faster.
                i += skip++ >> 5;
                continue;
            }

            int length = source[i..].CommonPrefixLength(source[candidate..]);
            to += WriteLiteral(source[literals..i], destination[to..]);
            to += WriteCopy(i - candidate, length, destination[to..]);
            i += length;
            literals = i;
            skip = 32;
        }

        return to + WriteLiteral(source[literals..], destination[to..]);
    }

    private static int WriteLiteral(ReadOnlySpan<byte> literal, Span<byte> destination)
    {
        if (literal.IsEmpty) return 0;
        uint n = (uint)literal.Length - 1;
        int header;
        if (n < 60)
        {
            destination[0] = (byte)(n << 2);
            header = 1;
        }
        else
        {
            int bytes = (BitOperations.Log2(n) >> 3) + 1;
            destination[0] = (byte)((59 + bytes) << 2);
            for (int k = 0; k < bytes; k++) destination[1 + k] = (byte)(n >> (8 * k));
            header = 1 + bytes;
        }

        literal.CopyTo(destination[header..]);
        return header + literal.Length;
    }

    private static int WriteCopy(int offset, int length, Span<byte> destination)
    {
        int to = 0;
        while (length > 0)
        {
            // A rest of one to three bytes could not be a short copy; any length can be a long one.
            int n = Math.Min(length, 64);
            if (n is >= 4 and <= 11 && offset < 2048)
            {
                destination[to++] = (byte)(((offset >> 8) << 5) | ((n - 4) << 2) | 1);
                destination[to++] = (byte)offset;
            }
            else
            {
                destination[to++] = (byte)(((n - 1) << 2) | 2);
                destination[to++] = (byte)offset;
                destination[to++] = (byte)(offset >> 8);
            }

            length -= n;
        }

        return to;
    }

    private static bool TryReadLiteralLength(ReadOnlySpan<byte> source, ref int from, int code, out int length)
    {
        length = code + 1;
        if (code < 60) return true;
        int bytes = code - 59;
        if (source.Length - from < bytes) return false;
        uint value = 0;
        for (int k = 0; k < bytes; k++) value |= (uint)source[from + k] << (8 * k);
        from += bytes;
        length = (int)value + 1;
        return value < int.MaxValue;
    }
}
