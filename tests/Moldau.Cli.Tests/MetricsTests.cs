using System.Text.Json.Nodes;
using Moldau.TestServers;
using Moldau.TestServers.Wire;

namespace Moldau.Cli.Tests;

/// <summary>GET /metrics of a node that has done a little work.</summary>
public sealed class MetricsTests : IDisposable
{
    /// <summary>MBeans of Kafka and attributes without a name part, whose numbers this node has.</summary>
    private static readonly string[] Beans =
    [
        "kafka.server BrokerTopicMetrics BytesInPerSec", "kafka.server BrokerTopicMetrics BytesOutPerSec",
        "kafka.server BrokerTopicMetrics MessagesInPerSec", "kafka.server BrokerTopicMetrics TotalProduceRequestsPerSec",
        "kafka.server BrokerTopicMetrics TotalFetchRequestsPerSec", "kafka.server BrokerTopicMetrics FailedProduceRequestsPerSec",
        "kafka.server BrokerTopicMetrics FailedFetchRequestsPerSec", "kafka.server ReplicaManager LeaderCount",
        "kafka.server ReplicaManager PartitionCount", "kafka.server ReplicaManager UnderReplicatedPartitions",
        "kafka.server ReplicaManager UnderMinIsrPartitionCount", "kafka.server ReplicaManager AtMinIsrPartitionCount",
        "kafka.server ReplicaManager OfflineReplicaCount", "kafka.server ReplicaManager ProducerIdCount",
        "kafka.server ReplicaManager IsrShrinksPerSec", "kafka.server ReplicaManager IsrExpandsPerSec",
        "kafka.server FetchSessionCache NumIncrementalFetchSessions",
        "kafka.server FetchSessionCache NumIncrementalFetchPartitionsCached",
        "kafka.server FetchSessionCache IncrementalFetchSessionEvictionsPerSec",
        "kafka.server DelayedOperationPurgatory PurgatorySize", "kafka.server KafkaServer BrokerState",
        "kafka.controller KafkaController ActiveControllerCount", "kafka.controller KafkaController OfflinePartitionsCount",
        "kafka.controller KafkaController GlobalTopicCount", "kafka.controller KafkaController GlobalPartitionCount",
        "kafka.controller KafkaController ActiveBrokerCount", "kafka.controller KafkaController FencedBrokerCount",
        "kafka.controller KafkaController PreferredReplicaImbalanceCount",
        "kafka.controller KafkaController LastAppliedRecordOffset", "kafka.network RequestMetrics RequestsPerSec",
        "kafka.network RequestMetrics TotalTimeMs", "kafka.network RequestMetrics RequestQueueTimeMs",
        "kafka.network SocketServer ExpiredConnectionsKilledCount", "kafka.log LogManager OfflineLogDirectoryCount",
        "kafka.log Log Size", "kafka.log Log LogStartOffset", "kafka.log Log LogEndOffset",
        "kafka.cluster Partition ReplicasCount", "kafka.cluster Partition InSyncReplicasCount",
        "kafka.cluster Partition UnderReplicated", "kafka.cluster Partition UnderMinIsr", "kafka.cluster Partition AtMinIsr",
        "kafka.cluster Partition LastStableOffsetLag", "kafka.coordinator.group GroupMetadataManager NumGroups",
        "kafka.server socket-server-metrics connection-count", "kafka.server socket-server-metrics connection-creation-total",
        "kafka.server socket-server-metrics incoming-byte-total", "kafka.server socket-server-metrics outgoing-byte-total",
        "kafka.server raftmetrics current-leader", "kafka.server raftmetrics current-epoch",
        "kafka.server raftmetrics high-watermark", "kafka.server raftmetrics log-end-offset",
    ];

    private readonly ScratchFolder _scratch = new("cli");
    private readonly int _port = Cli.FreePair();
    private readonly int _httpPort = Cli.FreePorts(1)[0];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Metrics_AreKafkasByNameAndTrueByNumber()
    {
        using ChildProcess node = StartNode();
        node.WaitForText("Ctrl+C stops it.", Cli.Patience);
        using HttpClient http = new() { BaseAddress = new Uri($"http://localhost:{_httpPort}") };
        CreateTopic("counted");
        AwaitLeader("counted");
        Produce("counted", "one", "two", "three");
        Produce("nothing-of-this-name", "lost");
        using (WireClient controller = new(_port + 1)) controller.Ask("DescribeCluster", 1, new JsonObject { ["EndpointType"] = 2 });

        IReadOnlyDictionary<string, Family> families = PrometheusParser.Parse(
            await AwaitText(
                http,
                "kafka_log_log_logendoffset{topic=\"counted\",partition=\"0\"} 3",
                "kafka_controller_kafkacontroller_globaltopiccount 1"));

        string[] spelled = [.. Beans.Select(Spell).Order(StringComparer.Ordinal)];
        Assert.Equal(spelled, families.Keys.Where(n => n.StartsWith("kafka_", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal(3, families["kafka_server_brokertopicmetrics_messagesin_total"].Of());
        Assert.Equal(3, families["kafka_server_brokertopicmetrics_messagesin_total"].Of(("topic", "counted")));
        Family failed = families["kafka_server_brokertopicmetrics_failedproducerequests_total"];
        Assert.Equal(1, failed.Of());
        Assert.DoesNotContain(failed.Samples, s => s.Labels.Values.Contains("nothing-of-this-name"));
        Assert.Equal(1, families["kafka_server_replicamanager_leadercount"].Of());
        Assert.Equal(1, families["kafka_controller_kafkacontroller_activecontrollercount"].Of());
        Assert.Equal(1, families["kafka_controller_kafkacontroller_globaltopiccount"].Of());
        Assert.Equal(1, families["kafka_server_raftmetrics_current_leader"].Of());
        Assert.True(families["kafka_network_requestmetrics_requests_total"].Of(("request", "Produce")) >= 2);
        // Both listeners count into the same family, as Kafka's do.
        Assert.Equal(1, families["kafka_network_requestmetrics_requests_total"].Of(("request", "DescribeCluster")));
        Assert.True(families["process_resident_memory_bytes"].Of() > 0);
        Assert.True(families["dotnet_gc_allocated_bytes_total"].Of() > 0);
        Assert.Equal("ready", await http.GetStringAsync("/health/ready", TestContext.Current.CancellationToken));
        node.Terminate();
        Assert.Equal(0, node.WaitForEnd(Cli.Patience).ExitCode);
    }

    [Fact]
    public async Task Metrics_AreAsFineAndAsManyAsConfigured()
    {
        using ChildProcess node = StartNode(
            "--set", "moldau.metrics.granularity=topic",
            "--set", "moldau.metrics.include=kafka_(log|server)_.*",
            "--set", "moldau.metrics.exclude=.*bytes.*_total");
        node.WaitForText("Ctrl+C stops it.", Cli.Patience);
        using HttpClient http = new() { BaseAddress = new Uri($"http://localhost:{_httpPort}") };
        CreateTopic("coarse");
        AwaitLeader("coarse");
        Produce("coarse", "one");

        IReadOnlyDictionary<string, Family> families = PrometheusParser.Parse(
            await AwaitText(http, "kafka_server_brokertopicmetrics_messagesin_total{topic=\"coarse\"} 1"));

        Assert.All(families.Keys, name => Assert.Matches("^kafka_(log|server)_", name));
        Assert.DoesNotContain(families.Keys, name => name.Contains("bytes"));
        Assert.DoesNotContain(families.Values.SelectMany(f => f.Samples), s => s.Labels.ContainsKey("partition"));
    }

    [Fact]
    public void BadExpression_IsRefused() => Cli.AssertRefused(
        Cli.Run("dev", "--ephemeral", "--port", $"{_port}", "--http-port", $"{_httpPort}", "--set", "moldau.metrics.include=("),
        1,
        "moldau.metrics.include");

    /// <summary>Lower case, dots and hyphens as underscores, and a rate by its count.</summary>
    private static string Spell(string bean)
    {
        string name = bean.Replace(' ', '_').Replace('.', '_').Replace('-', '_').ToLowerInvariant();
        return name.EndsWith("persec", StringComparison.Ordinal) ? name[..^"persec".Length] + "_total" : name;
    }

    private ChildProcess StartNode(params string[] more) => Cli.Start(
        ["dev", "--data", _scratch["data"], "--port", $"{_port}", "--http-port", $"{_httpPort}", .. more]);

    private static async Task<string> AwaitText(HttpClient http, params string[] texts)
    {
        DateTime end = DateTime.UtcNow + Cli.Patience;
        while (true)
        {
            string metrics = await http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
            if (texts.All(t => metrics.Contains(t, StringComparison.Ordinal))) return metrics;
            Assert.True(DateTime.UtcNow < end, $"no '{string.Join(", ", texts)}' in\n{metrics}");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    private void CreateTopic(string name)
    {
        using WireClient client = new(_port);
        JsonObject answer = client.Ask("CreateTopics", 7, JsonNode.Parse($$"""
            {"TimeoutMs":20000,"Topics":[{"Name":"{{name}}","NumPartitions":1,"ReplicationFactor":1}]}
            """)!.AsObject())!;
        Assert.Equal(0, (int)answer["Topics"]![0]!["ErrorCode"]!);
    }

    /// <summary>The shard that was asked knows the topic and its leader.</summary>
    private void AwaitLeader(string name)
    {
        using WireClient client = new(_port);
        Wait.Until(
            () =>
            {
                JsonObject answer = client.Ask("Metadata", 9, JsonNode.Parse($$"""{"Topics":[{"Name":"{{name}}"}]}""")!.AsObject())!;
                return (int)answer["Topics"]![0]!["ErrorCode"]! == 0;
            },
            Cli.Patience, $"a leader of {name}");
    }

    private void Produce(string topic, params string[] values)
    {
        using WireClient client = new(_port);
        client.Ask("Produce", 9, JsonNode.Parse($$"""
            {"Acks":-1,"TimeoutMs":10000,"TopicData":[{"Name":"{{topic}}","PartitionData":[
             {"Index":0,"Records":"{{Batches.Hex(new BatchShape { Values = values })}}"}]}]}
            """)!.AsObject());
    }
}
