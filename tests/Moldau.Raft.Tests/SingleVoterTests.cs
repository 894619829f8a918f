using System.Text;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Raft.Tests;

public sealed class SingleVoterTests
{
    [Fact]
    public void Start_OnFormattedDirectory_ElectsItselfAndWritesKafkasFirstBatch()
    {
        RaftBatch kafkas = RaftBatch.Split(Golden.Log)[0];
        RaftStorageState storage = Golden.Formatted();
        VoterNode self = storage.SnapshotVoters.Nodes.Values.Single();
        var options = new RaftOptions
        {
            ClusterId = Golden.ClusterId,
            Self = self.Key,
            Endpoints = [.. self.Endpoints]
        };
        var raft = new RaftNode(options, storage, new Prng(1));
        var effects = new EffectList<RaftEffect>();
        raft.Start(new Instant(0, kafkas.TimestampMs), effects);
        AppendToLog append = Assert.Single(effects.Span.ToArray().OfType<AppendToLog>());
        Assert.Equal(Convert.ToHexString(kafkas.Bytes.Span), Convert.ToHexString(append.Batch.Bytes.Span));
        PersistQuorumState persist = effects.Span.ToArray().OfType<PersistQuorumState>().Last();
        Assert.Equal(
            """{"leaderId":1,"leaderEpoch":1,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}""",
            Encoding.UTF8.GetString(persist.Content));
    }

    [Fact]
    public void Start_OnLogOfKafka_ContinuesItsEpochs()
    {
        RaftStorageState storage = Golden.Formatted() with
        {
            Tail = RaftBatch.Split(Golden.Log),
            QuorumState = new QuorumStateFile(1, 3, -1, Uuid.Zero),
        };
        ReplicaKey self = storage.SnapshotVoters.Keys.Single();
        var raft = new RaftNode(new RaftOptions { ClusterId = Golden.ClusterId, Self = self }, storage, new Prng(1));
        var effects = new EffectList<RaftEffect>();
        raft.Start(default, effects);
        Assert.Equal(4, raft.Epoch);
        AppendToLog append = Assert.Single(effects.Span.ToArray().OfType<AppendToLog>());
        Assert.Equal(88, append.Batch.BaseOffset);
        // The voters are in the log by now: only the leader change is written.
        Assert.Equal(88, append.Batch.LastOffset);
    }

    [Fact]
    public void Nothing_Leaves_BeforeVoteAndEpochAreOnDisk()
    {
        var cluster = new Cluster(1);
        Member node = cluster.Members[0];
        node.IsDiskSlow = true;
        cluster.Start();
        Assert.Empty(node.Story);
        Assert.True(node.Raft.IsLeader);
        cluster.ResumeDisk(node);
        Assert.Contains("leads 1", node.Story);
        Assert.StartsWith("persist", node.Story[0]);
    }

    [Fact]
    public void Append_IsCommitted_OnlyWhenSynced()
    {
        var cluster = new Cluster(1);
        Member node = cluster.Members[0];
        cluster.Start();
        int before = node.Committed.Count;
        node.IsDiskSlow = true;
        Assert.NotNull(cluster.Append(node, "a", "b"));
        Assert.Equal(before, node.Committed.Count);
        cluster.ResumeDisk(node);
        Assert.Equal(before + 1, node.Committed.Count);
        Assert.Equal(node.Raft.LogEndOffset, node.Raft.HighWatermark);
    }

    [Fact]
    public void Restart_DeliversTheLogAgain_ThenLeadsTheNextEpoch()
    {
        var cluster = new Cluster(1);
        Member node = cluster.Members[0];
        cluster.Start();
        cluster.Append(node, "a");
        cluster.Append(node, "b");
        cluster.Crash(node);
        node.Story.Clear();
        cluster.Start(node);
        Assert.Equal(2, node.Raft.Epoch);
        Assert.Equal([0L, 3, 4, 5], node.Committed.Select(b => b.BaseOffset));
        Assert.Equal("leads 2", node.Story[^1]);
    }

    [Fact]
    public void Snapshot_IsAskedForBySize_AndLoadedWithTheTail()
    {
        var cluster = new Cluster(1);
        Member node = cluster.Members[0];
        cluster.Start(node, cluster.OptionsFor(1) with { SnapshotBytes = 2_000 });
        for (int i = 0; i < 30; i++) cluster.Append(node, $"value {i}");
        Assert.Contains("snapshot due", node.Story);
        long end = node.Raft.HighWatermark;
        OffsetAndEpoch? id = null;
        cluster.Do(node, (raft, fx) => id = raft.WriteSnapshot(["image"u8.ToArray()], end, 5, cluster.Now, fx));
        Assert.Equal(new OffsetAndEpoch(end, 1), id);
        cluster.Append(node, "after");
        Assert.Equal(end, node.Raft.LatestSnapshot!.Value.Offset);
        SnapshotContent content = SnapshotFiles.Read(node.Disk.Snapshots[id!.Value], out _)!;
        Assert.Equal(1, content.KRaftVersion);
        Assert.Equal([1], content.Voters.Keys.Select(k => k.Id));
        Assert.Equal("image", Encoding.UTF8.GetString(Assert.Single(content.Values)));

        cluster.Crash(node);
        cluster.Start(node);
        Assert.Equal(end, node.Committed[0].BaseOffset);
        Assert.Equal(2, node.Committed.Count);
        Assert.Equal(2, node.Raft.Epoch);
    }

    [Fact]
    public void UpgradeOfKRaftVersion_WritesTheVotersIntoTheLog_AndIsThereAfterARestart()
    {
        VoterSet configured = VoterSet.Of([new VoterNode(new ReplicaKey(1, Uuid.Zero), [new RaftEndpoint("CONTROLLER", "node1", 9001)], 0, 0)]);
        var options = new Cluster(1).OptionsFor(1);
        var storage = new RaftStorageState { ConfiguredVoters = configured };
        var raft = new RaftNode(options, storage, new Prng(1));
        var effects = new EffectList<RaftEffect>();
        raft.Start(default, effects);
        Assert.Equal(0, raft.KRaftVersion);
        long? last = raft.UpgradeKRaftVersion(default, effects);
        Assert.Equal(2, last);
        Assert.Equal(1, raft.KRaftVersion);
        Assert.Equal([Cluster.Key(1)], raft.Voters.Keys);
        Assert.Null(raft.UpgradeKRaftVersion(default, effects));

        List<RaftBatch> log = [.. effects.Span.ToArray().OfType<AppendToLog>().Select(a => a.Batch)];
        Assert.Equal(2, log.Count);
        Assert.True(log[1].IsControl);
        var again = new RaftNode(options, storage with { Tail = log }, new Prng(1));
        Assert.Equal(1, again.KRaftVersion);
        Assert.Equal(options.Endpoints, again.Voters.Find(1)!.Endpoints);
    }

    [Theory]
    [InlineData(2, "CONTROLLER", ErrorCode.VoterNotFound)]
    [InlineData(1, "CONTROLLER", ErrorCode.InvalidRequest)]
    [InlineData(1, "OTHER", ErrorCode.InvalidRequest)]
    [InlineData(-1, "CONTROLLER", ErrorCode.InvalidRequest)]
    public void UpdateVoter_FromAnotherNode_DoesNotTouchTheLeadersEntry(int voter, string listener, ErrorCode expected)
    {
        var cluster = new Cluster(1);
        cluster.Start();
        Member node = cluster.Members[0];
        long end = node.Raft.LogEndOffset;
        var request = new UpdateRaftVoterRequest
        {
            ClusterId = Cluster.ClusterId,
            CurrentLeaderEpoch = node.Raft.Epoch,
            VoterId = voter,
            VoterDirectoryId = Cluster.Key(1).DirectoryId,
            KRaftVersionFeature = new() { MinSupportedVersion = 0, MaxSupportedVersion = 1 },
        };
        request.Listeners.Add(new() { Name = listener, Host = "elsewhere", Port = 1 });
        Assert.Equal((short)expected, cluster.Ask<UpdateRaftVoterResponse>(node, request, 0).ErrorCode);
        Assert.Equal(end, node.Raft.LogEndOffset);
    }

    [Fact]
    public void DescribeQuorum_NamesLeaderVoterAndHighWatermark()
    {
        var cluster = new Cluster(1);
        cluster.Start();
        var request = new DescribeQuorumRequest();
        var topic = new DescribeQuorumRequest.TopicData { TopicName = "__cluster_metadata" };
        topic.Partitions.Add(new DescribeQuorumRequest.PartitionData());
        request.Topics.Add(topic);
        var response = cluster.Ask<DescribeQuorumResponse>(cluster.Members[0], request, 2);
        DescribeQuorumResponse.PartitionData data = response.Topics[0].Partitions[0];
        Assert.Equal((0, 1, 1, 3L), (data.ErrorCode, data.LeaderId, data.LeaderEpoch, data.HighWatermark));
        Assert.Equal(3, Assert.Single(data.CurrentVoters).LogEndOffset);
        Assert.Equal(9001, Assert.Single(Assert.Single(response.Nodes).Listeners).Port);
    }
}
