using Moldau.Base;
using Moldau.Metadata;
using Moldau.Protocol;

namespace Moldau.Raft.Tests;

public sealed class RaftStartTests
{
    [Fact]
    public void Directory_FormattedBy431_KeepsItsMetadataVersion()
    {
        var files = new RaftFiles
        {
            Snapshots = new Dictionary<OffsetAndEpoch,
                byte[]>
            { [new(0, 0)] = Golden.Read("kafka-4.3.1-0-0.checkpoint") },
            OldBootstrap = Golden.Read("kafka-4.3.1-bootstrap.checkpoint"),
        };
        RaftStart start = RaftStart.Read(files, out string? error)!;
        Assert.Null(error);
        Assert.Equal(1, start.State.SnapshotKRaftVersion);
        Assert.Single(start.State.SnapshotVoters.Nodes);
        Assert.Empty(start.SnapshotValues);
        // What 4.3.1's own format writes for 4.3-IV0 is what ours writes.
        Assert.Equal(
            BootstrapMetadata.ForNewCluster(MetadataVersion.V43Iv0).Select(r => Convert.ToHexString(
                MetadataRecords.Write(r))),
            start.BootstrapValues.Select(Convert.ToHexString));
        MetadataRecords.Read(start.BootstrapValues[0], out MetadataRecord first);
        Assert.Equal(30, Assert.IsType<FeatureLevelRecord>(first.Message).FeatureLevel);
    }

    [Fact]
    public void Directory_ThatKafka440RanOn_IsTakenUpWhereItEnded()
    {
        var files = new RaftFiles
        {
            Snapshots = new Dictionary<OffsetAndEpoch, byte[]> { [new(0, 0)] = Golden.Bootstrap },
            QuorumState = new QuorumStateFile(1, 3, -1, Uuid.Zero).Write(),
            Log = Golden.Log,
        };
        RaftStart start = RaftStart.Read(files, out string? error)!;
        Assert.Null(error);
        ReplicaKey self = start.State.SnapshotVoters.Keys.Single();
        var raft = new RaftNode(new RaftOptions { ClusterId = Golden.ClusterId, Self = self }, start.State,
            new Prng(1));
        Assert.Equal(88, raft.LogEndOffset);
        Assert.Equal(3, raft.Epoch);
        Assert.Equal(1, raft.KRaftVersion);
        Assert.Equal(7, start.BootstrapValues.Count);
    }

    [Fact]
    public void Snapshot_Damaged_FallsBackWhileAnOlderOneReachesTheLog()
    {
        byte[] good = SnapshotFiles.Write(new SnapshotContent(5, 0, VoterSet.Empty, ["x"u8.ToArray()]), new(10, 1), 5);
        byte[] bad = [.. good[..^3]];
        var files = new RaftFiles
        {
            Snapshots = new Dictionary<OffsetAndEpoch, byte[]> { [new(10, 1)] = good, [new(20, 1)] = bad },
            LogStartOffset = 10,
        };
        RaftStart start = RaftStart.Read(files, out string? error)!;
        Assert.Null(error);
        Assert.Equal(10, start.State.Snapshot!.Value.Offset);
        Assert.Single(start.SnapshotValues);
        Assert.Null(RaftStart.Read(files with { LogStartOffset = 15 }, out error));
        Assert.NotNull(error);
        Assert.Null(RaftStart.Read(files with { QuorumState = [1, 2] }, out error));
        Assert.Equal("quorum-state is damaged", error);
    }

    [Fact]
    public void Log_WithAGap_CannotBeUsed()
    {
        byte[] first = RaftBatch.OfValues(["a"u8.ToArray()], 0, 1, 5).Bytes.ToArray();
        byte[] third = RaftBatch.OfValues(["c"u8.ToArray()], 2, 1, 5).Bytes.ToArray();
        Assert.NotNull(RaftStart.Read(new RaftFiles { Log = first }, out _));
        Assert.Null(RaftStart.Read(new RaftFiles { Log = (byte[])[.. first, .. third] }, out string? error));
        Assert.Equal("the log goes on at offset 2, where 1 is missing", error);
    }
}
