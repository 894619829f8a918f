using System.Buffers.Binary;
using System.Numerics;

namespace Moldau.Records;

/// <summary>Writes the literals section of a zstd block: raw, one repeated byte, or Huffman coded. The tree is written
/// with plain weights, which the format allows for symbols up to 128: text and most structured data.</summary>
internal sealed class ZstdLiteralsEncoder
{
    private const int LargestDirectSymbol = 128;
    private const int SmallestCompressed = 64;

    private readonly int[] _counts = new int[256];
    private readonly byte[] _lengths = new byte[256];
    private readonly ushort[] _codes = new ushort[256];
    private readonly int[] _parents = new int[512];
    private readonly int[] _nodeCounts = new int[512];

    public int Encode(ReadOnlySpan<byte> literals, Span<byte> destination)
    {
        if (literals.Length >= SmallestCompressed)
        {
            Array.Clear(_counts);
            foreach (byte b in literals) _counts[b]++;
            int largest = 255;
            while (_counts[largest] == 0) largest--;
            if (_counts[largest] == literals.Length) return WriteRle(literals, destination);
            if (largest <= LargestDirectSymbol)
            {
                int n = EncodeHuffman(literals, largest, destination);
                if (n < literals.Length) return n;
            }
        }

        int header = WriteHeader(0, literals.Length, destination);
        literals.CopyTo(destination[header..]);
        return header + literals.Length;
    }

    private static int WriteRle(ReadOnlySpan<byte> literals, Span<byte> destination)
    {
        int header = WriteHeader(1, literals.Length, destination);
        destination[header] = literals[0];
        return header + 1;
    }

    /// <summary>The header of raw and repeated literals.</summary>
    private static int WriteHeader(int type, int size, Span<byte> destination)
    {
        if (size < 32)
        {
            destination[0] = (byte)(type | (size << 3));
            return 1;
        }

        if (size < 4096)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(destination, (ushort)(type | (1 << 2) | (size << 4)));
            return 2;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(destination, (uint)(type | (3 << 2) | (size << 4)));
        return 3;
    }

    private int EncodeHuffman(ReadOnlySpan<byte> literals, int largest, Span<byte> destination)
    {
        int log = BuildLengths(largest);
        AssignCodes(largest, log);
        bool isSingle = literals.Length < 256;
        int format = isSingle ? 0 : literals.Length < 1024 ? 1 : literals.Length < 16384 ? 2 : 3;
        int headerBytes = format < 2 ? 3 : format + 2;
        int sizeBits = format < 2 ? 10 : format == 2 ? 14 : 18;
        int at = headerBytes + WriteTree(largest, log, destination[headerBytes..]);
        if (isSingle)
        {
            at += EncodeStream(literals, destination[at..]);
        }
        else
        {
            int sizes = at;
            int part = (literals.Length + 3) / 4;
            at += 6;
            for (int i = 0; i < 4; i++)
            {
                int end = Math.Min((i + 1) * part, literals.Length);
                int n = EncodeStream(literals[(i * part)..end], destination[at..]);
                if (n > ushort.MaxValue) return int.MaxValue;
                if (i < 3) BinaryPrimitives.WriteUInt16LittleEndian(destination[(sizes + 2 * i)..], (ushort)n);
                at += n;
            }
        }

        int stored = at - headerBytes;
        if (stored >= literals.Length) return int.MaxValue;
        ulong header = 2UL | ((ulong)format << 2) | ((ulong)literals.Length << 4) | ((ulong)stored << (4 + sizeBits));
        for (int i = 0; i < headerBytes; i++) destination[i] = (byte)(header >> (8 * i));
        return at;
    }

    private int EncodeStream(ReadOnlySpan<byte> literals, Span<byte> destination)
    {
        ZstdBitWriter writer = new(destination);
        for (int i = literals.Length - 1; i >= 0; i--) writer.Write(_codes[literals[i]], _lengths[literals[i]]);
        return writer.Close();
    }

    private int WriteTree(int largest, int log, Span<byte> destination)
    {
        // The weight of the largest symbol follows from the others.
        destination[0] = (byte)(127 + largest);
        int bytes = (largest + 1) / 2;
        destination.Slice(1, bytes).Clear();
        for (int s = 0; s < largest; s++)
        {
            int weight = _lengths[s] == 0 ? 0 : log + 1 - _lengths[s];
            destination[1 + s / 2] |= (byte)((s & 1) == 0 ? weight << 4 : weight);
        }

        return 1 + bytes;
    }

    /// <summary>Codes in the order of the decoder's table: longest first, symbols of one length in their
    /// order.</summary>
    private void AssignCodes(int largest, int log)
    {
        int position = 0;
        for (int length = log; length >= 1; length--)
            for (int s = 0; s <= largest; s++)
            {
                if (_lengths[s] != length) continue;
                _codes[s] = (ushort)(position >> (log - length));
                position += 1 << (log - length);
            }

        Base.Verify.That(position == 1 << log);
    }

    /// <summary>Code lengths by Huffman's algorithm. Where a code is longer than the format allows, the counts are made
    /// flatter and the tree built again. The longest length is returned.</summary>
    private int BuildLengths(int largest)
    {
        while (true)
        {
            int longest = BuildTree(largest);
            if (longest <= ZstdHuffman.MaxBits) return longest;
            for (int s = 0; s <= largest; s++)
                if (_counts[s] > 0) _counts[s] = (_counts[s] >> 1) + 1;
        }
    }

    private int BuildTree(int largest)
    {
        int leaves = 0;
        Span<int> order = stackalloc int[256];
        for (int s = 0; s <= largest; s++)
            if (_counts[s] > 0) order[leaves++] = s;
        order = order[..leaves];
        Span<int> keys = stackalloc int[256];
        for (int i = 0; i < leaves; i++) keys[i] = _counts[order[i]];
        keys[..leaves].Sort(order);
        for (int i = 0; i < leaves; i++) _nodeCounts[i] = keys[i];

        // Leaves and inner nodes both come in rising order: two queues replace a heap.
        int leaf = 0;
        int inner = leaves;
        int end = leaves;
        while (end < 2 * leaves - 1)
        {
            int first = leaf < leaves && (inner == end || _nodeCounts[leaf] <= _nodeCounts[inner]) ? leaf++ : inner++;
            int second = leaf < leaves && (inner == end || _nodeCounts[leaf] <= _nodeCounts[inner]) ? leaf++ : inner++;
            _nodeCounts[end] = _nodeCounts[first] + _nodeCounts[second];
            _parents[first] = _parents[second] = end++;
        }

        Array.Clear(_lengths);
        Span<int> depths = stackalloc int[512];
        depths[end - 1] = 0;
        int longest = 0;
        for (int node = end - 2; node >= 0; node--)
        {
            depths[node] = depths[_parents[node]] + 1;
            if (node >= leaves) continue;
            _lengths[order[node]] = (byte)Math.Min(depths[node], 255);
            longest = Math.Max(longest, depths[node]);
        }

        return longest;
    }
}
