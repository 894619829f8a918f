using Moldau.Base;

namespace Moldau.Storage;

/// <summary>What the checkpoint files of a log directory say of one partition.</summary>
/// <param name="LogStartOffset">Null where the name of the first segment tells it.</param>
public readonly record struct PartitionCheckpoint(
    TopicPartition Partition, long RecoveryPoint, long? LogStartOffset, long HighWatermark);

/// <summary>Replaces the checkpoint files of a log directory, those whose contents are not these already.</summary>
public sealed class WriteCheckpointsJob : JobOp
{
    /// <summary>All partitions of the directory, in parts, in any order.</summary>
    public required IReadOnlyList<IReadOnlyList<PartitionCheckpoint>> Partitions { get; init; }

    protected override void Run(IDisk disk)
    {
        Write(disk, LogFileNames.RecoveryPointCheckpoint, static p => p.RecoveryPoint);
        Write(disk, LogFileNames.LogStartOffsetCheckpoint, static p => p.LogStartOffset);
        Write(disk, LogFileNames.ReplicationOffsetCheckpoint, static p => p.HighWatermark);
    }

    private void Write(IDisk disk, string name, Func<PartitionCheckpoint, long?> offsetOf)
    {
        List<KeyValuePair<TopicPartition, long>> entries = [];
        foreach (IReadOnlyList<PartitionCheckpoint> part in Partitions)
            foreach (PartitionCheckpoint partition in part)
                if (offsetOf(partition) is { } offset) entries.Add(new(partition.Partition, offset));
        string path = LogFileNames.Join(LogDirectory, name);
        byte[] contents = OffsetCheckpoint.Encode(entries);
        bool isSame = DiskFiles.ReadWhole(disk, path) is { } present && contents.AsSpan().SequenceEqual(present);
        if (!isSame) DiskFiles.WriteAtomically(disk, path, contents);
    }
}
