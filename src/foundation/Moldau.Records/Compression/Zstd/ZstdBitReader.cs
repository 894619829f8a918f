using System.Buffers.Binary;
using System.Numerics;

namespace Moldau.Records;

/// <summary>Reads bits from the end of a stream towards its start, as zstd's entropy coders write them. Bits before the
/// start read as zero and make <see cref="BitsLeft"/> negative, which callers check at the end.</summary>
internal ref struct ZstdBitReader
{
    private readonly ReadOnlySpan<byte> _data;

    private ZstdBitReader(ReadOnlySpan<byte> data, int bits)
    {
        _data = data;
        BitsLeft = bits;
    }

    public int BitsLeft { get; private set; }

    /// <summary>The highest set bit of the last byte marks the end of the stream.</summary>
    public static bool TryOpen(ReadOnlySpan<byte> data, out ZstdBitReader reader)
    {
        reader = default;
        if (data.IsEmpty || data[^1] == 0) return false;
        reader = new ZstdBitReader(data, (data.Length - 1) * 8 + BitOperations.Log2(data[^1]));
        return true;
    }

    /// <summary>The next bits, at most 32, without taking them.</summary>
    public readonly uint Peek(int count)
    {
        int at = BitsLeft - count;
        if (at < 0) return BitsLeft <= 0 ? 0 : PeekBits(0, BitsLeft) << -at;
        return PeekBits(at, count);
    }

    public void Skip(int count) => BitsLeft -= count;

    public uint Read(int count)
    {
        uint value = Peek(count);
        BitsLeft -= count;
        return value;
    }

    private readonly uint PeekBits(int at, int count)
    {
        int index = at >> 3;
        ulong word = 0;
        if (_data.Length - index >= 8) word = BinaryPrimitives.ReadUInt64LittleEndian(_data[index..]);
        else
            for (int i = _data.Length - 1; i >= index; i--) word = (word << 8) | _data[i];
        return (uint)((word >> (at & 7)) & ((1UL << count) - 1));
    }
}
