using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Moldau.Base;

/// <summary>CRC-32C (Castagnoli, RFC 3720 appendix B.4): the checksum of record batches v2.</summary>
public static class Crc32C
{
    private const int LongPart = 2048;
    private const int ShortPart = 256;
    private static readonly uint[] Table = CrcTable.Of(0x82F63B78);
    private static readonly uint[] LongShift = BuildShift(LongPart);
    private static readonly uint[] ShortShift = BuildShift(ShortPart);

    public static uint Compute(ReadOnlySpan<byte> data) => ~Append(~0u, data);

    /// <summary>Continues a running (inverted) checksum.</summary>
    public static uint Append(uint state, ReadOnlySpan<byte> data) =>
        Sse42.X64.IsSupported ? AppendHardware(state, data) : AppendTable(state, data);

    /// <summary>The slow version, kept as the reference that the hardware path is tested against.</summary>
    public static uint AppendTable(uint state, ReadOnlySpan<byte> data)
    {
        foreach (byte b in data) state = Table[(byte)(state ^ b)] ^ (state >> 8);
        return state;
    }

    /// <summary>The instruction yields a result every cycle but takes three: three parts of the data run beside one
    /// another and their checksums are joined (Gopal and others, Intel 2011).</summary>
    private static uint AppendHardware(uint state, ReadOnlySpan<byte> data)
    {
        for (; data.Length >= 3 * LongPart; data = data[(3 * LongPart)..])
            state = AppendThree(state, data[..(3 * LongPart)], LongPart, LongShift);
        for (; data.Length >= 3 * ShortPart; data = data[(3 * ShortPart)..])
            state = AppendThree(state, data[..(3 * ShortPart)], ShortPart, ShortShift);
        ulong crc = state;
        while (data.Length >= 8)
        {
            crc = Sse42.X64.Crc32(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[8..];
        }

        state = (uint)crc;
        foreach (byte b in data) state = Sse42.Crc32(state, b);
        return state;
    }

    private static uint AppendThree(uint state, ReadOnlySpan<byte> data, int part, uint[] shift)
    {
        ref byte start = ref MemoryMarshal.GetReference(data);
        ulong a = state;
        ulong b = 0;
        ulong c = 0;
        for (int i = 0; i < part; i += 8)
        {
            a = Sse42.X64.Crc32(a, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, i)));
            b = Sse42.X64.Crc32(b, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, i + part)));
            c = Sse42.X64.Crc32(c, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, i + 2 * part)));
        }

        return Shift(Shift((uint)a, shift) ^ (uint)b, shift) ^ (uint)c;
    }

    /// <summary>The state after as many zero bytes as the table was built for.</summary>
    private static uint Shift(uint state, uint[] table) =>
        table[(byte)state] ^ table[256 + (byte)(state >> 8)]
        ^ table[512 + (byte)(state >> 16)] ^ table[768 + (state >> 24)];

    /// <summary>Running over zeros is linear in the state: the result for each of its 32 bits gives all others.</summary>
    private static uint[] BuildShift(int bytes)
    {
        uint[] table = new uint[4 * 256];
        for (int bit = 0; bit < 32; bit++)
        {
            uint state = 1u << bit;
            for (int i = 0; i < bytes; i++) state = Table[(byte)state] ^ (state >> 8);
            Span<uint> part = table.AsSpan(bit / 8 * 256, 256);
            for (int value = 0; value < 256; value++)
                if ((value & (1 << (bit % 8))) != 0) part[value] ^= state;
        }

        return table;
    }
}
