using Moldau.Base;
using Moldau.Records;

namespace Moldau.Storage;

/// <summary>One partition's log in Kafka's files. Owned by its shard's thread; nothing in it blocks except a bounded read
/// of headers in the hot tail. Methods decide at once and write what the disk must do to the effect list; each completion
/// comes back through <see cref="OnCompleted"/>. What waits for a file that is being made or opened waits inside, in
/// order. Persists: segments, indexes, producer snapshots, leader epochs. May be stale: nothing.</summary>
public sealed partial class PartitionLog
{
    /// <summary>Bytes of appends that may wait for a roll or an open; more are refused with Backlogged.</summary>
    public const int LargestBacklogBytes = 64 * 1024 * 1024;

    private readonly LogServices _services;
    private readonly List<LogSegment> _segments;
    private readonly SortedSet<long> _snapshotOffsets;
    private readonly object _flushOrder = new();

    // Steps wait here in the order of their decisions; at most one job is out, appends are pipelined.
    private readonly Queue<LogStep> _steps = new();
    private readonly Queue<PendingAppend> _inFlight = new();
    private readonly Queue<LogSegment> _unflushed = new();
    private LogStep? _job;
    private long _backlogBytes;
    private AppendRules _rules;
    private int _truncations;

    internal PartitionLog(LoadedLog loaded, LogConfig config, LogServices services, Instant now)
    {
        Partition = loaded.Partition;
        LogDirectory = LogFileNames.ParentOf(loaded.Folder);
        Folder = loaded.Folder;
        TopicId = loaded.TopicId;
        Config = config;
        _rules = config.ToRules();
        _services = services;
        _segments = loaded.Segments;
        Epochs = loaded.Epochs;
        _writtenEpochs = loaded.AreEpochsWritten ? Epochs.Version : -1;
        Producers = loaded.Producers;
        _snapshotOffsets = loaded.Snapshots;
        LogStartOffset = loaded.LogStartOffset;
        LogEndOffset = WrittenEnd = loaded.LogEndOffset;
        // Loading has synced what it recovered, and a clean end had synced all.
        DurableEnd = loaded.LogEndOffset;
        RecoveryPoint = loaded.RecoveryPoint;
        _flushedUpTo = Active.BaseOffset;
        HighWatermark = LogStartOffset;
        LastFlush = now;
        foreach (LogSegment segment in _segments)
        {
            segment.CreatedMs = now.UnixMs;
            segment.JitterMs = DrawJitter();
            segment.LastAccess = now;
        }
    }

    public TopicPartition Partition { get; }

    public Uuid? TopicId { get; private set; }

    public string LogDirectory { get; }

    public string Folder { get; private set; }

    public LogConfig Config { get; private set; }

    public LeaderEpochCache Epochs { get; private set; }

    public ProducerStateManager Producers { get; private set; }

    public long LogStartOffset { get; private set; }

    /// <summary>The next offset to be given: decided, not necessarily written.</summary>
    public long LogEndOffset { get; private set; }

    /// <summary>All below is in the files: what readers and Kafka's acknowledgements may count on.</summary>
    public long WrittenEnd { get; private set; }

    /// <summary>All below survives a loss of power.</summary>
    public long DurableEnd { get; private set; }

    /// <summary>All below is flushed together with its indexes: recovery after a crash begins at the segment that holds it.</summary>
    public long RecoveryPoint { get; private set; }

    /// <summary>Set by the replication machine.</summary>
    public long HighWatermark { get; private set; }

    public Instant LastFlush { get; private set; }

    public bool IsFailed { get; private set; }

    public string? FailureText { get; private set; }

    public bool IsClosed { get; private set; }

    /// <summary>Appends wait inside the log: the caller should stop reading from producers.</summary>
    public bool IsBacklogged => _backlogBytes > LargestBacklogBytes / 2;

    /// <summary>Nothing is on its way to the disk.</summary>
    public bool IsIdle => _job is null && _steps.Count == 0 && _inFlight.Count == 0 && _syncing is null;

    /// <summary>Where the earliest open or unreplicated transaction begins, never below the log's start.</summary>
    public long? FirstUnstableOffset =>
        Producers.FirstUnstableOffset is { } first ? Math.Max(first, LogStartOffset) : null;

    /// <summary>What read_committed may read up to.</summary>
    public long LastStableOffset => Math.Min(FirstUnstableOffset ?? HighWatermark, HighWatermark);

    /// <summary>Bytes of all segments, those on their way included.</summary>
    public long SizeInBytes
    {
        get
        {
            long sum = 0;
            foreach (LogSegment segment in _segments) sum += segment.DecidedBytes;
            return sum;
        }
    }

    public int SegmentCount => _segments.Count;

    /// <summary>What log-start-offset-checkpoint says of this log: nothing where the first segment's name says it.</summary>
    public long? CheckpointedLogStart => LogStartOffset > _segments[0].BaseOffset ? LogStartOffset : null;

    /// <summary>Base offset of the segment that takes appends.</summary>
    public long ActiveBaseOffset => Active.BaseOffset;

    private LogSegment Active => _segments[^1];

    public void SetHighWatermark(long offset)
    {
        HighWatermark = Math.Clamp(offset, LogStartOffset, LogEndOffset);
        Producers.OnHighWatermark(HighWatermark);
    }

    public void Reconfigure(LogConfig config)
    {
        Config = config;
        _rules = config.ToRules();
    }

    /// <summary>Takes the completion of an operation that this log emitted (its <see cref="DiskOp.Owner"/>).</summary>
    public LogChanges OnCompleted(DiskOp op, Instant now, EffectList<DiskOp> ops)
    {
        LogChanges changes = op switch
        {
            AppendOp append => OnAppended(append, ops),
            SyncOp sync => OnSynced(sync, now),
            FlushSegmentJob flush => OnSegmentFlushed(flush, now),
            PrepareSegmentJob prepared => OnPrepared(prepared),
            LocateJob locate => OnLocated(locate, now),
            CutFileJob cut => OnCut(cut),
            _ when ReferenceEquals(op, _job?.Op) => OnStepDone(op, now, ops),
            _ => OnBackgroundDone(op, now, ops),
        };
        if (_isDiscarded) return IsIdle ? changes | ReleaseDiscarded() : changes;
        if (!IsFailed) Pump(now, ops);
        if (_retiresUpTo > 0 && _flushedUpTo >= _retiresUpTo) changes |= RetireRolled(now, ops);
        if (!IsFailed && Config.SyncsAppends) RequestSync(ops);
        return changes;
    }

    private LogChanges OnStepDone(DiskOp op, Instant now, EffectList<DiskOp> ops)
    {
        LogStep step = _job!; // the switch above compared it
        _job = null;
        if (op.Error == DiskError.None || IsFailed) return step.Complete(now, ops);
        step.Abandon();
        return Fail(op.ErrorText ?? "job failed");
    }

    /// <summary>Emits what may go now: appends to an open segment one after the other, jobs alone.</summary>
    private void Pump(Instant now, EffectList<DiskOp> ops)
    {
        while (_job is null && _steps.TryPeek(out LogStep? step))
        {
            if (step is PendingAppend append)
            {
                if (!append.Segment.IsOpen)
                {
                    Begin(OpenStep(append.Segment), ops);
                    return;
                }

                _steps.Dequeue();
                _backlogBytes -= append.Length;
                Emit(append, now, ops);
            }
            else
            {
                // A log is not closed while a sync still holds its file.
                if (_inFlight.Count > 0 || (IsClosed && _syncing is not null)) return;
                _steps.Dequeue();
                Begin(step, ops);
            }
        }
    }

    private void Begin(LogStep step, EffectList<DiskOp> ops)
    {
        _job = step;
        step.Start();
        Verify.That(step.Op is not null);
        step.Op.Owner = this;
        ops.Add(step.Op);
    }

    private JobStep OpenStep(LogSegment segment)
    {
        OpenSegmentJob job = new()
        {
            LogDirectory = LogDirectory,
            OrderKey = this,
            Target = segment,
            Segment = new SegmentRef(Folder, segment.BaseOffset, segment.WrittenBytes),
            IsActive = true,
            IndexIntervalBytes = Config.IndexIntervalBytes,
        };
        return new JobStep(() => job, (now, _) =>
        {
            if (job.Opened is { } opened) InstallOrRelease(segment, opened, now);
            return LogChanges.None;
        });
    }

    private void InstallOrRelease(LogSegment segment, OpenedSegment opened, Instant now)
    {
        segment.LastAccess = now;
        // A log that is closing still writes what waits before its last step, which lets go of the files.
        bool isOver = IsFailed || (IsClosed && _steps.Count == 0);
        if (isOver || !_segments.Contains(segment)) opened.File.Release();
        else segment.Install(opened);
    }

    /// <summary>The log is offline: nothing more is written, what waits is dropped, what was written stays readable.</summary>
    private LogChanges Fail(string text)
    {
        // The folder of a discarded log may be gone already.
        if (IsFailed || _isDiscarded) return LogChanges.None;
        IsFailed = true;
        FailureText = text;
        LogEndOffset = WrittenEnd;
        while (_steps.TryDequeue(out LogStep? step)) step.Abandon();
        _backlogBytes = 0;
        return LogChanges.Failed;
    }

    /// <summary>Takes the log offline because of something outside, such as its directory.</summary>
    public void TakeOffline(string reason) => Fail(reason);

    private void CutFailedAppend(EffectList<DiskOp> ops)
    {
        if (_inFlight.Count > 0 || Active.File is not { } file) return;
        file.InvalidateSlices();
        file.Retain();
        ops.Add(new CutFileJob
        {
            LogDirectory = LogDirectory,
            OrderKey = this,
            Owner = this,
            File = file,
            Bytes = Active.WrittenBytes,
        });
    }

    private static LogChanges OnCut(CutFileJob cut)
    {
        cut.File.Release();
        return LogChanges.None;
    }

    private long DrawJitter() => Config.SegmentJitterMs <= 0
        ? 0
        : _services.Random.Next(0, Math.Min(Config.SegmentJitterMs, Config.SegmentMs));

    /// <summary>The segment that holds the offset, or the one before it.</summary>
    private int FloorIndex(long offset)
    {
        int low = 0;
        int high = _segments.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_segments[middle].BaseOffset <= offset) low = middle + 1;
            else high = middle;
        }

        return low - 1;
    }
}
