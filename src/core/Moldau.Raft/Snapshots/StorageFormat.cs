using Moldau.Base;

namespace Moldau.Raft;

/// <summary>A file to write when a directory is formatted; the path is relative to the log directory.</summary>
public sealed record FormattedFile(string Path, byte[] Content);

/// <summary>What formatting writes, as data: the caller writes and syncs it. Form of 4.4: the bootstrap records are in
/// the
/// snapshot 0-0 of the metadata log; the 4.3.1 form (<c>bootstrap.checkpoint</c> beside it) is only read.</summary>
public static class StorageFormat
{
    public const string MetadataFolder = RaftNode.MetadataTopic + "-0";
    public const string OldBootstrapFile = "bootstrap.checkpoint";

    public static readonly OffsetAndEpoch BootstrapId = new(0, 0);

    /// <summary>The snapshot that a controller's metadata log begins with; to be written before <c>meta.properties</c>, with
    /// which a directory counts as formatted.</summary>
    /// <param name="bootstrapValues">The records that the first leader writes to the log, framed.</param>
    /// <param name="voters">For <c>--standalone</c> this node alone; empty where the voters come from the
    /// configuration.</param>
    /// <param name="now">Stamps the records.</param>
    public static FormattedFile ForController(IReadOnlyList<byte[]> bootstrapValues, VoterSet voters, Instant now)
    {
        var content = new SnapshotContent(now.UnixMs, voters.Count > 0 ? (short)1 : (short)0, voters, bootstrapValues);
        return new FormattedFile(
            $"{MetadataFolder}/{SnapshotFiles.Name(BootstrapId)}", SnapshotFiles.Write(content, BootstrapId, now.UnixMs));
    }

    /// <summary>The voter set of one node alone.</summary>
    public static VoterSet Standalone(ReplicaKey self, IReadOnlyList<RaftEndpoint> endpoints) =>
        VoterSet.Of([new VoterNode(self, [.. endpoints], 0, 1)]);
}
