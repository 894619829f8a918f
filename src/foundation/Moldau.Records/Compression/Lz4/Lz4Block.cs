using System.Buffers.Binary;

namespace Moldau.Records;

/// <summary>The lz4 block format: tokens of literals and matches, offsets up to 65535.</summary>
public static class Lz4Block
{
    public const int TableLength = 1 << HashBits;
    private const int HashBits = 14;
    private const int MinimumMatch = 4;

    /// <summary>The format wants the last five bytes as literals, and no match to start in the last twelve.</summary>
    private const int LastLiterals = 5;
    private const int MatchLimit = 12;
    private const int MaxOffset = 65535;

    /// <summary>An offset, a token and the last literals.</summary>
    private const int LeastBehindLiterals = 2 + 1 + LastLiterals;

    public static int MaxEncodedBytes(int inputBytes) => checked(inputBytes + inputBytes / 255 + 16);

    /// <summary>Bytes written, or −1 where the block is damaged, does not fit, or does not end as the format asks.</summary>
    /// <remarks>A block ends in a sequence without a match, whose literals are the last five bytes at least; the last match
    /// begins twelve bytes before the end at the latest. liblz4 asks this wherever it copies with care, and lets pass a sequence
    /// of fewer than 15 literals with room around it (<see cref="IsRoomy"/>). What it refuses is refused here, so that a batch is
    /// valid at all nodes or at none. One thing more is refused here: an offset of zero, which the format calls a damaged block and
    /// liblz4 fills with zeros or with what stood in the output before.</remarks>
    public static int Decode(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (destination.IsEmpty) return source is [0] ? 0 : -1;
        int from = 0;
        int to = 0;
        while (from < source.Length)
        {
            int token = source[from++];
            int length = token >> 4;
            if (length == 15 && !TryReadLength(source, source.Length, ref from, ref length)) return -1;
            if (length > source.Length - from || length > destination.Length - to) return -1;
            bool isRoomy = IsRoomy(length, source.Length - from, destination.Length - to);
            MatchCopy.CopyLiterals(source, from, destination, to, length);
            from += length;
            to += length;
            if (from == source.Length) return to;
            bool isNearEnd = source.Length - from < LeastBehindLiterals || destination.Length - to < MatchLimit;
            if (isNearEnd && !isRoomy) return -1;
            int offset = BinaryPrimitives.ReadUInt16LittleEndian(source[from..]);
            from += 2;
            length = token & 15;
            bool isLong = length == 15;
            if (isLong && !TryReadLength(source, source.Length - LastLiterals + 1, ref from, ref length)) return -1;
            length += MinimumMatch;
            if (offset == 0 || offset > to) return -1;
            // Short matches of a roomy sequence are copied before liblz4 asks where they end, unless they overlap.
            int end = isRoomy && !isLong && offset >= 8 ? destination.Length : destination.Length - LastLiterals;
            if (length > end - to) return -1;
            MatchCopy.Copy(destination, to, offset, length);
            to += length;
        }

        return -1;
    }

    /// <summary>Whether liblz4 copies a sequence's literals 16 bytes at once without a look at the end.</summary>
    private static bool IsRoomy(int literals, int inputLeft, int outputLeft) => literals < 15 && inputLeft >= 17 && outputLeft >= 32;

    /// <summary>Encodes up to 64 KiB. The table has <see cref="TableLength"/> entries; the destination is as large as
    /// <see cref="MaxEncodedBytes"/> says.</summary>
    public static int Encode(ReadOnlySpan<byte> source, Span<byte> destination, Span<ushort> table)
    {
        Base.Verify.That(source.Length <= MaxOffset + 1);
        table.Clear();
        int to = 0;
        int literals = 0;
        int i = 1;
        int attempts = 64;
        int limit = source.Length - MatchLimit;
        while (i < limit)
        {
            uint word = BinaryPrimitives.ReadUInt32LittleEndian(source[i..]);
            int slot = (int)(unchecked(word * 2654435761) >> (32 - HashBits));
            int candidate = table[slot];
            table[slot] = (ushort)i;
            if (candidate >= i || BinaryPrimitives.ReadUInt32LittleEndian(source[candidate..]) != word)
            {
                i += attempts++ >> 6;
                continue;
            }

            attempts = 64;
            while (i > literals && candidate > 0 && source[i - 1] == source[candidate - 1])
            {
                i--;
                candidate--;
            }

            ReadOnlySpan<byte> ahead = source[(i + MinimumMatch)..^LastLiterals];
            int length = MinimumMatch + ahead.CommonPrefixLength(source[(candidate + MinimumMatch)..]);
            to = WriteSequence(source[literals..i], i - candidate, length, destination, to);
            i += length;
            literals = i;
            if (i < limit) table[Slot(source, i - 2)] = (ushort)(i - 2);
        }

        return WriteLast(source[literals..], destination, to);
    }

    private static int Slot(ReadOnlySpan<byte> source, int at) =>
        (int)(unchecked(BinaryPrimitives.ReadUInt32LittleEndian(source[at..]) * 2654435761) >> (32 - HashBits));

    private static int WriteSequence(
        ReadOnlySpan<byte> literals, int offset, int length, Span<byte> destination, int to)
    {
        int token = to++;
        int matchCode = length - MinimumMatch;
        destination[token] = (byte)((Math.Min(literals.Length, 15) << 4) | Math.Min(matchCode, 15));
        to = WriteLength(literals.Length, destination, to);
        literals.CopyTo(destination[to..]);
        to += literals.Length;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[to..], (ushort)offset);
        return WriteLength(matchCode, destination, to + 2);
    }

    private static int WriteLast(ReadOnlySpan<byte> literals, Span<byte> destination, int to)
    {
        destination[to++] = (byte)(Math.Min(literals.Length, 15) << 4);
        to = WriteLength(literals.Length, destination, to);
        literals.CopyTo(destination[to..]);
        return to + literals.Length;
    }

    private static int WriteLength(int length, Span<byte> destination, int to)
    {
        if (length < 15) return to;
        for (length -= 15; length >= 255; length -= 255) destination[to++] = 255;
        destination[to++] = (byte)length;
        return to;
    }

    /// <summary>False where the length goes on behind <paramref name="limit"/>.</summary>
    private static bool TryReadLength(ReadOnlySpan<byte> source, int limit, ref int from, ref int length)
    {
        while (from < limit)
        {
            byte b = source[from++];
            length += b;
            if (b != 255) return true;
        }

        return false;
    }
}
