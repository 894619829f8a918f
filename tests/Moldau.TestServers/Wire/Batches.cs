using System.Buffers.Binary;
using System.Text;
using Moldau.Base;

namespace Moldau.TestServers.Wire;

/// <summary>What a test wants in a record batch; each oddity is a property.</summary>
public sealed record BatchShape
{
    public string[] Values { get; init; } = ["one"];
    public string? Key { get; init; } = "key";
    public long BaseOffset { get; init; }
    public sbyte Magic { get; init; } = 2;
    public short Attributes { get; init; }
    public long BaseTimestamp { get; init; } = 1_700_000_000_000;
    public long? MaxTimestamp { get; init; }
    public long ProducerId { get; init; } = -1;
    public short ProducerEpoch { get; init; } = -1;
    public int BaseSequence { get; init; } = -1;
    public int? LastOffsetDelta { get; init; }
    public int? Count { get; init; }
    public int LengthError { get; init; }
    public bool HasWrongCrc { get; init; }
    public int OffsetDeltaStep { get; init; } = 1;
    public int HeaderCount { get; init; }
    public int TimestampDelta { get; init; } = 1;
    public string TrailingHex { get; init; } = "";
    /// <summary>Bytes to stand in place of the records, for compressed batches.</summary>
    public string? RecordsHex { get; init; }
}

/// <summary>Builds record batches byte by byte, right and wrong ones.</summary>
public static class Batches
{
    public static string Hex(params BatchShape[] shapes) =>
        string.Concat(shapes.Select(shape => Convert.ToHexString(Bytes(shape))));

    public static byte[] Bytes(BatchShape shape)
    {
        var records = shape.RecordsHex is { } hex ? Convert.FromHexString(hex) : Records(shape);
        var trailing = Convert.FromHexString(shape.TrailingHex);
        var batch = new byte[61 + records.Length + trailing.Length];
        var span = batch.AsSpan();
        BinaryPrimitives.WriteInt64BigEndian(span, shape.BaseOffset);
        BinaryPrimitives.WriteInt32BigEndian(span[8..], batch.Length - 12 + shape.LengthError);
        BinaryPrimitives.WriteInt32BigEndian(span[12..], 0);
        span[16] = (byte)shape.Magic;
        BinaryPrimitives.WriteInt16BigEndian(span[21..], shape.Attributes);
        BinaryPrimitives.WriteInt32BigEndian(span[23..], shape.LastOffsetDelta ?? shape.Values.Length - 1);
        BinaryPrimitives.WriteInt64BigEndian(span[27..], shape.BaseTimestamp);
        BinaryPrimitives.WriteInt64BigEndian(
            span[35..], shape.MaxTimestamp ?? shape.BaseTimestamp + ((shape.Values.Length - 1) * shape.TimestampDelta));
        BinaryPrimitives.WriteInt64BigEndian(span[43..], shape.ProducerId);
        BinaryPrimitives.WriteInt16BigEndian(span[51..], shape.ProducerEpoch);
        BinaryPrimitives.WriteInt32BigEndian(span[53..], shape.BaseSequence);
        BinaryPrimitives.WriteInt32BigEndian(span[57..], shape.Count ?? shape.Values.Length);
        records.CopyTo(span[61..]);
        trailing.CopyTo(span[(61 + records.Length)..]);
        BinaryPrimitives.WriteUInt32BigEndian(
            span[17..], Crc32C.Compute(span[21..]) ^ (shape.HasWrongCrc ? 1u : 0u));
        return batch;
    }

    /// <summary>A message of the old formats (magic 0 or 1), for appends that must be refused.</summary>
    public static string OldMessageHex(sbyte magic)
    {
        byte[] value = "old"u8.ToArray();
        var size = (magic == 0 ? 14 : 22) + value.Length;
        var bytes = new byte[12 + size];
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(8), size);
        bytes[16] = (byte)magic;
        var at = magic == 0 ? 18 : 26;
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(at), -1);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(at + 4), value.Length);
        value.CopyTo(bytes, at + 8);
        BinaryPrimitives.WriteUInt32BigEndian(
            bytes.AsSpan(12), Crc32(bytes.AsSpan(16)));
        return Convert.ToHexString(bytes);
    }

    /// <summary>The older checksum (IEEE polynomial), bit by bit.</summary>
    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var next in bytes)
        {
            crc ^= next;
            for (var bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1)));
        }

        return ~crc;
    }

    private static byte[] Records(BatchShape shape)
    {
        var all = new MemoryStream();
        for (var i = 0; i < shape.Values.Length; i++)
        {
            var record = new MemoryStream();
            record.WriteByte(0);
            Varint(record, i * shape.TimestampDelta);
            Varint(record, i * shape.OffsetDeltaStep);
            Sized(record, shape.Key is null ? null : Encoding.UTF8.GetBytes(shape.Key));
            Sized(record, Encoding.UTF8.GetBytes(shape.Values[i]));
            Varint(record, shape.HeaderCount);
            for (var header = 0; header < shape.HeaderCount; header++)
            {
                Sized(record, Encoding.UTF8.GetBytes($"h{header}"));
                Sized(record, [(byte)header]);
            }

            Sized(all, record.ToArray());
        }

        return all.ToArray();
    }

    private static void Sized(Stream stream, byte[]? bytes)
    {
        Varint(stream, bytes?.Length ?? -1);
        if (bytes is not null) stream.Write(bytes);
    }

    private static void Varint(Stream stream, long value)
    {
        var zigzag = (ulong)((value << 1) ^ (value >> 63));
        for (; zigzag >= 0x80; zigzag >>= 7) stream.WriteByte((byte)(zigzag | 0x80));
        stream.WriteByte((byte)zigzag);
    }
}
