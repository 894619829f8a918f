using Moldau.Base;

namespace Moldau.Storage;

/// <summary>One log directory of the node: health, number of partitions, and the checkpoint files that speak for all of its
/// partitions. Plain data with one owner; the shards' values come to it as messages.</summary>
public sealed class LogDir(string path, Uuid directoryId)
{
    private readonly SortedDictionary<string, Checkpoint> _checkpoints = new(StringComparer.Ordinal);

    public string Path { get; } = path;

    public Uuid DirectoryId { get; } = directoryId;

    /// <summary>Partitions placed here, those being created included.</summary>
    public int PartitionCount { get; set; }

    public bool IsOffline => OfflineReason is not null;

    /// <summary>Why the directory is out of use; final until the node starts again.</summary>
    public string? OfflineReason { get; private set; }

    /// <summary>True the first time.</summary>
    public bool TakeOffline(string reason)
    {
        if (IsOffline) return false;
        OfflineReason = reason;
        return true;
    }

    public void SetRecoveryPoint(TopicPartition partition, long offset) =>
        Set(LogFileNames.RecoveryPointCheckpoint, partition, offset);

    /// <summary>Kept only where the start is above the first segment's, which the file names tell; null removes it.</summary>
    public void SetLogStartOffset(TopicPartition partition, long? offset) =>
        Set(LogFileNames.LogStartOffsetCheckpoint, partition, offset);

    public void SetHighWatermark(TopicPartition partition, long offset) =>
        Set(LogFileNames.ReplicationOffsetCheckpoint, partition, offset);

    public void SetCleanerOffset(TopicPartition partition, long? offset) =>
        Set(LogFileNames.CleanerOffsetCheckpoint, partition, offset);

    /// <summary>Takes over what the files said when the node started.</summary>
    public void Load(LogDirScan scan)
    {
        foreach ((TopicPartition p, long offset) in scan.RecoveryPoints) SetRecoveryPoint(p, offset);
        foreach ((TopicPartition p, long offset) in scan.LogStartOffsets) SetLogStartOffset(p, offset);
        foreach ((TopicPartition p, long offset) in scan.HighWatermarks) SetHighWatermark(p, offset);
        foreach ((TopicPartition p, long offset) in scan.CleanerOffsets) SetCleanerOffset(p, offset);
        foreach (Checkpoint checkpoint in _checkpoints.Values) checkpoint.IsChanged = false;
    }

    /// <summary>The partition left this directory.</summary>
    public void Forget(TopicPartition partition)
    {
        foreach (Checkpoint checkpoint in _checkpoints.Values)
            if (checkpoint.Offsets.Remove(partition)) checkpoint.IsChanged = true;
    }

    /// <summary>Emits a write for each checkpoint file that changed since the last call (or, at a clean end, for all).</summary>
    public void WriteCheckpoints(EffectList<DiskOp> ops, bool all = false)
    {
        if (IsOffline) return;
        foreach ((string name, Checkpoint checkpoint) in _checkpoints)
        {
            if (!checkpoint.IsChanged && !all) continue;
            checkpoint.IsChanged = false;
            ops.Add(Write(name, OffsetCheckpoint.Encode(checkpoint.Offsets)));
        }
    }

    /// <summary>The last thing written at a clean end, after all logs are closed and all checkpoints are written.</summary>
    public WriteFileJob MakeCleanShutdownJob(long brokerEpoch) =>
        Write(LogFileNames.CleanShutdown, CleanShutdownFile.Encode(brokerEpoch));

    public WriteFileJob MakeMetaPropertiesJob(MetaProperties meta) => Write(LogFileNames.MetaProperties, meta.Encode());

    private WriteFileJob Write(string name, byte[] contents) => new()
    {
        LogDirectory = Path,
        OrderKey = this,
        Owner = this,
        Path = LogFileNames.Join(Path, name),
        Contents = contents,
    };

    private void Set(string file, TopicPartition partition, long? offset)
    {
        if (!_checkpoints.TryGetValue(file, out Checkpoint? checkpoint)) _checkpoints[file] = checkpoint = new Checkpoint();
        if (offset is { } value)
        {
            bool isSame = checkpoint.Offsets.TryGetValue(partition, out long present) && present == value;
            if (isSame) return;
            checkpoint.Offsets[partition] = value;
            checkpoint.IsChanged = true;
        }
        else if (checkpoint.Offsets.Remove(partition))
        {
            checkpoint.IsChanged = true;
        }
    }

    private sealed class Checkpoint
    {
        public SortedDictionary<TopicPartition, long> Offsets { get; } = [];

        public bool IsChanged { get; set; }
    }
}

/// <summary>The node's log directories, in the order of log.dirs.</summary>
public sealed class LogDirSet(IReadOnlyList<LogDir> directories)
{
    public IReadOnlyList<LogDir> Directories { get; } = directories;

    /// <summary>Where a new partition goes: the directory in use with the fewest; null if none is in use.</summary>
    public LogDir? Choose()
    {
        LogDir? best = null;
        foreach (LogDir directory in Directories)
            if (!directory.IsOffline && (best is null || directory.PartitionCount < best.PartitionCount)) best = directory;
        return best;
    }

    public LogDir? Find(string path)
    {
        foreach (LogDir directory in Directories)
            if (directory.Path == path) return directory;
        return null;
    }

    public LogDir? Find(Uuid directoryId)
    {
        foreach (LogDir directory in Directories)
            if (directory.DirectoryId == directoryId) return directory;
        return null;
    }
}
