using System.Buffers.Binary;

namespace Moldau.Records;

/// <summary>Writes bits for a <see cref="ZstdBitReader"/>: what is written last is read first.</summary>
internal ref struct ZstdBitWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;
    private ulong _pending;
    private int _pendingBits;
    private int _at;

    /// <summary>At most 31 bits.</summary>
    public void Write(uint value, int bits)
    {
        _pending |= (value & ((1UL << bits) - 1)) << _pendingBits;
        _pendingBits += bits;
        if (_pendingBits < 32) return;
        BinaryPrimitives.WriteUInt32LittleEndian(_destination[_at..], (uint)_pending);
        _at += 4;
        _pending >>= 32;
        _pendingBits -= 32;
    }

    /// <summary>Writes the end mark. Bytes written in all.</summary>
    public int Close()
    {
        Write(1, 1);
        for (; _pendingBits > 0; _pendingBits -= 8, _pending >>= 8) _destination[_at++] = (byte)_pending;
        return _at;
    }
}
