using Moldau.Base;

namespace Moldau.Storage;

public sealed partial class PartitionLog
{
    /// <summary>An inactive segment that nobody read for so long gives its file handle back.</summary>
    private static readonly Duration IdleFile = Duration.FromSeconds(60);

    private readonly List<DyingSegment> _dying = [];
    private bool _isAskingTimes;
    private bool _isDiscarded;
    private bool _isResting;

    // Retention wants all below gone, and has rolled the active segment for it: what it may take goes when that is flushed.
    private long _retiresUpTo;

    /// <summary>When <see cref="Tick"/> has something to do next.</summary>
    public Instant NextDeadline
    {
        get
        {
            Instant next = _dying.Count == 0 ? Instant.Never : _dying[0].Due;
            bool waitsForFlush = Config.FlushMs < long.MaxValue && DurableEnd < WrittenEnd && !IsFailed;
            return waitsForFlush ? Instant.Min(next, LastFlush + Duration.FromMs(Config.FlushMs)) : next;
        }
    }

    /// <summary>Moves the log's start up (DeleteRecords, or the leader's start on a follower); the segments below go with
    /// the next <see cref="Sweep"/>. False if the offset is above the high watermark.</summary>
    public bool AdvanceLogStart(long offset, Instant now, EffectList<DiskOp> ops)
    {
        if (IsFailed || offset > HighWatermark) return false;
        if (offset <= LogStartOffset) return true;
        LogStartOffset = offset;
        if (Epochs.TruncateFromStart(offset)) WriteEpochs(now, ops);
        Producers.OnLogStart(offset);
        return true;
    }

    /// <summary>Applies retention by time, by size and by log start offset; the caller asks in Kafka's
    /// log.retention.check.interval.ms. Also forgets expired producers and closes idle files.</summary>
    public LogChanges Sweep(Instant now, EffectList<DiskOp> ops)
    {
        if (IsFailed || IsClosed || _isTruncating) return LogChanges.None;
        Producers.RemoveExpired(now.UnixMs, Config.ProducerIdExpirationMs);
        LogChanges changes = Retire(CountDue(now, ops), now, ops);
        CloseIdle(now, ops);
        return changes;
    }

    /// <summary>Of the segments that go by retention or lie below the log's start, so many as may go, from the oldest on.</summary>
    private int CountDue(Instant now, EffectList<DiskOp> ops)
    {
        int count = CountBelowStart();
        return Config.IsDeleted ? Math.Max(count, Math.Max(CountExpired(now, ops), CountOversize())) : count;
    }

    /// <summary>What was the active segment when retention asked for it is flushed: it may go now, and nothing behind it.</summary>
    private LogChanges RetireRolled(Instant now, EffectList<DiskOp> ops)
    {
        int most = 0;
        while (most < _segments.Count - 1 && _segments[most + 1].BaseOffset <= _retiresUpTo) most++;
        _retiresUpTo = 0;
        if (IsFailed || IsClosed || _isTruncating) return LogChanges.None;
        return Retire(Math.Min(most, CountDue(now, ops)), now, ops);
    }

    /// <summary>Does what time asks for: removes files of deleted segments, syncs by flush.ms.</summary>
    public void Tick(Instant now, EffectList<DiskOp> ops)
    {
        int due = 0;
        while (due < _dying.Count && _dying[due].Due <= now) due++;
        if (due > 0)
        {
            ops.Add(new RemoveFilesJob
            {
                LogDirectory = LogDirectory,
                OrderKey = this,
                Owner = this,
                Folder = Folder,
                BaseOffsets = [.. _dying.Take(due).Select(d => d.BaseOffset)],
            });
            _dying.RemoveRange(0, due);
        }

        if (Config.FlushMs < long.MaxValue && LastFlush + Duration.FromMs(Config.FlushMs) <= now) RequestSync(ops);
    }

    /// <summary>Flushes everything and gives all files back; Closed is reported when done. The caller then writes the
    /// checkpoints of the directory and, last, its clean-shutdown file.</summary>
    public void Close(Instant now, EffectList<DiskOp> ops)
    {
        if (IsClosed) return;
        IsClosed = true;
        if (IsFailed)
        {
            ReleaseFiles();
            return;
        }

        // Epochs that are not written have no record: loading would cut them off again.
        CloseLogJob? job = null;
        _steps.Enqueue(new JobStep(
            () => job = MakeCloseJob(withStandby: true),
            (_, _) =>
            {
                job?.File?.Release();
                ReleaseFiles();
                // Another operation failed while this one was out: what it should have made durable, nobody has.
                if (IsFailed) return LogChanges.Closed;
                RecoveryPoint = DurableEnd = WrittenEnd;
                return LogChanges.Closed | LogChanges.RecoveryPoint | LogChanges.DurableEnd;
            },
            ReleaseFiles));
        Pump(now, ops);
    }

    /// <summary>The job that gives the folder of a deleted topic's log its name for deletion; close the log first.
    /// <see cref="RemoveFolderJob"/> follows after file.delete.delay.ms.</summary>
    public RenameFolderJob MakeDeleteJob(Uuid unique) => new()
    {
        // Behind the flushes, which write indexes and snapshots by name: the next topic of this name has a folder of this
        // name too.
        LogDirectory = LogDirectory,
        OrderKey = _flushOrder,
        From = Folder,
        To = LogFileNames.Join(LogDirectory, LogFileNames.DeleteFolderOf(Partition, unique)),
    };

    /// <summary>Lets go of a log whose folder is going to be deleted: nothing more is written, not even what waits. Closed
    /// is reported at once (true) or when the last operation is back.</summary>
    public bool Discard()
    {
        IsClosed = true;
        _isDiscarded = true;
        while (_steps.TryDequeue(out LogStep? step)) step.Abandon();
        _backlogBytes = 0;
        return IsIdle && ReleaseDiscarded() == LogChanges.Closed;
    }

    private LogChanges ReleaseDiscarded()
    {
        ReleaseFiles();
        return LogChanges.Closed;
    }

    private CloseLogJob MakeCloseJob(bool withStandby)
    {
        byte[]? snapshot = TakeSnapshot(LogEndOffset);
        LogSegment active = Active;
        bool isDirty = active is { IsOpen: true, IsDirty: true };
        if (isDirty) active.File!.Retain(); // IsOpen
        return new CloseLogJob
        {
            // Behind the flushes of rolled segments.
            LogDirectory = LogDirectory,
            OrderKey = _flushOrder,
            Folder = Folder,
            BaseOffset = active.BaseOffset,
            File = isDirty ? active.File : null,
            Indexes = isDirty ? SegmentIndexes.Of(active) : null,
            EndOffset = LogEndOffset,
            Snapshot = snapshot,
            Standby = withStandby && (_standby is not null || _isPreparing) ? StandbyPath : null,
        };
    }

    private void ReleaseFiles()
    {
        foreach (LogSegment segment in _segments) segment.Close();
        ReleaseStandby();
    }

    private int CountBelowStart()
    {
        int count = 0;
        while (count < _segments.Count - 1 && _segments[count + 1].BaseOffset <= LogStartOffset && IsFlushed(count)) count++;
        return count;
    }

    // Only then is the snapshot at its end on the disk, which alone knows what its producers did, and the name of the next
    // segment, which alone knows where the log ends.
    private bool IsFlushed(int index) => _flushedUpTo >= _segments[index + 1].BaseOffset;

    // Never beyond the high watermark, and only from the oldest on without a gap.
    private bool MayRetire(int index) => index == _segments.Count - 1
        ? HighWatermark >= LogEndOffset && _segments[index].DecidedBytes > 0
        : HighWatermark >= _segments[index + 1].BaseOffset && IsFlushed(index);

    private int CountExpired(Instant now, EffectList<DiskOp> ops)
    {
        if (Config.RetentionMs < 0) return 0;
        int count = 0;
        for (; count < _segments.Count && MayRetire(count); count++)
        {
            LogSegment segment = _segments[count];
            if (segment.MaxTimestamp is null) AskTimes(ops);
            if (LargestTimestamp(segment) is not { } largest || now.UnixMs - largest <= Config.RetentionMs) break;
        }

        return count;
    }

    private int CountOversize()
    {
        if (Config.RetentionBytes < 0) return 0;
        long excess = SizeInBytes - Config.RetentionBytes;
        int count = 0;
        while (count < _segments.Count && MayRetire(count) && excess >= _segments[count].DecidedBytes)
            excess -= _segments[count++].DecidedBytes;
        return count;
    }

    private static long? LargestTimestamp(LogSegment segment) => segment.MaxTimestamp switch
    {
        null => null,
        { Timestamp: >= 0 } max => max.Timestamp,
        _ => segment.LastModifiedMs,
    };

    private LogChanges Retire(int count, Instant now, EffectList<DiskOp> ops)
    {
        if (count == _segments.Count)
        {
            // A log is never without an active segment, and none goes before it is flushed.
            count--;
            if (IsIdle)
            {
                Roll(LogEndOffset, now);
                _retiresUpTo = LogEndOffset;
                Pump(now, ops);
            }
        }

        if (count == 0) return LogChanges.None;
        List<LogSegment> gone = _segments.GetRange(0, count);
        _segments.RemoveRange(0, count);
        long[] bases = [.. gone.Select(s => s.BaseOffset)];
        _steps.Enqueue(new JobStep(
            () => new MarkDeletedJob { LogDirectory = LogDirectory, OrderKey = this, Folder = Folder, BaseOffsets = bases },
            (at, _) =>
            {
                foreach (LogSegment segment in gone) segment.Close();
                Instant due = at + Duration.FromMs(Config.FileDeleteDelayMs);
                _dying.AddRange(bases.Select(b => new DyingSegment(b, due)));
                return LogChanges.None;
            }));
        foreach (long at in bases) _snapshotOffsets.Remove(at);
        bool isMoved = _segments[0].BaseOffset > LogStartOffset;
        if (isMoved) AdvanceLogStart(_segments[0].BaseOffset, now, ops);
        Pump(now, ops);
        return isMoved ? LogChanges.LogStart : LogChanges.None;
    }

    private void AskTimes(EffectList<DiskOp> ops)
    {
        if (_isAskingTimes) return;
        // What is being written has no file yet, or times that come with its appends.
        (LogSegment, SegmentRef)[] unknown =
            [.. _segments.Where(s => s.MaxTimestamp is null && s.DecidedBytes > 0 && s.IsWritten).Select(s => (s, RefOf(s)))];
        if (unknown.Length == 0) return;
        _isAskingTimes = true;
        ops.Add(new SegmentTimesJob
        {
            LogDirectory = LogDirectory,
            Owner = this,
            IndexIntervalBytes = Config.IndexIntervalBytes,
            Segments = unknown,
        });
    }

    private SegmentRef RefOf(LogSegment segment) => new(Folder, segment.BaseOffset, segment.WrittenBytes);

    private LogChanges OnBackgroundDone(DiskOp op, Instant now, EffectList<DiskOp> ops)
    {
        if (op is not SegmentTimesJob times) return LogChanges.None;
        _isAskingTimes = false;
        if (times.Error != DiskError.None) return LogChanges.None;
        foreach ((LogSegment segment, TimestampOffset max, long modified) in times.Found)
        {
            segment.MaxTimestamp ??= max;
            segment.LastModifiedMs = modified;
        }

        return Sweep(now, ops);
    }

    private void CloseIdle(Instant now, EffectList<DiskOp> ops)
    {
        for (int i = 0; i < _segments.Count - 1; i++)
        {
            LogSegment segment = _segments[i];
            if (segment is { IsWritten: true, IsOpen: true, IsDirty: false } && segment.LastAccess + IdleFile <= now) segment.Close();
        }

        if (!IsIdle || Active.LastAccess + IdleFile > now) return;
        if (Active is { IsOpen: true, IsDirty: true } && _unflushed.Count == 0)
        {
            Rest(now, ops);
            return;
        }

        if (Active is { IsOpen: true, IsDirty: false }) Active.Close();
        ReleaseStandby();
    }

    /// <summary>Nobody has used the log for a while: it is flushed as at its end, so that its file need not stay open and no
    /// later start has to recover it. What comes meanwhile waits for the one sync.</summary>
    private void Rest(Instant now, EffectList<DiskOp> ops)
    {
        LogSegment active = Active; // an append that comes meanwhile may begin the next one
        CloseLogJob job = MakeCloseJob(withStandby: false);
        _isResting = true;
        _steps.Enqueue(new JobStep(
            () => job,
            (_, _) =>
            {
                _isResting = false;
                job.File?.Release();
                if (IsFailed) return LogChanges.None;
                active.IsDirty = false;
                RecoveryPoint = DurableEnd = WrittenEnd;
                if (_steps.Count == 0) active.Close();
                return LogChanges.RecoveryPoint | LogChanges.DurableEnd;
            },
            () => job.File?.Release()));
        Pump(now, ops);
    }

    private readonly record struct DyingSegment(long BaseOffset, Instant Due);
}
