using System.Buffers.Binary;
using Moldau.Base;

namespace Moldau.Storage;

/// <summary>A timestamp and the offset of the batch (its last record) that carries it.</summary>
public readonly record struct TimestampOffset(long Timestamp, long Offset)
{
    public static readonly TimestampOffset None = new(-1, -1);
}

/// <summary>A segment's sparse map from time to offset: entry (t, o) says that the largest timestamp of the segment up to
/// and including offset o is t. Both rise from entry to entry.</summary>
public sealed class TimeIndex(long baseOffset)
{
    public const int EntryBytes = 12;

    private TimestampOffset[] _entries = [];

    public long BaseOffset { get; } = baseOffset;

    public int Count { get; private set; }

    /// <summary>The last entry; no timestamp at the base offset when empty.</summary>
    public TimestampOffset Last => Count == 0 ? new TimestampOffset(-1, BaseOffset) : _entries[Count - 1];

    public TimestampOffset this[int index]
    {
        get
        {
            Verify.That((uint)index < (uint)Count);
            return _entries[index];
        }
    }

    /// <summary>Adds the entry if its timestamp is above the last one's; Kafka's maybeAppend.</summary>
    public void AppendIfLater(long timestamp, long offset)
    {
        if (timestamp <= Last.Timestamp) return;
        Verify.That(OffsetIndex.Fits(BaseOffset, offset));
        if (Count == _entries.Length) Array.Resize(ref _entries, Math.Max(16, Count * 2));
        _entries[Count++] = new TimestampOffset(timestamp, offset);
    }

    /// <summary>The last entry whose timestamp is at or below the given one.</summary>
    public TimestampOffset Lookup(long timestamp)
    {
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_entries[middle].Timestamp <= timestamp) low = middle + 1;
            else high = middle;
        }

        return low == 0 ? new TimestampOffset(-1, BaseOffset) : _entries[low - 1];
    }

    /// <summary>Drops entries at or above the offset. The array is copied, since a job may hold it.</summary>
    public void TruncateTo(long offset)
    {
        int keep = Count;
        while (keep > 0 && _entries[keep - 1].Offset >= offset) keep--;
        if (keep == Count) return;
        _entries = _entries[..keep];
        Count = keep;
    }

    /// <summary>A copy that may be appended to on its own.</summary>
    public TimeIndex Copy() => new(BaseOffset) { _entries = _entries[..Count], Count = Count };

    public byte[] Encode()
    {
        byte[] bytes = new byte[Count * EntryBytes];
        for (int i = 0; i < Count; i++)
        {
            Span<byte> entry = bytes.AsSpan(i * EntryBytes);
            BinaryPrimitives.WriteInt64BigEndian(entry, _entries[i].Timestamp);
            BinaryPrimitives.WriteInt32BigEndian(entry[8..], (int)(_entries[i].Offset - BaseOffset));
        }

        return bytes;
    }

    /// <summary>Reads a file's entries up to its zero padding (as <see cref="OffsetIndex.TryDecode"/>); null if damaged.</summary>
    public static TimeIndex? TryDecode(long baseOffset, ReadOnlySpan<byte> bytes)
    {
        TimeIndex index = new(baseOffset);
        if (bytes.Length % EntryBytes != 0) return null;
        for (ReadOnlySpan<byte> rest = bytes; rest.Length >= EntryBytes; rest = rest[EntryBytes..])
        {
            // An index that is nothing but padding must not become an entry for time zero.
            if (index.Count == 0 && !rest.ContainsAnyExcept((byte)0)) return index;
            long timestamp = BinaryPrimitives.ReadInt64BigEndian(rest);
            int relative = BinaryPrimitives.ReadInt32BigEndian(rest[8..]);
            bool isLater = timestamp > index.Last.Timestamp && timestamp >= 0
                && relative >= 0 && baseOffset + relative >= index.Last.Offset;
            if (isLater) index.AppendIfLater(timestamp, baseOffset + relative);
            else return rest.ContainsAnyExcept((byte)0) ? null : index;
        }

        return index;
    }
}
