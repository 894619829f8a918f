using System.Buffers.Binary;

namespace Moldau.Records;

/// <summary>Decodes the compressed blocks of one frame: literals, sequences, and what a block inherits from the ones
/// before it (tables and repeated offsets).</summary>
internal sealed class ZstdBlockDecoder
{
    private readonly ZstdHuffman _huffman = new();
    private readonly FseTable _literalLengths = new(ZstdTables.LiteralLengthMaxLog);
    private readonly FseTable _matchLengths = new(ZstdTables.MatchLengthMaxLog);
    private readonly FseTable _offsets = new(ZstdTables.OffsetMaxLog);
    private readonly byte[] _literals = new byte[ZstdFormat.MaxBlockBytes];
    private int _literalCount;
    private uint _repeat1;
    private uint _repeat2;
    private uint _repeat3;

    public void BeginFrame()
    {
        _huffman.Clear();
        _literalLengths.Clear();
        _matchLengths.Clear();
        _offsets.Clear();
        _repeat1 = 1;
        _repeat2 = 4;
        _repeat3 = 8;
    }

    /// <summary>Decodes into the buffer from <paramref name="at"/> on, at most <paramref name="maxBytes"/>; what stands
    /// before is the window, of which matches may reach back so many bytes. The new end, or −1 where the block is
    /// damaged.</summary>
    public int Decode(ReadOnlySpan<byte> block, byte[] buffer, int at, int maxBytes, int reach)
    {
        int literalBytes = ReadLiterals(block, maxBytes);
        if (literalBytes == 0) return -1;
        block = block[literalBytes..];
        if (!TryReadSequenceCount(ref block, out int sequences)) return -1;
        int to = at;
        if (sequences == 0)
        {
            if (!block.IsEmpty || _literalCount > maxBytes) return -1;
            _literals.AsSpan(0, _literalCount).CopyTo(buffer.AsSpan(to));
            return to + _literalCount;
        }

        if (block.IsEmpty) return -1;
        byte modes = block[0];
        if ((modes & 3) != 0) return -1;
        block = block[1..];
        return TryReadTable(
                _literalLengths, modes >> 6, ref block, ZstdTables.LiteralLengthMaxLog, ZstdTables.LiteralLengthCodes,
                ZstdTables.LiteralLengthDefault, ZstdTables.LiteralLengthDefaultLog)
            && TryReadTable(
                _offsets, (modes >> 4) & 3, ref block, ZstdTables.OffsetMaxLog, ZstdTables.OffsetCodes,
                ZstdTables.OffsetDefault, ZstdTables.OffsetDefaultLog)
            && TryReadTable(
                _matchLengths, (modes >> 2) & 3, ref block, ZstdTables.MatchLengthMaxLog, ZstdTables.MatchLengthCodes,
                ZstdTables.MatchLengthDefault, ZstdTables.MatchLengthDefaultLog)
            ? Execute(block, sequences, buffer.AsSpan(0, at + maxBytes), to, reach)
            : -1;
    }

    private int Execute(ReadOnlySpan<byte> bits, int sequences, Span<byte> buffer, int to, int reach)
    {
        if (!ZstdBitReader.TryOpen(bits, out ZstdBitReader reader)) return -1;
        int windowStart = to - reach;
        int literal = 0;
        uint literalState = reader.Read(_literalLengths.Log);
        uint offsetState = reader.Read(_offsets.Log);
        uint matchState = reader.Read(_matchLengths.Log);
        for (int i = 0; i < sequences; i++)
        {
            int offsetCode = _offsets.Symbol(offsetState);
            int matchCode = _matchLengths.Symbol(matchState);
            int literalCode = _literalLengths.Symbol(literalState);
            uint offsetValue = (uint)((1UL << offsetCode) + reader.Read(offsetCode));
            int match = ZstdTables.MatchLengthBase[matchCode] + (int)reader.Read(ZstdTables.MatchLengthBits[matchCode]);
            int length = ZstdTables.LiteralLengthBase[literalCode]
                + (int)reader.Read(ZstdTables.LiteralLengthBits[literalCode]);
            if (i + 1 < sequences)
            {
                literalState = _literalLengths.Next(literalState) + reader.Read(_literalLengths.Bits(literalState));
                matchState = _matchLengths.Next(matchState) + reader.Read(_matchLengths.Bits(matchState));
                offsetState = _offsets.Next(offsetState) + reader.Read(_offsets.Bits(offsetState));
            }

            if (reader.BitsLeft < 0) return -1;
            uint offset = TakeOffset(offsetValue, length == 0);
            if (length > _literalCount - literal || (long)length + match > buffer.Length - to) return -1;
            MatchCopy.CopyLiterals(_literals, literal, buffer, to, length);
            literal += length;
            to += length;
            if (offset == 0 || offset > to - windowStart) return -1;
            MatchCopy.Copy(buffer, to, (int)offset, match);
            to += match;
        }

        int rest = _literalCount - literal;
        if (reader.BitsLeft != 0 || rest > buffer.Length - to) return -1;
        _literals.AsSpan(literal, rest).CopyTo(buffer[to..]);
        return to + rest;
    }

    /// <summary>The values 1 to 3 name one of the last three offsets, shifted by one where there are no
    /// literals.</summary>
    private uint TakeOffset(uint value, bool isWithoutLiterals)
    {
        uint offset;
        if (value > 3)
        {
            offset = value - 3;
        }
        else
        {
            uint index = value - 1 + (isWithoutLiterals ? 1u : 0u);
            if (index == 0) return _repeat1;
            offset = index switch
            {
                1 => _repeat2,
                2 => _repeat3,
                _ => _repeat1 - 1,
            };
            if (index == 1)
            {
                _repeat2 = _repeat1;
                _repeat1 = offset;
                return offset;
            }
        }

        _repeat3 = _repeat2;
        _repeat2 = _repeat1;
        _repeat1 = offset;
        return offset;
    }

    /// <summary>Bytes of the section, or 0 where it is damaged.</summary>
    private int ReadLiterals(ReadOnlySpan<byte> block, int maxBytes)
    {
        if (block.IsEmpty) return 0;
        int type = block[0] & 3;
        int format = (block[0] >> 2) & 3;
        if (type >= 2) return ReadCompressedLiterals(block, type, format, maxBytes);
        int headerBytes = format switch
        {
            1 => 2,
            3 => 3,
            _ => 1,
        };
        if (block.Length < headerBytes) return 0;
        int size = headerBytes switch
        {
            1 => block[0] >> 3,
            2 => (block[0] >> 4) | (block[1] << 4),
            _ => (block[0] >> 4) | (block[1] << 4) | (block[2] << 12),
        };
        if (size > maxBytes) return 0;
        int stored = type == 0 ? size : 1;
        if (block.Length - headerBytes < stored) return 0;
        _literalCount = size;
        if (type == 0) block.Slice(headerBytes, size).CopyTo(_literals);
        else _literals.AsSpan(0, size).Fill(block[headerBytes]);
        return headerBytes + stored;
    }

    private int ReadCompressedLiterals(ReadOnlySpan<byte> block, int type, int format, int maxBytes)
    {
        int headerBytes = format < 2 ? 3 : format + 2;
        int sizeBits = format switch
        {
            2 => 14,
            3 => 18,
            _ => 10,
        };
        if (block.Length < headerBytes) return 0;
        ulong header = 0;
        for (int i = 0; i < headerBytes; i++) header |= (ulong)block[i] << (8 * i);
        int mask = (1 << sizeBits) - 1;
        int size = (int)(header >> 4) & mask;
        int stored = (int)(header >> (4 + sizeBits)) & mask;
        if (size > maxBytes || stored > block.Length - headerBytes) return 0;
        ReadOnlySpan<byte> source = block.Slice(headerBytes, stored);
        if (type == 2)
        {
            int treeBytes = _huffman.Read(source);
            if (treeBytes == 0) return 0;
            source = source[treeBytes..];
        }
        else if (!_huffman.IsSet)
        {
            return 0;
        }

        _literalCount = size;
        Span<byte> target = _literals.AsSpan(0, size);
        bool isDecoded = format == 0 ? _huffman.TryDecode(source, target) : _huffman.TryDecodeFour(source, target);
        return isDecoded ? headerBytes + stored : 0;
    }

    private static bool TryReadSequenceCount(ref ReadOnlySpan<byte> block, out int count)
    {
        count = 0;
        if (block.IsEmpty) return false;
        int first = block[0];
        int bytes = first switch
        {
            < 128 => 1,
            < 255 => 2,
            _ => 3,
        };
        if (block.Length < bytes) return false;
        count = bytes switch
        {
            1 => first,
            2 => ((first - 128) << 8) + block[1],
            _ => BinaryPrimitives.ReadUInt16LittleEndian(block[1..]) + 0x7F00,
        };
        block = block[bytes..];
        return true;
    }

    private static bool TryReadTable(
        FseTable table,
        int mode,
        ref ReadOnlySpan<byte> block,
        int maxLog,
        int codes,
        ReadOnlySpan<short> defaultCounts,
        int defaultLog)
    {
        switch (mode)
        {
            case 0:
                return table.TryBuild(defaultCounts, defaultLog);
            case 1:
                if (block.IsEmpty || block[0] >= codes) return false;
                table.SetSingle(block[0]);
                block = block[1..];
                return true;
            case 2:
                int bytes = table.Read(block, maxLog, codes);
                block = block[bytes..];
                return bytes > 0;
            default:
                return table.IsSet;
        }
    }
}
