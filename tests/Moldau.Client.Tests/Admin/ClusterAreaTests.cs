using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Admin;

/// <summary>Partitions, log directories, features, the quorum and configurations of one node.</summary>
public sealed class ClusterAreaTests(Servers servers)
{
    private static CancellationToken Cancel => Patience.Token;

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task Partitions_ThatStay_NeedNoMoveAndNoElection(string server)
    {
        ServerUnderTest node = servers.Get(server);
        TopicPartition partition = new(TestTopics.Create(node, "stay"), 0);
        await using MoldauClient client = new(node.Bootstrap);
        PartitionArea partitions = client.Admin.Partitions;
        if (await Offered.HasAsync(node, ApiKey.ListPartitionReassignments, () => partitions.ListReassignmentsAsync(null, Cancel)))
            Assert.Empty(await partitions.ListReassignmentsAsync([partition], Cancel));
        Dictionary<TopicPartition, IReadOnlyList<int>?> nowhere = new() { [partition] = [99] };
        if (await Offered.HasAsync(node, ApiKey.AlterPartitionReassignments, () => partitions.ReassignAsync(nowhere, true, Cancel)))
            Assert.Equal(ErrorCode.InvalidReplicaAssignment, (await partitions.ReassignAsync(nowhere, true, Cancel))[partition]!.Code);
        if (await Offered.HasAsync(
            node, ApiKey.ElectLeaders, () => partitions.ElectLeadersAsync(ElectionType.Preferred, [partition], Cancel)))
            Assert.Equal(
                ErrorCode.ElectionNotNeeded,
                (await partitions.ElectLeadersAsync(ElectionType.Preferred, [partition], Cancel))[partition]!.Code);
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task LogDirs_TellWhatTheyHold(string server)
    {
        ServerUnderTest node = servers.Get(server);
        TopicPartition partition = new(TestTopics.Create(node, "dirs"), 0);
        TestTopics.Produce(node, partition.Topic, ["a", "b"]);
        await using MoldauClient client = new(node.Bootstrap);
        LogDirDescription dir = Assert.Single((await client.Admin.LogDirs.DescribeAsync([1], Cancel))[1].Value!);
        Assert.Equal((node.DataFolder, null, false), (dir.Path, dir.Error, dir.IsCordoned));
        Assert.True(dir.UsableBytes > 0 && dir.TotalBytes >= dir.UsableBytes);
        Assert.True(dir.Replicas[partition].SizeBytes > 0);
        TopicPartitionReplica replica = new(partition, 1);
        TopicPartitionReplica missing = new(new TopicPartition(partition.Topic, 9), 1);
        var found = await client.Admin.LogDirs.DescribeReplicasAsync([replica, missing], Cancel);
        ReplicaLogDir where = found[replica].Value!;
        Assert.Equal((node.DataFolder, dir.Replicas[partition].SizeBytes), (where.Path, where.Replica!.SizeBytes));
        Assert.Null(found[missing].Value!.Path);
        Dictionary<TopicPartitionReplica, string> targets = new() { [replica] = "/nowhere" };
        if (await Offered.HasAsync(
            node, ApiKey.AlterReplicaLogDirs, async () => (await client.Admin.LogDirs.AlterReplicasAsync(targets, Cancel))[replica]))
            Assert.Equal(ErrorCode.LogDirNotFound, (await client.Admin.LogDirs.AlterReplicasAsync(targets, Cancel))[replica]!.Code);
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task Features_AreDescribedAndChecked(string server)
    {
        ServerUnderTest node = servers.Get(server);
        await using MoldauClient client = new(node.Bootstrap);
        FeatureArea features = client.Admin.Features;
        ClusterFeatures described = await features.DescribeAsync(Cancel);
        Assert.True(described.Finalized["metadata.version"] > 0);
        Assert.True(described.Supported["metadata.version"].Highest >= described.Finalized["metadata.version"]);
        Assert.True(described.FinalizedEpoch >= 0);
        Dictionary<string, FeatureUpdate> wrong = new() { ["metadata.version"] = new FeatureUpdate(999) };
        if (!await Offered.HasAsync(node, ApiKey.UpdateFeatures, () => features.UpdateAsync(wrong, true, Cancel))) return;
        ClientError error = (await features.UpdateAsync(wrong, true, Cancel))["metadata.version"]!;
        Assert.Contains("999", error.Text, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task Quorum_OfOneNode_IsItsOwnLeader(string server)
    {
        ServerUnderTest node = servers.Get(server);
        await using MoldauClient client = new(node.Bootstrap);
        QuorumArea quorum = client.Admin.Quorum;
        Uuid directory = new(1, 2);
        if (await Offered.HasAsync(node, ApiKey.DescribeQuorum, () => quorum.DescribeAsync(Cancel)))
        {
            QuorumDescription described = await quorum.DescribeAsync(Cancel);
            QuorumReplica voter = Assert.Single(described.Voters);
            Assert.Equal((1, 1), (described.LeaderId, voter.NodeId));
            Assert.True(described.LeaderEpoch > 0 && described.HighWatermark > 0 && voter.LogEndOffset >= described.HighWatermark);
        }

        if (await Offered.HasAsync(node, ApiKey.AddRaftVoter, () => quorum.AddVoterAsync(1, directory, [new("CONTROLLER", new("127.0.0.1", 9093))], cancel: Cancel)))
            Assert.Equal(
                ErrorCode.DuplicateVoter,
                (await Assert.ThrowsAsync<MoldauException>(() => quorum.AddVoterAsync(1, directory, [new("CONTROLLER", new("127.0.0.1", 9093))], cancel: Cancel))).Error);
        if (await Offered.HasAsync(node, ApiKey.RemoveRaftVoter, () => quorum.RemoveVoterAsync(7, directory, cancel: Cancel)))
            Assert.Equal(
                ErrorCode.VoterNotFound,
                (await Assert.ThrowsAsync<MoldauException>(() => quorum.RemoveVoterAsync(7, directory, cancel: Cancel))).Error);
        if (await Offered.HasAsync(node, ApiKey.UnregisterBroker, () => client.Admin.UnregisterBrokerAsync(77, Cancel)))
            Assert.Equal(
                ErrorCode.BrokerIdNotRegistered,
                (await Assert.ThrowsAsync<MoldauException>(() => client.Admin.UnregisterBrokerAsync(77, Cancel))).Error);
        if (await Offered.HasAsync(node, ApiKey.UnregisterController, () => client.Admin.UnregisterControllerAsync(77, Cancel)))
            await Assert.ThrowsAsync<MoldauException>(() => client.Admin.UnregisterControllerAsync(77, Cancel));
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task Configs_TellSynonymsTypesAndDocumentation(string server)
    {
        ServerUnderTest node = servers.Get(server);
        string topic = TestTopics.Create(node, "config-more");
        await using MoldauClient client = new(node.Bootstrap);
        ConfigResource resource = new(ConfigResourceKind.Topic, topic);
        ConfigResource missing = new(ConfigResourceKind.Topic, $"{topic}-not");
        var described = await client.Admin.DescribeConfigsAsync([resource, missing, new(ConfigResourceKind.Broker, "1")], true, true, Cancel);
        Assert.Equal(ErrorCode.UnknownTopicOrPartition, described[missing].Error!.Code);
        ConfigValue retention = described[resource].Value!.Single(c => c.Name == "retention.ms");
        Assert.Equal(ConfigType.Long, retention.Type);
        Assert.NotEmpty(retention.Documentation!);
        Assert.NotNull(retention.Synonyms);
        Assert.Equal("1", described[new(ConfigResourceKind.Broker, "1")].Value!.Single(c => c.Name == "node.id").Value);
        var listed = await client.Admin.ListConfigResourcesAsync([ConfigResourceKind.Topic], Cancel);
        Assert.Contains(resource, listed);
        Assert.All(listed, r => Assert.Equal(ConfigResourceKind.Topic, r.Kind));
        Assert.Contains(new ConfigResource(ConfigResourceKind.Broker, "1"), await client.Admin.ListConfigResourcesAsync(null, Cancel));
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task ClientMetrics_HaveAConfigurationAndAreListed(string server)
    {
        ServerUnderTest node = servers.Get(server);
        await using MoldauClient client = new(node.Bootstrap);
        ConfigResource metrics = new(ConfigResourceKind.ClientMetrics, $"m-{Guid.NewGuid():N}");
        await client.Admin.ChangeConfigAsync(metrics, [new("interval.ms", ConfigChangeKind.Set, "60000")], false, Cancel);
        await Eventually.UntilAsync(async () =>
            (await client.Admin.ListConfigResourcesAsync([ConfigResourceKind.ClientMetrics], Cancel)).Contains(metrics));
        Assert.Equal(
            ("60000", ConfigSource.ClientMetricsConfig),
            (await client.Admin.DescribeConfigAsync(metrics, Cancel)).Where(c => c.Name == "interval.ms").Select(c => (c.Value, c.Source)).Single());
    }

    [Fact]
    public async Task Loggers_AreABrokersOwn()
    {
        ServerUnderTest node = servers.Get("apache-4.4.0");
        await using MoldauClient client = new(node.Bootstrap);
        ConfigResource loggers = new(ConfigResourceKind.BrokerLogger, "1");
        string name = (await client.Admin.DescribeConfigAsync(loggers, Cancel)).First(c => c.Name.StartsWith("org.apache.kafka.", StringComparison.Ordinal)).Name;
        await client.Admin.ChangeConfigAsync(loggers, [new(name, ConfigChangeKind.Set, "ERROR")], false, Cancel);
        ConfigValue level = (await client.Admin.DescribeConfigAsync(loggers, Cancel)).Single(c => c.Name == name);
        Assert.Equal(("ERROR", ConfigSource.DynamicBrokerLoggerConfig), (level.Value, level.Source));
        await client.Admin.ChangeConfigAsync(loggers, [new(name, ConfigChangeKind.Delete, null)], false, Cancel);
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task Topics_ComeByPages_AndByTheirIds(string server)
    {
        ServerUnderTest node = servers.Get(server);
        string[] names = [TestTopics.Create(node, "page-a", 3), TestTopics.Create(node, "page-b", 3)];
        await using MoldauClient client = new(node.Bootstrap);
        List<(string, int)> seen = [];
        TopicCursor? next = null;
        int pages = 0;
        do
        {
            TopicPage page = await client.Admin.DescribeTopicPartitionsAsync([.. names, "page-none"], next, 2, Cancel);
            foreach (TopicDescription topic in page.Topics)
            {
                if (topic.Name == "page-none") Assert.Equal(ErrorCode.UnknownTopicOrPartition, topic.Error!.Code);
                else Assert.Null(topic.Error);
                seen.AddRange(topic.Partitions.Select(p => (topic.Name, p.Info.Partition)));
            }

            next = page.Next;
            pages++;
        }
        while (next is not null && pages < 10);
        Assert.Equal(names.SelectMany(n => Enumerable.Range(0, 3).Select(p => (n, p))), seen);
        Assert.True(pages >= 3);

        Uuid id = (await client.Admin.DescribeTopicsAsync([names[0]], Cancel))[names[0]].Value!.Id;
        Uuid nobody = new(77, 78);
        var byId = await client.Admin.DescribeTopicsAsync([id, nobody], Cancel);
        Assert.Equal(names[0], byId[id].Value!.Name);
        Assert.Equal(ErrorCode.UnknownTopicId, byId[nobody].Error!.Code);
        Assert.Null((await client.Admin.DeleteTopicsAsync([id], Cancel))[id]);
        Assert.Equal(ErrorCode.UnknownTopicId, (await client.Admin.DeleteTopicsAsync([nobody], Cancel))[nobody]!.Code);
        var assigned = new Dictionary<string, NewPartitions> { [names[1]] = new(4) { Assignments = [[1]] } };
        Assert.Null((await client.Admin.CreatePartitionsAsync(assigned, false, Cancel))[names[1]]);
    }

    /// <summary>A broker of 3.9: older versions where they suffice, a clear error where they do not.</summary>
    [Fact]
    public async Task OlderBroker_IsAskedInItsVersions()
    {
        ServerUnderTest node = servers.Get("apache-3.9.1");
        await using MoldauClient client = new(node.Bootstrap);
        AdminClient admin = client.Admin;
        Assert.Equal(1, (await admin.Quorum.DescribeAsync(Cancel)).LeaderId);
        // Those of other tests, which have ended, count from when they began.
        Assert.Empty(await admin.Transactions.ListAsync(new TransactionFilter { LongerThan = TimeSpan.FromDays(1) }, Cancel));
        Assert.Empty(await admin.ListGroupsAsync(new GroupFilter { Types = ["consumer"] }, Cancel));
        Assert.Empty(await admin.ListConfigResourcesAsync([ConfigResourceKind.ClientMetrics], Cancel));
        Assert.NotEmpty((await admin.LogDirs.DescribeAsync([1], Cancel))[1].Value!);
        Offered.AssertUnsupported(
            await Assert.ThrowsAsync<MoldauException>(() => admin.ListConfigResourcesAsync(null, Cancel)), ApiKey.ListConfigResources);
        Offered.AssertUnsupported(
            await Assert.ThrowsAsync<MoldauException>(() => admin.Transactions.ListAsync(new TransactionFilter { IdPattern = "a.*" }, Cancel)),
            ApiKey.ListTransactions);
        Offered.AssertUnsupported(
            new MoldauException((await admin.StreamsGroups.DescribeAsync(["g"], cancel: Cancel))["g"].Error!), ApiKey.StreamsGroupDescribe);
        Offered.AssertUnsupported(
            new MoldauException((await admin.ShareGroups.ListOffsetsAsync(
                new Dictionary<string, IReadOnlyList<TopicPartition>?> { ["g"] = null }, Cancel))["g"].Error!),
            ApiKey.DescribeShareGroupOffsets);
    }
}
