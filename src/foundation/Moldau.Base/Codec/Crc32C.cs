using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Moldau.Base;

/// <summary>CRC-32C (Castagnoli, RFC 3720 appendix B.4): the checksum of record batches v2.</summary>
public static class Crc32C
{
    private const uint Polynomial = 0x82F63B78;
    private static readonly uint[] Table = BuildTable();

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

    [SkipLocalsInit]
    private static uint AppendHardware(uint state, ReadOnlySpan<byte> data)
    {
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

    private static uint[] BuildTable()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint c = i;
            for (int k = 0; k < 8; k++) c = (c & 1) != 0 ? Polynomial ^ (c >> 1) : c >> 1;
            table[i] = c;
        }

        return table;
    }
}
