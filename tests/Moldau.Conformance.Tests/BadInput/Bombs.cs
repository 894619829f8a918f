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

    private static void Block(Stream frame, int size, int type, bool isLast)
    {
        var header = (size << 3) | (type << 1) | (isLast ? 1 : 0);
        frame.Write([(byte)header, (byte)(header >> 8), (byte)(header >> 16)]);
    }

    /// <summary>
    /// Length, attributes, deltas, null key and length of the value; the header count follows the value.
    /// </summary>
    private static byte[] RecordHead()
    {
        var rest = new MemoryStream();
        rest.Write([0, 0, 0, 1]);
        Varint(rest, ValueBytes);
        var head = new MemoryStream();
        Varint(head, rest.Length + ValueBytes + 1);
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
