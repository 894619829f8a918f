using Moldau.Records;

namespace Moldau.Storage;

/// <summary>A record found by time.</summary>
public readonly record struct TimestampLookupResult(long Offset, long Timestamp, int? LeaderEpoch);

/// <summary>Finds the first record whose timestamp is at or above the target, at or behind the log's start; or, with
/// <see cref="MaxTimestamp"/>, the (first) record with the largest timestamp. Made by <see cref="PartitionLog"/>.</summary>
public sealed class TimestampLookupJob : JobOp
{
    /// <summary>ListOffsets' special timestamp: the record with the largest one.</summary>
    public const long MaxTimestamp = -3;

    private const int WindowBytes = 64 * 1024;

    internal TimestampLookupJob()
    {
    }

    public required long Target { get; init; }

    /// <summary>What was found; null: no record is that late.</summary>
    public TimestampLookupResult? Result { get; private set; }

    /// <summary>Bytes on the way are no batches, or not as they were written: <see cref="Result"/> says nothing.</summary>
    public bool IsDamaged { get; private set; }

    internal long LogStartOffset { get; init; }

    internal Source[] Sources { get; init; } = [];

    internal LeaderEpochCache Epochs { get; init; } = new();

    protected override void Run(IDisk disk)
    {
        using RecordCodecs codecs = new();
        Result = Target == MaxTimestamp ? FindLargest(disk, codecs) : FindFirst(disk, codecs);
        if (Result is { } found) Result = found with { LeaderEpoch = Epochs.EpochForOffset(found.Offset) };
    }

    private TimestampLookupResult? FindFirst(IDisk disk, RecordCodecs codecs)
    {
        foreach (Source source in Sources)
        {
            using View view = View.Open(disk, source);
            if (view.Max.Timestamp < Target) continue;
            // The last entry before the target says that nothing up to its offset is late enough.
            long from = Math.Max(view.Times.Lookup(Target - 1).Offset, LogStartOffset);
            int start = SegmentOpener.StartOf(view.File, source.Segment.Bytes, view.Offsets.Lookup(from));
            TimestampLookupResult? found = FirstIn(view.File, start, source.Segment.Bytes, codecs);
            // Perhaps it is the index that is wrong: the batches themselves lead there too.
            if (IsDamaged && start > 0) found = FirstIn(view.File, 0, source.Segment.Bytes, codecs);
            if (IsDamaged || found is not null) return found;
        }

        return null;
    }

    private TimestampLookupResult? FindLargest(IDisk disk, RecordCodecs codecs)
    {
        TimestampOffset best = TimestampOffset.None;
        Source? holder = null;
        foreach (Source source in Sources)
        {
            using View view = View.Open(disk, source);
            if (view.Max.Timestamp <= best.Timestamp) continue;
            (best, holder) = (view.Max, source);
        }

        if (holder is not { } found) return null;
        using View last = View.Open(disk, found);
        int start = SegmentOpener.StartOf(last.File, found.Segment.Bytes, last.Offsets.Lookup(best.Offset));
        TimestampLookupResult? largest = LargestAt(best.Offset, last.File, start, found.Segment.Bytes, codecs);
        return IsDamaged && start > 0 ? LargestAt(best.Offset, last.File, 0, found.Segment.Bytes, codecs) : largest;
    }

    private TimestampLookupResult? FirstIn(IDiskFile file, int start, int bytes, RecordCodecs codecs)
    {
        BatchReader reader = new(file, start, bytes, WindowBytes);
        while (reader.MoveNext())
        {
            RecordBatchView batch = reader.Current;
            if (batch.MaxTimestamp < Target || batch.LastOffset < LogStartOffset) continue;
            IsDamaged = !batch.IsCrcValid;
            if (IsDamaged) return null;
            if (FirstIn(batch, codecs, Target) is { } found) return found;
        }

        IsDamaged = reader.Status != BatchReadStatus.Ok;
        return null;
    }

    private TimestampLookupResult? LargestAt(long offset, IDiskFile file, int start, int bytes, RecordCodecs codecs)
    {
        BatchReader reader = new(file, start, bytes, WindowBytes);
        while (reader.MoveNext())
        {
            RecordBatchView batch = reader.Current;
            if (batch.LastOffset < offset) continue;
            IsDamaged = !batch.IsCrcValid;
            if (IsDamaged) return null;
            // The log gave all records one time: the last one counts as the latest.
            if (batch.TimestampType == TimestampType.LogAppendTime)
                return new TimestampLookupResult(batch.LastOffset, batch.MaxTimestamp, null);
            return FirstIn(batch, codecs, batch.MaxTimestamp);
        }

        IsDamaged = reader.Status != BatchReadStatus.Ok;
        return null;
    }

    private TimestampLookupResult? FirstIn(RecordBatchView batch, RecordCodecs codecs, long target)
    {
        RecordEnumerator records = batch.ReadRecords(codecs);
        while (records.MoveNext())
        {
            RecordView record = records.Current;
            if (record.Timestamp < target || record.Offset < LogStartOffset) continue;
            TimestampLookupResult found = new(record.Offset, record.Timestamp, null);
            records.Dispose();
            return found;
        }

        records.Dispose();
        return null;
    }

    /// <summary>A segment to look into; its indexes if the log has them in memory.</summary>
    internal readonly record struct Source(
        SegmentRef Segment, OffsetIndex? Offsets, TimeIndex? Times, TimestampOffset? Max, int IndexIntervalBytes);

    private readonly struct View : IDisposable
    {
        private View(SharedFile? shared, IDiskFile file, OffsetIndex offsets, TimeIndex times, TimestampOffset max) =>
            (Shared, File, Offsets, Times, Max) = (shared, file, offsets, times, max);

        public IDiskFile File { get; }

        public OffsetIndex Offsets { get; }

        public TimeIndex Times { get; }

        public TimestampOffset Max { get; }

        private SharedFile? Shared { get; }

        public static View Open(IDisk disk, in Source source)
        {
            if (source is { Offsets: { } offsets, Times: { } times, Max: { } max })
                return new View(null, disk.Open(source.Segment.PathOf(LogFileNames.Log), DiskOpenMode.Read), offsets, times, max);
            OpenedSegment opened = SegmentOpener.Open(disk, source.Segment, false, source.IndexIntervalBytes);
            return new View(opened.File, opened.File.File, opened.Offsets, opened.Times, opened.MaxTimestamp);
        }

        public void Dispose()
        {
            if (Shared is null) File.Dispose();
            else Shared.Release();
        }
    }
}
