using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Raft.Tests;

public sealed class QuorumTests
{
    [Fact]
    public void ThreeVoters_ElectOneLeader_AndReplicate()
    {
        var cluster = new Cluster(3);
        cluster.Start();
        cluster.RunUntil(() => cluster.Leader is { } l
            && l.Story.Exists(s => s.StartsWith("leads", StringComparison.Ordinal)));
        cluster.Append(cluster.Leader!, "a");
        cluster.RunUntil(() => cluster.Members.All(m => m.Committed.Count == 2));
        Assert.Single(cluster.Members, m => m.Raft.IsLeader);
        AssertLogsMatch(cluster);
    }

    [Fact]
    public void LeaderDies_OthersElect_AndTheOldOneDropsWhatItAlonehad()
    {
        var cluster = new Cluster(3);
        cluster.Start();
        cluster.RunUntil(() => cluster.Members.TrueForAll(m => m.Committed.Count == 1));
        Member old = cluster.Leader!;
        foreach (Member other in cluster.Members.Where(m => m != old))
            cluster.CutLinks.Add((Math.Min(old.Id, other.Id), Math.Max(old.Id, other.Id)));
        cluster.Append(old, "never acknowledged");
        long lost = old.Raft.LogEndOffset;
        Assert.True(old.Raft.HighWatermark < lost);
        cluster.RunUntil(() => cluster.Leader is { } l && l != old && l.Raft.HighWatermark == l.Raft.LogEndOffset);
        cluster.Append(cluster.Leader!, "kept");
        cluster.RunFor(3_000);
        Assert.False(old.Raft.IsLeader);
        cluster.CutLinks.Clear();
        cluster.RunUntil(() => old.Committed.Count == cluster.Leader!.Committed.Count
            && old.Raft.LeaderId == cluster.Leader.Id);
        Assert.Contains(old.Story, s => s.StartsWith("truncate", StringComparison.Ordinal));
        AssertLogsMatch(cluster);
    }

    [Fact]
    public void PartitionedFollower_DoesNotRaiseTheEpoch()
    {
        var cluster = new Cluster(3);
        cluster.Start();
        cluster.RunUntil(() => cluster.Members.TrueForAll(m => m.Committed.Count == 1));
        int epoch = cluster.Leader!.Raft.Epoch;
        Member lonely = cluster.Members.First(m => m != cluster.Leader);
        foreach (Member other in cluster.Members.Where(m => m != lonely))
            cluster.CutLinks.Add((Math.Min(lonely.Id, other.Id), Math.Max(lonely.Id, other.Id)));
        cluster.RunFor(20_000);
        Assert.Equal(epoch, lonely.Raft.Epoch);
        cluster.CutLinks.Clear();
        cluster.RunFor(5_000);
        Assert.Equal(epoch, cluster.Leader!.Raft.Epoch);
        Assert.Equal(cluster.Leader.Id, lonely.Raft.LeaderId);
    }

    [Fact]
    public void Vote_IsGivenOnce_AlsoAcrossARestart()
    {
        var cluster = new Cluster(3);
        Member node = cluster.Members[0];
        cluster.Members[1].IsDown = cluster.Members[2].IsDown = true;
        cluster.Start(node);
        Assert.True(Granted(cluster, node, candidate: 2));
        Assert.True(Granted(cluster, node, candidate: 2));
        Assert.False(Granted(cluster, node, candidate: 3));
        cluster.Crash(node);
        cluster.Start(node);
        Assert.False(Granted(cluster, node, candidate: 3));
        Assert.True(Granted(cluster, node, candidate: 2));
    }

    [Fact]
    public void Vote_OfShorterLogOrOldEpoch_IsRefused()
    {
        var cluster = new Cluster(3);
        Member node = cluster.Members[0];
        node.Disk.Batches.Add(RaftBatch.OfValues(["x"u8.ToArray()], 0, 4, 0));
        cluster.Members[1].IsDown = cluster.Members[2].IsDown = true;
        cluster.Start(node);
        Assert.Equal(4, node.Raft.Epoch);
        Assert.False(Granted(cluster, node, candidate: 2, epoch: 7));
        VoteResponse.PartitionData data = Ask(cluster, node, 2, 6, 9, 5).Topics[0].Partitions[0];
        Assert.Equal((short)ErrorCode.FencedLeaderEpoch, data.ErrorCode);
        Assert.Equal((short)ErrorCode.InconsistentClusterId,
            Ask(cluster, node, 2, 9, 9, 9, clusterId: "other").ErrorCode);
    }

    [Fact]
    public void Observer_FindsTheLeader_AndFollows()
    {
        var cluster = new Cluster(1, observers: 1);
        cluster.Start();
        Member observer = cluster.Members[1];
        cluster.Append(cluster.Members[0], "a");
        cluster.RunUntil(() => observer.Committed.Count == 2);
        Assert.Equal("Follower", observer.Raft.State.Name);
        Assert.Equal(0, observer.Raft.Epoch - cluster.Members[0].Raft.Epoch);
    }

    [Fact]
    public void Observer_BehindTheLogsStart_FetchesTheSnapshot()
    {
        var cluster = new Cluster(1, observers: 1);
        Member leader = cluster.Members[0];
        cluster.Start(leader);
        for (int round = 0; round < 2; round++)
        {
            cluster.Append(leader, "a", "b");
            cluster.Do(leader, (raft, fx) => raft.WriteSnapshot(["image"u8.ToArray()], raft.HighWatermark, 5,
                cluster.Now, fx));
        }

        Assert.True(leader.Raft.LogStartOffset > 0);
        Member observer = cluster.Members[1];
        cluster.Start(observer);
        cluster.Append(leader, "tail");
        cluster.RunUntil(() => observer.Raft.HighWatermark == leader.Raft.HighWatermark);
        Assert.Contains(observer.Story, s => s.StartsWith("load snapshot", StringComparison.Ordinal));
        Assert.Single(observer.Committed);
        Assert.Equal([1], observer.Raft.Voters.Keys.Select(k => k.Id));
    }

    [Fact]
    public void AddVoter_MakesAnObserverCount_AndRemoveTakesItOut()
    {
        var cluster = new Cluster(1, observers: 1);
        cluster.Start();
        Member leader = cluster.Members[0];
        Member added = cluster.Members[1];
        cluster.RunUntil(() => added.Committed.Count == 1);
        cluster.RunFor(1_000);
        var add = new AddRaftVoterRequest
        {
            ClusterId = Cluster.ClusterId,
            VoterId = 2,
            VoterDirectoryId = Cluster.Key(2).DirectoryId,
            TimeoutMs = 1000,
        };
        add.Listeners.Add(new AddRaftVoterRequest.Listener { Name = "CONTROLLER", Host = "node2", Port = 9002 });
        Assert.Equal(0, cluster.Ask<AddRaftVoterResponse>(leader, add, 1).ErrorCode);
        Assert.Equal([1, 2], leader.Raft.Voters.Keys.Select(k => k.Id));
        cluster.RunUntil(() => added.Raft.Voters.Count == 2);
        // Now the leader alone is no majority.
        added.IsDiskSlow = true;
        cluster.Append(leader, "waits");
        cluster.RunFor(200);
        Assert.True(leader.Raft.HighWatermark < leader.Raft.LogEndOffset);
        cluster.ResumeDisk(added);
        cluster.RunUntil(() => leader.Raft.HighWatermark == leader.Raft.LogEndOffset);
        Assert.Equal((short)ErrorCode.DuplicateVoter, cluster.Ask<AddRaftVoterResponse>(leader, add, 1).ErrorCode);

        var remove = new RemoveRaftVoterRequest
        {
            ClusterId = Cluster.ClusterId,
            VoterId = 2,
            VoterDirectoryId = Cluster.Key(2).DirectoryId,
        };
        Assert.Equal(0, cluster.Ask<RemoveRaftVoterResponse>(leader, remove, 0).ErrorCode);
        Assert.Equal([1], leader.Raft.Voters.Keys.Select(k => k.Id));
    }

    [Fact]
    public void Stop_OfTheLeader_HandsOverAtOnce()
    {
        var cluster = new Cluster(3);
        cluster.Start();
        cluster.RunUntil(() => cluster.Members.TrueForAll(m => m.Committed.Count == 1));
        Member old = cluster.Leader!;
        long before = cluster.Now.MonotonicMs;
        cluster.Do(old, (raft, fx) => raft.Stop(cluster.Now, fx));
        cluster.RunFor(0);
        cluster.Crash(old);
        cluster.RunUntil(() => cluster.Leader is { } l && l != old);
        Assert.True(cluster.Now.MonotonicMs - before < 1_000, "the fetch timeout was waited for");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Storm_OfCutsAndCrashes_NeverLosesWhatWasCommitted(int seed)
    {
        var cluster = new Cluster(3);
        var random = new Prng((ulong)seed);
        cluster.Start();
        SortedDictionary<long, string> committed = [];
        for (int round = 0; round < 150; round++)
        {
            Member member = cluster.Members[random.Next(3)];
            switch (random.Next(6))
            {
                case 0 when !member.IsDown && cluster.Members.Count(m => m.IsDown) == 0:
                    cluster.Crash(member);
                    break;
                case 1 when member.IsDown:
                    cluster.Start(member);
                    break;
                case 2:
                    int other = 1 + random.Next(3);
                    if (other != member.Id)
                        cluster.CutLinks.Add((Math.Min(member.Id, other), Math.Max(member.Id, other)));
                    break;
                case 3:
                    cluster.CutLinks.Clear();
                    break;
                default:
                    foreach (Member leader in cluster.Members.Where(m => !m.IsDown && m.Raft.IsLeader).ToList())
                        cluster.Append(leader, $"{seed}-{round}-{leader.Id}");
                    break;
            }

            cluster.RunFor(random.Next(800));
            foreach (RaftBatch batch in cluster.Members.SelectMany(m => m.Committed))
            {
                string bytes = Convert.ToHexString(batch.Bytes.Span);
                if (!committed.TryAdd(batch.BaseOffset, bytes)) Assert.Equal(committed[batch.BaseOffset], bytes);
            }
        }

        cluster.CutLinks.Clear();
        foreach (Member member in cluster.Members.Where(m => m.IsDown)) cluster.Start(member);
        cluster.RunUntil(() => cluster.Leader is { } l
            && cluster.Members.TrueForAll(m => m.Raft.HighWatermark == l.Raft.LogEndOffset));
        AssertLogsMatch(cluster);
        foreach ((long offset, string bytes) in committed)
            Assert.Contains(cluster.Leader!.Disk.Batches, b => b.BaseOffset == offset
                && Convert.ToHexString(b.Bytes.Span) == bytes);
    }

    private static bool Granted(Cluster cluster, Member node, int candidate, int epoch = 5) =>
        Ask(cluster, node, candidate, epoch, 0, 0).Topics[0].Partitions[0].VoteGranted;

    private static VoteResponse Ask(
        Cluster cluster, Member node, int candidate, int epoch, long lastOffset, int lastEpoch,
            string? clusterId = Cluster.ClusterId)
    {
        var topic = new VoteRequest.TopicData { TopicName = "__cluster_metadata" };
        topic.Partitions.Add(new VoteRequest.PartitionData
        {
            ReplicaEpoch = epoch,
            ReplicaId = candidate,
            ReplicaDirectoryId = Cluster.Key(candidate).DirectoryId,
            VoterDirectoryId = Cluster.Key(node.Id).DirectoryId,
            LastOffset = lastOffset,
            LastOffsetEpoch = lastEpoch,
        });
        var request = new VoteRequest { ClusterId = clusterId, VoterId = node.Id };
        request.Topics.Add(topic);
        return cluster.Ask<VoteResponse>(node, request, 2);
    }

    private static void AssertLogsMatch(Cluster cluster)
    {
        List<string> first = [.. cluster.Members[0].Disk.Batches.Select(b => Convert.ToHexString(b.Bytes.Span))];
        foreach (Member member in cluster.Members)
            Assert.Equal(first, member.Disk.Batches.Select(b => Convert.ToHexString(b.Bytes.Span)));
    }
}
