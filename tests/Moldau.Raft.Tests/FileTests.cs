using System.Text;
using Moldau.Base;

namespace Moldau.Raft.Tests;

public sealed class FileTests
{
    [Fact]
    public void Bootstrap_OfKafka_IsReadAndWrittenBackIdentically()
    {
        SnapshotContent content = SnapshotFiles.Read(Golden.Bootstrap, out string? error)!;
        Assert.Null(error);
        Assert.Equal(1, content.KRaftVersion);
        Assert.Equal(7, content.Values.Count);
        VoterNode voter = Assert.Single(content.Voters.Nodes.Values);
        Assert.Equal("CONTROLLER", Assert.Single(voter.Endpoints).Name);
        List<RaftBatch> batches = RaftBatch.Split(Golden.Bootstrap);
        // Kafka stamps the three batches one after the other; ours have one time, so each is compared by itself.
        for (int i = 0; i < batches.Count; i++)
        {
            byte[] ours = SnapshotFiles.Write(content, new OffsetAndEpoch(0, 0), batches[i].TimestampMs);
            Assert.Equal(
                Convert.ToHexString(batches[i].Bytes.Span), Convert.ToHexString(RaftBatch.Split(ours)[i].Bytes.Span));
        }
    }

    [Fact]
    public void Snapshot_Damaged_IsRefused()
    {
        byte[] file = Golden.Bootstrap;
        for (int i = 0; i < file.Length; i += 3)
        {
            Assert.Null(SnapshotFiles.Read(file.AsMemory(0, i), out string? error));
            Assert.NotNull(error);
        }

        file[200] ^= 1;
        Assert.Null(SnapshotFiles.Read(file, out _));
    }

    [Theory]
    [InlineData("00000000000000000000-0000000000.checkpoint", 0, 0)]
    [InlineData("00000000000000001234-0000000007.checkpoint", 1234, 7)]
    public void SnapshotName_GoesBothWays(string name, long offset, int epoch)
    {
        Assert.True(SnapshotFiles.TryParseName(name, out OffsetAndEpoch id));
        Assert.Equal(new OffsetAndEpoch(offset, epoch), id);
        Assert.Equal(name, SnapshotFiles.Name(id));
        Assert.False(SnapshotFiles.TryParseName(name + ".part", out _));
    }

    [Fact]
    public void QuorumState_GoesBothWays_AndDamageIsNull()
    {
        var file = new QuorumStateFile(-1, 9, 2, new Uuid(3, 4));
        Assert.Equal(file, QuorumStateFile.Read(file.Write()));
        var old = new QuorumStateFile(1, 9, -1, Uuid.Zero, 0);
        Assert.Equal(old, QuorumStateFile.Read(old.Write()));
        Assert.Null(QuorumStateFile.Read(Encoding.UTF8.GetBytes("{\"leaderId\":1,")));
        Assert.Null(QuorumStateFile.Read(Encoding.UTF8.GetBytes("[]")));
        Assert.Null(QuorumStateFile.Read(Encoding.UTF8.GetBytes("{\"data_version\":7}")));
        Assert.Null(QuorumStateFile.Read([]));
    }
}
