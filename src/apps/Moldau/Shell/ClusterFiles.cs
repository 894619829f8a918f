using Moldau.Metadata;
using Moldau.Raft;

namespace Moldau.Shell;

/// <summary>What the metadata files of a node say: the image, and Raft's own records, which the image leaves out.</summary>
/// <param name="Image">All metadata, up to the last committed record that is in the files.</param>
internal sealed record ClusterFiles(MetadataImage Image)
{
    public short KRaftVersion { get; init; }

    /// <summary>Empty where the files name none: then <c>controller.quorum.voters</c> does.</summary>
    public VoterSet Voters { get; init; } = VoterSet.Empty;

    /// <summary>Of the last election that the log holds; null where it holds none.</summary>
    public int? Leader { get; init; }

    /// <summary>The epoch that it began.</summary>
    public int LeaderEpoch { get; init; }

    /// <summary>The name of the snapshot that was read; null: none.</summary>
    public string? Snapshot { get; init; }

    /// <summary>True where a metadata transaction (KIP-868) is open: its records are not in the image.</summary>
    public bool EndsInTransaction { get; init; }

    /// <summary>Bytes at the end of the log that are no whole batch.</summary>
    public long TornBytes { get; init; }
}
