using System.Buffers.Binary;
using System.Numerics;

namespace Moldau.Records;

/// <summary>The Huffman table of zstd's literals (RFC 8878, section 4.2).</summary>
internal sealed class ZstdHuffman
{
    public const int MaxBits = 11;
    private const int MaxWeightLog = 6;

    private readonly byte[] _symbols = new byte[1 << MaxBits];
    private readonly byte[] _bits = new byte[1 << MaxBits];
    private readonly FseTable _weightTable = new(MaxWeightLog);
    private int _log;

    public bool IsSet => _log > 0;

    public void Clear() => _log = 0;

    /// <summary>Reads the tree. Bytes consumed, or 0 where it is damaged.</summary>
    public int Read(ReadOnlySpan<byte> source)
    {
        Span<byte> weights = stackalloc byte[256];
        if (source.IsEmpty) return 0;
        int header = source[0];
        int count;
        int bytes;
        if (header >= 128)
        {
            count = header - 127;
            bytes = 1 + (count + 1) / 2;
            if (bytes > source.Length) return 0;
            for (int i = 0; i < count; i++)
                weights[i] = (byte)((i & 1) == 0 ? source[1 + i / 2] >> 4 : source[1 + i / 2] & 15);
        }
        else
        {
            bytes = 1 + header;
            if (bytes > source.Length) return 0;
            count = ReadWeights(source[1..bytes], weights);
            if (count == 0) return 0;
        }

        return TryBuild(weights, count) ? bytes : 0;
    }

    /// <summary>Decodes one stream that fills the destination exactly.</summary>
    public bool TryDecode(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (!ZstdBitReader.TryOpen(source, out ZstdBitReader reader)) return false;
        int log = _log;
        for (int i = 0; i < destination.Length; i++)
        {
            uint index = reader.Peek(log);
            destination[i] = _symbols[index];
            reader.Skip(_bits[index]);
        }

        return reader.BitsLeft == 0;
    }

    /// <summary>Decodes four streams with their table of sizes.</summary>
    public bool TryDecodeFour(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (source.Length < 6) return false;
        int first = BinaryPrimitives.ReadUInt16LittleEndian(source);
        int second = BinaryPrimitives.ReadUInt16LittleEndian(source[2..]);
        int third = BinaryPrimitives.ReadUInt16LittleEndian(source[4..]);
        source = source[6..];
        if (first + second + third > source.Length) return false;
        int part = (destination.Length + 3) / 4;
        if (part * 3 > destination.Length) return false;
        return TryDecode(source[..first], destination[..part])
            && TryDecode(source.Slice(first, second), destination.Slice(part, part))
            && TryDecode(source.Slice(first + second, third), destination.Slice(2 * part, part))
            && TryDecode(source[(first + second + third)..], destination[(3 * part)..]);
    }

    /// <summary>Weights that are compressed with two interleaved states of one table.</summary>
    private int ReadWeights(ReadOnlySpan<byte> source, Span<byte> weights)
    {
        int header = _weightTable.Read(source, MaxWeightLog, MaxBits + 2);
        if (header == 0 || !ZstdBitReader.TryOpen(source[header..], out ZstdBitReader reader)) return 0;
        int log = _weightTable.Log;
        uint even = reader.Read(log);
        uint odd = reader.Read(log);
        if (reader.BitsLeft < 0) return 0;
        for (int count = 0; count < 253;)
        {
            weights[count++] = _weightTable.Symbol(even);
            even = Advance(even, ref reader);
            if (reader.BitsLeft < 0)
            {
                weights[count++] = _weightTable.Symbol(odd);
                return count;
            }

            weights[count++] = _weightTable.Symbol(odd);
            odd = Advance(odd, ref reader);
            if (reader.BitsLeft < 0)
            {
                weights[count++] = _weightTable.Symbol(even);
                return count;
            }
        }

        return 0;
    }

    private uint Advance(uint state, ref ZstdBitReader reader) =>
        _weightTable.Next(state) + reader.Read(_weightTable.Bits(state));

    /// <summary>The last weight is not written: it is what makes the sum a power of two.</summary>
    private bool TryBuild(Span<byte> weights, int count)
    {
        uint sum = 0;
        Span<int> start = stackalloc int[MaxBits + 2];
        for (int i = 0; i < count; i++)
        {
            if (weights[i] > MaxBits) return false;
            if (weights[i] > 0) sum += 1u << (weights[i] - 1);
        }

        if (sum == 0) return false;
        int log = BitOperations.Log2(sum) + 1;
        uint left = (1u << log) - sum;
        if (log > MaxBits || !BitOperations.IsPow2(left)) return false;
        weights[count++] = (byte)(BitOperations.Log2(left) + 1);
        Span<int> counts = stackalloc int[MaxBits + 2];
        for (int i = 0; i < count; i++) counts[weights[i]]++;

        // A tree ends in pairs of its longest codes.
        if (counts[1] < 2 || (counts[1] & 1) != 0) return false;
        int at = 0;
        for (int w = 1; w <= log; w++)
        {
            start[w] = at;
            at += counts[w] << (w - 1);
        }

        for (int symbol = 0; symbol < count; symbol++)
        {
            int weight = weights[symbol];
            if (weight == 0) continue;
            int length = 1 << (weight - 1);
            _symbols.AsSpan(start[weight], length).Fill((byte)symbol);
            _bits.AsSpan(start[weight], length).Fill((byte)(log + 1 - weight));
            start[weight] += length;
        }

        _log = log;
        return true;
    }
}
