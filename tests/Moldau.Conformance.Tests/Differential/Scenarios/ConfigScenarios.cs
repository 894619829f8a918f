using Moldau.TestServers.Wire;

namespace Moldau.Conformance.Tests.Differential.Scenarios;

/// <summary>Configurations, the cluster, its quorum and its log directories.</summary>
internal static class ConfigScenarios
{
    public static IEnumerable<Scenario> All() =>
    [
        new("describe-configs-topic", "DescribeConfigs", (1, 4), run =>
        {
            run.CreateTopic(configs: """
                [{"Name":"retention.ms","Value":"1000"},{"Name":"cleanup.policy","Value":"compact,delete"}]
                """);
            run.Ask(Describe(2, "$name", "null", synonyms: true));
            run.Ask(Describe(2, "$name", """["retention.ms","segment.bytes","no.such.config"]""", documentation: true));
            run.Ask(Describe(2, "$name", "[]"));
            run.Ask(Describe(2, "$name-unknown", "null"));
            run.Ask(Describe(2, "", "null"));
            run.Ask(Describe(2, "a/b", "null"));
        }),
        new("describe-configs-broker", "DescribeConfigs", (1, 4), run =>
            run.Ask(Describe(4, "1", "null", synonyms: run.Version == 4))),
        new("describe-configs-others", "DescribeConfigs", (1, 4), run =>
        {
            run.Ask(Describe(4, "", "null"));
            run.Ask(Describe(4, "7", "null"));
            run.Ask(Describe(4, "x", "null"));
            run.Ask(Describe(8, "1", """["kafka.server.KafkaApis","root"]"""));
            run.Ask(Describe(8, "7", "null"));
            run.Ask(Describe(32, "$name", "null", synonyms: true));
            run.Ask(Describe(32, "", "null"));
            run.Ask(Describe(16, "$name", "null"));
            run.Ask(Describe(0, "$name", "null"));
            run.Ask(Describe(99, "$name", "null"));
            run.Ask("""{"Resources":[]}""");
        }),
        new("incremental-alter-configs", "IncrementalAlterConfigs", (0, 1), run =>
        {
            run.CreateTopic();
            run.Ask(Alter(2, "$name", ("retention.ms", 0, "1000")));
            run.Ask(Alter(2, "$name", ("retention.ms", 0, "soon")));
            run.Ask(Alter(2, "$name", ("retention.ms", 0, null)));
            run.Ask(Alter(2, "$name", ("no.such.config", 0, "1")));
            run.Ask(Alter(2, "$name", ("no.such.config", 1, null)));
            run.Ask(Alter(2, "$name", ("retention.ms", 2, "1")));
            run.Ask(Alter(2, "$name", ("retention.ms", 9, "1")));
            run.Ask(Alter(2, "$name", ("cleanup.policy", 2, "compact")));
            run.Ask(Alter(2, "$name", ("cleanup.policy", 2, "compact")));
            run.Ask(Alter(2, "$name", ("cleanup.policy", 3, "delete")));
            run.Ask(Alter(2, "$name", ("cleanup.policy", 3, "never-there")));
            run.Ask(Alter(2, "$name", ("retention.ms", 0, "1"), ("retention.ms", 0, "2")));
            run.Ask(Alter(2, "$name", ("retention.ms", 1, null)));
            run.Ask(Alter(2, "$name"));
            run.Ask(Alter(2, "$name-unknown", ("retention.ms", 0, "1000")));
            run.Ask(Alter(2, "a/b", ("retention.ms", 0, "1000")));
            run.Ask(Alter(2, "", ("retention.ms", 0, "1000")));
            run.Ask(Alter(4, "1", ("node.id", 0, "2")));
            run.Ask(Alter(4, "1", ("no.such.config", 0, "2")));
            run.Ask(Alter(4, "1", ("no.such.config", 1, null)));
            run.Ask(Alter(4, "1", ("log.cleaner.threads", 0, "0")));
            run.Ask(Alter(4, "9", ("log.cleaner.threads", 0, "2")));
            run.Ask(Alter(4, "x", ("log.cleaner.threads", 0, "2")));
            run.Ask(Alter(32, "$name", ("consumer.session.timeout.ms", 0, "46000")));
            run.Ask(Alter(32, "$name", ("consumer.session.timeout.ms", 0, "1")));
            run.Ask(Alter(32, "$name", ("no.such.config", 0, "1")));
            run.Ask(Alter(0, "$name", ("retention.ms", 0, "1000")));
            run.Ask("""
                {"Resources":[{"ResourceType":2,"ResourceName":"$name","Configs":[
                 {"Name":"retention.ms","ConfigOperation":0,"Value":"7"}]}],"ValidateOnly":true}
                """);
            run.Ask("DescribeConfigs", Describe(2, "$name", """["retention.ms","cleanup.policy"]"""));
        }),
        new("alter-configs", "AlterConfigs", (0, 2), run =>
        {
            run.CreateTopic(configs: """[{"Name":"retention.ms","Value":"1000"}]""");
            string Legacy(int type, string name, string configs) => $$"""
                {"Resources":[{"ResourceType":{{type}},"ResourceName":"{{name}}","Configs":{{configs}}}]}
                """;
            run.Ask(Legacy(2, "$name", """[{"Name":"segment.bytes","Value":"2097152"}]"""));
            run.Ask(Legacy(2, "$name", """[{"Name":"segment.bytes","Value":"x"}]"""));
            run.Ask(Legacy(2, "$name", """[{"Name":"segment.bytes","Value":null}]"""));
            run.Ask(Legacy(2, "$name-unknown", """[{"Name":"segment.bytes","Value":"2097152"}]"""));
            run.Ask(Legacy(0, "$name", "[]"));
            run.Ask("DescribeConfigs", Describe(2, "$name", """["retention.ms","segment.bytes"]"""));
        }),
        new("list-config-resources", "ListConfigResources", (0, 1), run =>
        {
            run.CreateTopic();
            if (run.Version > 0)
            {
                run.AskForOwn("""{"ResourceTypes":[2]}""", "ConfigResources", "ResourceName");
                run.AskForOwn("""{"ResourceTypes":[]}""", "ConfigResources", "ResourceName");
                run.Ask("""{"ResourceTypes":[4]}""");
                run.Ask("""{"ResourceTypes":[8]}""");
                run.Ask("""{"ResourceTypes":[99]}""");
                run.Ask("""{"ResourceTypes":[0]}""");
            }

            run.Ask("""{"ResourceTypes":[16]}""");
        }),
        new("describe-cluster", "DescribeCluster", (0, 2), run =>
        {
            run.Ask("{}");
            run.Ask("""{"IncludeClusterAuthorizedOperations":true}""");
            run.Ask("""{"EndpointType":2}""");
            run.Ask("""{"EndpointType":9}""");
            run.Ask("""{"IncludeFencedBrokers":true}""");
        }),
        new("describe-cluster-controller", "DescribeCluster", (0, 2), run =>
        {
            run.Ask("{}");
            run.Ask("""{"EndpointType":2}""");
        })
        { IsOnController = true },
        new("describe-quorum", "DescribeQuorum", (0, 2), run =>
        {
            run.Ask("""{"Topics":[{"TopicName":"__cluster_metadata","Partitions":[{"PartitionIndex":0}]}]}""");
            run.Ask("""{"Topics":[{"TopicName":"__cluster_metadata","Partitions":[{"PartitionIndex":1}]}]}""");
            run.Ask("""{"Topics":[{"TopicName":"other","Partitions":[{"PartitionIndex":0}]}]}""");
            run.Ask("""{"Topics":[]}""");
        }),
        new("describe-log-dirs", "DescribeLogDirs", (1, 5), run =>
        {
            run.CreateTopic(partitions: 2);
            run.Produce("", new BatchShape());
            run.Ask("""{"Topics":[{"Topic":"$name","Partitions":[0,1]}]}""");
            run.Ask("""{"Topics":[{"Topic":"$name","Partitions":[7]}]}""");
            run.Ask("""{"Topics":[{"Topic":"$name-unknown","Partitions":[0]}]}""");
            run.Ask("""{"Topics":[]}""");
        }),
    ];

    private static string Describe(
        int type, string name, string keys, bool synonyms = false, bool documentation = false) =>
        $$"""
        {"Resources":[{"ResourceType":{{type}},"ResourceName":"{{name}}","ConfigurationKeys":{{keys}}}],
         "IncludeSynonyms":{{(synonyms ? "true" : "false")}},
         "IncludeDocumentation":{{(documentation ? "true" : "false")}}}
        """;

    private static string Alter(int type, string name, params (string Name, int Operation, string? Value)[] configs)
    {
        var list = string.Join(',', configs.Select(c => $$"""
            {"Name":"{{c.Name}}","ConfigOperation":{{c.Operation}},
             "Value":{{(c.Value is null ? "null" : $"\"{c.Value}\"")}}}
            """));
        return $$"""
            {"Resources":[{"ResourceType":{{type}},"ResourceName":"{{name}}","Configs":[{{list}}]}],
             "ValidateOnly":false}
            """;
    }
}
