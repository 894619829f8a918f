using Moldau.Base;
using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>The process: what a node does around its logs. Starts, disk operations in any order that the shell allows,
/// directories that fail, checkpoints, the end.</summary>
internal sealed partial class StorageWorld
{
    private readonly List<Pending> _pending = [];
    private readonly List<Pending> _fresh = [];
    private readonly HashSet<string> _offline = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LogDirScan> _scans = new(StringComparer.Ordinal);
    private IDisk? _session;
    private LogServices? _services;
    private bool _isStarted;
    private int _checkpointsOut;
    private bool _lostPower;
    private int _starts;

    private sealed class Pending(DiskOp op, Action<DiskOp>? then)
    {
        public DiskOp Op => op;

        public Action<DiskOp>? Then => then;

        public bool IsExecuted { get; set; }

        public bool IsBehind(Pending other) =>
            op.OrderKey is { } key && ReferenceEquals(key, other.Op.OrderKey) && op.Lane == other.Op.Lane;
    }

    private IDisk OpenSession()
    {
        IDisk disk = Disk.OpenSession();
        return _session = _bug.IsOfDisk() ? new LyingDisk(disk, _bug, _prng.Fork()) : disk;
    }

    private void Restart(bool isClean)
    {
        if (isClean) StopCleanly();
        if (_session is not null) Kill();
        Start();
    }

    /// <summary>A new process on the disk as it is. A crash that is planned may hit it too.</summary>
    private void Start()
    {
        for (int i = 0; _session is null && Failure is null; i++)
        {
            Verify.That(i < 4);
            try
            {
                OpenSession();
                Boot();
            }
            catch (SimCrashException)
            {
                Counts.Crashes++;
                Kill();
            }
        }

        if (!_isStarted && Failure is null) Boot();
    }

    private void Boot()
    {
        _isStarted = true;
        _services = new LogServices(_kit.Pool, _kit.Validator, new Prng(_seed + (ulong)++_starts));
        foreach (string directory in _directories) ScanDirectory(directory);
        foreach (StoragePartition partition in _partitions)
            if (partition.TopicId is not null) Load(partition);
        foreach (StoragePartition partition in _partitions)
            if (partition.IsCutting) Checkpoint(partition);
        _lostPower = false;
        Output?.WriteLine($"             started, offline: {string.Join(' ', _offline)}");
    }

    private void ScanDirectory(string directory)
    {
        try
        {
            LogDirScan scan = LogDirScan.Run(_session!, directory); // a process is there
            foreach (PartitionFolder folder in scan.Partitions)
                if (folder.Kind == PartitionFolderKind.Deleted) _session!.DeleteDirectory(LogFileNames.Join(directory, folder.Name));
            _scans[directory] = scan;
        }
        catch (DiskException e)
        {
            FailDirectory(directory, e.Message);
        }
    }

    private void Load(StoragePartition partition)
    {
        if (_offline.Contains(partition.Directory))
        {
            partition.IsOffline = true;
            return;
        }

        LoadLogJob job = new(RequestFor(partition)) { LogDirectory = partition.Directory };
        job.Execute(_session!);
        Note((int)job.Error);
        if (job.Error != DiskError.None)
        {
            partition.IsOffline = true;
            OnError(job);
            FailDirectory(partition.Directory, job.ErrorText ?? "");
            return;
        }

        if (job.IsOtherSetAside)
        {
            // The checkpoints may speak of the other topic: first they are made to forget it, then this log is made.
            partition.IsNew = true;
            if (WriteCheckpointsNow(partition.Directory)) Load(partition);
            else partition.IsOffline = true;
            return;
        }

        PartitionLog log = job.Open(_services!, Now);
        partition.IsCutting = log.LogEndOffset < job.Request.RecoveryPoint;
        long highWatermark = partition.IsNew ? 0 : _scans[partition.Directory].HighWatermarks.GetValueOrDefault(partition.Name);
        partition.Log = log;
        partition.IsOffline = false;
        Counts.Loads++;
        CheckLoaded(partition, log, job);
        if (partition.Log is null) return;
        log.SetHighWatermark(Math.Min(highWatermark, log.LogEndOffset));
        partition.See(log);
        if (partition.Plan.IsFollower) return;
        partition.LeaderEpoch = ++_epochs;
        log.Epochs.Assign(partition.LeaderEpoch, log.LogEndOffset);
        AdvanceHighWatermark(partition, log);
    }

    private LoadLogRequest RequestFor(StoragePartition partition)
    {
        LogDirScan scan = _scans[partition.Directory];
        bool isKnown = scan.Partitions.Any(p => p.Kind == PartitionFolderKind.Current && p.Partition == partition.Name);
        partition.IsNew |= !isKnown;
        return new LoadLogRequest
        {
            Partition = partition.Name,
            Folder = partition.Folder,
            Config = Planted(partition.Config),
            TopicId = partition.TopicId,
            HadCleanShutdown = scan.HadCleanShutdown,
            LogStartOffset = partition.IsNew ? 0 : scan.LogStartOffsets.GetValueOrDefault(partition.Name),
            RecoveryPoint = partition.IsNew ? 0 : scan.RecoveryPoints.GetValueOrDefault(partition.Name),
            NowMs = Now.UnixMs,
        };
    }

    private LogConfig Planted(LogConfig config) => _bug switch
    {
        StorageBug.ProducersExpireEarly => config with { ProducerIdExpirationMs = 1 },
        StorageBug.RetentionTooEager => config with { RetentionBytes = 300 },
        _ => config,
    };

    /// <summary>The process is gone; an append under way may have written some of its bytes.</summary>
    private void Kill()
    {
        Queue();
        foreach (Pending pending in _pending)
        {
            if (pending.Op is not AppendOp append) continue;
            if (!pending.IsExecuted && _prng.Chance(0.3) && IsFirst(pending)) Tear(append);
            append.Data.Release();
        }

        _pending.Clear();
        _fresh.Clear();
        foreach (StoragePartition partition in _partitions)
        {
            partition.Log?.TakeOffline("the process is gone");
            partition.Log = null;
            partition.IsOffline = false;
            partition.IsNew = false;
            partition.IsCutting = false;
            partition.IsLeaving = partition.IsGivenUp;
            partition.Model.RevertTruncation();
        }

        foreach (PartitionLog log in _leaving) log.TakeOffline("the process is gone");
        _leaving.Clear();
        _held.Clear();
        _ops.Clear();
        _offline.Clear();
        _scans.Clear();
        _checkpointsOut = 0;
        _isStarted = false;
        Disk.EndSession();
        _session = null;
    }

    private void LosePower()
    {
        if (_session is not null) Kill();
        Disk.LosePower();
        Counts.PowerLosses++;
        _lostPower = true;
        foreach (StoragePartition partition in _partitions)
        {
            partition.Model.Written = Math.Min(partition.Model.Written, partition.IsSyncDoubtful ? 0 : partition.Model.Durable);
            partition.HasForgottenPages |= partition.IsSyncDoubtful;
            partition.IsSyncDoubtful = false;
        }
    }

    private bool IsFirst(Pending pending)
    {
        foreach (Pending other in _pending)
        {
            if (ReferenceEquals(other, pending)) return true;
            if (!other.IsExecuted && pending.IsBehind(other)) return false;
        }

        return true;
    }

    private void Tear(AppendOp append)
    {
        int length = _prng.Next(append.Length + 1);
        if (length == 0 || append.Rename is not null) return;
        SimFile file = SimFile.Of(append.File);
        file.Data.Write(append.Position, append.Data.Span.Slice(append.Start, length));
    }

    /// <summary>Takes the effects that were written since the last call. An append is mostly performed on the spot.</summary>
    private void TakeOps()
    {
        while (_ops.Count + _fresh.Count > 0)
        {
            Queue();
            foreach (Pending pending in _fresh.ToArray())
            {
                bool isHere = _fresh.Remove(pending) && !pending.IsExecuted && CanDeliver(pending);
                if (!isHere || _prng.Chance(0.15)) continue;
                Execute(pending);
                Deliver(pending);
            }
        }
    }

    private void Queue()
    {
        foreach (DiskOp op in _ops.Span)
        {
            Pending pending = new(op, null);
            _pending.Add(pending);
            if (op.Lane == DiskLane.Append) _fresh.Add(pending);
        }

        _ops.Clear();
    }

    private void Submit(DiskOp op, Action<DiskOp> then) => _pending.Add(new Pending(op, then));

    /// <summary>Lets so many steps of disk operations happen, in any order that the shell allows.</summary>
    private void Work(int most)
    {
        TakeOps();
        for (int i = 0; i < most && _pending.Count > 0 && Failure is null; i++)
        {
            if (i > 20_000)
            {
                Fail("[V1] the logs answer themselves for ever");
                return;
            }

            Pending next = PickPending();
            if (!next.IsExecuted) Execute(next);
            else Deliver(next);
            if (next.IsExecuted && _prng.Chance(0.7) && CanDeliver(next)) Deliver(next);
            if ((i & 7) == 7) Advance(1);
        }
    }

    private Pending PickPending()
    {
        int from = _prng.Next(_pending.Count);
        for (int i = 0; i < _pending.Count; i++)
        {
            Pending at = _pending[(from + i) % _pending.Count];
            if (at.IsExecuted ? CanDeliver(at) : IsFirst(at)) return at;
        }

        return _pending[0];
    }

    private bool CanDeliver(Pending pending)
    {
        foreach (Pending other in _pending)
        {
            if (ReferenceEquals(other, pending)) return true;
            if (pending.IsBehind(other)) return false;
        }

        return false;
    }

    private void Execute(Pending pending)
    {
        DiskOp op = pending.Op;
        if (_bug == StorageBug.BufferReused && op is AppendOp sent && _prng.Chance(0.02))
            sent.Data.Span[sent.Start + sent.Length - 1] ^= 0xFF;
        op.Execute(_session!);
        pending.IsExecuted = true;
        Note(((long)op.Error << 32) | (uint)op.GetType().Name.Length);
        Output?.WriteLine($"             {op.GetType().Name} of {op.LogDirectory} {PathOf(op)}: {op.ErrorText ?? "done"}");
        if (op is AppendOp append && op.Error == DiskError.None) Written(append);
        if (op.Error != DiskError.None) OnError(op);
    }

    private static string PathOf(DiskOp op) => op switch
    {
        AppendOp append => $"{append.File.Path} at {append.Position}",
        SyncOp sync => $"{sync.File.Path} to offset {sync.WrittenEnd}",
        _ => "",
    };

    private void Deliver(Pending pending)
    {
        _pending.Remove(pending);
        Output?.WriteLine($"             {pending.Op.GetType().Name} is heard of");
        Instant now = Now;
        if (pending.Op.Owner is PartitionLog log)
        {
            LogChanges changes = log.OnCompleted(pending.Op, now, _ops);
            Note((int)changes);
            Queue(); // before what the answer brings about: its folder may be renamed
            Apply(log, changes);
        }

        pending.Then?.Invoke(pending.Op);
        TakeOps();
        Look();
    }

    private void Apply(PartitionLog log, LogChanges changes)
    {
        StoragePartition? partition = PartitionOf(log);
        if (partition is null)
        {
            if ((changes & (LogChanges.Closed | LogChanges.Failed)) != 0) Left(log, (changes & LogChanges.Failed) != 0);
            return;
        }

        if ((changes & LogChanges.Truncated) != 0) OnTruncated(partition);
        if ((changes & LogChanges.Failed) != 0)
        {
            partition.IsOffline = true;
            FailDirectory(partition.Directory, log.FailureText ?? "");
            return;
        }

        if ((changes & (LogChanges.WrittenEnd | LogChanges.DurableEnd)) != 0) AdvanceHighWatermark(partition, log);
    }

    private StoragePartition? PartitionOf(PartitionLog log)
    {
        foreach (StoragePartition partition in _partitions)
            if (ReferenceEquals(partition.Log, log)) return partition;
        return null;
    }

    private void AdvanceHighWatermark(StoragePartition partition, PartitionLog log)
    {
        if (partition.Plan.IsFollower) return;
        bool waits = partition.Config.SyncsAppends && _bug != StorageBug.AcknowledgesUnsynced;
        long end = waits ? log.DurableEnd : log.WrittenEnd;
        if (end > log.HighWatermark) log.SetHighWatermark(end);
    }

    /// <summary>No log of the directory is used any more, whichever of them saw the failure.</summary>
    private void FailDirectory(string directory, string reason)
    {
        if (!reason.Contains("(injected)", StringComparison.Ordinal))
            Fail($"[D3] {directory} was given up without a fault of the disk: {reason}");
        if (!_offline.Add(directory)) return;
        Counts.OfflineDirectories++;
        foreach (StoragePartition partition in _partitions)
            if (partition.Directory == directory) partition.IsOffline = true;
    }

    private void OnError(DiskOp op)
    {
        // Retention may remove what somebody is about to look into.
        if (!op.ErrorText!.Contains("(injected)", StringComparison.Ordinal) && op.Error != DiskError.NotFound)
            Fail($"[D3] {op.GetType().Name} failed without a fault of the disk: {op.ErrorText}");
        foreach (StoragePartition partition in _partitions)
            if (!partition.Config.SyncsAppends && partition.Directory == op.LogDirectory) partition.IsSyncDoubtful = true;
    }

    private void StopCleanly()
    {
        foreach (StoragePartition partition in _partitions)
            if (partition.Log is { IsFailed: false } log) log.Close(Now, _ops);
        Work(int.MaxValue);
        if (Failure is not null || _session is null) return;
        foreach (StoragePartition partition in _partitions)
        {
            if (partition.Log is { IsFailed: false, IsIdle: false })
                Fail($"[V1] {partition} does not close");
        }

        foreach (string directory in _directories)
        {
            if (_offline.Contains(directory) && _bug != StorageBug.CleanMarkAfterFailure) continue;
            if (!WriteCheckpointsNow(directory)) continue;
            WriteFileJob mark = new()
            {
                LogDirectory = directory,
                Path = $"{directory}/{LogFileNames.CleanShutdown}",
                Contents = CleanShutdownFile.Encode(1),
            };
            mark.Execute(_session!);
        }
    }

    private WriteCheckpointsJob CheckpointsOf(string directory)
    {
        List<PartitionCheckpoint> entries = [];
        foreach (StoragePartition partition in _partitions)
            if (partition.Log is { } log && partition.Directory == directory)
                entries.Add(EntryOf(partition, log));
        return new WriteCheckpointsJob { LogDirectory = directory, Partitions = [entries] };
    }

    private PartitionCheckpoint EntryOf(StoragePartition partition, PartitionLog log) => new(
        partition.Name,
        _bug == StorageBug.RecoveryPointTooFar ? log.LogEndOffset : log.RecoveryPoint,
        _bug == StorageBug.LogStartTooFar ? log.HighWatermark : log.CheckpointedLogStart,
        log.HighWatermark);

    /// <summary>A recovery point above what is flushed would be believed once the log has grown to it.</summary>
    private void Checkpoint(StoragePartition p)
    {
        p.IsCutting = true;
        Submit(CheckpointsOf(p.Directory), op =>
        {
            if (op.Error == DiskError.None) p.IsCutting = false;
        });
    }

    private bool WriteCheckpointsNow(string directory)
    {
        WriteCheckpointsJob job = CheckpointsOf(directory);
        job.Execute(_session!);
        if (job.Error != DiskError.None) OnError(job);
        return job.Error == DiskError.None;
    }
}
