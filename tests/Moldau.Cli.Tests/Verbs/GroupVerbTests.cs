using Moldau.TestServers;

namespace Moldau.Cli.Tests.Verbs;

/// <summary>The verbs of <c>moldau group</c>.</summary>
[Collection("verbs")]
public sealed class GroupVerbTests(Clusters clusters)
{
    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void ListDescribeLag(string name)
    {
        Cluster cluster = clusters.Get(name);
        (string topic, string group) = Prepare(cluster);
        (string, string)[] names = [(topic, "T"), (group, "G")];
        // What is read with moldau takes the broker's assignment (KIP-848) where there is one.
        bool isClassic = name == Clusters.Ours;
        Assert.Contains(
            $$"""{"group":"G","type":"{{(isClassic ? "classic" : "consumer")}}","state":"Empty","protocolType":"consumer"}""",
            cluster.Output(["group", "list", "-o", "ndjson"], names), StringComparison.Ordinal);
        Assert.Equal(
            """{"group":"G","state":"Empty","topic":"T","partition":0,"offset":2,"end":3,"lag":1,"member":null,"client":null,"host":null,"""
            + $"\"instance\":null,\"assignor\":{(isClassic ? "null" : "\"uniform\"")},\"coordinator\":1}}\n",
            cluster.Output(["group", "describe", group, "-o", "ndjson"], names));
        Assert.Equal(
            $"""
            {"GROUP".PadRight(group.Length)}  {"TOPIC".PadRight(topic.Length)}  PARTITIONS  LAG  WORST
            {group}  {topic}           1    1      1

            """, cluster.Output(["group", "lag", group]));
        Assert.Contains(group, cluster.Output(["group", "lag", "-o", "name"]), StringComparison.Ordinal);
        Cluster.AssertFailed(cluster.Run("group", "describe", "nobody"), 3, "GROUP_ID_NOT_FOUND", "'moldau group list'");
        Cluster.AssertFailed(cluster.Run("group", "describe", "nobody", group), 6, "nobody");
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Seek_GoesWhereItIsTold(string name)
    {
        Cluster cluster = clusters.Get(name);
        (string topic, string group) = Prepare(cluster);
        string[] plan = ["group", "seek", group, "--to", "start", "-o", "ndjson"];
        Assert.Equal(
            """{"group":"G","topic":"T","partition":0,"from":2,"to":0}""" + "\n",
            cluster.Output([.. plan, "--dry-run"], (topic, "T"), (group, "G")));
        Cluster.AssertFailed(cluster.Run(plan), 2, "Set 1 offset", "say -y");
        foreach ((string to, long offset) in (ReadOnlySpan<(string, long)>)
            [("start", 0), ("+2", 2), ("-1", 1), ("end", 3), ("@1970-01-01", 0), ("-2h", 0), ("2", 2), ("99", 3)])
            Assert.Equal(
                $$"""{"group":"G","topic":"T","partition":0,"offset":{{offset}}}""" + "\n",
                cluster.Output(["group", "seek", group, "--to", to, "-y", "-o", "ndjson"], (topic, "T"), (group, "G")));
        string other = Cluster.NewName("g");
        Assert.Contains("\"offset\":3", cluster.Output(
            ["group", "seek", other, "--to", "group:" + group, "--topic", topic, "-y", "-o", "ndjson"]), StringComparison.Ordinal);
        Cluster.AssertFailed(cluster.Run("group", "seek", group, "--to", "heaven"), 2, "'--to heaven' is no place");
        Cluster.AssertFailed(cluster.Run("group", "seek", "nobody", "--to", "end"), 3, "name a topic");
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void ForgetAndDelete(string name)
    {
        Cluster cluster = clusters.Get(name);
        (string topic, string group) = Prepare(cluster);
        Cluster.AssertFailed(cluster.Run("group", "forget", group, "elsewhere"), 3, "no offsets of elsewhere");
        Assert.Equal(
            """{"group":"G","topic":"T","partition":0,"status":"forgotten"}""" + "\n",
            cluster.Output(["group", "forget", group, topic, "-y", "-o", "ndjson"], (topic, "T"), (group, "G")));
        (topic, group) = Prepare(cluster);
        Assert.Equal(
            """{"group":"G","state":"Empty","members":0,"offsets":1}""" + "\n",
            cluster.Output(["group", "delete", group, "--dry-run", "-o", "ndjson"], (group, "G")));
        Assert.Equal(
            """{"group":"G","status":"deleted"}""" + "\n",
            cluster.Output(["group", "delete", group, "-y", "-o", "ndjson"], (group, "G")));
        Cluster.AssertFailed(cluster.Run("group", "delete", group, "-y"), 3, "GROUP_ID_NOT_FOUND");
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Groups_AreChosenByPatterns_ByLag_AndInOneRowEach(string name)
    {
        Cluster cluster = clusters.Get(name);
        (string topic, string group) = Prepare(cluster);
        (string, string)[] names = [(topic, "T"), (group, "G")];
        Assert.Equal(group + "\n", cluster.Output(["group", "list", group[..^2] + "*", "-o", "name"]));
        Assert.Equal(group + "\n", cluster.Output(["group", "list", "-r", group[..^2] + "..", "-o", "name"]));
        Assert.Matches(
            """^{"group":"G","type":"[a-z]+","state":"Empty","protocolType":"consumer","lag":1}\n$""",
            cluster.Output(["group", "list", group, "--lagging", "-o", "ndjson"], names));
        Assert.Equal(
            """{"group":"G","state":"Empty","members":0,"topics":1,"partitions":1,"lag":1,"coordinator":1}""" + "\n",
            cluster.Output(["group", "describe", "-r", group[..^1] + ".", "--summary", "-o", "ndjson"], names));
        cluster.Run("group", "seek", group, "--to", "end", "-y").Succeeded();
        Assert.Equal("", cluster.Output(["group", "list", group, "--lagging", "-o", "name"]));
        Cluster.AssertFailed(cluster.Run("group", "list", "nobody-*"), 3, "no group fits 'nobody-*'");
        Cluster.AssertFailed(cluster.Run("group", "describe", "-r", "("), 2, "is no regular expression");
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Lag_InSeconds_IsTheAgeOfTheFirstRecordThatIsNotRead(string name)
    {
        Cluster cluster = clusters.Get(name);
        string topic = Cluster.NewName("t");
        string group = Cluster.NewName("g");
        cluster.Run("topic", "create", topic, "-p", "2").Succeeded();
        long hourAgoMs = DateTimeOffset.UtcNow.AddHours(-1).ToUnixTimeMilliseconds();
        cluster.Send($"0;{hourAgoMs - 3_600_000};a\n0;{hourAgoMs};b\n", "produce", topic, "-f", @"%p;%d;%v\n").Succeeded();
        cluster.Run("group", "seek", group, "--to", "1", "--topic", topic, "-p", "0", "-y").Succeeded();
        string[] lag = ["group", "lag", group, "--seconds", "-o", "ndjson"];
        Assert.Matches("""^{"group":"G","topic":"T","partitions":1,"lag":1,"worst":1,"seconds":36\d\d}\n$""", cluster.Output(lag, (topic, "T"), (group, "G")));
        cluster.Run("group", "seek", group, "--to", "end", "-y").Succeeded();
        Assert.Contains("\"lag\":0,\"worst\":0,\"seconds\":0", cluster.Output(lag), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("group", "lag")]
    [InlineData("quorum", "status")]
    public void Watch_ShowsItAgain_UntilItIsInterrupted(string noun, string verb)
    {
        Cluster cluster = clusters.Get(Clusters.Apache);
        (_, string group) = Prepare(cluster);
        string[] names = noun == "group" ? [group] : [];
        using ChildProcess watching = cluster.Start([noun, verb, .. names, "--watch", "-o", "name"]);
        string row = noun == "group" ? group : "1";
        Wait.Until(() => watching.Output.StartsWith($"{row}\n{row}\n", StringComparison.Ordinal), TimeSpan.FromSeconds(60), "two looks at it");
        Cli.Signal(watching, Cli.Interrupt);
        Assert.Equal(130, watching.WaitForEnd(Cli.Patience).ExitCode);
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Seek_GoesWhereAFileSays(string name)
    {
        Cluster cluster = clusters.Get(name);
        (string topic, string group) = Prepare(cluster);
        using ScratchFolder scratch = new("seek");
        File.WriteAllText(scratch["offsets"], $"{topic},0,1\n\n");
        string[] seek = ["group", "seek", group, "-y", "-o", "ndjson", "--to"];
        Assert.Equal(
            """{"group":"G","topic":"T","partition":0,"offset":1}""" + "\n",
            cluster.Output([.. seek, "file:" + scratch["offsets"]], (topic, "T"), (group, "G")));
        File.WriteAllText(scratch["offsets"], $"{topic} 0 3\n");
        Assert.Contains("\"offset\":3", cluster.Output([.. seek, "file:" + scratch["offsets"]]), StringComparison.Ordinal);
        File.WriteAllText(scratch["offsets"], $"{topic} 0\n");
        Cluster.AssertFailed(cluster.Run([.. seek, "file:" + scratch["offsets"]]), 2, "is no topic, partition and offset");
        Cluster.AssertFailed(cluster.Run([.. seek, "file:/nowhere/at/all"]), 3, "there is no file");
    }

    /// <summary>Three records, two of which the group has read.</summary>
    private static (string Topic, string Group) Prepare(Cluster cluster)
    {
        string topic = Cluster.NewName("t");
        string group = Cluster.NewName("g");
        cluster.Run("topic", "create", topic, "-p", "1").Succeeded();
        cluster.Send("a\nb\nc\n", "produce", topic).Succeeded();
        cluster.Run("consume", topic, "-g", group, "-n", "2").Succeeded();
        return (topic, group);
    }
}
