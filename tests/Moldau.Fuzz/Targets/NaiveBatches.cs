using System.Buffers.Binary;
using System.IO.Compression;
using Moldau.Records;

namespace Moldau.Fuzz;

/// <summary>A record as the naive reader sees it.</summary>
internal sealed record NaiveRecord(long Offset, long Timestamp, byte[]? Key, byte[]? Value,
    IReadOnlyList<(byte[] Key, byte[]? Value)> Headers);

/// <summary>Reads the records of one entry, of any magic, the slow and plain way: what the product's readers are compared with.
/// Gzip is the base library's; the other codecs are the
/// product's managed ones, where the product takes native ones.</summary>
internal static class NaiveBatches
{
    private static readonly RecordCodecs Native = new();

    /// <summary>Null, and why, where it is damaged.</summary>
    public static List<NaiveRecord>? Read(byte[] entry, RecordCodecs managed, int mostBytes, out string? why)
    {
        why = null;
        try
        {
            return entry[16] < 2 ? Legacy(entry, managed, mostBytes) : V2(entry, managed, mostBytes);
        }
        catch (Exception e) when (e is EndOfStreamException or ArgumentException or InvalidDataException or OverflowException)
        {
            why = e.ToString();
            return null;
        }
    }

    private static void Check(bool isRight, string what)
    {
        if (!isRight) throw new InvalidDataException(what);
    }

    private static List<NaiveRecord> V2(byte[] entry, RecordCodecs managed, int mostBytes)
    {
        long baseOffset = BinaryPrimitives.ReadInt64BigEndian(entry);
        short attributes = BinaryPrimitives.ReadInt16BigEndian(entry.AsSpan(21));
        long baseTimestamp = BinaryPrimitives.ReadInt64BigEndian(entry.AsSpan(27));
        long maxTimestamp = BinaryPrimitives.ReadInt64BigEndian(entry.AsSpan(35));
        int count = BinaryPrimitives.ReadInt32BigEndian(entry.AsSpan(57));
        byte[] payload = Inflate(entry[61..], attributes & 7, 2, managed, mostBytes);
        Check(count >= 0, "the count");
        using MemoryStream stream = new(payload);
        List<NaiveRecord> records = [];
        for (int i = 0; i < count; i++)
        {
            long length = Zigzag(stream, 5);
            long end = stream.Position + length;
            Check(length >= 1 && end <= stream.Length, "the length of a record");
            stream.Position++; // attributes mean nothing
            long timestamp = unchecked(baseTimestamp + Zigzag(stream, 10));
            long offset = unchecked(baseOffset + Zigzag(stream, 5));
            byte[]? key = Bytes(stream, Zigzag(stream, 5), end);
            byte[]? value = Bytes(stream, Zigzag(stream, 5), end);
            long headerCount = Zigzag(stream, 5);
            Check(headerCount >= 0, "the number of headers");
            List<(byte[], byte[]?)> headers = [];
            for (int h = 0; h < headerCount; h++)
            {
                byte[] name = Bytes(stream, Zigzag(stream, 5), end) ?? throw new InvalidDataException("a header without a key");
                headers.Add((name, Bytes(stream, Zigzag(stream, 5), end)));
            }

            Check(stream.Position == end, "the end of a record");
            records.Add(new NaiveRecord(offset, (attributes & 8) != 0 ? maxTimestamp : timestamp, key, value, headers));
        }

        Check(count == 0 || stream.Position == stream.Length, "the end of the records");
        return records;
    }

    private static List<NaiveRecord> Legacy(byte[] entry, RecordCodecs managed, int mostBytes)
    {
        NaiveRecord outer = Message(entry);
        int codec = entry[17] & 7;
        if (codec == 0) return [outer];
        Check(codec != 4, "zstd in an old message");
        byte[] payload = Inflate(outer.Value ?? [], codec, entry[16], managed, mostBytes);
        List<NaiveRecord> inner = [];
        for (int at = 0; payload.Length - at >= 17;)
        {
            long size = 12L + BinaryPrimitives.ReadInt32BigEndian(payload.AsSpan(at + 8));
            if (size > payload.Length - at) break; // an incomplete rest is not looked at
            byte[] message = payload[at..(int)(at + size)];
            Check(size >= 26 && message[16] <= 1 && (message[17] & 7) == 0, $"an inner message of {size} bytes");
            inner.Add(Message(message));
            at += (int)size;
        }

        Check(inner.Count > 0, "no inner message");
        bool isRelative = entry[16] == 1 && outer.Offset != 0;
        long first = isRelative ? outer.Offset - inner[^1].Offset : 0;
        bool isBrokersTime = entry[16] == 1 && (entry[17] & 8) != 0;
        return [.. inner.Select(r => r with
        {
            Offset = unchecked(r.Offset + first),
            Timestamp = isBrokersTime && r.Timestamp != NoTime ? outer.Timestamp : r.Timestamp,
        })];
    }

    /// <summary>Of magic 0, which has no time, as opposed to a time of -1.</summary>
    private const long NoTime = -1;

    private static NaiveRecord Message(byte[] message)
    {
        using MemoryStream stream = new(message) { Position = message[16] == 0 ? 18 : 26 };
        long time = message[16] == 0 ? NoTime : BinaryPrimitives.ReadInt64BigEndian(message.AsSpan(18));
        byte[]? key = Bytes(stream, Int32(stream), message.Length);
        byte[]? value = Bytes(stream, Int32(stream), message.Length);
        return new NaiveRecord(BinaryPrimitives.ReadInt64BigEndian(message), time, key, value, []);
    }

    private static byte[] Inflate(byte[] payload, int codec, byte magic, RecordCodecs managed, int mostBytes)
    {
        if (codec == 0) return payload;
        if (codec == 1)
        {
            using GZipStream gzip = new(new MemoryStream(payload), CompressionMode.Decompress);
            using MemoryStream plain = new();
            gzip.CopyTo(plain);
            return plain.ToArray();
        }

        DecodeStatus status = managed.Decompress((CompressionCodec)codec, payload, mostBytes, out byte[]? rented, out int length, magic);
        // The libraries let pass some streams that their formats forbid.
        if (status == DecodeStatus.Corrupt)
            status = Native.Decompress((CompressionCodec)codec, payload, mostBytes, out rented, out length, magic);
        Check(status == DecodeStatus.End, $"unpacking: {status}");
        byte[] bytes = rented.AsSpan(0, length).ToArray();
        System.Buffers.ArrayPool<byte>.Shared.Return(rented!); // at the end there is one
        return bytes;
    }

    private static long Zigzag(MemoryStream stream, int mostBytes)
    {
        ulong raw = 0;
        for (int i = 0; i < mostBytes; i++)
        {
            int next = stream.ReadByte();
            if (next < 0) throw new EndOfStreamException();
            raw |= (ulong)(next & 0x7F) << (7 * i);
            if (next < 0x80) return mostBytes == 5 ? (int)((uint)raw >> 1) ^ -(int)(raw & 1) : (long)(raw >> 1) ^ -(long)(raw & 1);
        }

        throw new InvalidDataException();
    }

    private static int Int32(MemoryStream stream)
    {
        Span<byte> four = stackalloc byte[4];
        stream.ReadExactly(four);
        return BinaryPrimitives.ReadInt32BigEndian(four);
    }

    private static byte[]? Bytes(MemoryStream stream, long length, long end)
    {
        if (length < 0) return null;
        if (length > end - stream.Position) throw new EndOfStreamException();
        byte[] bytes = new byte[length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
