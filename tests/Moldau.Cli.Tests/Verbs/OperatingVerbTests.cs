using Moldau.TestServers;
using Moldau.TestServers.Wire;

namespace Moldau.Cli.Tests.Verbs;

/// <summary>The verbs that operate a cluster of one node.</summary>
[Collection("verbs")]
public sealed class OperatingVerbTests(Clusters clusters)
{
    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Quotas_InEveryFormat(string name)
    {
        Cluster cluster = clusters.Get(name);
        string user = Cluster.NewName("u");
        string[] set = ["quota", "set", "--user", user, "produce=10MB/s", "request=12.5%"];
        if (!cluster.Offers("DescribeClientQuotas", "quota", "list") | !cluster.Offers("AlterClientQuotas", [.. set, "--dry-run"])) return;
        Assert.Equal(
            """
            {"entity":"user=U","key":"producer_byte_rate","value":10000000,"status":"set","user":"U","clientId":null,"ip":null}
            {"entity":"user=U","key":"request_percentage","value":12.5,"status":"set","user":"U","clientId":null,"ip":null}

            """, cluster.Output([.. set, "-o", "ndjson"], (user, "U")));
        string[] list = ["quota", "list", "--user", user];
        string pad = new(' ', user.Length - 1);
        Assert.Equal(
            $"""
            ENTITY{pad}  KEY                    VALUE
            user={user}  producer_byte_rate  10000000
            user={user}  request_percentage      12.5

            """, cluster.Output(list));
        Assert.Equal("user=U\n", cluster.Output([.. list, "-o", "name"], (user, "U")));
        Assert.StartsWith(
            """
            - entity: "user=U"
              key: producer_byte_rate
              value: 10000000
              user: U
            """, cluster.Output([.. list, "-o", "yaml"], (user, "U")), StringComparison.Ordinal);
        Assert.Contains("\"value\": 10000000", cluster.Output([.. list, "-o", "json"]), StringComparison.Ordinal);
        Assert.Contains("CLIENT-ID", cluster.Output([.. list, "-o", "wide"]), StringComparison.Ordinal);
        Cluster.AssertFailed(cluster.Run("quota", "clear", "--user", user, "consume", "-y"), 3, "has no such quota");
        Cluster.AssertFailed(cluster.Run("quota", "clear", "--user", user), 2, "Take 2 quotas away?", "say -y");
        cluster.Run("quota", "clear", "--user", user, "produce", "-y").Succeeded();
        Assert.Contains("request_percentage", cluster.Output(["quota", "clear", "--user", user, "-y"]), StringComparison.Ordinal);
        Assert.DoesNotContain(user, cluster.Output(["quota", "list"]), StringComparison.Ordinal);
        Cluster.AssertFailed(cluster.Run("quota", "set", "produce=1"), 2, "needs --user, --client-id or --ip");
        Cluster.AssertFailed(cluster.Run("quota", "set", "--user", "u", "produced=1"), 2, "did you mean 'produce'");
        Cluster.AssertFailed(cluster.Run("quota", "set", "--user", "u", "produce=much"), 2, "is no number");
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Users_AreMadeListedAndDeleted(string name)
    {
        Cluster cluster = clusters.Get(name);
        string user = Cluster.NewName("u");
        string[] create = ["user", "create", user, "--scram", "sha256,sha512", "--iterations", "8192"];
        if (!cluster.Offers("DescribeUserScramCredentials", "user", "list")
            | !cluster.Offers("AlterUserScramCredentials", [.. create, "--password", "secret"])) return;
        Cluster.AssertFailed(cluster.Send("\n", create), 2, "the password is empty");
        ProgramResult made = cluster.Send("other secret\n", [.. create, "-o", "ndjson"]);
        Assert.DoesNotContain("secret", made.Output + made.Error, StringComparison.Ordinal);
        Assert.Equal(
            """
            {"user":"U","scram":"SCRAM-SHA-256","iterations":8192,"status":"set"}
            {"user":"U","scram":"SCRAM-SHA-512","iterations":8192,"status":"set"}

            """, made.Succeeded().Replace(user, "U", StringComparison.Ordinal));
        string pad = new(' ', user.Length - 4);
        Assert.Equal(
            $"""
            USER{pad}  SCRAM          ITERATIONS
            {user}  SCRAM-SHA-256        8192
            {user}  SCRAM-SHA-512        8192

            """, cluster.Output(["user", "list", user]));
        Assert.Equal(
            """{"user":"U","scram":"SCRAM-SHA-256","iterations":8192}""" + "\n",
            cluster.Output(["user", "delete", user, "--scram", "sha256", "--dry-run", "-o", "ndjson"], (user, "U")));
        cluster.Run("user", "delete", user, "--scram", "sha256", "-y").Succeeded();
        Assert.Equal(
            """{"user":"U","scram":"SCRAM-SHA-512","status":"deleted"}""" + "\n",
            cluster.Output(["user", "delete", user, "-y", "-o", "ndjson"], (user, "U")));
        Cluster.AssertFailed(cluster.Run("user", "list", user), 3, user, "RESOURCE_NOT_FOUND");
        Cluster.AssertFailed(cluster.Run("user", "create", user, "--scram", "md5"), 2, "it is sha256 or sha512");
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Acls_WithoutAnAuthorizer_AreRefused(string name)
    {
        Cluster cluster = clusters.Get(name);
        if (cluster.Offers("DescribeAcls", "acl", "list"))
            Cluster.AssertFailed(cluster.Run("acl", "list"), 1, "SECURITY_DISABLED", "authorizer.class.name");
        string[] grant = ["acl", "grant", "--user", "alice", "--topic", "orders", "--op", "read"];
        if (cluster.Offers("CreateAcls", grant)) Cluster.AssertFailed(cluster.Run(grant), 1, "SECURITY_DISABLED");
        Cluster.AssertFailed(cluster.Run("acl", "grant", "--topic", "t", "--op", "read"), 2, "needs --user");
        Cluster.AssertFailed(cluster.Run("acl", "grant", "--user", "u", "--topic", "t", "--op", "raed"), 2, "did you mean 'read'");
        Cluster.AssertFailed(cluster.Run("acl", "revoke"), 2, "--all means all rules");
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Transactions_OfACluster(string name)
    {
        Cluster cluster = clusters.Get(name);
        string topic = Cluster.NewName("t");
        cluster.Run("topic", "create", topic, "-p", "1").Succeeded();
        Assert.Equal("PARTITION  START  PRODUCER-ID  EPOCH  LAST-WRITE  ID\n", cluster.Output(["txn", "hanging", topic]));
        Cluster.AssertFailed(cluster.Run("txn", "abort", topic + "/0", "--start", "5", "-y"), 3, "no open transaction of", "begins at 5");
        Cluster.AssertFailed(cluster.Run("txn", "abort", topic, "--start", "5"), 2, "is no partition; write TOPIC/N");
        Cluster.AssertFailed(cluster.Run("txn", "list", "--longer-than", "soon"), 2, "is no time");
        if (!cluster.Offers("ListTransactions", "txn", "list")) return;
        Assert.StartsWith("ID  STATE  PRODUCER-ID  COORDINATOR\n", cluster.Output(["txn", "list", "--pattern", "no-such-id"]), StringComparison.Ordinal);
        Cluster.AssertFailed(cluster.Run("txn", "describe", "nobody"), 3, "TRANSACTIONAL_ID_NOT_FOUND", "'moldau txn list'");
        Cluster.AssertFailed(cluster.Run("txn", "abort", "nobody", "-y"), 3, "TRANSACTIONAL_ID_NOT_FOUND");
        Cluster.AssertFailed(cluster.Run("txn", "list", "--state", "Odd"), 1, "no state 'Odd'");
    }

    /// <summary>Kafka's own producer test leaves a transaction open when it is killed.</summary>
    [Fact]
    public void OpenTransaction_IsListedDescribedAndAborted()
    {
        Cluster cluster = clusters.Get(Clusters.Apache);
        string topic = Cluster.NewName("t");
        string id = Cluster.NewName("txn");
        cluster.Run("topic", "create", topic, "-p", "1").Succeeded();
        using ChildProcess producer = KafkaTools.Start(
            "producer-perf-test",
            [
                "--topic", topic, "--num-records", "100000", "--record-size", "10", "--throughput", "20",
                "--producer-props", $"bootstrap.servers={cluster.Bootstrap}", "--transactional-id", id, "--transaction-duration-ms", "600000",
            ]);
        Wait.Until(
            () => cluster.Run("txn", "list", "--state", "Ongoing", "-o", "name").Succeeded().Contains(id, StringComparison.Ordinal),
            TimeSpan.FromSeconds(90), "the transaction to begin");
        string described = cluster.Output(["txn", "describe", id, "-o", "ndjson"], (id, "ID"), (topic, "T"));
        Assert.Matches(
            """^{"id":"ID","state":"Ongoing","producerId":\d+,"epoch":\d+,"started":"20\d\d-[^"]+Z","partitions":"T/0","timeoutMs":\d+,"coordinator":1}""",
            described);
        Assert.Contains(id, cluster.Output(["txn", "list", "--longer-than", "1ms", "-o", "name"]), StringComparison.Ordinal);
        Assert.Equal("", cluster.Output(["txn", "hanging", topic, "--longer-than", "0s", "-o", "name"]));
        Cluster.AssertFailed(cluster.Run("txn", "abort", id), 2, "fence its producer?", "say -y");
        Assert.Equal(
            """{"id":"ID","status":"aborted"}""" + "\n", cluster.Output(["txn", "abort", id, "-y", "-o", "ndjson"], (id, "ID")));
        Wait.Until(
            () => !cluster.Run("txn", "describe", id, "-o", "ndjson").Succeeded().Contains("Ongoing", StringComparison.Ordinal),
            TimeSpan.FromSeconds(60), "the transaction to end");
        producer.Kill();
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Partitions_OfOneNode(string name)
    {
        Cluster cluster = clusters.Get(name);
        string topic = Cluster.NewName("t");
        cluster.Run("topic", "create", topic, "-p", "1").Succeeded();
        Assert.Equal(
            """{"partition":"T/0","leader":1,"replicas":[1],"inSync":[1],"adding":null,"removing":null,"offline":[],"leaderEpoch":0}""" + "\n",
            cluster.Output(["partition", "list", topic, "-o", "ndjson"], (topic, "T")));
        string part = topic + "/0";
        if (cluster.Offers("AlterPartitionReassignments", "partition", "move", part, "--to", "1", "-y"))
            Cluster.AssertFailed(cluster.Run("partition", "move", part, "--to", "99", "-y"), 1, "cannot be moved");
        if (cluster.Offers("ListPartitionReassignments", "partition", "cancel"))
        {
            Assert.Contains("nothing is moving", cluster.Run("partition", "cancel").Error, StringComparison.Ordinal);
            Cluster.AssertFailed(cluster.Run("partition", "cancel", part), 3, "is not moving");
        }

        if (cluster.Offers("ElectLeaders", "partition", "elect", part, "-y"))
            Assert.Equal(
                """{"partition":"T/0","status":"not needed"}""" + "\n",
                cluster.Output(["partition", "elect", part, "-y", "-o", "ndjson"], (topic, "T")));
        Assert.Contains("no partition needs it", cluster.Run("partition", "elect").Error, StringComparison.Ordinal);
        Assert.Equal(
            """{"partition":"T/0","leader":1,"replicas":[1]}""" + "\n",
            cluster.Output(["partition", "lead", part, "--to", "1", "-y", "-o", "ndjson"], (topic, "T")));
        Cluster.AssertFailed(cluster.Run("partition", "lead", part, "--to", "7", "-y"), 1, "broker 7 is no in-sync replica of", "those are 1");
        Cluster.AssertFailed(cluster.Run("partition", "move", topic + "/9", "--to", "1"), 3, "does not exist");
        Cluster.AssertFailed(cluster.Run("partition", "move", part), 2, "needs --to");
        Cluster.AssertFailed(cluster.Run("partition", "move", part, "--to", "one"), 2, "is no list of broker ids");
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void BrokersDirectoriesFeaturesAndQuorum(string name)
    {
        Cluster cluster = clusters.Get(name);
        string topic = Cluster.NewName("t");
        cluster.Run("topic", "create", topic, "-p", "2").Succeeded();
        cluster.Send("a\n", "produce", topic, "-p", "0").Succeeded();
        Assert.Matches(
            """^{"id":1,"host":"127.0.0.1","port":PORT,"rack":null,"fenced":false,"leads":\d+,"replicas":\d+,"size":\d+,"free":\d+,"controller":true,"logDirs":"[^"]+"}\n$""",
            cluster.Output(["broker", "describe", "1", "-o", "ndjson"]));
        Cluster.AssertFailed(cluster.Run("broker", "describe", "1", "9"), 6, "there is no broker 9");
        if (cluster.Offers("UnregisterBroker", "broker", "unregister", "9", "-y"))
            Cluster.AssertFailed(cluster.Run("broker", "unregister", "9", "-y"), 3, "BROKER_ID_NOT_REGISTERED");
        Assert.Matches(
            """^{"broker":1,"path":"[^"]+","replicas":2,"size":\d+,"total":\d+,"free":\d+,"error":null,"cordoned":false}\n$""",
            cluster.Output(["log", "dirs", "--topic", topic, "-o", "ndjson"]));
        Assert.Matches(
            """^{"partition":"T/0","broker":1,"size":[1-9]\d*,"lag":0,"future":false,"path":"[^"]+"}\n{"partition":"T/1",.*}\n$""",
            cluster.Output(["log", "dirs", "1", "--topic", topic, "--replicas", "-o", "ndjson"], (topic, "T")));
        Cluster.AssertFailed(cluster.Run("log", "dirs", "9"), 3, "there is no broker 9");
        Assert.Matches(@"metadata\.version +\d+ +\d+ +\d+", cluster.Output(["cluster", "features"]));
        if (cluster.Offers("DescribeQuorum", "quorum", "status"))
            Assert.Matches("""^{"node":1,"role":"leader","endOffset":\d+,"lag":0,""", cluster.Output(["quorum", "status", "-o", "ndjson"]));
        string[] add = ["quorum", "add", "2", "--directory", "3Db5QLSqSZieL3rJBUUegA", "--at", "CONTROLLER://localhost:1"];
        Assert.Equal(
            """{"node":2,"directoryId":"3Db5QLSqSZieL3rJBUUegA","endpoint":"CONTROLLER://localhost:1"}""" + "\n",
            cluster.Output([.. add, "--dry-run", "-o", "ndjson"]));
        Cluster.AssertFailed(cluster.Run("quorum", "add", "2", "--at", "localhost:1"), 2, "LISTENER://HOST:PORT");
        Cluster.AssertFailed(cluster.Run("quorum", "add", "2", "--at", "C://localhost:1", "--directory", "x"), 2, "is no id");
        if (cluster.Offers("DescribeQuorum", "quorum", "remove", "7", "-y"))
            Cluster.AssertFailed(cluster.Run("quorum", "remove", "7", "-y"), 3, "VOTER_NOT_FOUND");
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Evict_PutsMembersOut(string name)
    {
        Cluster cluster = clusters.Get(name);
        string topic = Cluster.NewName("t");
        string group = Cluster.NewName("g");
        cluster.Run("topic", "create", topic, "-p", "1").Succeeded();
        string member = ClassicMember.Join(cluster.Port, group, topic);
        Cluster.AssertFailed(cluster.Run("group", "evict", group), 2, "needs members, or --all");
        Cluster.AssertFailed(cluster.Run("group", "evict", group, "stranger", "-y"), 3, "has no member 'stranger'");
        Assert.Matches(
            """^{"member":"M","instance":null,"client":"[^"]*","host":"[^"]+","partitions":1}\n$""",
            cluster.Output(["group", "evict", group, "--all", "--dry-run", "-o", "ndjson"], (member, "M")));
        Assert.Equal(
            """{"member":"M","status":"out"}""" + "\n",
            cluster.Output(["group", "evict", group, "--all", "-y", "-o", "ndjson"], (member, "M")));
        Cluster.AssertFailed(cluster.Run("group", "evict", group, member, "-y"), 3, "has no member");
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void ShareGroup_IsListedDescribedSoughtAndDeleted(string name)
    {
        Cluster cluster = clusters.Get(name);
        Assert.StartsWith("GROUP", cluster.Output(["share", "list"]), StringComparison.Ordinal);
        if (!cluster.Offers("ShareGroupDescribe", "share", "describe", "nobody")) return;
        Cluster.AssertFailed(cluster.Run("share", "describe", "nobody"), 3, "GROUP_ID_NOT_FOUND");
        string topic = Cluster.NewName("t");
        string group = Cluster.NewName("s");
        cluster.Run("topic", "create", topic, "-p", "1").Succeeded();
        cluster.Send("a\nb\nc\n", "produce", topic).Succeeded();
        ShareMember.JoinAndLeave(cluster.Port, group, topic);
        Assert.Contains("""{"group":"G","state":"Empty"}""", cluster.Output(["share", "list", "-o", "ndjson"], (group, "G")), StringComparison.Ordinal);
        string[] seek = ["share", "seek", group, "--to", "2", "--topic", topic, "-o", "ndjson"];
        Cluster.AssertFailed(cluster.Run(seek), 2, "Set 1 offset of group", "say -y");
        Assert.Equal(
            """{"group":"G","topic":"T","partition":0,"start":2}""" + "\n", cluster.Output([.. seek, "-y"], (topic, "T"), (group, "G")));
        Assert.Matches(
            """^{"group":"G","state":"Empty","topic":"T","partition":0,"start":2,"lag":1,"members":0,"assignor":"[^"]*","epoch":\d+,"coordinator":1}\n$""",
            cluster.Output(["share", "describe", group, "-o", "ndjson"], (topic, "T"), (group, "G")));
        Assert.Equal("GROUP  MEMBER  CLIENT  HOST  PARTITIONS  TOPICS\n", cluster.Output(["share", "describe", group, "--members"]));
        foreach ((string to, long start) in (ReadOnlySpan<(string, long)>)[("start", 0), ("end", 3), ("@1970-01-01", 0), ("-2h", 0)])
            Assert.Contains($"\"to\":{start}", cluster.Output(["share", "seek", group, "--to", to, "--dry-run", "-o", "ndjson"]), StringComparison.Ordinal);
        Cluster.AssertFailed(cluster.Run("share", "seek", group, "--to", "heaven"), 2, "'--to heaven' is no place");
        Assert.Equal(
            """{"group":"G","topic":"T","status":"forgotten"}""" + "\n",
            cluster.Output(["share", "delete", group, "--topic", topic, "-y", "-o", "ndjson"], (topic, "T"), (group, "G")));
        Assert.Equal(
            """{"group":"G","status":"deleted"}""" + "\n", cluster.Output(["share", "delete", group, "-y", "-o", "ndjson"], (group, "G")));
        Cluster.AssertFailed(cluster.Run("share", "delete", group, "-y"), 3, "GROUP_ID_NOT_FOUND");
    }

    [Fact]
    public void LoggersAndClientMetrics_AreConfiguredAsOtherThingsAre()
    {
        Cluster cluster = clusters.Get(Clusters.Apache);
        string logger = cluster.Output(["config", "get", "logger", "1", "-o", "name"]).Split('\n').First(l => l.StartsWith("org.apache", StringComparison.Ordinal));
        cluster.Run("config", "set", "logger", "1", logger + "=ERROR").Succeeded();
        Assert.Contains("ERROR  logger", cluster.Output(["config", "get", "logger", "1", logger]), StringComparison.Ordinal);
        cluster.Run("config", "unset", "logger", "1", logger).Succeeded();
        string metrics = Cluster.NewName("m");
        cluster.Run("config", "set", "metrics", metrics, "interval.ms=60000").Succeeded();
        Assert.Contains("60000  metrics", cluster.Output(["config", "get", "metrics", metrics, "interval.ms"]), StringComparison.Ordinal);
        Cluster.AssertFailed(cluster.Run("config", "get", "logger", "all"), 2, "'all' is no broker's id");
    }
}
