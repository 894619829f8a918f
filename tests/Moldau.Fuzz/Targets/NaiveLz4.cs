using System.Buffers.Binary;

namespace Moldau.Fuzz;

/// <summary>Walks the sequences of an lz4 frame without unpacking them.</summary>
internal static class NaiveLz4
{
    private const int SizeFlag = 0x08;
    private const int BlockChecksumFlag = 0x10;
    private const uint IsPlain = 0x80000000;

    /// <summary>Whether a match of a packed block has the offset zero, as far as the blocks can be walked.</summary>
    public static bool HasZeroOffset(byte[] frame)
    {
        if (frame.Length < 7) return false;
        int trailer = (frame[4] & BlockChecksumFlag) != 0 ? 4 : 0;
        for (int at = (frame[4] & SizeFlag) != 0 ? 15 : 7; frame.Length - at >= 4;)
        {
            uint header = BinaryPrimitives.ReadUInt32LittleEndian(frame.AsSpan(at));
            int size = (int)(header & ~IsPlain);
            at += 4;
            if (size == 0 || size > frame.Length - at) return false;
            if ((header & IsPlain) == 0 && HasZero(frame.AsSpan(at, size))) return true;
            at += size + trailer;
        }

        return false;
    }

    private static bool HasZero(ReadOnlySpan<byte> block)
    {
        for (int at = 0; at < block.Length;)
        {
            int token = block[at++];
            long literals = Length(block, ref at, token >> 4);
            if (literals > block.Length - at - 2) return false;
            at += (int)literals;
            if (block[at] == 0 && block[at + 1] == 0) return true;
            at += 2;
            Length(block, ref at, token & 15);
        }

        return false;
    }

    private static long Length(ReadOnlySpan<byte> block, ref int at, long nibble)
    {
        if (nibble < 15) return nibble;
        while (at < block.Length)
        {
            byte more = block[at++];
            nibble += more;
            if (more != 255) break;
        }

        return nibble;
    }
}
