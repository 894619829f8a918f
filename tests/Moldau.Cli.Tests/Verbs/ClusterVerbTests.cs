using Moldau.TestServers;

namespace Moldau.Cli.Tests.Verbs;

/// <summary>Brokers and configuration, and what is wrong before any cluster is asked.</summary>
[Collection("verbs")]
public sealed class ClusterVerbTests(Clusters clusters)
{
    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void BrokersAndTheirConfiguration(string name)
    {
        Cluster cluster = clusters.Get(name);
        Assert.Equal(
            """{"id":1,"host":"127.0.0.1","port":PORT,"rack":null,"controller":true,"clusterId":"ID"}""" + "\n",
            Cluster.WithoutIds(cluster.Output(["broker", "list", "-o", "ndjson"])));
        Assert.Equal(
            "NAME     VALUE  SOURCE\nnode.id  1      file\n", cluster.Output(["config", "get", "broker", "1", "node.id"]));
        string[] set = ["config", "set", "broker", "all", "log.cleaner.backoff.ms=20000"];
        Assert.Contains("would be set", cluster.Output([.. set, "--dry-run"]), StringComparison.Ordinal);
        cluster.Run(set).Succeeded();
        Assert.Equal(
            """{"name":"log.cleaner.backoff.ms","value":"20000","source":"all-brokers","readOnly":false,"sensitive":false}""" + "\n",
            cluster.Output(["config", "get", "broker", "all", "log.cleaner.backoff.ms", "-o", "ndjson"]));
        cluster.Run("config", "unset", "broker", "all", "log.cleaner.backoff.ms").Succeeded();
        Assert.DoesNotContain("cleaner", cluster.Output(["config", "get", "broker", "all", "-o", "name"]), StringComparison.Ordinal);
        cluster.Run("config", "set", "group", "some-group", "consumer.session.timeout.ms=50000").Succeeded();
        Assert.Contains(
            "consumer.session.timeout.ms  50000  group",
            cluster.Output(["config", "get", "group", "some-group", "--changed"]), StringComparison.Ordinal);
        Cluster.AssertFailed(cluster.Run("config", "get", "planet", "earth"), 2, "'planet' has no configuration");
    }

    [Theory]
    [InlineData("did you mean '--partitions'", "topic", "create", "t", "--partition", "3")]
    [InlineData("did you mean '--until'", "consume", "t", "--untill", "end")]
    [InlineData("did you mean 'topic list'", "topic", "lst")]
    [InlineData("did you mean 'consume'", "consum", "t")]
    [InlineData("did you mean 'linger.ms'", "produce", "t", "-X", "linger.m=5")]
    [InlineData("acks is to be one of all, -1, 1, 0", "produce", "t", "-X", "acks=2")]
    [InlineData("'linger.ms' and 'queue.buffering.max.ms' are the same", "produce", "t", "-X", "linger.ms=1", "-X", "queue.buffering.max.ms=2")]
    [InlineData("'--command-config nowhere.properties' cannot be read", "topic", "list", "--command-config", "nowhere.properties")]
    [InlineData("needs a verb: list, describe, create", "topic")]
    [InlineData("needs more than that; usage: moldau topic create NAME", "topic", "create")]
    [InlineData("takes no 'b'", "topic", "list", "a", "b")]
    [InlineData("needs a value", "topic", "list", "-o")]
    [InlineData("'xml' is no output format; they are table|wide|json", "topic", "list", "-o", "xml")]
    [InlineData("is no whole number from 1 on", "topic", "create", "t", "-p", "many")]
    [InlineData("'--timeout soon' is no time", "topic", "list", "--timeout", "soon")]
    [InlineData("is not host:port", "topic", "list", "-b", "here")]
    [InlineData("no codec 'rar'", "produce", "t", "-z", "rar")]
    public void WrongUsage_IsExitCodeTwo(string text, params string[] arguments) =>
        Cli.AssertRefused(Cli.Run(arguments), 2, text);

    [Fact]
    public void Unreachable_IsExitCodeFive_AtOnce()
    {
        int port = FreePorts.Take();
        foreach (string[] verb in (string[][])[["topic", "list"], ["consume", "t"], ["produce", "t"], ["group", "lag"]])
            Cli.AssertRefused(Cli.Run([.. verb, "-b", $"localhost:{port}"]), 5, $"no broker can be reached at localhost:{port}: connection refused");
    }

    [Fact]
    public void CommandConfig_NamesThePropertiesAndTheCluster()
    {
        Cluster cluster = clusters.Get(Clusters.Ours);
        using ScratchFolder scratch = new("cli");
        File.WriteAllLines(
            scratch["client.properties"], [$"bootstrap.servers={cluster.Bootstrap}", "client.id=config", "ssl.provider=BC"]);
        ProgramResult result = Cli.Run("broker", "list", "-o", "name", "--command-config", scratch["client.properties"]);
        Assert.Equal("1\n", result.Succeeded());
        Assert.Contains("ssl.provider is not used", result.Error, StringComparison.Ordinal);
        File.AppendAllText(scratch["client.properties"], "security.protocol=SSL\n");
        result = Cli.Run("broker", "list", "-q", "--command-config", scratch["client.properties"]);
        Cli.AssertRefused(result, 5, "set security.protocol=PLAINTEXT");
        Cli.AssertRefused(
            Cli.Run("broker", "list", "-b", cluster.Bootstrap, "-X", "security.protocol=SASL_SSL"), 2, "sasl.mechanism is not set");
    }

    [Fact]
    public void Environment_NamesTheBootstrap()
    {
        Cluster cluster = clusters.Get(Clusters.Ours);
        using ChildProcess program = Cli.StartWith(
            new Dictionary<string, string> { ["MOLDAU_BOOTSTRAP"] = cluster.Bootstrap }, "broker", "list", "-o", "name");
        Assert.Equal("1\n", program.WaitForEnd(Cli.Patience).Succeeded());
    }

    [Fact]
    public void Help_SaysWhatAVerbTakes()
    {
        string all = Cli.Run("help").Succeeded();
        foreach (string verb in (string[])["topic create", "produce", "consume", "group seek", "config get", "broker list", "completion"])
        {
            Assert.Contains($"moldau {verb}", all, StringComparison.Ordinal);
            string one = Cli.Run(["help", .. verb.Split(' ')]).Succeeded();
            Assert.StartsWith($"moldau {verb}", one, StringComparison.Ordinal);
            Assert.Contains("For example:", one, StringComparison.Ordinal);
        }

        Assert.Contains("topic trim", Cli.Run("help", "topic").Succeeded(), StringComparison.Ordinal);
        Assert.Contains("--if-not-exists", Cli.Run("topic", "create", "--help").Succeeded(), StringComparison.Ordinal);
    }

    [Fact]
    public void Completion_NamesVerbsOptionsTopicsAndGroups()
    {
        Cluster cluster = clusters.Get(Clusters.Ours);
        string topic = Cluster.NewName("complete");
        cluster.Run("topic", "create", topic, "-p", "1").Succeeded();
        Assert.Equal("describe delete", Completed(cluster, "topic", "de"));
        Assert.Equal("topic top", Completed(cluster, "top"));
        Assert.Equal("topic", Completed(cluster, "topi"));
        Assert.Equal("--compression", Completed(cluster, "produce", topic, "--comp"));
        Assert.Equal("ndjson name", Completed(cluster, "topic", "list", "-o", "n"));
        Assert.Equal(topic, Completed(cluster, "topic", "describe", topic[..^2]));
        Assert.Equal(topic, Completed(cluster, "config", "get", "topic", topic[..^2]));
        Assert.Equal("retention.bytes retention.ms", Completed(cluster, "config", "get", "topic", topic, "retention."));
        // Nobody there to ask is no reason to disturb the line that is typed.
        Assert.Equal("", Completed(cluster, "topic", "describe", "-b", "127.0.0.1:1", "x"));
        foreach (string shell in (string[])["zsh", "fish", "pwsh"])
            Assert.Contains("complete -- ", Cli.Run("completion", shell).Succeeded(), StringComparison.Ordinal);
        Cli.AssertRefused(Cli.Run("completion", "cmd"), 2, "only for bash, zsh, fish and pwsh");
    }

    /// <summary>What bash offers for the last word.</summary>
    private static string Completed(Cluster cluster, params string[] words)
    {
        string line = string.Join(' ', words.Select(w => $"'{w}'"));
        ProgramResult completed = ChildProcess.Run(
            "bash",
            [
                "-c",
                $"source <(\"$PROGRAM\" completion bash); COMP_WORDS=(\"$PROGRAM\" {line}) COMP_CWORD={words.Length}; _moldau; echo ${{COMPREPLY[*]}}",
            ],
            Cli.Patience,
            environment: new Dictionary<string, string> { ["PROGRAM"] = MoldauServer.Executable, ["MOLDAU_BOOTSTRAP"] = cluster.Bootstrap });
        return completed.Succeeded().TrimEnd('\n');
    }
}
