using Moldau.Records;

namespace Moldau.Storage;

/// <summary>Opens a closed segment inside a job: file, indexes (built anew if they are missing or damaged), times.</summary>
internal static class SegmentOpener
{
    /// <summary>A segment with more bytes than this and no index entry has lost its index.</summary>
    private const int UnindexedBytes = 64 * 1024;

    private const int WindowBytes = 64 * 1024;

    public static OpenedSegment Open(IDisk disk, in SegmentRef segment, bool isActive, int indexIntervalBytes)
    {
        IDiskFile file = disk.Open(
            segment.PathOf(LogFileNames.Log), isActive ? DiskOpenMode.ReadWrite : DiskOpenMode.Read);
        SharedFile shared = new(file);
        try
        {
            (OffsetIndex offsets, TimeIndex times) = LoadIndexes(disk, file, segment, indexIntervalBytes);
            TimestampOffset max = MaxTimestamp(file, segment.Bytes, offsets, times);
            long? first = FirstTimestamp(file, segment.Bytes);
            return new OpenedSegment(shared, offsets, times, max, first);
        }
        catch (DiskException)
        {
            shared.Release();
            throw;
        }
    }

    /// <summary>Builds both indexes from the batch headers, exactly as appending would have.</summary>
    public static (OffsetIndex Offsets, TimeIndex Times, TimestampOffset Max) Rebuild(
        IDiskFile file, long baseOffset, int bytes, int indexIntervalBytes)
    {
        IndexBuilder builder = new(baseOffset, indexIntervalBytes);
        BatchScanner scanner = new(file, 0, bytes, new byte[WindowBytes]);
        while (scanner.MoveNext()) builder.Add(scanner.Current);
        return (builder.Offsets, builder.Times, builder.Max);
    }

    private static (OffsetIndex, TimeIndex) LoadIndexes(
        IDisk disk, IDiskFile file, in SegmentRef segment, int indexIntervalBytes)
    {
        byte[]? offsetBytes = DiskFiles.ReadWhole(disk, segment.PathOf(LogFileNames.OffsetIndex));
        byte[]? timeBytes = DiskFiles.ReadWhole(disk, segment.PathOf(LogFileNames.TimeIndex));
        OffsetIndex? offsets = offsetBytes is null
            ? null
            : OffsetIndex.TryDecode(segment.BaseOffset, offsetBytes, segment.Bytes);
        TimeIndex? times = timeBytes is null ? null : TimeIndex.TryDecode(segment.BaseOffset, timeBytes);
        bool isLost = offsets is null || times is null || (offsets.Count == 0 && segment.Bytes > UnindexedBytes);
        if (!isLost) return (offsets!, times!); // isLost covers null.
        (OffsetIndex rebuilt, TimeIndex rebuiltTimes, _) =
            Rebuild(file, segment.BaseOffset, segment.Bytes, indexIntervalBytes);
        return (rebuilt, rebuiltTimes);
    }

    // The time index lags behind by what came after its last entry.
    internal static TimestampOffset MaxTimestamp(IDiskFile file, int bytes, OffsetIndex offsets, TimeIndex times)
    {
        TimestampOffset max = times.Last;
        int position = StartOf(file, bytes, offsets.Lookup(max.Offset));
        if (!TryRaise(file, position, bytes, offsets.BaseOffset, ref max) && position > 0)
            TryRaise(file, 0, bytes, offsets.BaseOffset, ref max);
        return max;
    }

    /// <summary>The entry's position where a batch begins there that the entry may mean, else the segment's begin: an entry may
    /// have rotted.</summary>
    internal static int StartOf(IDiskFile file, int bytes, OffsetPosition entry)
    {
        BatchScanner scanner = new(file, entry.Position, bytes, stackalloc byte[RecordBatchLayout.HeaderBytes]);
        return scanner.MoveNext() && scanner.Current.FirstOffset <= entry.Offset ? entry.Position : 0;
    }

    /// <returns>False where it came to bytes that are no batch.</returns>
    private static bool TryRaise(IDiskFile file, int position, int bytes, long baseOffset, ref TimestampOffset max)
    {
        BatchScanner scanner = new(file, position, bytes, new byte[Math.Clamp(bytes - position, 0, WindowBytes)]);
        while (scanner.MoveNext())
        {
            BatchHeader batch = scanner.Current;
            bool isInSegment = OffsetIndex.Fits(baseOffset, batch.LastOffset);
            if (isInSegment && batch.MaxTimestamp > max.Timestamp) max = new TimestampOffset(batch.MaxTimestamp, batch.LastOffset);
        }

        return scanner.Status == BatchReadStatus.Ok;
    }

    private static long? FirstTimestamp(IDiskFile file, int bytes)
    {
        BatchScanner scanner = new(file, 0, bytes, stackalloc byte[RecordBatchLayout.HeaderBytes]);
        return scanner.MoveNext() ? scanner.Current.MaxTimestamp : null;
    }
}

/// <summary>Names a segment to a job.</summary>
internal readonly record struct SegmentRef(string Folder, long BaseOffset, int Bytes)
{
    public string PathOf(string suffix) => LogFileNames.PathOf(Folder, BaseOffset, suffix);
}

/// <summary>Makes a segment's sparse indexes from its batches in order.</summary>
internal sealed class IndexBuilder(OffsetIndex offsets, TimeIndex times, TimestampOffset max, int indexIntervalBytes)
{
    public IndexBuilder(long baseOffset, int indexIntervalBytes)
        : this(new OffsetIndex(baseOffset), new TimeIndex(baseOffset), new TimestampOffset(-1, baseOffset), indexIntervalBytes)
    {
    }

    public OffsetIndex Offsets { get; } = offsets;

    public TimeIndex Times { get; } = times;

    public TimestampOffset Max { get; private set; } = max;

    public void Add(in BatchHeader batch)
    {
        // Offsets of unverified batches may be nonsense: no entry then, and whoever reads the batch finds out.
        if (!OffsetIndex.Fits(Offsets.BaseOffset, batch.LastOffset)) return;
        if (batch.MaxTimestamp > Max.Timestamp) Max = new TimestampOffset(batch.MaxTimestamp, batch.LastOffset);
        int lastEntry = Offsets.Count == 0 ? 0 : Offsets[Offsets.Count - 1].Position;
        if (batch.Position - lastEntry <= indexIntervalBytes) return;
        if (batch.LastOffset <= Offsets.LastOffset) return;
        Offsets.Append(batch.LastOffset, batch.Position);
        Times.AppendIfLater(Max.Timestamp, Max.Offset);
    }
}
