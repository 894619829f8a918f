using System.Text.Json.Nodes;
using Moldau.TestServers;
using Moldau.TestServers.Wire;

namespace Moldau.Cli.Tests;

/// <summary>GET /metrics of a node that has done a little work.</summary>
public sealed class MetricsTests : IDisposable
{
    private readonly ScratchFolder _scratch = new("cli");
    private readonly int _port = FreePorts.TakeTwoInARow();
    private readonly int _httpPort = FreePorts.Take();

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

        Assert.Equal(MetricsTable.Families.Order(StringComparer.Ordinal), families.Keys.Where(n => n.StartsWith("kafka_", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
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
        AssertRequests(families);
        AssertThreadsAndConnections(families);
        Assert.True(families["process_resident_memory_bytes"].Of() > 0);
        Assert.True(families["dotnet_gc_allocated_bytes_total"].Of() > 0);
        foreach ((string probe, string answer) in ((string, string)[])[("live", "ok"), ("startup", "started"), ("ready", "ready")])
            Assert.Equal(answer, await http.GetStringAsync($"/health/{probe}", TestContext.Current.CancellationToken));
        node.Terminate();
        Assert.Equal(0, node.WaitForEnd(Cli.Patience).ExitCode);
    }

    [Fact]
    public void Table_SaysOfEachMBeanOfKafkaWhetherItIsShown()
    {
        Assert.All(MetricsTable.Rows, r => Assert.True(r.Family == "-" != (r.WhyNot.Length == 0), r.ToString()));
        if (MetricsTable.Known() is not { } known)
        {
            Assert.Skip("the list of Kafka's MBeans is not at hand");
            return;
        }

        HashSet<(string, string)> rows = [.. MetricsTable.Rows.Select(r => (r.Bean, r.Attribute))];
        Assert.Equal(MetricsTable.Rows.Count, rows.Count);
        Assert.DoesNotContain(known, k => !rows.Contains(k) && !rows.Contains((k.Bean, "*")));
        Assert.DoesNotContain(rows, r => !known.Contains(r) && !known.Any(k => r.Item2 == "*" && k.Bean == r.Item1));
    }

    [Theory]
    [InlineData("confluent", false, true)]
    [InlineData("kafka,confluent", true, true)]
    public async Task Metrics_HaveTheNamesOfTheirFlavors(string flavors, bool hasKafka, bool hasConfluent)
    {
        using ChildProcess node = StartNode("--set", $"moldau.metrics.flavor={flavors}");
        node.WaitForText("Ctrl+C stops it.", Cli.Patience);
        using HttpClient http = new() { BaseAddress = new Uri($"http://localhost:{_httpPort}") };
        CreateTopic("named");
        AwaitLeader("named");
        Produce("named", "one", "two");
        IReadOnlyDictionary<string, Family> families = PrometheusParser.Parse(
            await AwaitText(http, "{topic=\"named\"} 2"));

        const string Metrics = "kafka_server_brokertopicmetrics_";
        foreach ((string name, bool isThere) in ((string, bool)[])[(Metrics + "messagesin_total", hasKafka), (Metrics + "messagesinpersec", hasConfluent)])
        {
            Assert.Equal(isThere, families.ContainsKey(name));
            if (isThere) Assert.Equal(2, families[name].Of(("topic", "named")));
        }

        Assert.Equal(hasKafka, families.ContainsKey("kafka_network_socketserver_networkprocessoravgidle_percent"));
        Assert.Equal(hasConfluent, families.ContainsKey("kafka_network_socketserver_networkprocessoravgidlepercent"));
        Assert.True(families.ContainsKey("kafka_server_replicamanager_leadercount"));
    }

    [Fact]
    public async Task Metrics_AreAsFineAndAsManyAsConfigured()
    {
        using ChildProcess node = StartNode(
            "--set", "moldau.metrics.granularity=topic",
            "--set", "moldau.metrics.include=kafka_(log|server)_.*",
            "--set", "moldau.metrics.exclude=.*bytes.*");
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

    private static void AssertRequests(IReadOnlyDictionary<string, Family> families)
    {
        const string Metrics = "kafka_network_requestmetrics_";
        Family errors = families[Metrics + "errors_total"];
        Assert.Equal(1, errors.Of(("request", "Produce"), ("error", "UNKNOWN_TOPIC_OR_PARTITION")));
        Assert.Equal(1, errors.Of(("request", "Produce"), ("error", "NONE")));
        double Sum(string part) =>
            families[Metrics + part].Samples.Single(s => s.Name.EndsWith("_sum", StringComparison.Ordinal) && s.Labels["request"] == "Produce").Value;
        double parts = 0;
        foreach (string part in (string[])["requestqueuetimems", "localtimems", "remotetimems", "responsequeuetimems", "responsesendtimems"])
            parts += Sum(part);
        Assert.True(Sum("totaltimems") > 0);
        Assert.Equal(Sum("totaltimems"), parts, 3);
        Assert.Equal(0, Sum("throttletimems"));
        Assert.True(families[Metrics + "requestbytes"].Of(("request", "Produce"), ("quantile", "0.50")) > 50);
    }

    private static void AssertThreadsAndConnections(IReadOnlyDictionary<string, Family> families)
    {
        foreach (string name in families.Keys.Where(n => n.EndsWith("idle_percent", StringComparison.Ordinal)))
            Assert.All(families[name].Samples, s => Assert.InRange(s.Value, 0, 1));
        Assert.All(families["kafka_server_socket_server_metrics_connection_count"].Samples, s => Assert.Equal("PLAINTEXT", s.Labels["listener"]));
        Assert.True(families["kafka_server_raftmetrics_commit_latency_max"].Of() > 0);
        Assert.Equal(1, families["kafka_server_raftmetrics_number_of_voters"].Of());
        Assert.Equal(0, families["kafka_coordinator_group_groupmetadatamanager_numgroups"].Of());
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
