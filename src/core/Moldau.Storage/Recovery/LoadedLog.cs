using Moldau.Base;

namespace Moldau.Storage;

/// <summary>What loading a partition's folder found: the state that a <see cref="PartitionLog"/> begins with.</summary>
internal sealed class LoadedLog
{
    public required TopicPartition Partition { get; init; }

    public required string Folder { get; init; }

    public Uuid? TopicId { get; set; }

    /// <summary>The folder was another topic's and has been renamed: nothing else here says anything.</summary>
    public bool IsOtherSetAside { get; set; }

    /// <summary>There is no such log, and none was made.</summary>
    public bool IsMissing { get; set; }

    public List<LogSegment> Segments { get; } = [];

    public LeaderEpochCache Epochs { get; set; } = new();

    /// <summary>leader-epoch-checkpoint says the same as <see cref="Epochs"/>.</summary>
    public bool AreEpochsWritten { get; set; } = true;

    public ProducerStateManager Producers { get; set; } = new();

    /// <summary>Offsets of the snapshot files, rising.</summary>
    public SortedSet<long> Snapshots { get; } = [];

    public long LogStartOffset { get; set; }

    public long LogEndOffset { get; set; }

    public long RecoveryPoint { get; set; }

    /// <summary>Index of the segment that holds the offset, or of the one before it; −1 if all begin behind it.</summary>
    public int FloorIndex(long offset) => Segments.FindLastIndex(s => s.BaseOffset <= offset);

    /// <summary>What was found wrong and repaired, for the log file: one line each.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>Bytes of batches that recovery had to read and check.</summary>
    public long RecoveredBytes { get; set; }
}
