using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace Moldau.Records;

/// <summary>zstd in managed code: matches by hash chains, literals by Huffman, sequences by the predefined tables.
/// Frames carry their content size, and blocks that gain nothing are stored. Levels set how long a match is looked
/// for.
/// </summary>
internal sealed class ZstdEncoder : Encoder
{
    private const int HashBits = 16;
    private const int WindowLog = 20;
    private const int ChainMask = (1 << WindowLog) - 1;
    private const int SmallestMatch = 4;
    private const int LargestMatch = 65536;

    private static readonly FseEncodingTable LiteralLengths =
        new(ZstdTables.LiteralLengthDefault, ZstdTables.LiteralLengthDefaultLog);

    private static readonly FseEncodingTable MatchLengths =
        new(ZstdTables.MatchLengthDefault, ZstdTables.MatchLengthDefaultLog);

    private static readonly FseEncodingTable Offsets = new(ZstdTables.OffsetDefault, ZstdTables.OffsetDefaultLog);

    private readonly ZstdLiteralsEncoder _literalsEncoder = new();
    private readonly int[] _heads = new int[1 << HashBits];
    private readonly byte[] _literals = new byte[ZstdFormat.MaxBlockBytes];
    private readonly Sequence[] _sequences = new Sequence[ZstdFormat.MaxBlockBytes / SmallestMatch + 1];

    /// <summary>A block may grow before it is found to be too large: literals, and up to nine bytes for each
    /// sequence.</summary>
    private readonly byte[] _scratch = new byte[4 * ZstdFormat.MaxBlockBytes];
    private int[] _chain = [];
    private int _literalCount;
    private int _sequenceCount;
    private int _repeat;

    private readonly record struct Sequence(int Literals, int Match, int OffsetValue);

    public override int MaxEncodedBytes(int inputBytes) =>
        checked(inputBytes + 32 + (inputBytes / ZstdFormat.MaxBlockBytes + 1) * 3);

    public override int Encode(ReadOnlySpan<byte> input, Span<byte> output, int? level)
    {
        int depth = Math.Clamp((level ?? ZstdFormat.DefaultLevel) * 4, 1, 64);
        int chainLength = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(input.Length, 1024, ChainMask + 1));
        if (_chain.Length < chainLength) _chain = new int[chainLength];
        Array.Fill(_heads, -1);
        int to = WriteFrameHeader(input.Length, output);
        int from = 0;

        // A decoder begins with 1, 4 and 8 as its repeated offsets; only the first is used here.
        _repeat = 1;
        do
        {
            int n = Math.Min(input.Length - from, ZstdFormat.MaxBlockBytes);
            bool isLast = from + n == input.Length;
            int repeatBefore = _repeat;
            FindSequences(input, from, from + n, depth);
            int encoded = EncodeBlock(_scratch);
            int type = 2;
            if (encoded >= n)
            {
                _repeat = repeatBefore;
                type = 0;
                input.Slice(from, n).CopyTo(output[(to + 3)..]);
                encoded = n;
            }
            else
            {
                _scratch.AsSpan(0, encoded).CopyTo(output[(to + 3)..]);
            }

            int header = (isLast ? 1 : 0) | (type << 1) | (encoded << 3);
            output[to] = (byte)header;
            output[to + 1] = (byte)(header >> 8);
            output[to + 2] = (byte)(header >> 16);
            to += 3 + encoded;
            from += n;
        }
        while (from < input.Length);
        return to;
    }

    /// <summary>One segment: the window is the content.</summary>
    private static int WriteFrameHeader(int size, Span<byte> output)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(output, ZstdFormat.Magic);
        if (size <= 1 << WindowLog)
        {
            output[4] = 0xA0;
            BinaryPrimitives.WriteUInt32LittleEndian(output[5..], (uint)size);
            return 9;
        }

        output[4] = 0x80;
        output[5] = (WindowLog - 10) << 3;
        BinaryPrimitives.WriteUInt32LittleEndian(output[6..], (uint)size);
        return 10;
    }

    private void FindSequences(ReadOnlySpan<byte> input, int start, int end, int depth)
    {
        _literalCount = 0;
        _sequenceCount = 0;
        int literals = start;
        int i = start;
        int misses = 0;
        while (i + 8 <= end)
        {
            int length = FindMatch(input, i, end, depth, out int offset);
            if (length == 0)
            {
                Insert(input, i);
                i += 1 + (misses++ >> 7);
                continue;
            }

            misses = 0;
            AddSequence(input, literals, i, length, offset);
            int next = i + length;
            int step = length > 64 ? 4 : 1;
            for (; i < next && i + 4 <= input.Length; i += step) Insert(input, i);
            i = literals = next;
        }

        input[literals..end].CopyTo(_literals.AsSpan(_literalCount));
        _literalCount += end - literals;
    }

    private void AddSequence(ReadOnlySpan<byte> input, int literals, int at, int length, int offset)
    {
        int count = at - literals;
        input[literals..at].CopyTo(_literals.AsSpan(_literalCount));
        _literalCount += count;

        // Without literals the value 1 would name the second repeated offset, which is not kept here.
        int value = offset == _repeat && count > 0 ? 1 : offset + 3;
        _repeat = offset;
        _sequences[_sequenceCount++] = new Sequence(count, length, value);
    }

    private int FindMatch(ReadOnlySpan<byte> input, int at, int end, int depth, out int offset)
    {
        int longest = 0;
        offset = 0;
        int limit = Math.Min(end - at, LargestMatch);
        ReadOnlySpan<byte> ahead = input.Slice(at, limit);
        if (at >= _repeat)
        {
            int n = ahead.CommonPrefixLength(input[(at - _repeat)..]);
            if (n >= SmallestMatch)
            {
                longest = n;
                offset = _repeat;
            }
        }

        int lowest = Math.Max(0, at - Math.Min(_chain.Length, ChainMask) + 1);
        int candidate = _heads[Hash(input, at)];
        for (int tries = depth; tries > 0 && candidate >= lowest; tries--)
        {
            if (longest == 0 || (longest < limit && input[candidate + longest] == ahead[longest]))
            {
                int n = ahead.CommonPrefixLength(input[candidate..]);
                if (n > longest && n >= SmallestMatch)
                {
                    longest = n;
                    offset = at - candidate;
                }
            }

            int next = _chain[candidate & (_chain.Length - 1)];
            if (next >= candidate) break;
            candidate = next;
        }

        return longest;
    }

    private void Insert(ReadOnlySpan<byte> input, int at)
    {
        int slot = Hash(input, at);
        _chain[at & (_chain.Length - 1)] = _heads[slot];
        _heads[slot] = at;
    }

    private static int Hash(ReadOnlySpan<byte> input, int at) =>
        (int)(unchecked(BinaryPrimitives.ReadUInt32LittleEndian(input[at..]) * 2654435761) >> (32 - HashBits));

    private int EncodeBlock(Span<byte> output)
    {
        int at = _literalsEncoder.Encode(_literals.AsSpan(0, _literalCount), output);
        int count = _sequenceCount;
        if (count < 128)
        {
            output[at++] = (byte)count;
        }
        else if (count < 0x7F00)
        {
            output[at++] = (byte)((count >> 8) + 128);
            output[at++] = (byte)count;
        }
        else
        {
            output[at++] = 255;
            BinaryPrimitives.WriteUInt16LittleEndian(output[at..], (ushort)(count - 0x7F00));
            at += 2;
        }

        if (count == 0) return at;
        output[at++] = 0;
        return at + EncodeSequences(output[at..]);
    }

    /// <summary>The last sequence is written first, because the stream is read from its end.</summary>
    private int EncodeSequences(Span<byte> output)
    {
        ZstdBitWriter writer = new(output);
        Sequence last = _sequences[_sequenceCount - 1];
        int matchState = MatchLengths.Begin(MatchCode(last.Match));
        int offsetState = Offsets.Begin(BitOperations.Log2((uint)last.OffsetValue));
        int literalState = LiteralLengths.Begin(LiteralCode(last.Literals));
        WriteExtraBits(last, ref writer);
        for (int i = _sequenceCount - 2; i >= 0; i--)
        {
            Sequence sequence = _sequences[i];
            offsetState = Offsets.Encode(offsetState, BitOperations.Log2((uint)sequence.OffsetValue), ref writer);
            matchState = MatchLengths.Encode(matchState, MatchCode(sequence.Match), ref writer);
            literalState = LiteralLengths.Encode(literalState, LiteralCode(sequence.Literals), ref writer);
            WriteExtraBits(sequence, ref writer);
        }

        MatchLengths.End(matchState, ref writer);
        Offsets.End(offsetState, ref writer);
        LiteralLengths.End(literalState, ref writer);
        return writer.Close();
    }

    private static void WriteExtraBits(Sequence sequence, ref ZstdBitWriter writer)
    {
        int literalCode = LiteralCode(sequence.Literals);
        int matchCode = MatchCode(sequence.Match);
        int offsetCode = BitOperations.Log2((uint)sequence.OffsetValue);
        writer.Write(
            (uint)(sequence.Literals - ZstdTables.LiteralLengthBase[literalCode]),
            ZstdTables.LiteralLengthBits[literalCode]);
        writer.Write(
            (uint)(sequence.Match - ZstdTables.MatchLengthBase[matchCode]), ZstdTables.MatchLengthBits[matchCode]);
        writer.Write((uint)(sequence.OffsetValue - (1 << offsetCode)), offsetCode);
    }

    private static int LiteralCode(int length) => CodeOf(ZstdTables.LiteralLengthBase, length);

    private static int MatchCode(int length) => CodeOf(ZstdTables.MatchLengthBase, length);

    private static int CodeOf(ReadOnlySpan<int> bases, int length)
    {
        // The first sixteen codes of both tables are consecutive lengths.
        int code = length - bases[0];
        if (code < 16) return code;
        int index = bases.BinarySearch(length);
        return index >= 0 ? index : ~index - 1;
    }
}
