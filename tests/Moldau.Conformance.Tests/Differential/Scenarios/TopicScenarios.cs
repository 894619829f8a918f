using Moldau.TestServers.Wire;

namespace Moldau.Conformance.Tests.Differential.Scenarios;

/// <summary>Creating, growing, describing and deleting topics, and deleting their records.</summary>
internal static class TopicScenarios
{
    public static IEnumerable<Scenario> All() =>
    [
        new("create-topics", "CreateTopics", (2, 7), run =>
        {
            run.Ask(Create("$name", 3, 1));
            run.Ask(Create("$name", 3, 1));
            run.Ask(Create("$name-defaults", -1, -1));
            run.Ask(Create("$name-configs", 1, 1, """[{"Name":"retention.ms","Value":"1000"}]"""));
            run.Ask("""
                {"Topics":[{"Name":"$name-assigned","NumPartitions":-1,"ReplicationFactor":-1,"Assignments":[
                 {"PartitionIndex":0,"BrokerIds":[1]},{"PartitionIndex":1,"BrokerIds":[1]}]}],"TimeoutMs":30000}
                """);
        }),
        new("create-topics-validate-only", "CreateTopics", (2, 7), run =>
        {
            var validate = Create("$name", 3, 1).TrimEnd()[..^1] + ",\"ValidateOnly\":true}";
            run.Ask(validate);
            run.Ask(Create("$name", 3, 1));
            run.Ask(validate);
        }),
        new("create-topics-wrong", "CreateTopics", (2, 7), run =>
        {
            run.Ask(Create("$name", 0, 1));
            run.Ask(Create("$name", -2, 1));
            run.Ask(Create("$name", 1, 0));
            run.Ask(Create("$name", 1, 2));
            run.Ask(Create("", 1, 1));
            run.Ask(Create("..", 1, 1));
            run.Ask(Create("a/b", 1, 1));
            run.Ask(Create(new string('x', 250), 1, 1));
            run.Ask(Create("$name", 1, 1, """[{"Name":"no.such.config","Value":"1"}]"""));
            run.Ask(Create("$name", 1, 1, """[{"Name":"retention.ms","Value":"soon"}]"""));
            run.Ask(Create("$name", 1, 1, """[{"Name":"segment.bytes","Value":"1"}]"""));
            run.Ask(Create("$name", 1, 1, """[{"Name":"retention.ms","Value":null}]"""));
            run.Ask(Create("$name", 1, 1, """[{"Name":"min.insync.replicas","Value":"0"}]"""));
            run.Ask(Create("__cluster_metadata", 1, 1));
        }),
        new("create-topics-assignments-wrong", "CreateTopics", (2, 7), run =>
        {
            run.Ask(Assigned("""[{"PartitionIndex":0,"BrokerIds":[]}]"""));
            run.Ask(Assigned("""[{"PartitionIndex":0,"BrokerIds":[1,1]}]"""));
            run.Ask(Assigned("""[{"PartitionIndex":0,"BrokerIds":[9]}]"""));
            run.Ask(Assigned("""[{"PartitionIndex":1,"BrokerIds":[1]}]"""));
            run.Ask(Assigned("""[{"PartitionIndex":0,"BrokerIds":[1]},{"PartitionIndex":0,"BrokerIds":[1]}]"""));
            run.Ask(Assigned("""[{"PartitionIndex":0,"BrokerIds":[1]}]""", partitions: 1, factor: 1));
        }),
        new("create-topics-names", "CreateTopics", (2, 7), run =>
        {
            run.Ask(Create("$name.dot", 1, 1));
            run.Ask(Create("$name_dot", 1, 1));
            run.Ask("""
                {"Topics":[{"Name":"$name-twice","NumPartitions":1,"ReplicationFactor":1},
                 {"Name":"$name-twice","NumPartitions":2,"ReplicationFactor":1},
                 {"Name":"$name-once","NumPartitions":1,"ReplicationFactor":1}],"TimeoutMs":30000}
                """);
            run.Ask("""{"Topics":[],"TimeoutMs":30000}""");
        }),
        new("delete-topics", "DeleteTopics", (1, 6), run =>
        {
            run.CreateTopic();
            run.CreateTopic("-second");
            run.Ask(Delete(run.Version, "$name", "$name-unknown"));
            run.Ask(Delete(run.Version, "$name"));
            run.Ask(Delete(run.Version, "$name-second", "$name-second"));
            run.Ask(Delete(run.Version));
            run.Ask(Delete(run.Version, "a/b"));
            run.Ask(Delete(run.Version, "__cluster_metadata"));
        }),
        new("delete-topics-by-id", "DeleteTopics", (6, 6), run =>
        {
            var id = run.CreateTopic();
            run.Ask("""{"Topics":[{"Name":null,"TopicId":"EjRWeJASNFZ4kBI0VniQEg"}],"TimeoutMs":30000}""");
            run.Ask("""{"Topics":[{"Name":null}],"TimeoutMs":30000}""");
            run.Ask($$"""{"Topics":[{"Name":"$name","TopicId":"{{id}}"}],"TimeoutMs":30000}""");
            run.Ask($$"""
                {"Topics":[{"Name":null,"TopicId":"{{id}}"},{"Name":"$name"}],"TimeoutMs":30000}
                """);
            run.Ask($$"""{"Topics":[{"Name":null,"TopicId":"{{id}}"}],"TimeoutMs":30000}""");
            run.Ask($$"""{"Topics":[{"Name":null,"TopicId":"{{id}}"}],"TimeoutMs":30000}""");
        }),
        new("create-partitions", "CreatePartitions", (0, 3), run =>
        {
            run.CreateTopic(partitions: 2);
            run.Ask(Grow("$name", 2));
            run.Ask(Grow("$name", 1));
            run.Ask(Grow("$name", 0));
            run.Ask(Grow("$name-unknown", 3));
            run.Ask(Grow("$name", 3, "[]"));
            run.Ask(Grow("$name", 3, """[{"BrokerIds":[9]}]"""));
            run.Ask(Grow("$name", 3, """[{"BrokerIds":[1]},{"BrokerIds":[1]}]"""));
            run.Ask("""{"Topics":[{"Name":"$name","Count":4}],"TimeoutMs":30000,"ValidateOnly":true}""");
            run.Ask(Grow("$name", 4));
            run.Ask("""
                {"Topics":[{"Name":"$name","Count":6},{"Name":"$name","Count":7}],"TimeoutMs":30000}
                """);
        }),
        new("delete-records", "DeleteRecords", (0, 2), run =>
        {
            run.CreateTopic();
            run.Produce("", new BatchShape { Values = ["a", "b", "c"] }, new BatchShape { Values = ["d"] });
            foreach (var offset in new long[] { 2, 1, 5, -2, 0, 4, -1 }) run.Ask(DeleteRecords("$name", 0, offset));
            run.Ask(DeleteRecords("$name", 9, 1));
            run.Ask(DeleteRecords("$name-unknown", 0, 1));
        }),
        new("describe-topic-partitions", "DescribeTopicPartitions", (0, 0), run =>
        {
            run.CreateTopic(partitions: 3);
            run.Ask("""{"Topics":[{"Name":"$name"}]}""");
            run.Ask("""{"Topics":[{"Name":"$name"},{"Name":"$name-unknown"}]}""");
            run.Ask("""{"Topics":[{"Name":"$name"}],"ResponsePartitionLimit":2}""");
            run.Ask("""
                {"Topics":[{"Name":"$name"}],"ResponsePartitionLimit":2,
                 "Cursor":{"TopicName":"$name","PartitionIndex":2}}
                """);
            run.Ask("""{"Topics":[{"Name":"$name"}],"ResponsePartitionLimit":0}""");
            run.Ask("""{"Topics":[{"Name":"$name"}],"Cursor":{"TopicName":"$name","PartitionIndex":-1}}""");
            run.Ask("""{"Topics":[{"Name":"a/b"}]}""");
        }),
    ];

    private static string Create(string name, int partitions, int factor, string configs = "[]") =>
        $$"""
        {"Topics":[{"Name":"{{name}}","NumPartitions":{{partitions}},"ReplicationFactor":{{factor}},
         "Configs":{{configs}}}],"TimeoutMs":30000}
        """;

    private static string Assigned(string assignments, int partitions = -1, int factor = -1) =>
        $$"""
        {"Topics":[{"Name":"$name","NumPartitions":{{partitions}},"ReplicationFactor":{{factor}},
         "Assignments":{{assignments}}}],"TimeoutMs":30000}
        """;

    /// <summary>From version 6 on, topics are structures with a name or an id.</summary>
    private static string Delete(int version, params string[] names) =>
        version >= 6
            ? $$"""{"Topics":[{{string.Join(',', names.Select(n => $$"""{"Name":"{{n}}"}"""))}}],"TimeoutMs":30000}"""
            : $$"""{"TopicNames":[{{string.Join(',', names.Select(n => $"\"{n}\""))}}],"TimeoutMs":30000}""";

    private static string Grow(string name, int count, string assignments = "null") =>
        $$"""
        {"Topics":[{"Name":"{{name}}","Count":{{count}},"Assignments":{{assignments}}}],"TimeoutMs":30000}
        """;

    private static string DeleteRecords(string topic, int partition, long offset) =>
        $$"""
        {"Topics":[{"Name":"{{topic}}","Partitions":[{"PartitionIndex":{{partition}},"Offset":{{offset}}}]}],
         "TimeoutMs":10000}
        """;
}
