using System.Text.RegularExpressions;
using Moldau.TestServers;

namespace Moldau.Conformance.Tests.Clients;

/// <summary>Apache Kafka's own command line programs (4.3.1) against the node.</summary>
[Trait("Category", "Clients")]
public sealed class KafkaToolsTests(SharedServer shared)
{
    [Fact]
    public void Topics_CreateDescribeAlterListDelete()
    {
        Assert.Contains("Created topic tools-topics", Tool(
            "topics", "--create", "--topic", "tools-topics", "--partitions", "3", "--config", "retention.ms=7200000"));
        var described = Tool("topics", "--describe", "--topic", "tools-topics");
        Assert.Matches(@"PartitionCount: 3\s+ReplicationFactor: 1\s+Configs: .*retention.ms=7200000", described);
        Assert.Equal(3, Regex.Count(described, @"Partition: \d\s+Leader: 1\s+Replicas: 1\s+Isr: 1"));
        Tool("topics", "--alter", "--topic", "tools-topics", "--partitions", "5");
        Assert.Contains("PartitionCount: 5", Tool("topics", "--describe", "--topic", "tools-topics"));
        Assert.Contains("tools-topics", Tool("topics", "--list").Split('\n'));
        Tool("topics", "--delete", "--topic", "tools-topics");
        Assert.DoesNotContain("tools-topics", Tool("topics", "--list").Split('\n'));
    }

    [Fact]
    public void Configs_AlterAndDescribe()
    {
        Tool("topics", "--create", "--topic", "tools-configs");
        Tool(
            "configs", "--alter", "--topic", "tools-configs", "--add-config",
            "segment.bytes=2097152,cleanup.policy=[compact,delete]");
        var described = Tool("configs", "--describe", "--topic", "tools-configs");
        Assert.Contains(
            "segment.bytes=2097152 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:segment.bytes=2097152, " +
            "DEFAULT_CONFIG:log.segment.bytes=1073741824}",
            described);
        Assert.Contains("cleanup.policy=compact,delete", described);
        Tool("configs", "--alter", "--topic", "tools-configs", "--delete-config", "segment.bytes");
        Assert.DoesNotContain("segment.bytes", Tool("configs", "--describe", "--topic", "tools-configs"));
        Assert.Contains("node.id=1", Tool("configs", "--describe", "--broker", "1", "--all"));
    }

    [Fact]
    public void ConsoleProducerAndConsumer_GroupsOffsetsAndDeletion()
    {
        Tool("topics", "--create", "--topic", "tools-console");
        var lines = string.Concat(Enumerable.Range(0, 50).Select(i => $"k{i}:v{i}\n"));
        ToolWithInput(
            lines, "console-producer", "--topic", "tools-console", "--reader-property", "parse.key=true",
            "--reader-property", "key.separator=:", "--compression-codec", "zstd");
        var consumed = Tool(
            "console-consumer", "--topic", "tools-console", "--group", "tools-group", "--from-beginning",
            "--max-messages", "50", "--timeout-ms", "30000", "--formatter-property", "print.key=true",
            "--formatter-property", "key.separator=:");
        Assert.Equal(lines, consumed);

        Assert.Contains("tools-group", Tool("consumer-groups", "--list").Split('\n'));
        Assert.Matches(
            @"tools-group\s+tools-console\s+0\s+50\s+50\s+0",
            Tool("consumer-groups", "--describe", "--group", "tools-group"));
        Assert.Matches(
            @"tools-console\s+0\s+10",
            Tool(
                "consumer-groups", "--reset-offsets", "--group", "tools-group", "--topic", "tools-console",
                "--to-offset", "10", "--execute"));
        Tool("consumer-groups", "--delete", "--group", "tools-group");
        Assert.DoesNotContain("tools-group", Tool("consumer-groups", "--list").Split('\n'));

        Assert.Contains("tools-console:0:50", Tool("get-offsets", "--topic", "tools-console"));
        using var scratch = new ScratchFolder("delete-records");
        File.WriteAllText(
            scratch["offsets.json"],
            """{"partitions":[{"topic":"tools-console","partition":0,"offset":20}],"version":1}""");
        Assert.Contains("low_watermark: 20", Tool("delete-records", "--offset-json-file", scratch["offsets.json"]));
        Assert.Contains(
            "tools-console:0:20", Tool("get-offsets", "--topic", "tools-console", "--time", "earliest"));
        Assert.Contains(
            "\"partition\":\"tools-console-0\"", Tool("log-dirs", "--describe", "--topic-list", "tools-console"));
    }

    [Fact]
    public void ProducerPerfTest_Finishes()
    {
        Tool("topics", "--create", "--topic", "tools-perf");
        var output = Run(
            null, "producer-perf-test", "--topic", "tools-perf", "--num-records", "5000", "--record-size", "100",
            "--throughput", "-1", "--producer-props", $"bootstrap.servers={shared.Server.Bootstrap}");
        Assert.Contains("5000 records sent", output);
        Assert.Contains("tools-perf:0:5000", Tool("get-offsets", "--topic", "tools-perf"));
    }

    [Fact]
    public void VerifiableProducerAndConsumer_AgreeOnEachRecord()
    {
        Tool("topics", "--create", "--topic", "tools-verifiable");
        var produced = Tool(
            "verifiable-producer", "--topic", "tools-verifiable", "--max-messages", "500", "--acks", "-1");
        Assert.Equal(500, Regex.Count(produced, "\"name\":\"producer_send_success\""));
        var consumed = Tool(
            "verifiable-consumer", "--topic", "tools-verifiable", "--group-id", "tools-verifiable-group",
            "--max-messages", "500", "--reset-policy", "earliest");
        Assert.Contains("\"name\":\"offsets_committed\"", consumed);
        Assert.Contains("\"offset\":500", consumed);
    }

    [Fact]
    public void BrokerApiVersionsAndQuorum_Answer()
    {
        Assert.Contains("Fetch(1): 4 to 18", Tool("broker-api-versions"));
        Assert.Matches(
            @"LeaderId:\s+1", Tool("metadata-quorum", "describe", "--status"));
    }

    private string Tool(string program, params string[] arguments) => ToolWithInput(null, program, arguments);

    private string ToolWithInput(string? input, string program, params string[] arguments) =>
        Run(input, program, ["--bootstrap-server", shared.Server.Bootstrap, .. arguments]);

    private string Run(string? input, string program, params string[] arguments)
    {
        Requires.KafkaTools();
        _ = shared.Server;
        return KafkaTools.Run(program, arguments, input: input).Succeeded();
    }
}
