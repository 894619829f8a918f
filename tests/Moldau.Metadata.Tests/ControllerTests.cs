using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Metadata.Tests;

public sealed class ControllerTests
{
    [Fact]
    public void Activate_OnEmptyLog_WritesWhatKafkaWrites()
    {
        var controller = new TestController();
        List<string> ours = [.. controller.Log.Select(Text)];
        // The real node had one SCRAM credential more, at offset 10.
        List<string> kafkas = [.. Enumerable.Range(3, 10).Where(o => o != 10).Select(o => Text(Golden.RecordAt(o)))];
        Assert.Equal(kafkas, ours);
    }

    [Fact]
    public void Activate_OnLogOfOlderKafka_LeavesItsVersion()
    {
        MetadataImage image = new TestController(bootstrap: TestController.Bootstrap(MetadataVersion.V43Iv0)).Image;
        Assert.Equal(30, image.Features.Version.Level);
        var again = new TestController(image);
        Assert.Empty(again.Log);
        Assert.Equal(30, again.Image.Features.Version.Level);
    }

    [Fact]
    public void Broker_RegistersUnfencesStopsAndReturns_AsKafkaRecordsIt()
    {
        var controller = new TestController();
        long epoch = controller.AddBroker(1, unfence: false);
        Assert.Equal(9, epoch);
        Assert.True(controller.Image.Cluster.Broker(1)!.IsFenced);
        BrokerHeartbeatResponse reply = controller.Heartbeat(1, epoch);
        Assert.False(reply.IsFenced);
        Assert.True(reply.IsCaughtUp);
        controller.CreateTopic("first");
        int before = controller.Log.Count;

        // A clean stop: the same four steps as offsets 43, 45 and 49 of the real log.
        reply = controller.Heartbeat(1, epoch, wantShutDown: true);
        Assert.False(reply.ShouldShutDown);
        reply = controller.Heartbeat(1, epoch, wantShutDown: true);
        Assert.True(reply.ShouldShutDown);
        Assert.Equal(
            [Shape(Golden.RecordAt(43)), Shape(Golden.RecordAt(45)), Shape(Golden.RecordAt(49))],
            controller.Log.Skip(before).Select(Shape));

        // The start after it: offsets 52 (register), 53, 55.
        before = controller.Log.Count;
        controller.AddBroker(1, previousEpoch: epoch);
        Assert.Equal(
            [Shape(Golden.RecordAt(53)), Shape(Golden.RecordAt(55))], controller.Log.Skip(before + 1).Select(Shape));
        Assert.Equal(1, controller.Image.Topics.Find("first")!.Partitions[0].Leader);
    }

    [Fact]
    public void Broker_KilledAndBack_LeadsRecovering_AsKafkaRecordsIt()
    {
        var controller = new TestController();
        long epoch = controller.AddBroker(1);
        controller.CreateTopic("first");
        int before = controller.Log.Count;
        BrokerRegistrationRequest early = TestController.Registration(1, new Uuid(9, 9), -1);
        Assert.Equal(
            (short)ErrorCode.DuplicateBrokerRegistration,
                controller.Ask<BrokerRegistrationResponse>(early, 4).ErrorCode);
        controller.Advance(9_001);
        controller.RunTimers();
        controller.AddBroker(1, previousEpoch: -1);
        Assert.NotEqual(epoch, controller.Image.Cluster.Broker(1)!.Epoch);
        List<MetadataRecord> records = [.. controller.Log.Skip(before)];
        Assert.Equal(Shape(Golden.RecordAt(63)), Shape(records[0]));
        Assert.Equal(Shape(Golden.RecordAt(67)), Shape(records[1]));
        Assert.Equal(Shape(Golden.RecordAt(69)), Shape(records[2]));
        Assert.IsType<RegisterBrokerRecord>(records[3].Message);
        Assert.Equal(Shape(Golden.RecordAt(75)), Shape(records[4]));
        Assert.Equal(Shape(Golden.RecordAt(77)), Shape(records[5]));
        Assert.Equal(LeaderRecoveryState.Recovering,
            controller.Image.Topics.Find("first")!.Partitions[0].LeaderRecoveryState);
    }

    [Fact]
    public void Node_KilledAndStartedAgain_ElectsItsLastLeaderAsRecovering()
    {
        // The image of Kafka's node at work, as the start after a kill finds it: broker 1 unfenced and leading.
        var controller = new TestController(Golden.ImageAt(59));
        Assert.Equal(1, controller.Image.Topics.Find("first")!.Partitions[0].Leader);
        BrokerRegistrationRequest registration = TestController.Registration(1, new Uuid(8, 8), -1);
        registration.LogDirs = [.. controller.Image.Cluster.Broker(1)!.Directories];
        BrokerRegistrationResponse registered = controller.Ask<BrokerRegistrationResponse>(registration, 4);
        Assert.Equal(0, registered.ErrorCode);
        Assert.False(controller.Heartbeat(1, registered.BrokerEpoch).IsFenced);
        Assert.All(
            controller.Image.Topics.ByName.Values.SelectMany(t => t.Partitions),
            p =>
            {
                Assert.Equal(1, p.Leader);
                Assert.Equal([1], p.Isr);
                Assert.Equal(LeaderRecoveryState.Recovering, p.LeaderRecoveryState);
                Assert.Empty(p.Elr);
                Assert.Empty(p.LastKnownElr);
            });
    }

    [Fact]
    public void CreateTopics_WritesTopicConfigsPartitions_AsKafkaDoes()
    {
        var controller = new TestController();
        controller.AddBroker(1);
        int before = controller.Log.Count;
        var request = new CreateTopicsRequest();
        var topic = new CreateTopicsRequest.CreatableTopic { Name = "first", NumPartitions = 3, ReplicationFactor = 1 };
        topic.Configs.Add(new CreateTopicsRequest.CreatableTopicConfig { Name = "retention.ms", Value = "100000" });
        request.Topics.Add(topic);
        var result = Assert.Single(controller.Ask<CreateTopicsResponse>(request, 7).Topics);
        Assert.Equal(0, result.ErrorCode);
        Assert.Equal(3, result.NumPartitions);
        Assert.Equal("retention.ms", Assert.Single(result.Configs!).Name);
        Assert.Equal(
            Enumerable.Range(17, 5).Select(o => Shape(Golden.RecordAt(o))), controller.Log.Skip(before).Select(Shape));
    }

    [Theory]
    [InlineData("", ErrorCode.InvalidTopicException, "Topic name is invalid: the empty string is not allowed")]
    [InlineData("a b", ErrorCode.InvalidTopicException,
        "Topic name is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'")]
    [InlineData("there", ErrorCode.TopicAlreadyExists, "Topic 'there' already exists.")]
    [InlineData("a_b", ErrorCode.InvalidTopicException, "Topic 'a_b' collides with existing topic: a.b")]
    public void CreateTopics_OfBadName_IsRefused(string name, ErrorCode code, string message)
    {
        var controller = new TestController();
        controller.AddBroker(1);
        controller.CreateTopic("there");
        controller.CreateTopic("a.b");
        int before = controller.Log.Count;
        var result = controller.CreateTopic(name);
        Assert.Equal((short)code, result.ErrorCode);
        Assert.Equal(message, result.ErrorMessage);
        Assert.Equal(before, controller.Log.Count);
    }

    [Fact]
    public void CreateTopics_WithMoreReplicasThanBrokers_SaysWhy()
    {
        var controller = new TestController();
        controller.AddBroker(1);
        var result = controller.CreateTopic("r3", factor: 3);
        Assert.Equal((short)ErrorCode.InvalidReplicationFactor, result.ErrorCode);
        Assert.Equal(
            "Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot be reached because only 1 "
            + "broker(s) are registered or some brokers have all their log directories cordoned.",
            result.ErrorMessage);
    }

    [Fact]
    public void CreateTopics_ValidateOnlyOrDuplicate_WritesNothing()
    {
        var controller = new TestController();
        controller.AddBroker(1);
        int before = controller.Log.Count;
        var request = new CreateTopicsRequest { ValidateOnly = true };
        request.Topics.Add(new CreateTopicsRequest.CreatableTopic
        {
            Name = "x",
            NumPartitions = -1,
            ReplicationFactor = -1
        });
        request.Topics.Add(new CreateTopicsRequest.CreatableTopic
        {
            Name = "y",
            NumPartitions = 1,
            ReplicationFactor = 1
        });
        request.Topics.Add(new CreateTopicsRequest.CreatableTopic
        {
            Name = "y",
            NumPartitions = 1,
            ReplicationFactor = 1
        });
        request.Topics.Add(new CreateTopicsRequest.CreatableTopic { Name = "__cluster_metadata", NumPartitions = 1 });
        CreateTopicsResponse response = controller.Ask<CreateTopicsResponse>(request, 7);
        Assert.Equal(["x", "y", "__cluster_metadata"], response.Topics.Select(t => t.Name));
        Assert.Equal([0, 42, 42], response.Topics.Select(t => (int)t.ErrorCode));
        Assert.Equal(before, controller.Log.Count);
    }

    [Fact]
    public void DeleteTopics_RemovesTopicItsConfigsAndName()
    {
        var controller = new TestController();
        controller.AddBroker(1);
        Uuid id = controller.CreateTopic("gone").TopicId;
        var request = new DeleteTopicsRequest();
        request.Topics.Add(new DeleteTopicsRequest.DeleteTopicState { Name = "gone" });
        request.Topics.Add(new DeleteTopicsRequest.DeleteTopicState { Name = "never" });
        DeleteTopicsResponse response = controller.Ask<DeleteTopicsResponse>(request, 6);
        Assert.Equal([(short)ErrorCode.UnknownTopicOrPartition, (short)ErrorCode.None],
            response.Responses.Select(r => r.ErrorCode));
        Assert.Null(controller.Image.Topics.Find(id));
        Assert.NotEqual(id, controller.CreateTopic("gone").TopicId);
    }

    [Fact]
    public void Deactivate_BeforeCommit_TakesDecisionsBack()
    {
        var controller = new TestController();
        controller.AddBroker(1);
        controller.CreateTopic("kept");
        long committed = controller.NextOffset - 1;
        controller.CommitsAtOnce = false;
        controller.CreateTopic("lost");
        Assert.NotNull(controller.Image.Topics.Find("lost"));
        Assert.Null(controller.Controller.CommittedImage.Topics.Find("lost"));
        controller.Controller.Deactivate();
        Assert.Null(controller.Image.Topics.Find("lost"));
        Assert.NotNull(controller.Image.Topics.Find("kept"));
        Assert.Equal(committed, controller.Image.Provenance.Offset);
    }

    internal static string Text(MetadataRecord record) =>
        $"{record.Message.GetType().Name} v{record.Version} {Convert.ToHexString(MetadataRecords.Write(record))}";

    /// <summary>A record without what differs from run to run: ids, epochs of brokers, directories.</summary>
    internal static string Shape(MetadataRecord record)
    {
        switch (record.Message)
        {
            case TopicRecord r:
                return $"topic {r.Name}";
            case PartitionRecord r:
                return $"partition v{record.Version} {r.PartitionId} r={string.Join(',', r.Replicas)} isr={string.Join(',', r.Isr)} "
                    + $"l={r.Leader} e={r.LeaderEpoch}/{r.PartitionEpoch} dirs={r.Directories.Count} "
                    + $"elr={r.EligibleLeaderReplicas is null} {r.LastKnownElr is null}";
            case PartitionChangeRecord r:
                return $"change v{record.Version} isr={List(r.Isr)} l={r.Leader} r={List(r.Replicas)} elr={List(r.EligibleLeaderReplicas)} "
                    + $"last={List(r.LastKnownElr)} recovery={r.LeaderRecoveryState} dirs={r.Directories is null}";
            case BrokerRegistrationChangeRecord r:
                return $"broker v{record.Version} f={r.Fenced} s={r.InControlledShutdown} dirs={r.LogDirs.Count} {r.CordonedLogDirs is null}";
            default:
                return Text(record);
        }
    }

    private static string List(List<int>? values) => values is null ? "null" : $"[{string.Join(',', values)}]";
}
