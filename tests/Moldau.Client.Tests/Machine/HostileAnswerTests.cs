using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;

namespace Moldau.Client.Tests.Machine;

/// <summary>Answers that no honest broker gives: they fail a call and never the client. Each was found by the fuzzer.</summary>
public sealed class HostileAnswerTests
{
    [Fact]
    public void Topic_WhosePartitionsAreOutOfPlace_EndsWhereOneIsMissing()
    {
        MetadataResponse.MetadataResponseTopic answer = new() { Name = "t" };
        foreach (int index in new[] { 0, 3, 1, 1 }) answer.Partitions.Add(new() { PartitionIndex = index, LeaderId = 1, LeaderEpoch = 1 });
        TopicInfo known = MetadataKeeper.Info(answer);
        Assert.Equal([0, 1], known.Partitions.Select(p => p.Partition));
        answer.Partitions.Add(new() { PartitionIndex = -5, LeaderId = 1, LeaderEpoch = 1 });
        Assert.Empty(MetadataKeeper.Info(answer, known).Partitions);
    }

    [Fact]
    public void Answer_ThatSaysNothingOfWhatWasAsked_FailsTheCall()
    {
        MachineWorld world = new();
        world.Broker(1, "one")
            .On(ApiKey.DescribeQuorum, _ => new DescribeQuorumResponse())
            .On(ApiKey.DeleteGroups, _ => new DeleteGroupsResponse())
            .On(ApiKey.FindCoordinator, _ => new FindCoordinatorResponse { Coordinators = [new() { Key = "g", NodeId = 1, Host = "one", Port = 9092 }] });
        var quorum = world.Do(QuorumAdmin.Describe);
        var group = world.Do((machine, turn) => GroupAdmin.Delete(machine, turn, "g"));
        world.RunUntil(() => quorum.IsDone && group.IsDone);
        Assert.Equal(ErrorCode.UnknownServerError, quorum.Error!.Code);
        Assert.Equal(ErrorCode.UnknownServerError, group.Error!.Code);
    }

    [Fact]
    public void Metadata_ThatNamesABrokerTwice_TakesTheLast()
    {
        MachineWorld world = new();
        ScriptedBroker broker = world.Broker(1, "one");
        MetadataResponse answer = new() { ClusterId = "c", ControllerId = 1 };
        answer.Topics.Add(broker.Topic("t", 1));
        foreach (string host in new[] { "old", "one" }) answer.Brokers.Add(new() { NodeId = 1, Host = host, Port = 9092 });
        broker.On(ApiKey.Metadata, _ => answer);
        var listed = world.Do(TopicAdmin.List);
        world.Do((machine, turn) =>
        {
            machine.Metadata.Want("t", mayCreate: false, turn);
            return true;
        });
        world.RunUntil(() => listed.IsDone && world.Machine.Cluster.Topics.ContainsKey("t"));
        Assert.Null(listed.Error);
        Assert.Equal(new BrokerAddress("one", 9092), Assert.Single(world.Machine.Cluster.Brokers).Value.Address);
    }

    [Fact]
    public void Answers_ThatNameSomethingTwice_AreTakenWithTheLast()
    {
        MachineWorld world = new();
        const short failed = (short)ErrorCode.ElectionNotNeeded;
        world.Broker(1, "one")
            .On(ApiKey.CreateTopics, _ => new CreateTopicsResponse
            {
                Topics = [new() { Name = "t", ErrorCode = failed }, new() { Name = "t" }],
            })
            .On(ApiKey.DeleteTopics, _ => new DeleteTopicsResponse
            {
                Responses = [new() { Name = "t", ErrorCode = failed }, new() { Name = "t" }],
            })
            .On(ApiKey.ListPartitionReassignments, _ => new ListPartitionReassignmentsResponse
            {
                Topics = [new() { Name = "t", Partitions = [new() { Replicas = [1] }, new() { Replicas = [2] }] }],
            })
            .On(ApiKey.ElectLeaders, _ => new ElectLeadersResponse
            {
                ReplicaElectionResults = [new() { Topic = "t", PartitionResult = [new() { ErrorCode = failed }, new()] }],
            })
            .On(ApiKey.DescribeUserScramCredentials, _ => new DescribeUserScramCredentialsResponse
            {
                Results = [new() { User = "u", ErrorCode = failed }, new() { User = "u" }],
            })
            .On(ApiKey.DescribeClientQuotas, _ => new DescribeClientQuotasResponse
            {
                Entries = [new() { Values = [new() { Key = "k", Value = 1 }, new() { Key = "k", Value = 2 }] }],
            })
            .On(ApiKey.DescribeLogDirs, _ => new DescribeLogDirsResponse
            {
                Results =
                [
                    new()
                    {
                        LogDir = "/d",
                        Topics = [new() { Name = "t", Partitions = [new() { PartitionSize = 1 }, new() { PartitionSize = 2 }] }],
                    },
                ],
            })
            .On(ApiKey.DescribeQuorum, _ => new DescribeQuorumResponse
            {
                Topics = [new() { TopicName = "__cluster_metadata", Partitions = [new()] }],
                Nodes = [new() { NodeId = 1 }, new() { NodeId = 1, Listeners = [new() { Name = "L", Host = "h", Port = 1 }] }],
            });
        TopicPartition partition = new("t", 0);
        var created = world.Do((m, turn) => TopicAdmin.Create(m, turn, [new NewTopic("t")], false));
        var deleted = world.Do((m, turn) => TopicAdmin.Delete(m, turn, ["t"]));
        var moves = world.Do((m, turn) => PartitionAdmin.ListReassignments(m, turn, null));
        var elected = world.Do((m, turn) => PartitionAdmin.ElectLeaders(m, turn, ElectionType.Preferred, null));
        var users = world.Do((m, turn) => UserAdmin.Describe(m, turn, null));
        var quotas = world.Do((m, turn) => QuotaAdmin.Describe(m, turn, new QuotaFilter()));
        var dirs = world.Do((m, turn) => LogDirAdmin.Describe(m, turn, [1]));
        var quorum = world.Do(QuorumAdmin.Describe);
        world.RunUntil(() => created.IsDone && deleted.IsDone && moves.IsDone && elected.IsDone
            && users.IsDone && quotas.IsDone && dirs.IsDone && quorum.IsDone);
        Assert.Null(created.Result!["t"]);
        Assert.Null(deleted.Result!["t"]);
        Assert.Equal([2], moves.Result![partition].Replicas);
        Assert.Null(elected.Result![partition]);
        Assert.Null(users.Result!["u"].Error);
        Assert.Equal(2, quotas.Result!.Single().Values["k"]);
        Assert.Equal(2, dirs.Result![1].Value!.Single().Replicas[partition].SizeBytes);
        Assert.Single(quorum.Result!.Nodes[1]);
    }

    [Fact]
    public void Features_NamedTwice_AreTakenWithTheLast()
    {
        MachineWorld world = new();
        ApiVersionsResponse answer = new()
        {
            SupportedFeatures = [new() { Name = "f", MaxVersion = 1 }, new() { Name = "f", MaxVersion = 2 }],
            FinalizedFeatures = [new() { Name = "f", MaxVersionLevel = 1 }, new() { Name = "f", MaxVersionLevel = 2 }],
        };
        foreach (ApiInfo api in ApiTable.All.Where(a => !a.IsRemoved))
            answer.ApiKeys.Add(new() { ApiKey = (short)api.Key, MinVersion = api.LowestVersion, MaxVersion = api.HighestVersion });
        world.Broker(1, "one").On(ApiKey.ApiVersions, _ => answer);
        var features = world.Do(FeatureAdmin.Describe);
        world.RunUntil(() => features.IsDone);
        Assert.Equal(2, features.Result!.Finalized["f"]);
        Assert.Equal(2, features.Result!.Supported["f"].Highest);
    }

    [Fact]
    public void Answers_WithoutTheOneThingAskedAbout_FailTheCall()
    {
        MachineWorld world = new();
        world.Broker(1, "one")
            .On(ApiKey.FindCoordinator, r => new FindCoordinatorResponse
            {
                Coordinators = [.. ((FindCoordinatorRequest)r.Message).CoordinatorKeys
                    .Select(k => new FindCoordinatorResponse.Coordinator { Key = k, NodeId = 1, Host = "one", Port = 9092 })],
            })
            .On(ApiKey.DescribeConfigs, _ => new DescribeConfigsResponse())
            .On(ApiKey.IncrementalAlterConfigs, _ => new IncrementalAlterConfigsResponse())
            .On(ApiKey.ConsumerGroupDescribe, _ => new ConsumerGroupDescribeResponse())
            .On(ApiKey.DescribeGroups, _ => new DescribeGroupsResponse())
            .On(ApiKey.ShareGroupDescribe, _ => new ShareGroupDescribeResponse())
            .On(ApiKey.DescribeShareGroupOffsets, _ => new DescribeShareGroupOffsetsResponse())
            .On(ApiKey.StreamsGroupDescribe, _ => new StreamsGroupDescribeResponse())
            .On(ApiKey.DescribeTransactions, _ => new DescribeTransactionsResponse());
        ConfigResource topic = new(ConfigResourceKind.Topic, "t");
        var described = world.Do((m, turn) => ConfigAdmin.Describe(m, turn, topic));
        ConfigChange change = new("retention.ms", ConfigChangeKind.Set, "1");
        var changed = world.Do((m, turn) => ConfigAdmin.Change(m, turn, topic, [change], false));
        var group = world.Do((m, turn) => GroupAdmin.Describe(m, turn, "g"));
        var classic = world.Do((m, turn) => GroupAdmin.DescribeClassic(m, turn, "g", false));
        var share = world.Do((m, turn) => ShareGroupAdmin.Describe(m, turn, ["g"], false));
        Dictionary<string, IReadOnlyList<TopicPartition>?> ofGroup = new() { ["g"] = null };
        var offsets = world.Do((m, turn) => ShareGroupAdmin.Offsets(m, turn, ofGroup));
        var streams = world.Do((m, turn) => StreamsGroupAdmin.Describe(m, turn, ["g"], false, false));
        var transactions = world.Do((m, turn) => TransactionAdmin.Describe(m, turn, ["x"]));
        world.RunUntil(() => described.IsDone && changed.IsDone && group.IsDone && classic.IsDone
            && share.IsDone && offsets.IsDone && streams.IsDone && transactions.IsDone);
        ClientError?[] errors =
        [
            described.Error, changed.Error, group.Error, classic.Error, share.Result!["g"].Error, offsets.Result!["g"].Error,
            streams.Result!["g"].Error, transactions.Result!["x"].Error,
        ];
        Assert.All(errors, e => Assert.Equal(ErrorCode.UnknownServerError, e?.Code));
    }

    [Fact]
    public void Topic_WithoutPartitions_IsNone()
    {
        MachineWorld world = new();
        ScriptedBroker broker = world.Broker(1, "one");
        broker.Topic("empty");
        ProducerPart producer = new(world.Machine, new ProducerOptions { Linger = Duration.Zero, IsIdempotent = false });
        world.Do((machine, turn) => producer.Append(
            new ProduceRecord { Topic = "empty", Partition = ProduceRecord.AnyPartition, TimestampMs = 5, Value = new Records.OptionalBytes("v"u8) },
            turn, out ProduceBatch? _, out _, out _));
        world.RunFor(1_000);
        Assert.Empty(world.Machine.Cluster.Topics);
    }

    [Fact]
    public void ReadCommitted_AsksNoBrokerThatKnowsNoTransactions()
    {
        MachineWorld world = new();
        ScriptedBroker broker = world.Broker(1, "one");
        broker.HighestVersions[ApiKey.ListOffsets] = 1;
        broker.Topic("t", 1);
        ConsumerSettings settings = new() { OffsetReset = OffsetReset.Earliest, IsolationLevel = IsolationLevel.ReadCommitted };
        ConsumerPart consumer = world.Do((machine, turn) =>
        {
            ConsumerPart part = new(machine, settings, turn);
            part.Assign([new TopicPartition("t", 0)], turn);
            return part;
        });
        ClientError? error = null;
        world.RunUntil(() => consumer.TryTakeError(out error));
        Assert.Equal(ErrorCode.UnsupportedVersion, error!.Code);
        Assert.Empty(broker.Of(ApiKey.ListOffsets));
    }

    [Fact]
    public void Times_BeyondTheCalendar_AreItsEnd()
    {
        Assert.Equal(9999, UnixTime.Of(long.MaxValue).Year);
        Assert.Equal(1, UnixTime.Of(long.MinValue).Year);
        Assert.Equal(5, UnixTime.Of(5).ToUnixTimeMilliseconds());
    }
}
