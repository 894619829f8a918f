using System.Buffers.Binary;
using Moldau.Base;

namespace Moldau.Storage;

/// <summary>The producer snapshot: <c>&lt;offset&gt;.snapshot</c> holds the producer state of all records below the offset.
/// Version 1: int16 version, CRC-32C of all that follows, int32 count, then one fixed-size entry for each producer.</summary>
public static class ProducerSnapshotFile
{
    private const short Version = 1;
    private const int CrcOffset = 2;
    private const int EntriesOffset = 6;
    private const int HeaderBytes = 10;
    private const int EntryBytes = 46;

    /// <summary>Entries in the order of producer ids, so that equal states are equal bytes.</summary>
    public static byte[] Encode(IReadOnlyCollection<ProducerEntry> entries)
    {
        List<ProducerEntry> sorted = [.. entries];
        sorted.Sort((a, b) => a.ProducerId.CompareTo(b.ProducerId));
        byte[] bytes = new byte[HeaderBytes + (sorted.Count * EntryBytes)];
        BinaryPrimitives.WriteInt16BigEndian(bytes, Version);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(EntriesOffset), sorted.Count);
        for (int i = 0; i < sorted.Count; i++)
        {
            ProducerEntry e = sorted[i];
            Span<byte> at = bytes.AsSpan(HeaderBytes + (i * EntryBytes));
            BinaryPrimitives.WriteInt64BigEndian(at, e.ProducerId);
            BinaryPrimitives.WriteInt16BigEndian(at[8..], e.Epoch);
            BinaryPrimitives.WriteInt32BigEndian(at[10..], e.LastSequence);
            BinaryPrimitives.WriteInt64BigEndian(at[14..], e.LastDataOffset);
            BinaryPrimitives.WriteInt32BigEndian(at[22..], e.LastOffsetDelta);
            BinaryPrimitives.WriteInt64BigEndian(at[26..], e.LastTimestamp);
            BinaryPrimitives.WriteInt32BigEndian(at[34..], e.CoordinatorEpoch);
            BinaryPrimitives.WriteInt64BigEndian(at[38..], e.CurrentTransactionFirstOffset ?? -1);
        }

        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(CrcOffset), Crc32C.Compute(bytes.AsSpan(EntriesOffset)));
        return bytes;
    }

    /// <summary>Null if the file is damaged or of another version.</summary>
    public static List<ProducerEntry>? TryDecode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderBytes || BinaryPrimitives.ReadInt16BigEndian(bytes) != Version) return null;
        int count = BinaryPrimitives.ReadInt32BigEndian(bytes[EntriesOffset..]);
        if (count < 0 || bytes.Length != HeaderBytes + ((long)count * EntryBytes)) return null;
        if (BinaryPrimitives.ReadUInt32BigEndian(bytes[CrcOffset..]) != Crc32C.Compute(bytes[EntriesOffset..])) return null;
        List<ProducerEntry> entries = new(count);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> at = bytes.Slice(HeaderBytes + (i * EntryBytes), EntryBytes);
            entries.Add(DecodeEntry(at));
        }

        return entries;
    }

    private static ProducerEntry DecodeEntry(ReadOnlySpan<byte> at)
    {
        ProducerEntry entry = new(BinaryPrimitives.ReadInt64BigEndian(at));
        short epoch = BinaryPrimitives.ReadInt16BigEndian(at[8..]);
        long lastOffset = BinaryPrimitives.ReadInt64BigEndian(at[14..]);
        long timestamp = BinaryPrimitives.ReadInt64BigEndian(at[26..]);
        long transaction = BinaryPrimitives.ReadInt64BigEndian(at[38..]);
        entry.SetEpoch(epoch);
        if (lastOffset >= 0)
        {
            int lastSequence = BinaryPrimitives.ReadInt32BigEndian(at[10..]);
            int delta = BinaryPrimitives.ReadInt32BigEndian(at[22..]);
            entry.AddBatch(epoch, new ProducerBatch(lastSequence, lastOffset, delta, timestamp));
        }

        entry.LastTimestamp = timestamp;
        entry.CoordinatorEpoch = BinaryPrimitives.ReadInt32BigEndian(at[34..]);
        entry.CurrentTransactionFirstOffset = transaction >= 0 ? transaction : null;
        return entry;
    }
}
