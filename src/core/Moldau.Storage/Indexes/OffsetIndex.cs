using System.Buffers.Binary;
using Moldau.Base;

namespace Moldau.Storage;

/// <summary>Where in the segment file a batch begins, and the offset of its last record.</summary>
public readonly record struct OffsetPosition(long Offset, int Position);

/// <summary>A segment's sparse map from offset to file position. An entry holds the last offset of a batch and the
/// position where that batch begins. In memory entries are appended by the owner; a job may read a
/// <see cref="Snapshot"/> meanwhile, because the entries below its count never change.</summary>
public sealed class OffsetIndex(long baseOffset)
{
    public const int EntryBytes = 8;

    private long[] _entries = [];

    public long BaseOffset { get; } = baseOffset;

    public int Count { get; private set; }

    public long LastOffset => Count == 0 ? BaseOffset : this[Count - 1].Offset;

    public OffsetPosition this[int index]
    {
        get
        {
            Verify.That((uint)index < (uint)Count);
            return new OffsetPosition(BaseOffset + (int)(_entries[index] >> 32), (int)_entries[index]);
        }
    }

    /// <summary>Whether the offset fits the four bytes that an entry has for it.</summary>
    public static bool Fits(long baseOffset, long offset) => offset >= baseOffset && offset - baseOffset <= int.MaxValue;

    public void Append(long offset, int position)
    {
        Verify.That(Fits(BaseOffset, offset));
        Verify.That(Count == 0 || offset > LastOffset);
        if (Count == _entries.Length) Array.Resize(ref _entries, Math.Max(16, Count * 2));
        _entries[Count++] = ((offset - BaseOffset) << 32) | (uint)position;
    }

    /// <summary>The last entry at or below the offset, or the segment's start.</summary>
    public OffsetPosition Lookup(long offset)
    {
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (this[middle].Offset <= offset) low = middle + 1;
            else high = middle;
        }

        return low == 0 ? new OffsetPosition(BaseOffset, 0) : this[low - 1];
    }

    /// <summary>Drops entries whose batch is at or behind the position. The array is copied, since a job may hold it.</summary>
    public void TruncateToPosition(int position)
    {
        int keep = Count;
        while (keep > 0 && this[keep - 1].Position >= position) keep--;
        if (keep == Count) return;
        _entries = _entries[..keep];
        Count = keep;
    }

    /// <summary>The entries as they are now; later appends do not show.</summary>
    public OffsetIndex Snapshot() => new(BaseOffset) { _entries = _entries, Count = Count };

    public byte[] Encode()
    {
        byte[] bytes = new byte[Count * EntryBytes];
        for (int i = 0; i < Count; i++)
        {
            Span<byte> entry = bytes.AsSpan(i * EntryBytes);
            BinaryPrimitives.WriteInt64BigEndian(entry, _entries[i]);
        }

        return bytes;
    }

    /// <summary>Reads a file's entries. A file left by a process that died is padded with zeros to its mapped size: the
    /// entries end where they stop rising (KAFKA-10207, KAFKA-19200). Null if the bytes are no index of this segment.</summary>
    public static OffsetIndex? TryDecode(long baseOffset, ReadOnlySpan<byte> bytes, long segmentBytes)
    {
        if (bytes.Length % EntryBytes != 0) return null;
        int slots = bytes.Length / EntryBytes;
        OffsetIndex index = new(baseOffset) { _entries = new long[slots] };
        int lastOffset = -1;
        int lastPosition = -1;
        for (int i = 0; i < slots; i++)
        {
            long raw = BinaryPrimitives.ReadInt64BigEndian(bytes[(i * EntryBytes)..]);
            int offset = (int)(raw >> 32);
            int position = (int)raw;
            if (raw == 0) return IsZero(bytes[(i * EntryBytes)..]) ? index.Trimmed() : null;
            if (offset < 0 || offset <= lastOffset || position <= lastPosition || position >= segmentBytes) return null;
            index._entries[index.Count++] = raw;
            (lastOffset, lastPosition) = (offset, position);
        }

        return index;
    }

    private OffsetIndex Trimmed() => new(BaseOffset) { _entries = _entries[..Count], Count = Count };

    private static bool IsZero(ReadOnlySpan<byte> bytes) => !bytes.ContainsAnyExcept((byte)0);
}
