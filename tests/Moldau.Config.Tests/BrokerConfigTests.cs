namespace Moldau.Config.Tests;

public sealed class BrokerConfigTests
{
    [Fact]
    public void Node_IsAcceptedOrRefusedWithKafkasWords()
    {
        foreach (string[] row in TestData.Read("node-rules.tsv", hasHeader: false))
        {
            List<(string, string?)> changes = [];
            for (int i = 1; i + 1 < row.Length; i += 2) changes.Add((row[i], row[i + 1] == "null" ? null : row[i + 1]));
            List<string> errors = [];
            bool isBuilt = BrokerConfig.TryBuild(TestData.Node([.. changes]), out _, errors, []);
            string got = isBuilt ? "ok" : errors[0];
            Assert.True(got == row[0], $"{string.Join(' ', row[1..])}: wanted {row[0]} but got {got}");
        }
    }

    [Fact]
    public void Options_FollowFromProperties()
    {
        BrokerConfig config = TestData.Build(("log.retention.minutes", "3"), ("log.roll.hours", "2"),
            ("log.flush.scheduler.interval.ms", "77"), ("log.dirs", "/a, /b"), ("moldau.acknowledge", "fsync"),
            ("max.connections.per.ip.overrides", "127.0.0.1:5,h:7"));
        Assert.Equal(180_000, config.LogRetentionMs);
        Assert.Equal(7_200_000, config.LogRollMs);
        Assert.Equal(77, config.LogFlushIntervalMs);
        Assert.Equal(["/a", "/b"], config.LogDirs);
        Assert.Equal("/a", config.MetadataLogDir);
        Assert.Equal(AcknowledgeMode.Fsync, config.Acknowledge);
        Assert.Equal(7, config.MaxConnectionsPerIpOverrides["h"]);
        Assert.Equal(1_048_588, config.MessageMaxBytes);
        Assert.Equal(new Endpoint("PLAINTEXT", "127.0.0.1", 9092, SecurityProtocol.Plaintext),
            config.BrokerListeners[0]);
        Assert.Equal("CONTROLLER", config.ControllerListeners[0].ListenerName);
        Assert.Equal(config.BrokerListeners, config.AdvertisedListeners);
        Assert.True(config.IsBroker && config.IsController);
    }

    [Fact]
    public void ReceiveBuffer_NotSet_IsLeftToTheSystem()
    {
        Assert.Equal(-1, TestData.Build().SocketReceiveBufferBytes);
        Assert.Equal(102_400, TestData.Build(("socket.receive.buffer.bytes", "102400")).SocketReceiveBufferBytes);
    }

    [Fact]
    public void Backlog_NotSet_IsLeftToTheSystem()
    {
        Assert.Equal(4096, TestData.Build().SocketListenBacklogSize);
        Assert.Equal(50, TestData.Build(("socket.listen.backlog.size", "50")).SocketListenBacklogSize);
    }

    [Fact]
    public void Topic_TakesItsOwnValuesFirst_ThenTheBrokers()
    {
        BrokerConfig broker = TestData.Build(("log.retention.hours", "1"), ("log.segment.bytes", "2097152"),
            ("log.roll.jitter.hours", "1"), ("log.retention.ms", null), ("log.cleanup.policy", "compact"));
        Assert.True(TopicConfig.TryBuild(
            new Dictionary<string, string> { ["segment.ms"] = "5", ["cleanup.policy"] = "delete" }, broker,
            out TopicConfig? topic, []));
        Assert.Equal(3_600_000, topic!.RetentionMs);
        Assert.Equal(3_600_000, topic.SegmentJitterMs);
        Assert.Equal(2_097_152, topic.SegmentBytes);
        Assert.Equal(5, topic.SegmentMs);
        Assert.True(topic is { IsDeleted: true, IsCompacted: false });
        Assert.True(TopicConfig.Default(broker).IsCompacted);
        Assert.Equal(-1, TopicConfig.Default(TestData.Build(("log.retention.hours", "-7"))).RetentionMs);
    }

    [Theory]
    [InlineData("nonsense", "1", "Unknown topic config name: nonsense")]
    [InlineData("retention.ms", "x", "Invalid value x for configuration retention.ms: Not a number of type LONG")]
    [InlineData("min.compaction.lag.ms", "9223372036854775807", null)]
    [InlineData("remote.storage.enable", "true",
        "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.")]
    [InlineData("internal.segment.bytes", "1000", null)]
    [InlineData("moldau.acknowledge", "never",
        "Invalid value never for configuration moldau.acknowledge: String must be one of: page-cache, fsync")]
    public void Topic_RefusesWithKafkasWords(string name, string value, string? wanted)
    {
        List<string> errors = [];
        bool isBuilt = TopicConfig.TryBuild(new Dictionary<string, string> { [name] = value }, TestData.Build(),
            out _, errors);
        Assert.Equal(wanted is null, isBuilt);
        if (wanted is not null) Assert.Equal(wanted, errors[0]);
    }

    [Fact]
    public void Group_StaysWithinTheBrokersBounds()
    {
        BrokerConfig broker = TestData.Build();
        List<string> errors = [];
        Assert.False(GroupConfig.TryBuild(
            new Dictionary<string, string> { ["consumer.session.timeout.ms"] = "100" }, broker, out _, errors));
        Assert.Equal("consumer.session.timeout.ms must be in the range 45000 to 60000 inclusive.",
            errors[0]);
        Assert.True(GroupConfig.TryBuild(
            new Dictionary<string, string> { ["consumer.session.timeout.ms"] = "50000" }, broker,
                out GroupConfig? group, errors));
        Assert.Equal(50_000, group!.ConsumerSessionTimeoutMs);
        Assert.Equal("sticky", group.StreamsAssignorName);
    }

    [Fact]
    public void Listener_HasItsOwnValuesBeforeTheCommonOnes()
    {
        BrokerConfig config = TestData.Build(("ssl.keystore.type", "PEM"), ("ssl.client.auth", "required"),
            ("listener.name.plaintext.ssl.client.auth", "requested"));
        Assert.Equal("requested", config.ForListener("PLAINTEXT").String("ssl.client.auth"));
        Assert.Equal("PEM", config.ForListener("PLAINTEXT").String("ssl.keystore.type"));
        Assert.Equal("required", config.ForListener("CONTROLLER").String("ssl.client.auth"));
        List<string> errors = [];
        Assert.False(BrokerConfig.TryBuild(TestData.Node(("listener.name.x.ssl.client.auth", "y")), out _, errors, []));
        Assert.Equal("Invalid value y for configuration listener.name.x.ssl.client.auth: String must be one of: "
            + "required, requested, none", Assert.Single(errors));
    }

    [Theory]
    [InlineData("num.partitions", "5")]
    [InlineData("ssl.key.password", "[hidden]")]
    [InlineData("listener.name.x.ssl.key.password", "[hidden]")]
    [InlineData("some.plugin.key", "[hidden]")]
    public void Logs_DoNotShowSecrets(string name, string shown) =>
        Assert.Equal(shown, BrokerConfig.LoggableValue(name, "5"));

    [Fact]
    public void Start_NamesWhatIsSetWithoutEffect()
    {
        List<string> warnings = [];
        Assert.True(BrokerConfig.TryBuild(
            TestData.Node(("sasl.enabled.mechanisms", "PLAIN"), ("telemetry.max.bytes", "5")), out _, [], warnings));
        Assert.Equal("Set but without effect in this version: sasl.enabled.mechanisms, telemetry.max.bytes.",
            Assert.Single(warnings));
    }

    [Fact]
    public void AnyValueOfAnyProperty_IsAcceptedOrRefused_ButNeverThrows()
    {
        string[] texts =
        [
            "", " ", "-1", "-2", "0", "1", "5", "9223372036854775807", "-9223372036854775808", "2147483647",
                "-2147483648",
            "NaN", "Infinity", "1e400", "a", ",", "a,b", "a,a", "*", "://", "A://:1", "[::]:1", "1@h:1", "true",
                "\u00e9\0",
        ];
        int accepted = 0;
        foreach (ConfigKey key in BrokerConfigTable.Table.Keys)
            foreach (string text in texts)
            {
                List<string> errors = [];
                bool isBuilt = BrokerConfig.TryBuild(TestData.Node((key.Name, text)), out BrokerConfig? config,
                    errors, []);
                Assert.Equal(isBuilt, errors.Count == 0);
                if (!isBuilt) continue;
                accepted++;
                Assert.NotNull(TopicConfig.Default(config!));
                Assert.NotNull(GroupConfig.Default(config!));
            }
        Assert.InRange(accepted, 1000, 9000);
        foreach (ConfigTable table in new[] { TopicConfigTable.Table, GroupConfigTable.Table })
            foreach (ConfigKey key in table.Keys)
                foreach (string text in texts)
                {
                    ConfigOp[] ops = [new(key.Name, AlterOp.Set, text)];
                    BrokerConfig broker = TestData.Build();
                    AlterResult result = table == TopicConfigTable.Table
                        ? AlterConfigs.AlterTopic(ops, new Dictionary<string, string>(), broker)
                        : AlterConfigs.AlterGroup(ops, new Dictionary<string, string>(), broker);
                    Assert.Equal(result.IsAccepted, result.Message is null);
                }
    }
}
