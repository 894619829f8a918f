using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Metadata.Tests;

public sealed class ControlAreaTests
{
    [Fact]
    public void CreatePartitions_AddsBehindTheOldOnes_AndRefusesWhatIsNoIncrease()
    {
        TestController controller = WithBrokers(1);
        controller.CreateTopic("t", partitions: 2);
        CreatePartitionsResponse response = Grow(controller, ("t", 4), ("none", 4));
        Assert.Equal([0, (short)ErrorCode.UnknownTopicOrPartition], response.Results.Select(r => r.ErrorCode));
        Assert.Equal(4, controller.Image.Topics.Find("t")!.Partitions.Length);
        Assert.Equal("Topic already has 4 partition(s).", Grow(controller, ("t", 4)).Results[0].ErrorMessage);
        Assert.Equal(
            "The topic t currently has 4 partition(s); 3 would not be an increase.",
            Grow(controller, ("t", 3)).Results[0].ErrorMessage);
    }

    [Fact]
    public void AlterPartition_ShrinksAndGrowsTheIsr_AndFencesOldLeaders()
    {
        TestController controller = WithBrokers(3);
        controller.CreateTopic("t", factor: 3);
        AlterPartitionResponse.PartitionData data = ProposeIsr(controller, i => [i.Leader]);
        Assert.Equal(0, data.ErrorCode);
        Assert.Single(data.Isr);
        Assert.Equal(1, data.PartitionEpoch);
        Assert.Equal(0, data.LeaderEpoch);
        data = ProposeIsr(controller, i => [.. i.Replicas]);
        Assert.Equal(3, data.Isr.Count);

        Assert.Equal(ErrorCode.InvalidRequest, (ErrorCode)ProposeIsr(controller, i => [i.Leader, 9]).ErrorCode);
        Assert.Equal(
            ErrorCode.InvalidRequest,
            (ErrorCode)ProposeIsr(controller, i => [.. i.Replicas.Where(r => r != i.Leader)]).ErrorCode);
        Assert.Equal(
            ErrorCode.InvalidUpdateVersion,
                (ErrorCode)ProposeIsr(controller, i => [i.Leader], partitionEpoch: 0).ErrorCode);
        Assert.Equal(
            ErrorCode.NotController, (ErrorCode)ProposeIsr(controller, i => [i.Leader], partitionEpoch: 99).ErrorCode);
        Assert.Equal(ErrorCode.FencedLeaderEpoch,
            (ErrorCode)ProposeIsr(controller, i => [i.Leader], leaderEpoch: -1).ErrorCode);
        Assert.Equal(
            ErrorCode.StaleBrokerEpoch,
            (ErrorCode)controller.Ask<AlterPartitionResponse>(
                new AlterPartitionRequest { BrokerId = 1, BrokerEpoch = 12345, Topics = [new()] }, 3).ErrorCode);
        Assert.Equal(
            ErrorCode.None,
            (ErrorCode)controller.Ask<AlterPartitionResponse>(
                new AlterPartitionRequest { BrokerId = 1, BrokerEpoch = 12345 }, 3).ErrorCode);
    }

    [Fact]
    public void Fencing_MovesLeaders_AndKeepsTheLastInSyncEligible()
    {
        TestController controller = WithBrokers(3);
        controller.CreateTopic("t", factor: 3);
        SetMinIsr(controller, "t", "2");
        PartitionImage partition = controller.Image.Topics.Find("t")!.Partitions[0];
        int first = partition.Leader;
        StopCleanly(controller, first);
        partition = controller.Image.Topics.Find("t")!.Partitions[0];
        Assert.NotEqual(first, partition.Leader);
        Assert.Equal(2, partition.Isr.Length);
        Assert.Empty(partition.Elr);
        int second = partition.Leader;
        StopCleanly(controller, second);
        partition = controller.Image.Topics.Find("t")!.Partitions[0];
        Assert.Single(partition.Isr);
        Assert.Equal([second], partition.Elr);
        Assert.Equal(2, partition.LeaderEpoch);
    }

    [Fact]
    public void Session_RunsOut_AndTheBrokerIsFenced()
    {
        TestController controller = WithBrokers(2);
        controller.CreateTopic("t", factor: 2);
        controller.Advance(5_000);
        controller.Heartbeat(1, controller.Image.Cluster.Broker(1)!.Epoch);
        controller.Advance(4_500);
        Assert.True(controller.Controller.NextDeadline <= controller.Now);
        controller.RunTimers();
        Assert.False(controller.Image.Cluster.Broker(1)!.IsFenced);
        Assert.True(controller.Image.Cluster.Broker(2)!.IsFenced);
        Assert.Equal(1, controller.Image.Topics.Find("t")!.Partitions[0].Leader);
    }

    [Fact]
    public void ElectLeaders_PutsThePreferredBack_OrSaysWhyNot()
    {
        TestController controller = WithBrokers(2);
        controller.CreateTopic("t", factor: 2);
        int preferred = controller.Image.Topics.Find("t")!.Partitions[0].PreferredReplica;
        long epoch = controller.Image.Cluster.Broker(preferred)!.Epoch;
        StopCleanly(controller, preferred);
        Assert.Equal(ErrorCode.PreferredLeaderNotAvailable, Elect(controller, 0));
        controller.AddBroker(preferred, previousEpoch: epoch);
        ProposeIsr(controller, i => [.. i.Replicas]);
        Assert.Equal(ErrorCode.None, Elect(controller, 0));
        Assert.Equal(preferred, controller.Image.Topics.Find("t")!.Partitions[0].Leader);
        Assert.Equal(ErrorCode.ElectionNotNeeded, Elect(controller, 0));
        Assert.Equal(ErrorCode.ElectionNotNeeded, Elect(controller, 1));
    }

    [Fact]
    public void LeaderBalance_HappensByTime()
    {
        TestController controller = WithBrokers(2);
        controller.CreateTopic("t", factor: 2);
        int preferred = controller.Image.Topics.Find("t")!.Partitions[0].PreferredReplica;
        long epoch = controller.Image.Cluster.Broker(preferred)!.Epoch;
        StopCleanly(controller, preferred);
        controller.AddBroker(preferred, previousEpoch: epoch);
        ProposeIsr(controller, i => [.. i.Replicas]);
        for (int i = 0; i < 40; i++)
        {
            controller.Advance(8_000);
            foreach (int id in new[] { 1, 2 }) controller.Heartbeat(id, controller.Image.Cluster.Broker(id)!.Epoch);
            controller.RunTimers();
        }

        Assert.Equal(preferred, controller.Image.Topics.Find("t")!.Partitions[0].Leader);
    }

    [Fact]
    public void IncrementalAlterConfigs_SetsAppendsSubtractsDeletes()
    {
        TestController controller = WithBrokers(1);
        controller.CreateTopic("t");
        Assert.Equal(0, Alter(controller, "t", ("retention.ms", 0, "5"), ("cleanup.policy", 2, "compact")).ErrorCode);
        var resource = ConfigResource.Topic("t");
        Assert.Equal("delete,compact", controller.Image.Configs.Value(resource, "cleanup.policy"));
        Assert.Equal(0, Alter(controller, "t", ("cleanup.policy", 3, "delete"), ("retention.ms", 1, null)).ErrorCode);
        Assert.Equal("compact", controller.Image.Configs.Value(resource, "cleanup.policy"));
        Assert.Null(controller.Image.Configs.Value(resource, "retention.ms"));
        int before = controller.Log.Count;
        // What is already so is not written again.
        Assert.Equal(0, Alter(controller, "t", ("cleanup.policy", 0, "compact")).ErrorCode);
        Assert.Equal(before, controller.Log.Count);
    }

    [Theory]
    [InlineData("t", "retention.ms", 2, "1", ErrorCode.InvalidConfig,
        "Can't APPEND to key retention.ms because its type is not LIST.")]
    [InlineData("t", "nosuch", 0, "1", ErrorCode.InvalidConfig, "Unknown topic config name: nosuch")]
    [InlineData("none", "retention.ms", 0, "1", ErrorCode.UnknownTopicOrPartition, "The topic 'none' does not exist.")]
    [InlineData("", "retention.ms", 0, "1", ErrorCode.InvalidRequest, "Default topic resources are not allowed.")]
    [InlineData("t", "retention.ms", 0, null, ErrorCode.InvalidRequest, "Null value not supported for : retention.ms")]
    public void IncrementalAlterConfigs_OfWhatCannotBe_IsRefused(
        string topic, string name, sbyte operation, string? value, ErrorCode code, string message)
    {
        TestController controller = WithBrokers(1);
        controller.CreateTopic("t");
        int before = controller.Log.Count;
        var result = Alter(controller, topic, (name, operation, value));
        Assert.Equal((code, message), ((ErrorCode)result.ErrorCode, result.ErrorMessage));
        Assert.Equal(before, controller.Log.Count);
    }

    [Fact]
    public void AlterConfigs_DropsWhatItDoesNotName()
    {
        TestController controller = WithBrokers(1);
        controller.CreateTopic("t");
        Alter(controller, "t", ("retention.ms", 0, "5"));
        var request = new AlterConfigsRequest();
        var resource = new AlterConfigsRequest.AlterConfigsResource { ResourceType = 2, ResourceName = "t" };
        resource.Configs.Add(new AlterConfigsRequest.AlterableConfig { Name = "cleanup.policy", Value = "compact" });
        request.Resources.Add(resource);
        Assert.Equal(0, controller.Ask<AlterConfigsResponse>(request, 2).Responses[0].ErrorCode);
        Assert.Equal(["cleanup.policy"], controller.Image.Configs.Of(ConfigResource.Topic("t")).Keys);
    }

    [Fact]
    public void ProducerIds_AreGivenInBlocksOfAThousand_AfterKafkas()
    {
        var controller = new TestController(Golden.ImageAt(87));
        long epoch = controller.AddBroker(1, previousEpoch: 68);
        var request = new AllocateProducerIdsRequest { BrokerId = 1, BrokerEpoch = epoch };
        AllocateProducerIdsResponse block = controller.Ask<AllocateProducerIdsResponse>(request);
        Assert.Equal((1000L, 1000), (block.ProducerIdStart, block.ProducerIdLen));
        Assert.Equal(2000, controller.Ask<AllocateProducerIdsResponse>(request).ProducerIdStart);
        request.BrokerEpoch = 1;
        Assert.Equal((short)ErrorCode.StaleBrokerEpoch, controller.Ask<AllocateProducerIdsResponse>(request).ErrorCode);
    }

    [Fact]
    public void UpdateFeatures_MovesLevels_AndRefusesUnknownOnes()
    {
        TestController controller = WithBrokers(1);
        Assert.Equal(0, Update(controller, FeatureNames.Group, 0, 2).ErrorCode);
        Assert.Equal(0, controller.Image.Features.Level(FeatureNames.Group));
        Assert.Equal(0, Update(controller, FeatureNames.Group, 1, 1).ErrorCode);
        UpdateFeaturesResponse refused = Update(controller, MetadataVersion.FeatureName, 99, 1);
        Assert.Equal((short)ErrorCode.InvalidUpdateVersion, refused.ErrorCode);
        const string Begin = "The update failed for all features since the following feature had an error: ";
        Assert.StartsWith(Begin + "Invalid update version 99 for feature metadata.version.", refused.ErrorMessage,
            StringComparison.Ordinal);
        Assert.Equal((short)ErrorCode.InvalidUpdateVersion, Update(controller, FeatureNames.Share, 1, 1).ErrorCode);
        // The texts are those of Kafka 4.4: its tools show them.
        Assert.Equal(
            Begin + "Unsupported metadata.version downgrade from 33 to 30. Refusing to perform the requested downgrade because it might delete "
            + "metadata information.", Update(controller, MetadataVersion.FeatureName, 30, 2).ErrorMessage);
        Assert.Equal(
            Begin + "Unsupported metadata.version downgrade from 33 to 30. Unsafe metadata downgrade is not supported in this version.",
            Update(controller, MetadataVersion.FeatureName, 30, 3).ErrorMessage);
        Assert.Equal(Begin + "Invalid update version 0 for feature foo.version. Feature foo.version not found.",
            Update(controller, "foo.version", 0, 2).ErrorMessage);
        Assert.Equal(Begin + "Invalid update version 1 for feature foo.version. Local controller 1 does not support this feature.",
            Update(controller, "foo.version", 1, 1).ErrorMessage);
    }

    /// <summary>What <c>kafka-features version-mapping</c> of 4.4.0 says.</summary>
    [Theory]
    [InlineData(7, "")]
    [InlineData(22, "group.version=1")]
    [InlineData(25, "group.version=1 transaction.version=2")]
    [InlineData(26, "eligible.leader.replicas.version=1 group.version=1 transaction.version=2")]
    [InlineData(28, "eligible.leader.replicas.version=1 group.version=1 share.version=1 transaction.version=2")]
    [InlineData(30, "eligible.leader.replicas.version=1 group.version=1 share.version=1 streams.version=1 transaction.version=2")]
    [InlineData(31, "eligible.leader.replicas.version=1 group.version=1 share.version=2 streams.version=1 transaction.version=2")]
    [InlineData(33, "eligible.leader.replicas.version=1 group.version=1 share.version=2 streams.version=1 transaction.version=2")]
    public void DefaultsOfAMetadataVersion_AreKafkas(short level, string expected) =>
        Assert.Equal(expected, string.Join(' ', SupportedFeatures.DefaultsFor(new MetadataVersion(level)).Select(f => $"{f.Name}={f.Level}")));

    [Fact]
    public void Reassignment_AddsWaitsAndDrops()
    {
        TestController controller = WithBrokers(3);
        controller.CreateTopic("t", factor: 1);
        int from = controller.Image.Topics.Find("t")!.Partitions[0].Leader;
        int to = from % 3 + 1;
        AlterPartitionReassignmentsRequest move = Reassign(to);
        Assert.Equal(0, controller.Ask<AlterPartitionReassignmentsResponse>(move,
            1).Responses[0].Partitions[0].ErrorCode);
        var ongoing = controller.Ask<ListPartitionReassignmentsResponse>(new ListPartitionReassignmentsRequest());
        Assert.Equal([to], Assert.Single(Assert.Single(ongoing.Topics).Partitions).AddingReplicas);
        Assert.Equal(ErrorCode.NewLeaderElected, (ErrorCode)ProposeIsr(controller, i => [from, to]).ErrorCode);
        PartitionImage partition = controller.Image.Topics.Find("t")!.Partitions[0];
        Assert.Equal([to], partition.Replicas);
        Assert.Equal(to, partition.Leader);
        Assert.False(partition.IsReassigning);
        Assert.Empty(controller.Ask<ListPartitionReassignmentsResponse>(
            new ListPartitionReassignmentsRequest()).Topics);
        var cancel = new AlterPartitionReassignmentsRequest();
        cancel.Topics.Add(new() { Name = "t", Partitions = [new() { Replicas = null }] });
        Assert.Equal(
            ErrorCode.NoReassignmentInProgress,
            (ErrorCode)controller.Ask<AlterPartitionReassignmentsResponse>(cancel,
                1).Responses[0].Partitions[0].ErrorCode);
    }

    [Fact]
    public void UnregisterBroker_TakesItOutOfEverything()
    {
        TestController controller = WithBrokers(2);
        controller.CreateTopic("t", factor: 2);
        Assert.Equal(0,
            controller.Ask<UnregisterBrokerResponse>(new UnregisterBrokerRequest { BrokerId = 2 }).ErrorCode);
        Assert.Null(controller.Image.Cluster.Broker(2));
        Assert.Equal([1], controller.Image.Topics.Find("t")!.Partitions[0].Isr);
        Assert.Equal(
            (short)ErrorCode.BrokerIdNotRegistered,
            controller.Ask<UnregisterBrokerResponse>(new UnregisterBrokerRequest { BrokerId = 2 }).ErrorCode);
    }

    [Fact]
    public void Placement_SpreadsOverRacks()
    {
        var controller = new TestController();
        for (int id = 1; id <= 6; id++) controller.AddBroker(id, rack: id <= 3 ? "a" : "b");
        controller.CreateTopic("t", partitions: 30, factor: 2);
        TopicImage topic = controller.Image.Topics.Find("t")!;
        Assert.All(topic.Partitions, p => Assert.Equal(1, p.Replicas.Count(r => r <= 3)));
        Assert.All(Enumerable.Range(1, 6), id => Assert.InRange(topic.Partitions.Count(p => p.Leader == id), 4, 6));
    }

    private static TestController WithBrokers(int count)
    {
        var controller = new TestController();
        for (int id = 1; id <= count; id++) controller.AddBroker(id);
        return controller;
    }

    private static void StopCleanly(TestController controller, int broker)
    {
        long epoch = controller.Image.Cluster.Broker(broker)!.Epoch;
        for (int i = 0; i < 5; i++)
        {
            foreach (BrokerRegistration other in controller.Image.Cluster.Brokers.Values.Where(b => b.IsActive
                && b.Id != broker))
                controller.Heartbeat(other.Id, other.Epoch);
            if (controller.Heartbeat(broker, epoch, wantShutDown: true).ShouldShutDown) return;
        }

        Assert.Fail("the broker may not stop");
    }

    private static CreatePartitionsResponse Grow(TestController controller, params (string Topic, int Count)[] topics)
    {
        var request = new CreatePartitionsRequest();
        foreach ((string topic, int count) in topics)
            request.Topics.Add(new CreatePartitionsRequest.CreatePartitionsTopic
            {
                Name = topic,
                Count = count,
                Assignments = null
            });
        return controller.Ask<CreatePartitionsResponse>(request, 3);
    }

    private static AlterPartitionResponse.PartitionData ProposeIsr(
        TestController controller, Func<PartitionImage, List<int>> isr, int? partitionEpoch = null,
            int? leaderEpoch = null)
    {
        TopicImage topic = controller.Image.Topics.Find("t")!;
        PartitionImage now = topic.Partitions[0];
        var data = new AlterPartitionRequest.TopicData { TopicId = topic.Id };
        data.Partitions.Add(new AlterPartitionRequest.PartitionData
        {
            LeaderEpoch = leaderEpoch ?? now.LeaderEpoch,
            PartitionEpoch = partitionEpoch ?? now.PartitionEpoch,
            NewIsrWithEpochs = [.. isr(now).Select(b => new AlterPartitionRequest.BrokerState { BrokerId = b })],
        });
        var request = new AlterPartitionRequest
        {
            BrokerId = now.Leader,
            BrokerEpoch = controller.Image.Cluster.Broker(now.Leader)!.Epoch,
        };
        request.Topics.Add(data);
        return controller.Ask<AlterPartitionResponse>(request, 3).Topics[0].Partitions[0];
    }

    private static ErrorCode Elect(TestController controller, sbyte type)
    {
        var request = new ElectLeadersRequest
        {
            ElectionType = type,
            TopicPartitions = [new() { Topic = "t", Partitions = [0] }]
        };
        return (ErrorCode)controller.Ask<ElectLeadersResponse>(request,
            2).ReplicaElectionResults[0].PartitionResult[0].ErrorCode;
    }

    private static void SetMinIsr(TestController controller, string topic, string value) =>
        Assert.Equal(0, Alter(controller, topic, ("min.insync.replicas", 0, value)).ErrorCode);

    private static IncrementalAlterConfigsResponse.AlterConfigsResourceResponse Alter(
        TestController controller, string topic, params (string Name, sbyte Operation, string? Value)[] changes)
    {
        var resource = new IncrementalAlterConfigsRequest.AlterConfigsResource
        {
            ResourceType = 2,
            ResourceName = topic
        };
        foreach ((string name, sbyte operation, string? value) in changes)
        {
            resource.Configs.Add(new IncrementalAlterConfigsRequest.AlterableConfig
            {
                Name = name,
                ConfigOperation = operation,
                Value = value,
            });
        }

        var request = new IncrementalAlterConfigsRequest();
        request.Resources.Add(resource);
        return Assert.Single(controller.Ask<IncrementalAlterConfigsResponse>(request, 1).Responses);
    }

    private static UpdateFeaturesResponse Update(TestController controller, string feature, short level, sbyte type)
    {
        var request = new UpdateFeaturesRequest();
        request.FeatureUpdates.Add(new() { Feature = feature, MaxVersionLevel = level, UpgradeType = type });
        return controller.Ask<UpdateFeaturesResponse>(request, 1);
    }

    private static AlterPartitionReassignmentsRequest Reassign(params int[] replicas)
    {
        var request = new AlterPartitionReassignmentsRequest();
        request.Topics.Add(new() { Name = "t", Partitions = [new() { Replicas = [.. replicas] }] });
        return request;
    }
}
