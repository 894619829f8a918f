using Moldau.TestServers;

namespace Moldau.Cli.Tests.Verbs;

/// <summary>The verbs that need two nodes, or access rules.</summary>
[Collection("verbs")]
public sealed class PairVerbTests(Clusters clusters)
{
    [Fact]
    public void Partition_IsMovedLedAndElected()
    {
        Cluster cluster = new(clusters.Pair().First);
        string topic = Cluster.NewName("t");
        cluster.Run("topic", "create", topic, "-p", "1").Succeeded();
        string part = topic + "/0";
        string[] move = ["partition", "move", part, "--to", "1,2", "-o", "ndjson"];
        Assert.Matches("""^{"partition":"T/0","from":\[[12]\],"to":\[1,2\]}\n$""", cluster.Output([.. move, "--dry-run"], (topic, "T")));
        Cluster.AssertFailed(cluster.Run(move), 2, "Move 1 partition?", "say -y");
        Assert.Equal("""{"partition":"T/0","to":[1,2],"status":"moving"}""" + "\n", cluster.Output([.. move, "-y"], (topic, "T")));
        WaitFor(cluster, topic, "\"inSync\":[1,2],\"adding\":null");
        Assert.DoesNotContain(topic, cluster.Output(["partition", "list", "--moving"]), StringComparison.Ordinal);
        Assert.Equal(
            """{"partition":"T/0","leader":2,"replicas":[2,1]}""" + "\n",
            cluster.Output(["partition", "lead", part, "--to", "2", "-y", "-o", "ndjson"], (topic, "T")));
        WaitFor(cluster, topic, "\"leader\":2,\"replicas\":[2,1]");
        cluster.Run("partition", "move", part, "--to", "1,2", "-y").Succeeded();
        WaitFor(cluster, topic, "\"leader\":2,\"replicas\":[1,2]");
        Assert.Equal(
            """{"partition":"T/0","status":"elected"}""" + "\n",
            cluster.Output(["partition", "elect", part, "-y", "-o", "ndjson"], (topic, "T")));
        WaitFor(cluster, topic, "\"leader\":1");
        Cluster.AssertFailed(cluster.Run("partition", "move", part, "--to", "1", "--keep-count", "-y"), 1, "cannot be moved");
    }

    [Fact]
    public void Move_IsTakenBack()
    {
        Cluster cluster = new(clusters.Pair().First);
        string topic = Cluster.NewName("t");
        cluster.Run("topic", "create", topic, "-p", "1", "-c", "leader.replication.throttled.replicas=*", "-c", "follower.replication.throttled.replicas=*").Succeeded();
        string part = topic + "/0";
        string from = cluster.Output(["partition", "list", topic, "-o", "ndjson"]).Contains("\"leader\":1", StringComparison.Ordinal) ? "1" : "2";
        string to = from == "1" ? "2" : "1";
        // The throttle lets a first fetch of 1 MiB pass and then one every eleven seconds: there must be more to fetch.
        cluster.Send(string.Concat(Enumerable.Repeat(new string('x', 400_000) + "\n", 16)), "produce", topic).Succeeded();
        string[] rates = ["leader.replication.throttled.rate", "follower.replication.throttled.rate"];
        foreach (string broker in (string[])["1", "2"])
            cluster.Run(["config", "set", "broker", broker, .. rates.Select(r => r + "=1")]).Succeeded();
        try
        {
            cluster.Run("partition", "move", part, "--to", to, "-y").Succeeded();
            Assert.Contains($"\"adding\":[{to}],\"removing\":[{from}]", cluster.Output(["partition", "list", "--moving", "-o", "ndjson"]), StringComparison.Ordinal);
            Assert.Equal(
                $$"""{"partition":"T/0","adding":[{{to}}],"removing":[{{from}}]}""" + "\n",
                cluster.Output(["partition", "cancel", part, "--dry-run", "-o", "ndjson"], (topic, "T")));
            Assert.Equal(
                """{"partition":"T/0","status":"taken back"}""" + "\n",
                cluster.Output(["partition", "cancel", "-y", "-o", "ndjson"], (topic, "T")));
            WaitFor(cluster, topic, $"\"replicas\":[{from}]");
        }
        finally
        {
            foreach (string broker in (string[])["1", "2"]) cluster.Run(["config", "unset", "broker", broker, .. rates]);
        }
    }

    [Fact]
    public void Rules_AreGrantedListedCheckedAndRevoked()
    {
        Cluster cluster = new(clusters.Pair().First);
        string user = Cluster.NewName("u");
        string topic = Cluster.NewName("t");
        string[] grant = ["acl", "grant", "--user", user, "--topic", topic, "--op", "read,write"];
        Assert.Contains("allow", cluster.Output([.. grant, "--dry-run"]), StringComparison.Ordinal);
        Assert.Equal(
            """
            {"principal":"User:U","permission":"allow","operation":"read","resource":"topic","name":"T","pattern":"literal","host":"*"}
            {"principal":"User:U","permission":"allow","operation":"write","resource":"topic","name":"T","pattern":"literal","host":"*"}

            """, cluster.Output([.. grant, "-o", "ndjson"], (user, "U"), (topic, "T")));
        cluster.Run("acl", "grant", "--user", "*", "--topic", topic[..5], "--prefix", "--op", "delete", "--deny", "--host", "10.0.0.1").Succeeded();
        Wait.Until(
            () => cluster.Run("acl", "list", "--user", user, "-o", "ndjson").Output.Split('\n').Length == 3,
            TimeSpan.FromSeconds(30), "the rules to be there");
        string table = cluster.Output(["acl", "list", "--user", user], (user, "U"), (topic, "T"));
        Assert.Matches(@"^PRINCIPAL +PERMISSION +OPERATION +RESOURCE +NAME +PATTERN +HOST\nUser:U +allow +read +topic +T +literal +\*\n", table);
        string[] check = ["acl", "check", "--topic", topic, "-o", "ndjson"];
        Assert.Equal(
            """{"principal":"User:U","operation":"describe","resource":"topic","name":"T","answer":"allowed","why":"allow User:U read on T"}""" + "\n",
            cluster.Output([.. check, "--user", user, "--op", "describe"], (user, "U"), (topic, "T")));
        ProgramResult denied = cluster.Run([.. check, "--user", user, "--op", "delete", "--host", "10.0.0.1"]);
        Assert.Equal(7, denied.ExitCode);
        Assert.Contains("\"answer\":\"denied\",\"why\":\"deny User:* delete on", denied.Output, StringComparison.Ordinal);
        Assert.Contains("no rule allows it, unless super.users names the user", cluster.Run([.. check, "--user", "somebody", "--op", "read"]).Output, StringComparison.Ordinal);
        ProgramResult unknown = cluster.Run("acl", "check", "--user", user, "--group", "nobodys", "--op", "read", "-o", "ndjson");
        Assert.Equal(7, unknown.ExitCode);
        Assert.Contains(
            "\"answer\":\"unknown\",\"why\":\"no rule: it depends on allow.everyone.if.no.acl.found\"", unknown.Output, StringComparison.Ordinal);

        Cluster.AssertFailed(cluster.Run("acl", "revoke", "--user", user), 2, "Delete 2 rules?", "say -y");
        Assert.Contains("\"operation\":\"read\"", cluster.Output(["acl", "revoke", "--user", user, "--op", "read", "-y", "-o", "ndjson"]), StringComparison.Ordinal);
        cluster.Run("acl", "revoke", "--topic", topic[..5], "--prefix", "-y").Succeeded();
        cluster.Run("acl", "revoke", "--user", user, "-y").Succeeded();
        Wait.Until(
            () => !cluster.Run("acl", "list", "-o", "ndjson").Output.Contains(user, StringComparison.Ordinal),
            TimeSpan.FromSeconds(30), "the rules to be gone");
        Cluster.AssertFailed(cluster.Run("acl", "revoke", "--user", user, "-y"), 3, "there is no such rule");
    }

    [Fact]
    public void Controller_GetsAVoteAndLosesIt()
    {
        ApachePair pair = clusters.Pair();
        Cluster cluster = new(pair.First);
        Assert.Matches(
            """^{"node":1,"role":"leader",.*}\n{"node":2,"role":"observer",.*}\n$""", cluster.Output(["quorum", "status", "-o", "ndjson"]));
        string[] add =
            ["quorum", "add", "2", "--directory", pair.SecondDirectoryId, "--at", $"CONTROLLER://127.0.0.1:{pair.Second.ControllerPort}", "-y"];
        Assert.Equal("""{"node":2,"status":"added"}""" + "\n", cluster.Output([.. add, "-o", "ndjson"]));
        Wait.Until(
            () => cluster.Run("quorum", "status", "-o", "ndjson").Output.Contains("\"role\":\"voter\"", StringComparison.Ordinal),
            TimeSpan.FromSeconds(60), "the vote");
        Cluster.AssertFailed(cluster.Run(add), 1, "DUPLICATE_VOTER");
        Assert.Contains("\"votersLeft\":1", cluster.Output(["quorum", "remove", "2", "--dry-run", "-o", "ndjson"]), StringComparison.Ordinal);
        Assert.Equal("""{"node":2,"status":"removed"}""" + "\n", cluster.Output(["quorum", "remove", "2", "-y", "-o", "ndjson"]));
        Wait.Until(
            () => !cluster.Run("quorum", "status", "-o", "ndjson").Output.Contains("\"role\":\"voter\"", StringComparison.Ordinal),
            TimeSpan.FromSeconds(60), "the vote to be gone");
    }

    private static void WaitFor(Cluster cluster, string topic, string text) => Wait.Until(
        () => cluster.Run("partition", "list", topic, "-o", "ndjson").Output.Contains(text, StringComparison.Ordinal),
        TimeSpan.FromSeconds(60), text);
}
