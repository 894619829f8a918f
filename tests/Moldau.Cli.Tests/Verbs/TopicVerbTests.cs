using Moldau.TestServers;

namespace Moldau.Cli.Tests.Verbs;

/// <summary>The verbs of <c>moldau topic</c>: the same text of our node and of Apache Kafka.</summary>
[Collection("verbs")]
public sealed class TopicVerbTests(Clusters clusters)
{
    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void CreateDescribeList_InEveryFormat(string name)
    {
        Cluster cluster = clusters.Get(name);
        string topic = Cluster.NewName("t");
        string[] create = ["topic", "create", topic, "-p", "2", "-r", "1", "-c", "retention.ms=86400000"];
        Assert.Equal(
            $"{"TOPIC".PadRight(topic.Length)}  STATUS\n{topic}  would be created\n", cluster.Output([.. create, "--dry-run"]));
        Assert.Equal("[\n  {\n    \"topic\": \"T\",\n    \"status\": \"created\"\n  }\n]\n", cluster.Output([.. create, "-o", "json"], (topic, "T")));
        Assert.Equal("- topic: T\n  status: exists\n", cluster.Output([.. create, "--if-not-exists", "-o", "yaml"], (topic, "T")));
        Cluster.AssertFailed(cluster.Run(create), 1, "TOPIC_ALREADY_EXISTS", "--if-not-exists");

        string describe = cluster.Output(["topic", "describe", topic]);
        Assert.Equal(
            $"""
            {"TOPIC".PadRight(topic.Length)}  PARTITION  LEADER  REPLICAS  IN-SYNC  START  END
            {topic}          0       1  1         1            0    0
            {topic}          1       1  1         1            0    0

            """, describe);
        Assert.Equal(
            """
            {"topic":"T","partition":0,"leader":1,"replicas":[1],"inSync":[1],"start":0,"end":0,"leaderEpoch":0,"offline":[],"topicId":"ID"}
            {"topic":"T","partition":1,"leader":1,"replicas":[1],"inSync":[1],"start":0,"end":0,"leaderEpoch":0,"offline":[],"topicId":"ID"}

            """, Cluster.WithoutIds(cluster.Output(["topic", "describe", topic, "-o", "ndjson"], (topic, "T"))));
        Assert.Equal($"{topic}\n", cluster.Output(["topic", "list", topic[..^2] + "*", "-oname"]));
        Assert.Equal(
            "- name: T\n  partitions: 2\n  replicas: 1\n  unhealthy: 0\n  internal: false\n  id: ID\n",
            Quoted(Cluster.WithoutIds(cluster.Output(["topic", "list", topic, "--output=yaml"], (topic, "T")))));
        Assert.Equal("NAME  PARTITIONS  REPLICAS\n", cluster.Output(["topic", "list", topic, "--unhealthy"]));
        Assert.Contains("UNHEALTHY  INTERNAL  ID", cluster.Output(["topic", "list", topic, "-o", "wide"]), StringComparison.Ordinal);
        Assert.StartsWith("\e[1mNAME", cluster.Output(["topic", "list", topic, "--color", "always"]), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Describe_HasViewsOfStorageConsumersAndTheWhole(string name)
    {
        Cluster cluster = clusters.Get(name);
        string topic = Cluster.NewName("t");
        string group = Cluster.NewName("g");
        cluster.Run("topic", "create", topic, "-p", "2").Succeeded();
        cluster.Send("0;a\n0;b\n", "produce", topic, "-f", @"%p;%v\n").Succeeded();
        cluster.Run("group", "seek", group, "--to", "1", "--topic", topic, "-p", "0", "-y").Succeeded();
        (string, string)[] names = [(topic, "T"), (group, "G")];
        Assert.Equal(
            """{"topic":"T","partitions":2,"replicas":1,"offsets":2,"leaderless":0,"outOfSync":0}""" + "\n",
            cluster.Output(["topic", "describe", topic[..^3] + "*", "--summary", "-o", "ndjson"], names));
        Assert.Equal(
            """{"topic":"T","group":"G","state":"Empty","members":0,"partitions":1,"lag":1}""" + "\n",
            cluster.Output(["topic", "describe", topic, "--consumers", "-o", "ndjson"], names));
        Assert.Matches(
            """^{"topic":"T","partition":0,"broker":1,"size":[1-9]\d*,"lag":0,"future":false,"path":"[^"]+"}\n{"topic":"T","partition":1,"broker":1,"size":0,""",
            cluster.Output(["topic", "describe", "-r", topic[..^3] + ".*", "--storage", "-o", "ndjson"], names));
        Assert.Equal(cluster.Output(["topic", "describe", topic]), cluster.Output(["topic", "describe", topic, "--partitions"]));
        Cluster.AssertFailed(cluster.Run("topic", "describe", topic, "--storage", "--summary"), 2, "exclude each other");
        Cluster.AssertFailed(cluster.Run("topic", "describe", "nowhere-*"), 3, "no topic fits 'nowhere-*'");
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void UnknownTopic_IsExitCodeThree_AndPartlySix(string name)
    {
        Cluster cluster = clusters.Get(name);
        string topic = Cluster.NewName("t");
        foreach (string[] verb in (string[][])
            [
                ["topic", "describe", "nowhere"], ["topic", "delete", "nowhere", "-y"], ["topic", "grow", "nowhere", "--to", "3"],
                ["topic", "trim", "nowhere", "-o", "1", "-y"], ["topic", "set", "nowhere", "retention.ms=1"], ["consume", "nowhere"],
                ["config", "get", "topic", "nowhere"],
            ])
            Cluster.AssertFailed(cluster.Run(verb), 3, "UNKNOWN_TOPIC_OR_PARTITION", "'moldau topic list'");
        cluster.Run("topic", "create", topic).Succeeded();
        ProgramResult both = cluster.Run("topic", "describe", "nowhere", topic);
        Cluster.AssertFailed(both, 6, "nowhere");
        Assert.Contains(topic, both.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void GrowTrimSetUnsetDelete(string name)
    {
        Cluster cluster = clusters.Get(name);
        string topic = Cluster.NewName("t");
        cluster.Run("topic", "create", topic, "-p", "1").Succeeded();
        cluster.Send("a\nb\nc\n", "produce", topic).Succeeded();
        string[] row = ["-o", "ndjson"];
        Assert.Equal("""{"topic":"T","from":1,"to":2}""" + "\n", cluster.Output(["topic", "grow", topic, "--to", "2", .. row], (topic, "T")));
        Cluster.AssertFailed(cluster.Run("topic", "grow", topic, "--to", "1"), 1, "INVALID_PARTITIONS");

        string[] trim = ["topic", "trim", topic, "-o", "2", "--output", "ndjson"];
        Cluster.AssertFailed(cluster.Run(trim), 2, "say -y");
        Assert.Equal("""{"topic":"T","partition":0,"from":0,"to":2}""" + "\n", cluster.Output([.. trim, "--dry-run"], (topic, "T")));
        Assert.Equal("""{"topic":"T","partition":0,"start":2}""" + "\n", cluster.Output([.. trim, "-y"], (topic, "T")));
        Assert.Equal("", cluster.Output(["topic", "trim", topic, "--before", "2001-01-01", "-y"]));

        Assert.Equal(
            """{"name":"retention.ms","value":"3600000","status":"set"}""" + "\n",
            cluster.Output(["topic", "set", topic, "retention.ms=3600000", .. row]));
        Assert.Equal(
            """{"name":"retention.ms","value":"3600000","source":"topic","readOnly":false,"sensitive":false}""" + "\n",
            cluster.Output(["config", "get", "topic", topic, "retention.ms", "--changed", .. row]));
        Assert.Equal(
            """{"name":"retention.ms","value":null,"status":"unset"}""" + "\n",
            cluster.Output(["topic", "unset", topic, "retention.ms", .. row]));
        Assert.Equal(
            "NAME          VALUE      SOURCE\nretention.ms  604800000  default\n",
            cluster.Output(["config", "get", "topic", topic, "retention.ms"]));
        Cluster.AssertFailed(cluster.Run("topic", "set", topic, "retention.ms=soon"), 1, "INVALID_CONFIG");
        Cluster.AssertFailed(cluster.Run("config", "get", "topic", topic, "retention.msec"), 3, "did you mean 'retention.ms'");

        Assert.Equal(
            """{"topic":"T","partitions":2,"offsets":1}""" + "\n",
            cluster.Output(["topic", "delete", topic, "--dry-run", .. row], (topic, "T")));
        Cluster.AssertFailed(cluster.Run("topic", "delete", topic), 2, "say -y");
        Assert.Equal("""{"topic":"T","status":"deleted"}""" + "\n", cluster.Output(["topic", "delete", topic, "-y", .. row], (topic, "T")));
        Assert.Equal("", cluster.Output(["topic", "list", topic, "-o", "name"]));
    }

    /// <summary>An id that begins with a letter needs no quotes, others do.</summary>
    private static string Quoted(string yaml) => yaml.Replace("\"ID\"", "ID", StringComparison.Ordinal);
}
