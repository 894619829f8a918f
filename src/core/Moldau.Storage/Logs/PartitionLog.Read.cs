using Moldau.Base;

namespace Moldau.Storage;

public sealed partial class PartitionLog
{
    /// <summary>So close to the end of the active segment pages are certainly in memory: a few headers may be read here.</summary>
    private const int HotBytes = 1024 * 1024;

    private const int HopWindowBytes = 4 * 1024;

    private readonly TailIndex _tail = new();

    /// <summary>Finds the bytes from an offset on.</summary>
    /// <param name="upTo">Exclusive bound: high watermark, last stable offset or log end; records at or above it are never
    /// in the slice.</param>
    /// <param name="minOneMessage">Return at least the first batch whole, even if it is larger than the limit.</param>
    /// <param name="located">The completed job of an earlier try.</param>
    public ReadResult Read(long offset, int maxBytes, long upTo, bool minOneMessage, Instant now, LocateJob? located = null)
    {
        if (IsFailed || IsClosed) return new ReadResult { Status = ReadStatus.Failed };
        if (offset < LogStartOffset || offset > LogEndOffset) return new ReadResult { Status = ReadStatus.OutOfRange };
        upTo = Math.Min(upTo, WrittenEnd);
        for (int i = FloorIndex(offset); i < _segments.Count && offset < upTo; i++)
        {
            Verify.That(i >= 0);
            LogSegment segment = _segments[i];
            segment.LastAccess = now;
            long segmentEnd = i == _segments.Count - 1 ? WrittenEnd : _segments[i + 1].BaseOffset;
            if (segment.WrittenBytes == 0 || offset >= segment.EmptyFrom) continue;
            if (located is not null && located.Target == segment && located.StartOffset != offset) located = null;
            if (located is { Error: not DiskError.None } && located.Target == segment)
                return new ReadResult { Status = ReadStatus.Failed };
            bool isFound = TryLocate(segment, offset, Math.Min(upTo, segmentEnd), segmentEnd, located, out Range range);
            if (!isFound)
            {
                LocateJob job = Locate(segment, offset, Math.Min(upTo, segmentEnd), segmentEnd);
                return new ReadResult { Status = ReadStatus.NeedsJob, Job = job };
            }

            if (range.IsDamaged) return new ReadResult { Status = ReadStatus.Damaged };
            // The rest of this segment was compacted away: the offset's successor is in the next one.
            if (range.First is not { } first || first.Position >= range.EndPosition) continue;
            return Cut(segment, offset, maxBytes, minOneMessage, first, range.EndPosition, Math.Min(upTo, segmentEnd));
        }

        return new ReadResult { Status = ReadStatus.Ok, UpperBound = offset };
    }

    /// <summary>Whether the offset is in a segment before the one that holds the last record below the bound.</summary>
    public bool IsInOlderSegment(long offset, long upTo) => offset < upTo && FloorIndex(offset) < FloorIndex(upTo - 1);

    /// <summary>The aborted transactions that touch [offset, upperBound), for read_committed.</summary>
    public void CollectAborted(long offset, long upperBound, List<AbortedTransaction> into)
    {
        for (int i = Math.Max(0, FloorIndex(offset)); i < _segments.Count; i++)
            if (_segments[i].Transactions.Collect(offset, upperBound, into)) return;
    }

    /// <summary>A search by time over what is written now; run it as any job, its result is in it.</summary>
    public TimestampLookupJob LookUp(long timestamp) => new()
    {
        LogDirectory = LogDirectory,
        Owner = this,
        Target = timestamp,
        LogStartOffset = LogStartOffset,
        Epochs = Epochs.Copy(),
        Sources =
        [
            .. _segments.Where(s => s.WrittenBytes > 0).Select(s => new TimestampLookupJob.Source(
                RefOf(s), s.Offsets?.Snapshot(), s.Times?.Copy(), s.IsOpen ? s.MaxTimestamp : null, Config.IndexIntervalBytes)),
        ],
    };

    /// <summary>Where an epoch ended (OffsetForLeaderEpoch); undefined where this log does not know.</summary>
    public EpochEndOffset EndOffsetForEpoch(int epoch) => Epochs.EndOffsetFor(epoch, LogEndOffset);

    private bool TryLocate(
        LogSegment segment, long offset, long upTo, long segmentEnd, LocateJob? located, out Range range)
    {
        range = default;
        if (!segment.IsOpen) return false;
        if (located is not null && located.Target == segment && located.Truncations == _truncations)
        {
            range = new Range(located.First, located.EndPosition, located.IsDamaged);
            return true;
        }

        if (!TryFind(segment, offset, segmentEnd, out BatchSpan? first)) return false;
        if (upTo >= segmentEnd)
        {
            range = new Range(first, segment.WrittenBytes);
            return true;
        }

        if (!TryFind(segment, upTo, segmentEnd, out BatchSpan? end)) return false;
        range = new Range(first, end?.Position ?? segment.WrittenBytes);
        return true;
    }

    // In memory, or by a short hop from the index entry before: through pages that were written a moment ago, or that the
    // page cache turns out to have.
    private bool TryFind(LogSegment segment, long offset, long segmentEnd, out BatchSpan? batch)
    {
        batch = _tail.Find(segment.BaseOffset, offset);
        if (batch is not null) return true;
        OffsetPosition from = segment.Offsets!.Lookup(offset); // the caller has checked that it is open
        bool isHot = segment == Active && from.Position >= segment.WrittenBytes - HotBytes;
        try
        {
            Span<byte> window = stackalloc byte[HopWindowBytes];
            SegmentSearch search = new(
                segment.File!.File, segment.BaseOffset, segmentEnd, segment.WrittenBytes, Config.IsCompacted, ReadsSums: false);
            // At damage a job looks for another way.
            return search.Find(from, offset, window, !isHot, out batch, out _) == SearchStatus.Done;
        }
        catch (DiskException)
        {
            // The job will meet the same failure and report it.
            return false;
        }
    }

    private LocateJob Locate(LogSegment segment, long offset, long upTo, long segmentEnd)
    {
        segment.File?.Retain();
        return new LocateJob(segment, new SegmentRef(Folder, segment.BaseOffset, segment.WrittenBytes))
        {
            LogDirectory = LogDirectory,
            Owner = this,
            // What waits for the file will be written through the handle that this may open.
            IsActive = segment == Active || !segment.IsWritten,
            IndexIntervalBytes = Config.IndexIntervalBytes,
            IsCompacted = Config.IsCompacted,
            File = segment.File,
            Offsets = segment.Offsets?.Snapshot(),
            StartOffset = offset,
            UpTo = upTo,
            SegmentEnd = segmentEnd,
            Truncations = _truncations,
        };
    }

    private LogChanges OnLocated(LocateJob job, Instant now)
    {
        job.File?.Release();
        if (job.Opened is { } opened) InstallOrRelease(job.Target, opened, now);
        bool isGap = job is { Error: DiskError.None, First: null, IsDamaged: false } && job.Truncations == _truncations;
        if (isGap && job.Segment.Bytes == job.Target.WrittenBytes) job.Target.EmptyFrom = job.StartOffset;
        bool isDamage = job.Error is DiskError.Io && _segments.Contains(job.Target);
        return LogChanges.Located | (isDamage ? Fail(job.ErrorText ?? "read failed") : LogChanges.None);
    }

    private static ReadResult Cut(
        LogSegment segment, long offset, int maxBytes, bool minOneMessage, in BatchSpan first, int end, long upTo)
    {
        int limit = minOneMessage ? Math.Max(maxBytes, first.SizeInBytes) : maxBytes;
        int length = Math.Min(end - first.Position, limit);
        // Part of one batch is of no use to anyone; a client would take it for a batch that it can never fetch.
        if (length < first.SizeInBytes)
            return new ReadResult { Status = ReadStatus.Ok, UpperBound = offset, IsFirstBatchTooLarge = true };
        SharedFile file = segment.File!; // located segments are open
        file.Retain();
        return new ReadResult
        {
            Status = ReadStatus.Ok,
            Slice = new FileSlice(file.File, first.Position, length, file.Generation, file),
            FirstBatchBytes = first.SizeInBytes,
            UpperBound = Math.Min(upTo, UpperBoundOf(segment, first.Position + length, upTo)),
        };
    }

    // The first indexed batch that begins behind the slice bounds the offsets in it.
    private static long UpperBoundOf(LogSegment segment, int endPosition, long otherwise)
    {
        OffsetIndex offsets = segment.Offsets!;
        int low = 0;
        int high = offsets.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (offsets[middle].Position < endPosition) low = middle + 1;
            else high = middle;
        }

        return low == offsets.Count ? otherwise : offsets[low].Offset;
    }

    private readonly record struct Range(BatchSpan? First, int EndPosition, bool IsDamaged = false);
}
