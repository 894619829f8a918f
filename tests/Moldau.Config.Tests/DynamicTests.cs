namespace Moldau.Config.Tests;

public sealed class DynamicTests
{
    private static readonly Dictionary<string, string> None = [];

    private static DynamicConfig Node(params (string Name, string? Value)[] changes) =>
        new(TestData.Node(changes), TestData.Build(changes));

    private static AlterResult Alter(string type, string name, ConfigOp[] ops)
    {
        DynamicConfig node = Node();
        Dictionary<string, string> levels = new() { ["root"] = "INFO", ["kafka.server.KafkaApis"] = "INFO" };
        node.Apply(new Dictionary<string, string> { ["min.insync.replicas"] = "1" }, None, []);
        return type switch
        {
            "BROKER" => AlterConfigs.AlterBroker(ops, name.Length > 0, node, isElrEnabled: true),
            "TOPIC" => AlterConfigs.AlterTopic(ops, None, node.Current),
            "GROUP" => AlterConfigs.AlterGroup(ops, None, node.Current),
            "CLIENT_METRICS" => AlterConfigs.AlterClientMetrics(name, ops, None),
            _ => AlterConfigs.AlterLoggers(ops, levels),
        };
    }

    [Fact]
    public void Changes_AreAcceptedOrRefusedAsKafkaDoes()
    {
        List<string> wrong = [];
        foreach (string[] row in TestData.Read("alter-rules.tsv", hasHeader: false))
        {
            List<ConfigOp> ops = [];
            for (int i = 4; i + 2 < row.Length; i += 3)
                ops.Add(new ConfigOp(row[i + 1], Enum.Parse<AlterOp>(row[i], ignoreCase: true), row[i + 2]));
            AlterResult result = Alter(row[0], row[1], [.. ops]);
            string wanted = row[2] switch
            {
                "NONE" => "None",
                "INVALID_CONFIG" => "InvalidConfig",
                _ =>
                "InvalidRequest"
            };
            if (result.Error.ToString() != wanted || (result.Message ?? "") != row[3])
                wrong.Add($"{string.Join(' ', row)}\n   got {result.Error} {result.Message}");
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Theory]
    [InlineData(AlterOp.Append, "compact", "delete,compact")]
    [InlineData(AlterOp.Append, "delete", "delete")]
    [InlineData(AlterOp.Subtract, "delete", "")]
    [InlineData(AlterOp.Set, "compact", "compact")]
    [InlineData(AlterOp.Delete, null, null)]
    public void ListOperations_StartFromTheDefault(AlterOp op, string? value, string? result)
    {
        AlterResult altered = AlterConfigs.AlterTopic([new ConfigOp("cleanup.policy", op, value)], None,
            TestData.Build());
        Assert.True(altered.IsAccepted, altered.Message);
        Assert.Equal(result, altered.Values.GetValueOrDefault("cleanup.policy"));
    }

    [Fact]
    public void Change_WithoutValue_IsInvalidRequest()
    {
        AlterResult result = Alter("TOPIC", "t", [new ConfigOp("retention.ms", AlterOp.Set, null)]);
        Assert.Equal(ConfigErrorKind.InvalidRequest, result.Error);
        Assert.Equal("Null value not supported for : retention.ms", result.Message);
        Assert.Equal(ConfigErrorKind.InvalidRequest,
            Alter("TOPIC", "t", [new ConfigOp("retention.ms", (AlterOp)9, "1")]).Error);
    }

    [Fact]
    public void ReplaceAll_DeletesWhatIsMissing()
    {
        Dictionary<string, string> existing = new() { ["b"] = "1", ["a"] = "2", ["c"] = "3" };
        Assert.Equal([new("c", AlterOp.Set, "9"), new("a", AlterOp.Delete, null), new("b", AlterOp.Delete, null)],
            AlterConfigs.ReplaceAll([("c", "9")], existing));
    }

    [Fact]
    public void Apply_TakesThisBrokersValueOverTheClusters_AndTellsListeners()
    {
        DynamicConfig node = Node(("message.max.bytes", "10"));
        List<ConfigChange> heard = [];
        node.Listen(["message.max.bytes"], (_, changes) => heard.AddRange(changes));
        node.Apply(new Dictionary<string, string> { ["message.max.bytes"] = "20" }, None, []);
        node.Apply(new Dictionary<string, string> { ["message.max.bytes"] = "20", ["log.retention.ms"] = "5" },
            new Dictionary<string, string> { ["message.max.bytes"] = "30" }, []);
        Assert.Equal(30, node.Current.MessageMaxBytes);
        Assert.Equal(5, node.Current.LogRetentionMs);
        node.Apply(None, None, []);
        Assert.Equal(10, node.Current.MessageMaxBytes);
        Assert.Equal([new("message.max.bytes", "10", "20"), new("message.max.bytes", "20", "30"),
            new("message.max.bytes", "30", "10")], heard);
    }

    [Fact]
    public void Apply_PassesOverWhatMayNotBeThere_AndKeepsTheOldWhenTheRestDoesNotFit()
    {
        DynamicConfig node = Node();
        List<string> warnings = [];
        node.Apply(new Dictionary<string, string>
        {
            ["node.id"] = "7",
            ["message.max.bytes"] = "x",
            ["listeners"] = "A://:1",
            ["log.segment.bytes"] = "2000000",
        }, None, warnings);
        Assert.Equal(3, warnings.Count);
        Assert.Equal(2_000_000, node.Current.LogSegmentBytes);
        Assert.Equal(1, node.Current.NodeId);
        node.Apply(new Dictionary<string, string> { ["log.retention.ms"] = "0" }, None, warnings);
        Assert.Equal(4, warnings.Count);
        Assert.Equal(2_000_000, node.Current.LogSegmentBytes);
    }

    [Fact]
    public void Describe_ShowsSynonymsInOrderOfPrecedence()
    {
        DynamicConfig node = Node();
        node.Apply(new Dictionary<string, string> { ["log.retention.ms"] = "7000", ["message.max.bytes"] = "2000000" },
            new Dictionary<string, string>
            {
                ["message.max.bytes"] = "3000000",
                ["listener.name.plaintext.max.connections"] = "5",
                ["listener.name.plaintext.ssl.keystore.password"] = "secret",
            }, []);
        Dictionary<string, ConfigEntry> broker = DescribeConfigs.DescribeBroker(node).ToDictionary(static e => e.Name);
        Assert.Equal("3000000 DynamicBroker message.max.bytes=3000000@DynamicBroker,"
            + "message.max.bytes=2000000@DynamicDefaultBroker,message.max.bytes=1048588@Default",
                Show(broker["message.max.bytes"]));
        Assert.Equal("7000 DynamicDefaultBroker log.retention.ms=7000@DynamicDefaultBroker,"
            + "log.retention.hours=168@Default",
            Show(broker["log.retention.ms"]));
        Assert.Equal("168 Default log.retention.hours=168@Default", Show(broker["log.retention.hours"]));
        Assert.Equal("5 DynamicBroker listener.name.plaintext.max.connections=5@DynamicBroker,"
            + "max.connections=2147483647@Default",
            Show(broker["listener.name.plaintext.max.connections"]));
        ConfigEntry secret = broker["listener.name.plaintext.ssl.keystore.password"];
        Assert.True(secret is { IsSensitive: true, IsReadOnly: true, Value: null, Type: ConfigType.Password });
        Assert.Null(secret.Synonyms[0].Value);
        Assert.Equal(["log.retention.ms", "message.max.bytes"],
            DescribeConfigs.DescribeAllBrokers(node).Select(static entry => entry.Name));
        Dictionary<string, string> own = new() { ["max.message.bytes"] = "9", ["internal.segment.bytes"] = "999999" };
        Dictionary<string, ConfigEntry> topic =
            DescribeConfigs.DescribeTopic(own, node).ToDictionary(static e => e.Name);
        Assert.Equal("999999 Topic internal.segment.bytes=999999@Topic", Show(topic["internal.segment.bytes"]));
        Assert.Equal("9 Topic max.message.bytes=9@Topic,message.max.bytes=3000000@DynamicBroker,"
            + "message.max.bytes=2000000@DynamicDefaultBroker,message.max.bytes=1048588@Default",
                Show(topic["max.message.bytes"]));
        Assert.Equal("7000 DynamicDefaultBroker log.retention.ms=7000@DynamicDefaultBroker,"
            + "log.retention.hours=168@Default",
            Show(topic["retention.ms"]));
        Assert.Equal("604800000 Default ", Show(topic["segment.ms"]));
        ConfigEntry group = DescribeConfigs.DescribeGroup(
            new Dictionary<string, string> { ["consumer.session.timeout.ms"] = "50000" }, node)
            .Single(static entry => entry.Name == "consumer.session.timeout.ms");
        Assert.Equal("50000 Group consumer.session.timeout.ms=50000@Group,"
            + "group.consumer.session.timeout.ms=45000@Default",
            Show(group));
        IReadOnlyList<ConfigEntry> metrics =
            DescribeConfigs.DescribeClientMetrics(new Dictionary<string, string> { ["interval.ms"] = "1000" });
        Assert.Equal(["1000 ClientMetrics interval.ms=1000@ClientMetrics", " Default ", " Default "],
            metrics.Select(Show));
    }

    private static string Show(ConfigEntry entry) => $"{entry.Value} {entry.Source} "
        + string.Join(',', entry.Synonyms.Select(static s => $"{s.Name}={s.Value}@{s.Source}"));
}
