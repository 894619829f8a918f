using Moldau.Base;

namespace Moldau.Storage;

public sealed partial class PartitionLog
{
    private int _writtenEpochs;
    private SharedFile? _syncing;
    private long _lastSyncedEnd;

    // Segments that end at or below are flushed as at a roll: with their indexes and the snapshot at their end.
    private long _flushedUpTo;
    private readonly Queue<FlushSegmentJob> _heldFlushes = new();

    /// <summary>Begins a new segment at the log's end, whatever the present one holds. No effect on an empty one.</summary>
    public void ForceRoll(Instant now, EffectList<DiskOp> ops)
    {
        // Where a truncation ends is not known before its files have followed.
        if (IsFailed || IsClosed || _isTruncating || Active.DecidedBytes == 0) return;
        Roll(LogEndOffset, now);
        Pump(now, ops);
    }

    /// <summary>Asks that all that is written be made durable. One sync is out at a time; what is written meanwhile is
    /// taken by the next.</summary>
    public void RequestSync(EffectList<DiskOp> ops)
    {
        // What is synced may still wait for the flush of a segment before it; another sync would not help.
        bool isSynced = Math.Max(DurableEnd, _lastSyncedEnd) >= WrittenEnd;
        if (_syncing is not null || IsFailed || isSynced || Active.File is not { } file) return;
        // Its last step syncs, and so does one that brings it to rest. Two syncs of one file are never out together: if one
        // fails the other may say that all is well, since the kernel tells an error once.
        if (IsClosed || _isResting) return;
        // Bytes of rolled segments are the flush jobs' business; the active file may have none yet.
        if (Active.WrittenBytes == 0) return;
        _syncing = file;
        _unflushedRecords = 0;
        file.Retain();
        ops.Add(new SyncOp
        {
            LogDirectory = LogDirectory,
            OrderKey = this,
            Owner = this,
            File = file.File,
            WrittenEnd = WrittenEnd,
        });
    }

    private LogChanges OnSynced(SyncOp op, Instant now)
    {
        Verify.That(_syncing is not null);
        SharedFile file = _syncing;
        _syncing = null;
        file.Release();
        LogChanges changes = op.Error == DiskError.None ? LogChanges.None : Fail(op.ErrorText ?? "sync failed");
        while (_heldFlushes.TryDequeue(out FlushSegmentJob? held)) changes |= Flushed(held, now);
        return IsFailed || op.Error != DiskError.None ? changes : changes | Synced(op, now);
    }

    private LogChanges Synced(SyncOp op, Instant now)
    {
        LastFlush = now;
        _lastSyncedEnd = Math.Max(_lastSyncedEnd, op.WrittenEnd);
        // While a segment waits for its flush, what this sync covers may have a gap before it. Of the same file the flush may
        // have met an error, which the kernel tells once.
        if (_unflushed.Count > 0 || op.WrittenEnd <= DurableEnd) return LogChanges.None;
        DurableEnd = Math.Min(op.WrittenEnd, WrittenEnd);
        return LogChanges.DurableEnd;
    }

    private bool MustRoll(int length, long maxTimestamp, long lastOffset, Instant now)
    {
        LogSegment active = Active;
        if (active.DecidedBytes > Config.SegmentBytes - length) return true;
        if (!OffsetIndex.Fits(active.BaseOffset, lastOffset)) return true;
        if (active.DecidedBytes > 0 && WaitedMs(active, maxTimestamp, now) > Config.SegmentMs - active.JitterMs) return true;
        return (active.Offsets is { } offsets && offsets.Count >= Config.MaxOffsetIndexEntries)
            || (active.Times is { } times && times.Count >= Config.MaxTimeIndexEntries);
    }

    // Record time where there is any, so that replaying old data rolls as the data did; else how long the segment exists.
    private static long WaitedMs(LogSegment active, long maxTimestamp, Instant now) =>
        active.FirstTimestamp is >= 0 and { } first ? maxTimestamp - first : now.UnixMs - active.CreatedMs;

    private void Roll(long firstOffset, Instant now)
    {
        LogSegment old = Active;
        if (old.DecidedBytes == 0 && old.BaseOffset == firstOffset)
            // Nothing can roll an empty segment onto itself: its indexes are empty, its offsets fit.
            return;
        LogSegment next = NewSegment(firstOffset, now);
        byte[]? snapshot = TakeSnapshot(firstOffset);
        _segments.Add(next);
        RollJob? job = null;
        _steps.Enqueue(new JobStep(
            () => job = new RollJob
            {
                LogDirectory = LogDirectory,
                OrderKey = this,
                Target = next,
                PreallocateBytes = Config.Preallocate ? Config.SegmentBytes : 0,
            },
            (at, effects) =>
            {
                if (job?.Opened is { } opened) InstallOrRelease(next, opened, at);
                if (!IsFailed) FlushRolled(old, next, snapshot, effects);
                return LogChanges.None;
            }));
    }

    private LogSegment NewSegment(long baseOffset, Instant now) =>
        new(Folder, baseOffset) { CreatedMs = now.UnixMs, JitterMs = DrawJitter(), LastAccess = now };

    // The snapshot at a roll holds the state of all records before the new segment.
    private byte[]? TakeSnapshot(long offset)
    {
        Producers.MapEndOffset = offset;
        if (offset <= Producers.LastSnapshotOffset) return null;
        Producers.LastSnapshotOffset = offset;
        _snapshotOffsets.Add(offset);
        return ProducerSnapshotFile.Encode(Producers.Producers);
    }

    // Nothing in the next segment is called durable before this has made its file's name so.
    private void FlushRolled(LogSegment segment, LogSegment next, byte[]? snapshot, EffectList<DiskOp> ops)
    {
        bool isDirty = segment is { IsOpen: true, IsDirty: true };
        if (isDirty) segment.File!.Retain(); // IsOpen
        _unflushed.Enqueue(segment);
        ops.Add(new FlushSegmentJob
        {
            LogDirectory = LogDirectory,
            OrderKey = _flushOrder,
            Owner = this,
            Segment = segment,
            File = isDirty ? segment.File : null,
            Indexes = isDirty ? SegmentIndexes.Of(segment) : null,
            EndOffset = next.BaseOffset,
            Snapshot = snapshot,
        });
    }

    private LogChanges OnSegmentFlushed(FlushSegmentJob job, Instant now)
    {
        // A sync of the same file is still out. If it fails the flush has said nothing: an error is told once.
        bool isInDoubt = _syncing is { } syncing && ReferenceEquals(syncing, job.File);
        if (!isInDoubt && _heldFlushes.Count == 0) return Flushed(job, now);
        _heldFlushes.Enqueue(job);
        return LogChanges.None;
    }

    private LogChanges Flushed(FlushSegmentJob job, Instant now)
    {
        job.File?.Release();
        LogSegment segment = _unflushed.Dequeue();
        Verify.That(ReferenceEquals(segment, job.Segment));
        if (IsFailed) return LogChanges.None;
        if (job.Error != DiskError.None) return Fail(job.ErrorText ?? "flush failed");
        LastFlush = now;
        segment.IsDirty = false;
        _flushedUpTo = job.EndOffset;
        LogChanges changes = LogChanges.RecoveryPoint;
        if (job.EndOffset > RecoveryPoint) RecoveryPoint = Math.Min(job.EndOffset, WrittenEnd);
        // A sync of the next file may have been done already and only waited for this.
        long durable = _unflushed.Count == 0 ? Math.Max(job.EndOffset, _lastSyncedEnd) : job.EndOffset;
        durable = Math.Min(durable, WrittenEnd);
        if (durable > DurableEnd)
        {
            DurableEnd = durable;
            changes |= LogChanges.DurableEnd;
        }

        return changes;
    }

    private void WriteEpochsIfChanged()
    {
        if (Epochs.Version == _writtenEpochs) return;
        _writtenEpochs = Epochs.Version;
        byte[] contents = Epochs.Encode();
        _steps.Enqueue(new JobStep(
            () => new WriteFileJob
            {
                LogDirectory = LogDirectory,
                OrderKey = this,
                Contents = contents,
                Path = LogFileNames.Join(Folder, LogFileNames.LeaderEpochCheckpoint),
            },
            (_, _) => LogChanges.None));
    }
}
