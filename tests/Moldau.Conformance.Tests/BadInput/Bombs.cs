using System.IO.Compression;

namespace Moldau.Conformance.Tests.BadInput;

/// <summary>Small compressed data that is very large when decompressed: one record whose value is all zeros.</summary>
internal static class Bombs
{
    /// <summary>Length of the record's value once decompressed.</summary>
    public const int ValueBytes = 600_000_000;

    public static byte[] Gzip()
    {
        var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(RecordHead());
            var zeros = new byte[1 << 20];
            for (var left = ValueBytes; left > 0; left -= zeros.Length)
                gzip.Write(zeros, 0, Math.Min(left, zeros.Length));
            gzip.WriteByte(0);
        }

        return compressed.ToArray();
    }

    /// <summary>
    /// A frame of the zstd format written by hand: each block of 128 KiB is one repeated byte in four bytes.
    /// </summary>
    public static byte[] Zstd()
    {
        var frame = new MemoryStream();
        // The magic number, a descriptor without checksum and content size, and a window of 128 KiB.
        frame.Write([0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x38]);
        var head = RecordHead();
        Block(frame, head.Length, type: 0, isLast: false);
        frame.Write(head);
        for (var left = ValueBytes + 1; left > 0;)
        {
            var size = Math.Min(left, 128 * 1024);
            left -= size;
            Block(frame, size, type: 1, isLast: left == 0);
            frame.WriteByte(0);
        }

        return frame.ToArray();
    }

    /// <summary>A frame of LZ4 with blocks of 64 KiB, each a zero and a match that repeats it, which is the most that the
    /// format can do: 245 times.</summary>
    public static byte[] Lz4()
    {
        const int ValueBytes = 200_000_000;
        const int BlockBytes = 64 * 1024;
        const int Uncompressed = 128;
        // The magic number, independent blocks without checksums, 64 KiB at most, and the header's checksum.
        var frame = new MemoryStream();
        frame.Write([0x04, 0x22, 0x4D, 0x18, 0x60, 0x40, 0x82]);
        var head = RecordHead(ValueBytes);
        frame.Write([(byte)head.Length, 0, 0, Uncompressed, .. head]);
        // One literal, offset 1, a match of 65 530 (its length in bytes of 255 and a rest), five literals to end with.
        byte[] zeros = [0x1F, 0, 1, 0, .. Enumerable.Repeat((byte)255, 256), 231, 0x50, 0, 0, 0, 0, 0];
        var left = ValueBytes + 1;
        for (; left >= BlockBytes; left -= BlockBytes) frame.Write([(byte)zeros.Length, (byte)(zeros.Length >> 8), 0, 0, .. zeros]);
        frame.Write([(byte)left, (byte)(left >> 8), 0, Uncompressed, .. new byte[left], 0, 0, 0, 0]);
        return frame.ToArray();
    }

    /// <summary>Snappy cannot make much of little, but a block says in front how large it will be: 2 GiB. As Java
    /// frames it, or bare.</summary>
    public static byte[] Snappy(bool isFramed)
    {
        byte[] block = [0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0x00, 0x00, 0xFE, 0x01, 0x00];
        return isFramed
            ? [0x82, .. "SNAPPY"u8, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, (byte)block.Length, .. block]
            : block;
    }

    private static void Block(Stream frame, int size, int type, bool isLast)
    {
        var header = (size << 3) | (type << 1) | (isLast ? 1 : 0);
        frame.Write([(byte)header, (byte)(header >> 8), (byte)(header >> 16)]);
    }

    /// <summary>
    /// Length, attributes, deltas, null key and length of the value; the header count follows the value.
    /// </summary>
    private static byte[] RecordHead(int valueBytes = ValueBytes)
    {
        var rest = new MemoryStream();
        rest.Write([0, 0, 0, 1]);
        Varint(rest, valueBytes);
        var head = new MemoryStream();
        Varint(head, rest.Length + valueBytes + 1);
        rest.WriteTo(head);
        return head.ToArray();
    }

    private static void Varint(Stream stream, long value)
    {
        var zigzag = (ulong)(value << 1);
        for (; zigzag >= 0x80; zigzag >>= 7) stream.WriteByte((byte)(zigzag | 0x80));
        stream.WriteByte((byte)zigzag);
    }
}
