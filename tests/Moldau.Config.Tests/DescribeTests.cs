namespace Moldau.Config.Tests;

public sealed class DescribeTests
{
    [Theory]
    [InlineData("broker")]
    [InlineData("topic")]
    [InlineData("group")]
    public void Describe_AnswersWhatKafkaAnswers_ButForAcceptedDifferences(string resource)
    {
        Dictionary<string, string> set = new(StringComparer.Ordinal) { ["node.id"] = "1" };
        foreach (string[] row in TestData.Read("described-broker.tsv", hasHeader: true))
            if (row[5] == "STATIC_BROKER_CONFIG")
                set[row[0]] = row[2];
        List<string> errors = [];
        Assert.True(BrokerConfig.TryBuild(set, out BrokerConfig? config, errors, []), string.Join('\n', errors));
        DynamicConfig node = new(set, config!);
        Dictionary<string, string> none = [];
        node.Apply(new Dictionary<string, string> { ["min.insync.replicas"] = "1" }, none, []);
        IReadOnlyList<ConfigEntry> entries = resource switch
        {
            "broker" => DescribeConfigs.DescribeBroker(node),
            "topic" => DescribeConfigs.DescribeTopic(none, node),
            _ => DescribeConfigs.DescribeGroup(none, node),
        };
        List<string> differences = [];
        Dictionary<string, ConfigEntry> ours = entries.ToDictionary(static entry => entry.Name, StringComparer.Ordinal);
        foreach (string[] row in TestData.Read($"described-{resource}.tsv", hasHeader: true))
        {
            string wanted = string.Join('\t', row);
            string got = ours.Remove(row[0], out ConfigEntry? entry) ? Show(entry) : "missing";
            if (got != wanted && !IsAccepted(resource, row[0], "differs")) differences.Add($"{wanted}\n   got {got}");
        }
        differences.AddRange(ours.Keys.Where(name => !IsAccepted(resource, name, "extra")).Select(name => name
            + " is extra"));
        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    private static bool IsAccepted(string resource, string name, string kind) =>
        TestData.Read("accepted-differences.tsv", hasHeader: false).Any(row => row[0] == resource && row[2] == kind
            && (row[1] == name || (row[1].EndsWith('*') && name.StartsWith(row[1][..^1], StringComparison.Ordinal))));

    private static string Show(ConfigEntry entry)
    {
        static string Name(ConfigSource source) => source switch
        {
            ConfigSource.Topic => "DYNAMIC_TOPIC_CONFIG",
            ConfigSource.DynamicBroker => "DYNAMIC_BROKER_CONFIG",
            ConfigSource.DynamicDefaultBroker => "DYNAMIC_DEFAULT_BROKER_CONFIG",
            ConfigSource.StaticBroker => "STATIC_BROKER_CONFIG",
            ConfigSource.Group => "DYNAMIC_GROUP_CONFIG",
            _ => "DEFAULT_CONFIG",
        };
        string synonyms = string.Join(',', entry.Synonyms.Select(static s => $"{s.Name}@{Name(s.Source)}"));
        return string.Join('\t', entry.Name, entry.Type.ToString().ToUpperInvariant(), entry.Value ?? "null",
            entry.IsReadOnly ? "true" : "false", entry.IsSensitive ? "true" : "false", Name(entry.Source), synonyms);
    }

    [Fact]
    public void Loggers_AreShownWithTheirLevels()
    {
        IReadOnlyList<ConfigEntry> loggers = DescribeConfigs.DescribeLoggers(
            new Dictionary<string, string> { ["root"] = "INFO", ["kafka.server.KafkaApis"] = "DEBUG" });
        Assert.Equal(["kafka.server.KafkaApis", "root"], loggers.Select(static entry => entry.Name));
        Assert.All(loggers, static entry => Assert.Equal(ConfigSource.DynamicBrokerLogger, entry.Source));
        Assert.Equal("DEBUG", loggers[0].Value);
    }
}
