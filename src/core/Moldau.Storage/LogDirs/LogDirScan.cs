using Moldau.Base;

namespace Moldau.Storage;

/// <summary>What a log directory says of its partitions when a node begins to use it.</summary>
public sealed class LogDirScan
{
    private readonly List<string> _notes = [];

    private LogDirScan(IDisk disk, string path)
    {
        string mark = LogFileNames.Join(path, LogFileNames.CleanShutdown);
        if (DiskFiles.ReadWhole(disk, mark) is { } clean)
        {
            HadCleanShutdown = true;
            CleanBrokerEpoch = CleanShutdownFile.TryDecode(clean);
            disk.Delete(mark);
            disk.SyncDirectory(path);
        }

        List<PartitionFolder> found = [];
        foreach (string name in disk.List(path))
            if (PartitionFolder.TryParse(name, out PartitionFolder folder) && disk.DirectoryExists(LogFileNames.Join(path, name)))
                found.Add(folder);
        Partitions = found;
        RecoveryPoints = ReadOffsets(disk, path, LogFileNames.RecoveryPointCheckpoint);
        LogStartOffsets = ReadOffsets(disk, path, LogFileNames.LogStartOffsetCheckpoint);
        HighWatermarks = ReadOffsets(disk, path, LogFileNames.ReplicationOffsetCheckpoint);
    }

    /// <summary>All logs were closed when the last node let go of the directory: nothing needs recovery.</summary>
    public bool HadCleanShutdown { get; }

    public long? CleanBrokerEpoch { get; }

    public IReadOnlyList<PartitionFolder> Partitions { get; }

    public SortedDictionary<TopicPartition, long> RecoveryPoints { get; }

    public SortedDictionary<TopicPartition, long> LogStartOffsets { get; }

    public SortedDictionary<TopicPartition, long> HighWatermarks { get; }

    /// <summary>What was found wrong, one line each.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Reads the directory. The clean-shutdown mark is taken away, durably, before anything else may change: a
    /// crash from here on is an unclean end.</summary>
    /// <exception cref="DiskException">The directory cannot be read.</exception>
    public static LogDirScan Run(IDisk disk, string path) => new(disk, path);

    // A damaged checkpoint is as none: recovery then starts at the beginning, which is slow but right. What one says of
    // folders that are gone is taken out of the file, lest it be taken for the next topic of the name.
    private SortedDictionary<TopicPartition, long> ReadOffsets(IDisk disk, string path, string name)
    {
        byte[]? bytes = DiskFiles.ReadWhole(disk, LogFileNames.Join(path, name));
        if (bytes is null) return [];
        if (OffsetCheckpoint.TryDecode(bytes) is not { } offsets)
        {
            _notes.Add($"{path}/{name} is damaged and is ignored");
            return [];
        }

        HashSet<TopicPartition> present = [.. Partitions.Where(p => p.Kind == PartitionFolderKind.Current).Select(p => p.Partition)];
        SortedDictionary<TopicPartition, long> kept = [];
        foreach ((TopicPartition partition, long offset) in offsets)
            if (present.Contains(partition)) kept.Add(partition, offset);
        if (kept.Count < offsets.Count)
            DiskFiles.WriteAtomically(disk, LogFileNames.Join(path, name), OffsetCheckpoint.Encode(kept));
        return kept;
    }
}
