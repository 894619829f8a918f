using Moldau.Base;

namespace Moldau.Storage;

/// <summary>How a truncation was received.</summary>
public enum TruncateStatus
{
    /// <summary>Decided; the files follow.</summary>
    Accepted,

    /// <summary>The log ends at or before the offset.</summary>
    NothingToDo,

    /// <summary>Operations are out: try again when the log <see cref="PartitionLog.IsIdle"/>.</summary>
    Busy,

    Failed,
}

public sealed partial class PartitionLog
{
    /// <summary>Drops all records at or above the offset; a batch that the offset lies within goes as a whole. Appends are
    /// refused (Backlogged) until the files have followed. The caller then writes the checkpoints before it appends again:
    /// a recovery point above what is flushed would be believed once the log has grown to it.</summary>
    public TruncateStatus TruncateTo(long offset, Instant now, EffectList<DiskOp> ops)
    {
        Verify.That(offset >= 0);
        if (IsFailed || IsClosed) return TruncateStatus.Failed;
        if (!IsIdle || _unflushed.Count > 0) return TruncateStatus.Busy;
        if (offset >= LogEndOffset)
        {
            if (Epochs.TruncateFromEnd(LogEndOffset)) WriteEpochs(now, ops);
            return TruncateStatus.NothingToDo;
        }

        if (offset < _segments[0].BaseOffset) return TruncateFullyAndStartAt(offset, now, ops);
        int keep = FloorIndex(offset);
        // The cut segment itself becomes empty if the offset is its first; then it is kept as the active one.
        Epochs.TruncateFromEnd(offset);
        foreach (LogSegment segment in _segments[keep..])
        {
            segment.InvalidateSlices();
            segment.Transactions.TruncateTo(offset);
        }

        long[] dropped = [.. _segments[(keep + 1)..].Select(s => s.BaseOffset)];
        RetireSegments(keep + 1);
        SetEnds(offset);
        StartTruncation(_segments[keep], offset, dropped, dropsAll: false, now, ops);
        return TruncateStatus.Accepted;
    }

    /// <summary>Drops everything; the log goes on, empty, at the offset (or with a lower start, for tiered logs).</summary>
    public TruncateStatus TruncateFullyAndStartAt(
        long offset, Instant now, EffectList<DiskOp> ops, long? logStartOffset = null)
    {
        if (IsFailed || IsClosed) return TruncateStatus.Failed;
        if (!IsIdle || _unflushed.Count > 0) return TruncateStatus.Busy;
        Epochs.Clear();
        foreach (LogSegment segment in _segments) segment.InvalidateSlices();
        long[] dropped = [.. _segments.Select(s => s.BaseOffset)];
        RetireSegments(0);
        SetEnds(offset);
        LogStartOffset = logStartOffset ?? offset;
        HighWatermark = offset;
        LogSegment fresh = NewSegment(offset, now);
        _segments.Add(fresh);
        StartTruncation(fresh, offset, dropped, dropsAll: true, now, ops);
        return TruncateStatus.Accepted;
    }

    private void SetEnds(long offset)
    {
        _truncations++;
        _tail.Clear();
        LogEndOffset = WrittenEnd = offset;
        DurableEnd = Math.Min(DurableEnd, offset);
        RecoveryPoint = Math.Min(RecoveryPoint, offset);
        _flushedUpTo = Math.Min(_flushedUpTo, offset);
        LogStartOffset = Math.Min(LogStartOffset, offset);
        HighWatermark = Math.Min(HighWatermark, offset);
        _lastSyncedEnd = Math.Min(_lastSyncedEnd, offset);
    }

    private void RetireSegments(int from)
    {
        for (int i = from; i < _segments.Count; i++) _segments[i].Close();
        _segments.RemoveRange(from, _segments.Count - from);
    }

    private void StartTruncation(
        LogSegment last, long offset, long[] dropped, bool dropsAll, Instant now, EffectList<DiskOp> ops)
    {
        // The file is opened anew by the job; slices of the old handle are invalid, readers of it stay safe.
        last.Close();
        LoadedLog shadow = new() { Partition = Partition, Folder = Folder, LogStartOffset = LogStartOffset };
        foreach (LogSegment s in _segments)
            shadow.Segments.Add(new LogSegment(Folder, s.BaseOffset) { WrittenBytes = s.WrittenBytes });
        foreach (long at in _snapshotOffsets) shadow.Snapshots.Add(at);
        _isTruncating = true;
        _writtenEpochs = Epochs.Version;
        TruncateJob job = new()
        {
            LogDirectory = LogDirectory,
            OrderKey = this,
            Log = shadow,
            Offset = offset,
            Dropped = dropped,
            Epochs = Epochs.Encode(),
            Transactions = last.Transactions.Copy(),
            Config = Config,
            NowMs = now.UnixMs,
            DropsAll = dropsAll,
        };
        _steps.Enqueue(new JobStep(() => job, (at, _) => OnTruncated(job, last, at)));
        Pump(now, ops);
    }

    private LogChanges OnTruncated(TruncateJob job, LogSegment last, Instant now)
    {
        _isTruncating = false;
        if (job.Opened is { } opened)
        {
            last.WrittenBytes = last.DecidedBytes = job.Bytes;
            last.MaxTimestamp = opened.MaxTimestamp;
            last.FirstTimestamp = opened.FirstTimestamp;
            last.IsDirty = true;
            last.EmptyFrom = long.MaxValue;
            InstallOrRelease(last, opened, now);
            if (job.EndOffset < LogEndOffset)
            {
                SetEnds(job.EndOffset);
                Epochs.TruncateFromEnd(job.EndOffset);
                last.Transactions.TruncateTo(job.EndOffset);
            }

        }

        _snapshotOffsets.Clear();
        _snapshotOffsets.UnionWith(job.Log.Snapshots);
        if (job.Producers is { } producers) Producers = producers;
        Producers.OnHighWatermark(HighWatermark);
        return LogChanges.Truncated | LogChanges.RecoveryPoint;
    }

    private bool _isTruncating;

    private void WriteEpochs(Instant now, EffectList<DiskOp> ops)
    {
        WriteEpochsIfChanged();
        Pump(now, ops);
    }
}
