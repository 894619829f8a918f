using Moldau.Base;

namespace Moldau.Records;

/// <summary>CRC-32 of IEEE 802.3: the checksum of messages of magic 0 and 1. Only old segments need it, so a plain
/// table does.</summary>
public static class Crc32
{
    private static readonly uint[] Table = CrcTable.Of(0xEDB88320);

    public static uint Compute(ReadOnlySpan<byte> data)
    {
        uint state = ~0u;
        foreach (byte b in data) state = Table[(byte)(state ^ b)] ^ (state >> 8);
        return ~state;
    }
}
