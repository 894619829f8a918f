using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Admin;

/// <summary>What needs two nodes. The tests leave the cluster as they found it.</summary>
[Collection("pair")]
public sealed class PairTests(Pair pair)
{
    private static CancellationToken Cancel => Patience.Token;

    [Fact]
    public async Task Partition_IsMoved_AndItsLeaderElected()
    {
        ApachePair nodes = pair.Get();
        await using MoldauClient client = new(nodes.First.Bootstrap);
        AdminClient admin = client.Admin;
        string topic = $"pair-move-{Guid.NewGuid():N}";
        await CreateAsync(admin, topic);
        TopicPartition partition = new(topic, 0);
        TopicPartition missing = new(topic, 9);
        var refused = await admin.Partitions.ReassignAsync(Targets((partition, [1, 2])), false, Cancel);
        Assert.Equal(ErrorCode.InvalidReplicationFactor, refused[partition]!.Code);
        var begun = await admin.Partitions.ReassignAsync(Targets((partition, [2, 1]), (missing, [2])), true, Cancel);
        Assert.Null(begun[partition]);
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, begun[missing]!.Code);
        await Eventually.UntilAsync(async () => (await InfoAsync(admin, partition)).InSyncReplicas.Length == 2
            && (await admin.Partitions.ListReassignmentsAsync([partition], Cancel)).Count == 0);
        PartitionInfo moved = await InfoAsync(admin, partition);
        Assert.Equal([2, 1], moved.Replicas);
        Assert.Equal(1, moved.LeaderId);
        Assert.Equal(
            ErrorCode.NoReassignmentInProgress,
            (await admin.Partitions.ReassignAsync(Targets((partition, null)), true, Cancel))[partition]!.Code);

        Assert.Null((await admin.Partitions.ElectLeadersAsync(ElectionType.Preferred, [partition], Cancel))[partition]);
        await Eventually.UntilAsync(async () => (await InfoAsync(admin, partition)).LeaderId == 2);
        var again = await admin.Partitions.ElectLeadersAsync(ElectionType.Preferred, [partition], Cancel);
        Assert.Equal(ErrorCode.ElectionNotNeeded, again[partition]!.Code);
        var unclean = await admin.Partitions.ElectLeadersAsync(ElectionType.Unclean, [partition], Cancel);
        Assert.Equal(ErrorCode.ElectionNotNeeded, unclean[partition]!.Code);
        Assert.DoesNotContain(partition, (await admin.Partitions.ElectLeadersAsync(ElectionType.Preferred, null, Cancel)).Keys);
    }

    [Fact]
    public async Task Move_ThatGoesOn_IsListedAndTakenBack()
    {
        ApachePair nodes = pair.Get();
        await using MoldauClient client = new(nodes.First.Bootstrap);
        AdminClient admin = client.Admin;
        string topic = $"pair-cancel-{Guid.NewGuid():N}";
        await CreateAsync(admin, topic);
        TopicPartition partition = new(topic, 0);
        TestTopics.Produce(nodes.First, topic, [new string('x', 100_000), new string('y', 100_000)]);

        // A hundred bytes a second: the move cannot end before it is taken back.
        ConfigResource[] brokers = [new(ConfigResourceKind.Broker, "1"), new(ConfigResourceKind.Broker, "2")];
        ConfigResource config = new(ConfigResourceKind.Topic, topic);
        await admin.ChangeConfigAsync(
            config,
            [
                new("leader.replication.throttled.replicas", ConfigChangeKind.Set, "*"),
                new("follower.replication.throttled.replicas", ConfigChangeKind.Set, "*"),
            ],
            false, Cancel);
        foreach (ConfigResource broker in brokers) await ThrottleAsync(admin, broker, "1");
        try
        {
            Assert.Null((await admin.Partitions.ReassignAsync(Targets((partition, [2])), true, Cancel))[partition]);
            PartitionReassignment move = (await admin.Partitions.ListReassignmentsAsync(null, Cancel))[partition];
            Assert.Equal([2], move.Adding);
            Assert.Equal([1], move.Removing);
            Assert.Null((await admin.Partitions.ReassignAsync(Targets((partition, null)), true, Cancel))[partition]);
            await Eventually.UntilAsync(async () => (await admin.Partitions.ListReassignmentsAsync([partition], Cancel)).Count == 0);
            await Eventually.UntilAsync(async () => (await InfoAsync(admin, partition)).Replicas is [1]);
        }
        finally
        {
            foreach (ConfigResource broker in brokers) await ThrottleAsync(admin, broker, null);
        }
    }

    [Fact]
    public async Task Replica_GoesToAnotherDirectory()
    {
        ApachePair nodes = pair.Get();
        await using MoldauClient client = new(nodes.First.Bootstrap);
        string topic = $"pair-dir-{Guid.NewGuid():N}";
        await CreateAsync(client.Admin, topic);
        TestTopics.Produce(nodes.First, topic, ["a", "b", "c"]);
        LogDirArea dirs = client.Admin.LogDirs;
        TopicPartitionReplica replica = new(new TopicPartition(topic, 0), 1);
        ReplicaLogDir where = (await dirs.DescribeReplicasAsync([replica], Cancel))[replica].Value!;
        Assert.Contains(where.Path!, nodes.FirstDirs);
        Assert.Equal((null, false), (where.FuturePath, where.Replica!.IsFuture));
        Assert.True(where.Replica.SizeBytes > 0);
        string other = nodes.FirstDirs.Single(d => d != where.Path);
        Assert.Null((await dirs.AlterReplicasAsync(new Dictionary<TopicPartitionReplica, string> { [replica] = other }, Cancel))[replica]);
        await Eventually.UntilAsync(async () =>
            (await dirs.DescribeReplicasAsync([replica], Cancel))[replica].Value! is { FuturePath: null } now && now.Path == other);
        var nowhere = await dirs.AlterReplicasAsync(new Dictionary<TopicPartitionReplica, string> { [replica] = "/nowhere" }, Cancel);
        Assert.Equal(ErrorCode.LogDirNotFound, nowhere[replica]!.Code);
        var both = await dirs.DescribeAsync([1, 2], Cancel);
        Assert.Equal(nodes.FirstDirs.Order(), both[1].Value!.Select(d => d.Path));
        Assert.Single(both[2].Value!);
    }

    [Fact]
    public async Task Controller_GetsAVoteAndLosesIt()
    {
        ApachePair nodes = pair.Get();
        await using MoldauClient client = new(nodes.First.Bootstrap);
        QuorumArea quorum = client.Admin.Quorum;
        QuorumDescription before = await quorum.DescribeAsync(Cancel);
        Assert.Equal(1, before.LeaderId);
        Assert.Equal([1], before.Voters.Select(v => v.NodeId));
        Assert.Equal([2], before.Observers.Select(o => o.NodeId));
        Assert.Contains(before.Nodes[1], e => e.Address.Port == nodes.First.ControllerPort);
        Assert.True(Uuid.TryParse(nodes.SecondDirectoryId, out Uuid directory));
        QuorumEndpoint endpoint = new("CONTROLLER", new BrokerAddress("127.0.0.1", nodes.Second.ControllerPort));
        await quorum.AddVoterAsync(2, directory, [endpoint], cancel: Cancel);
        await Eventually.UntilAsync(async () => (await quorum.DescribeAsync(Cancel)).Voters.Count == 2);
        Assert.Equal(directory, (await quorum.DescribeAsync(Cancel)).Voters.Single(v => v.NodeId == 2).DirectoryId);
        var twice = await Assert.ThrowsAsync<MoldauException>(() => quorum.AddVoterAsync(2, directory, [endpoint], cancel: Cancel));
        Assert.Equal(ErrorCode.DuplicateVoter, twice.Error);
        await quorum.RemoveVoterAsync(2, directory, cancel: Cancel);
        await Eventually.UntilAsync(async () => (await quorum.DescribeAsync(Cancel)).Voters.Count == 1);
        var gone = await Assert.ThrowsAsync<MoldauException>(() => quorum.RemoveVoterAsync(2, directory, cancel: Cancel));
        Assert.Equal(ErrorCode.VoterNotFound, gone.Error);
        var alien = await Assert.ThrowsAsync<MoldauException>(() => quorum.RemoveVoterAsync(2, directory, "another-cluster", Cancel));
        Assert.Equal(ErrorCode.InconsistentClusterId, alien.Error);
    }

    [Fact]
    public async Task Broker_ThatIsThere_IsDescribed_AndWhatIsNotThereIsNotForgotten()
    {
        ApachePair nodes = pair.Get();
        await using MoldauClient client = new(nodes.First.Bootstrap);
        ClusterDescription cluster = await client.Admin.DescribeClusterAsync(true, true, Cancel);
        Assert.Equal([1, 2], cluster.Brokers.Select(b => b.Id));
        Assert.Empty(cluster.FencedBrokers!);
        Assert.Contains(AclOperation.Alter, cluster.AuthorizedOperations!);
        var missing = await Assert.ThrowsAsync<MoldauException>(() => client.Admin.UnregisterBrokerAsync(77, Cancel));
        Assert.Equal(ErrorCode.BrokerIdNotRegistered, missing.Error);
        await Assert.ThrowsAsync<MoldauException>(() => client.Admin.UnregisterControllerAsync(77, Cancel));
    }

    /// <summary>One partition on the first node, which can be used when this returns.</summary>
    private static async Task CreateAsync(AdminClient admin, string topic)
    {
        await admin.CreateTopicAsync(
            new NewTopic(topic) { Assignments = new Dictionary<int, IReadOnlyList<int>> { [0] = [1] } }, Cancel);
        TopicPartition partition = new(topic, 0);
        await Eventually.UntilAsync(async () => (await admin.ListOffsetsAsync(
            new Dictionary<TopicPartition, OffsetSpec> { [partition] = OffsetSpec.Latest }, cancel: Cancel))[partition].IsSuccess);
    }

    private static Dictionary<TopicPartition, IReadOnlyList<int>?> Targets(params (TopicPartition Partition, int[]? Brokers)[] targets) =>
        targets.ToDictionary(t => t.Partition, t => (IReadOnlyList<int>?)t.Brokers);

    private static async Task<PartitionInfo> InfoAsync(AdminClient admin, TopicPartition partition) =>
        (await admin.DescribeTopicsAsync([partition.Topic], Cancel))[partition.Topic].Value!.Partitions[partition.Partition];

    private static Task ThrottleAsync(AdminClient admin, ConfigResource broker, string? bytesPerSecond)
    {
        ConfigChangeKind kind = bytesPerSecond is null ? ConfigChangeKind.Delete : ConfigChangeKind.Set;
        return admin.ChangeConfigAsync(
            broker,
            [
                new("leader.replication.throttled.rate", kind, bytesPerSecond),
                new("follower.replication.throttled.rate", kind, bytesPerSecond),
            ],
            false, Cancel);
    }
}
