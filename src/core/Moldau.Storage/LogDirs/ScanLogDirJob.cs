using Moldau.Base;

namespace Moldau.Storage;

/// <summary>First look at a log directory: takes its lock, reads what it says of itself, lists its partitions. The
/// clean-shutdown mark is taken away, durably, before anything else may change: a crash from here on is an unclean end.</summary>
public sealed class ScanLogDirJob(string path) : JobOp
{
    public string Path { get; } = path;

    /// <summary>Null if the job failed or another process has the directory.</summary>
    public LogDirScan? Scan { get; private set; }

    /// <summary>Another process holds the directory's lock.</summary>
    public bool IsLockedByOther { get; private set; }

    protected override void Run(IDisk disk)
    {
        if (!disk.DirectoryExists(Path))
        {
            disk.CreateDirectory(Path);
            disk.SyncDirectory(LogFileNames.ParentOf(Path));
        }

        IDisposable? held = disk.TryLock(LogFileNames.Join(Path, LogFileNames.Lock));
        IsLockedByOther = held is null;
        if (held is null) return;
        try
        {
            Scan = Read(disk, held);
        }
        finally
        {
            if (Scan is null) held.Dispose();
        }
    }

    private LogDirScan Read(IDisk disk, IDisposable held)
    {
        List<string> notes = [];
        MetaProperties? meta = null;
        string? problem = null;
        if (DiskFiles.ReadWhole(disk, PathOf(LogFileNames.MetaProperties)) is { } metaBytes)
            meta = MetaProperties.TryDecode(metaBytes, out problem);
        byte[]? clean = DiskFiles.ReadWhole(disk, PathOf(LogFileNames.CleanShutdown));
        LogDirScan scan = new(Path, held)
        {
            Meta = meta,
            MetaProblem = problem,
            HadCleanShutdown = clean is not null,
            CleanBrokerEpoch = clean is null ? null : CleanShutdownFile.TryDecode(clean),
            Notes = notes,
            RecoveryPoints = ReadOffsets(disk, LogFileNames.RecoveryPointCheckpoint, notes),
            LogStartOffsets = ReadOffsets(disk, LogFileNames.LogStartOffsetCheckpoint, notes),
            HighWatermarks = ReadOffsets(disk, LogFileNames.ReplicationOffsetCheckpoint, notes),
            CleanerOffsets = ReadOffsets(disk, LogFileNames.CleanerOffsetCheckpoint, notes),
            Partitions = ListPartitions(disk),
        };
        if (clean is not null)
        {
            disk.Delete(PathOf(LogFileNames.CleanShutdown));
            disk.SyncDirectory(Path);
        }

        return scan;
    }

    // A damaged checkpoint is as none: recovery then starts at the beginning, which is slow but right.
    private SortedDictionary<TopicPartition, long> ReadOffsets(IDisk disk, string name, List<string> notes)
    {
        byte[]? bytes = DiskFiles.ReadWhole(disk, PathOf(name));
        if (bytes is null) return [];
        if (OffsetCheckpoint.TryDecode(bytes) is { } offsets) return offsets;
        notes.Add($"{name} is damaged and is ignored");
        return [];
    }

    private List<PartitionFolder> ListPartitions(IDisk disk)
    {
        List<PartitionFolder> found = [];
        foreach (string name in disk.List(Path))
            if (PartitionFolder.TryParse(name, out PartitionFolder folder) && disk.DirectoryExists(PathOf(name)))
                found.Add(folder);
        return found;
    }

    private string PathOf(string name) => LogFileNames.Join(Path, name);
}

/// <summary>What a log directory says of itself. Holds the directory's lock until disposed.</summary>
public sealed class LogDirScan(string path, IDisposable held) : IDisposable
{
    public string Path { get; } = path;

    /// <summary>Null if the directory is not formatted, or <see cref="MetaProblem"/> says what is wrong.</summary>
    public MetaProperties? Meta { get; init; }

    public string? MetaProblem { get; init; }

    public bool HadCleanShutdown { get; init; }

    public long? CleanBrokerEpoch { get; init; }

    public required IReadOnlyList<PartitionFolder> Partitions { get; init; }

    public required SortedDictionary<TopicPartition, long> RecoveryPoints { get; init; }

    public required SortedDictionary<TopicPartition, long> LogStartOffsets { get; init; }

    public required SortedDictionary<TopicPartition, long> HighWatermarks { get; init; }

    public required SortedDictionary<TopicPartition, long> CleanerOffsets { get; init; }

    /// <summary>What was found wrong, one line each.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>What a partition of this directory is loaded with.</summary>
    public LoadLogRequest RequestFor(in PartitionFolder folder, LogConfig config, Uuid? topicId, long nowMs) => new()
    {
        Partition = folder.Partition,
        Folder = LogFileNames.Join(Path, folder.Name),
        Config = config,
        TopicId = topicId,
        HadCleanShutdown = HadCleanShutdown,
        NowMs = nowMs,
        LogStartOffset = LogStartOffsets.GetValueOrDefault(folder.Partition),
        RecoveryPoint = RecoveryPoints.GetValueOrDefault(folder.Partition),
    };

    public void Dispose() => held.Dispose();
}
