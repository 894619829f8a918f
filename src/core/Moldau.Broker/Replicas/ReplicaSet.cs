using System.Diagnostics.CodeAnalysis;
using Moldau.Base;
using Moldau.Metadata;
using Moldau.Protocol;
using Moldau.Records;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>The replicas of one shard: opened, led, appended to, and closed as the metadata says. Owner: the shard.</summary>
internal sealed partial class ReplicaSet
{
    private readonly ShardMachine _shard;
    private readonly Dictionary<TopicIdPartition, Partition> _partitions = [];
    // Logs that are neither closed nor failed.
    private readonly Dictionary<PartitionLog, Partition> _byLog = [];
    private readonly Dictionary<DiskOp, Action> _jobs = [];
    private readonly LogServices _services;
    private readonly ReplicaPlacement _placement;
    private readonly DirectoryRoom _room;
    private readonly RecordBatchOptions _coordinatorBatches;
    private int _opening;
    private int _removing;
    private long _readyFor = -1;
    private Action? _onClosed;

    public ReplicaSet(ShardMachine shard)
    {
        _shard = shard;
        _services = new LogServices(shard.Pool, new BatchValidator(), shard.Prng.Fork());
        _placement = new ReplicaPlacement(shard.Options);
        _room = new DirectoryRoom(shard, OnRoom);
        _coordinatorBatches = new() { Codec = (CompressionCodec)shard.Dynamic.Current.OffsetsTopicCompressionCodec };
    }

    public int Count => _partitions.Count;

    public IEnumerable<Partition> All => _partitions.Values;

    public bool TryGet(TopicIdPartition id, [NotNullWhen(true)] out Partition? partition) => _partitions.TryGetValue(id, out partition);

    public void Start() => StartUpkeep();

    /// <summary>Follows the metadata: new replicas are opened, leadership is taken or given up, deleted ones go.</summary>
    public void OnImage(ImagePublished published)
    {
        MetadataImage image = published.Image;
        if (published.Delta is null)
        {
            foreach (TopicImage topic in image.Topics.ById.Values)
                for (int i = 0; i < topic.Partitions.Length; i++) Update(topic, i, topic.Partitions[i], isOfStart: true);
        }
        else
        {
            foreach (TopicImage topic in published.Delta.DeletedTopics) DeleteAll(topic);
            foreach (MetadataDelta.PartitionChange change in published.Delta.PartitionChanges(image))
                Update(change.Topic, change.Partition, change.New, isOfStart: false);
            Reconfigure(published.Delta, image);
        }

        _readyFor = image.Provenance.Offset;
        ReportReady();
    }

    /// <summary>Takes the completion of an operation that a log emitted.</summary>
    public void OnDiskDone(PartitionLog log, DiskOp op)
    {
        LogChanges changes = log.OnCompleted(op, _shard.Now, _shard.DiskOps);
        if (_byLog.TryGetValue(log, out Partition? partition)) Apply(partition, log, changes);
        if (_jobs.Remove(op, out Action? then)) then();
    }

    /// <summary>Calls back when a log's job has completed and the log has taken note of it.</summary>
    public void AwaitJob(DiskOp job, Action then) => _jobs.Add(job, then);

    private void Apply(Partition partition, PartitionLog log, LogChanges changes)
    {
        if ((changes & LogChanges.Failed) != 0)
        {
            _byLog.Remove(log);
            Fail(partition, log.FailureText ?? "the log failed");
            if (partition.IsDeleted) Left(partition);
            FinishClosing();
            return;
        }

        if ((changes & (LogChanges.WrittenEnd | LogChanges.DurableEnd)) != 0) AdvanceHighWatermark(partition, log);
        if ((changes & LogChanges.LogStart) != 0) _shard.Fetches.Moved(partition);
        if ((changes & LogChanges.Closed) != 0) Closed(partition, log);
    }

    /// <summary>The high watermark is what every in-sync replica has. On this node that is the leader alone; where
    /// acknowledgements mean fsync it counts what is durable.</summary>
    private void AdvanceHighWatermark(Partition partition, PartitionLog log)
    {
        long end = partition.AcknowledgesSynced ? log.DurableEnd : log.WrittenEnd;
        bool isMoved = partition.IsLeader && end > log.HighWatermark;
        if (isMoved) log.SetHighWatermark(end);
        partition.CompleteAcks();
        if (!isMoved) return;
        _shard.Fetches.Moved(partition);
        if (partition.Topic == InternalTopics.ConsumerOffsets) _shard.Coordinators.Committed(partition);
    }

    private void Update(TopicImage topic, int index, PartitionImage state, bool isOfStart)
    {
        TopicIdPartition id = new(topic.Id, index);
        if (_shard.Map.OwnerOf(id) != _shard.Id || !state.Replicas.Contains(_shard.Options.NodeId)) return;
        if (!_partitions.TryGetValue(id, out Partition? partition))
        {
            partition = new Partition(id, topic.Name) { IsNewSinceStart = !isOfStart };
            _partitions.Add(id, partition);
            partition.State = state;
            OpenWhenFree(partition);
        }

        partition.State = state;
        FinishAssignment(partition);
        partition.WhenOpen(() => Lead(partition));
    }

    private void Lead(Partition partition)
    {
        if (partition.IsDeleted || !partition.IsOpen) return;
        PartitionImage state = partition.State!; // set before anything waits for it
        bool isLeader = state.Leader == _shard.Options.NodeId;
        bool isNew = isLeader && (!partition.IsLeader || partition.LeaderEpoch != state.LeaderEpoch);
        bool isLost = partition.IsLeader && !isLeader;
        partition.IsLeader = isLeader;
        partition.LeaderEpoch = state.LeaderEpoch;
        if (!isNew && !isLost) return;
        if (isNew)
        {
            PartitionLog log = partition.Log!; // open, as checked
            // In memory: the log writes the epoch down before the epoch's first record. Ten thousand leaders elected at a
            // start would otherwise wait for as many synced files.
            log.Epochs.Assign(state.LeaderEpoch, log.LogEndOffset);
            AdvanceHighWatermark(partition, log);
            _shard.Log.Elected(partition.Name, state.LeaderEpoch);
            if (partition.Topic == InternalTopics.ConsumerOffsets) _shard.Coordinators.Elected(partition);
        }
        else
        {
            if (partition.Topic == InternalTopics.ConsumerOffsets) _shard.Coordinators.Resigned(partition);
            partition.LeadershipLost();
        }

        _shard.Fetches.Moved(partition);
    }

    private void Open(Partition partition)
    {
        LogConfig config = ConfigOf(partition, _shard.Image);
        LoadLogRequest? request = _placement.RequestFor(partition, config, _shard.Now.UnixMs);
        if (request is null)
        {
            TakeOffline(partition, OutOfReach(partition));
            return;
        }

        LoadLogJob job = new(request)
        {
            LogDirectory = LogFileNamesOf(request.Folder),
        };
        job.Owner = (Action<DiskOp>)(_ => Opened(partition, job));
        _opening++;
        _shard.DiskOps.Add(job);
    }

    private static string LogFileNamesOf(string folder) => folder[..folder.LastIndexOf('/')];

    private void Opened(Partition partition, LoadLogJob job)
    {
        _opening--;
        foreach (string note in job.Notes) _shard.Log.Info($"{partition.Name}: {note}");
        if (job.Error != DiskError.None)
        {
            Fail(partition, job.ErrorText ?? "cannot be opened");
            if (partition.IsDeleted) Left(partition);
        }
        else if (job.IsOtherSetAside)
        {
            OtherSetAside(partition);
        }
        else if (job.IsMissing)
        {
            NotThere(partition);
        }
        else
        {
            PartitionLog log = job.Open(_services, _shard.Now);
            log.SetHighWatermark(Math.Min(_placement.HighWatermarkOf(partition), log.LogEndOffset));
            if (log.LogEndOffset < job.Request.RecoveryPoint && !partition.IsDeleted) EndsBelowRecoveryPoint(partition, log);
            else Opened(partition, log);
        }

        PostPlaced();
        AskForCheckpoints();
        ReportReady();
        FinishClosing();
    }

    private void Opened(Partition partition, PartitionLog log)
    {
        _byLog.Add(log, partition);
        partition.Opened(log);
        _shard.Log.LogOpened(partition.Name, log.LogStartOffset, log.LogEndOffset);
        Assign(partition);
        if (partition.IsDeleted) DeleteFolder(partition, log);
        else if (_onClosed is not null) log.Close(_shard.Now, _shard.DiskOps);
    }

    private void OnRoom(string directory, bool isFull)
    {
        _placement.Fill(directory, isFull);
        if (isFull)
            _shard.Log.Warn($"the disk of {directory} is almost full: records for it are refused until there is room (moldau.disk.reserve.bytes)");
        else _shard.Log.Info($"the disk of {directory} has room again");
    }

    /// <summary>No replica of a failed log directory is served any more, whichever of them saw the failure.</summary>
    public void FailDirectory(DirectoryFailed failed)
    {
        _placement.Fail(failed.Path);
        foreach (Partition partition in _partitions.Values)
            if (_placement.DirectoryOf(partition)?.Path == failed.Path) TakeOffline(partition, failed.Reason);
        ReportReady();
    }

    /// <summary>Whether a log directory that was online at the start has failed.</summary>
    public bool HasFailed(string directory) => _placement.IsFailed(directory);

    private void Fail(Partition partition, string reason)
    {
        if (partition.IsOffline) return;
        TakeOffline(partition, reason);
        string directory = _placement.DirectoryOf(partition)!.Path; // what fails has been placed
        _placement.Fail(directory);
        _shard.Post(MachineId.Control, new DirectoryFailed(directory, reason));
    }

    private void TakeOffline(Partition partition, string reason)
    {
        if (partition.IsOffline) return;
        _unassigned.Remove(partition);
        _shard.Log.LogFailed(partition.Name, reason);
        if (partition.IsLeader && partition.Topic == InternalTopics.ConsumerOffsets) _shard.Coordinators.Resigned(partition);
        partition.Failed();
        _shard.Fetches.Moved(partition);
    }

    private void ReportReady()
    {
        if (_opening > 0 || _unassigned.Count > 0 || _readyFor < 0) return;
        _shard.Post(MachineId.Control, new ReplicasReady(_shard.Id, _readyFor, Checkpoints()));
        _readyFor = -1;
    }

    private void Delete(TopicIdPartition id)
    {
        if (!_partitions.Remove(id, out Partition? partition)) return;
        if (partition.IsLeader && partition.Topic == InternalTopics.ConsumerOffsets) _shard.Coordinators.Resigned(partition);
        partition.IsDeleted = true;
        partition.IsLeader = false;
        partition.WhenOpen(() => _shard.Fetches.Gone(partition));
        // Also of a replica that is offline because its directory failed elsewhere: its files are still held open.
        if (partition.Log is { IsFailed: false } log) DeleteFolder(partition, log);
        else if (partition.IsOffline) Left(partition);
        else if (IsWaiting(partition)) LeaveUnopened(partition);
    }

    private void LeaveUnopened(Partition partition)
    {
        _unassigned.Remove(partition);
        partition.Failed();
        Left(partition);
    }

    private void DeleteFolder(Partition partition, PartitionLog log)
    {
        _unassigned.Remove(partition);
        partition.Failed();
        if (log.Discard()) Closed(partition, log);
    }

    /// <summary>The folder of a deleted replica first gets a name that nobody opens, and goes after file.delete.delay.ms.</summary>
    private void RemoveFolder(Partition partition, PartitionLog log)
    {
        RenameFolderJob rename = log.MakeDeleteJob(_shard.Prng.NextUuid());
        _removing++;
        rename.Owner = (Action<DiskOp>)(_ =>
        {
            _removing--;
            Left(partition);
            FinishClosing();
            if (rename.Error != DiskError.None)
            {
                _shard.Log.Warn($"{partition.Name} could not be renamed for deletion: {rename.ErrorText}");
                return;
            }

            _shard.Log.Deleted(partition.Name);
            _shard.After(Duration.FromMs(log.Config.FileDeleteDelayMs), new TimedCall(_ =>
            {
                RemoveFolderJob remove = new() { LogDirectory = log.LogDirectory, Folder = rename.To };
                remove.Owner = (Action<DiskOp>)(static _ => { });
                _shard.DiskOps.Add(remove);
            }));
        });
        _shard.DiskOps.Add(rename);
    }
}
