using Moldau.Cli.Tests.Verbs;
using Moldau.TestServers;

namespace Moldau.Cli.Tests.Shims;

/// <summary>Kafka's scripts as <c>moldau</c> does them.</summary>
public sealed class ShimTests : IDisposable
{
    /// <summary>Where the answer differs, with the reason. The list may only shrink.</summary>
    private static readonly Dictionary<string, string> Accepted = new(StringComparer.Ordinal)
    {
        ["dump-index"] = "the original complains of an empty index of the active segment, whose preallocated zeros it takes for entries",
        ["unreachable"] = "the original tries for a minute, this one tells at once; only the exit code is compared",
    };

    private readonly ScratchFolder _scratch = new("shims");

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Scripts_AnswerAsTheOriginals(string name) => ShimComparison.Run(
        name, "scripts", [.. ShimCases.All, .. ControllerShimCases.All, .. ConsoleShimCases.All],
        (server, scratch) =>
        {
            File.WriteAllText(scratch["delete.json"], """{"partitions":[{"topic":"one","partition":0,"offset":1}],"version":1}""");
            File.WriteAllText(scratch["beyond.json"], """{"partitions":[{"topic":"orders","partition":0,"offset":99}],"version":1}""");
            ControllerShimCases.WriteFiles(scratch, server);
            ConsoleShimCases.WriteFiles(scratch);
        },
        Accepted);

    [Fact]
    public void ALinkNamedLikeTheScript_IsTheScript()
    {
        if (MoldauServer.WhyMissing is { } notBuilt) Assert.Skip(notBuilt);
        string link = _scratch["kafka-topics.sh"];
        File.CreateSymbolicLink(link, MoldauServer.Executable);
        ProgramResult result = ChildProcess.Run(link, ["--list"], Cli.Patience);
        Assert.Equal((1, "--bootstrap-server must be specified\n"), (result.ExitCode, result.Error));
        Assert.Contains("--create", ChildProcess.Run(link, ["--help"], Cli.Patience).Error, StringComparison.Ordinal);
        Cli.AssertRefused(Cli.Run("kafka-nothing"), 2, "there is no command 'kafka-nothing'");
    }

    /// <summary>What the originals end with: health checks and entry points of containers look at it.</summary>
    [Theory]
    [InlineData(1, 1, "topics", "acls", "console-producer", "console-consumer", "consumer-groups", "configs", "get-offsets", "delete-records", "dump-log",
        "consumer-perf-test", "client-metrics", "groups", "share-groups", "console-share-consumer", "leader-election", "delegation-tokens", "log-dirs",
        "broker-api-versions", "reassign-partitions", "e2e-latency", "cluster", "transactions")]
    [InlineData(0, 1, "features", "storage", "metadata-quorum")]
    [InlineData(1, 0, "producer-perf-test", "verifiable-producer", "verifiable-consumer", "verifiable-share-consumer")]
    public void Help_AndNoArguments_EndAsTheOriginalsDo(int help, int none, params string[] scripts)
    {
        if (MoldauServer.WhyMissing is { } notBuilt) Assert.Skip(notBuilt);
        foreach (string script in scripts)
            Assert.Equal((script, help, none), (script, Cli.Run("kafka-" + script, "--help").ExitCode, Cli.Run("kafka-" + script).ExitCode));
    }

    /// <summary>A line for each interval with the fields of the original, and times as the pattern wants them.</summary>
    [Fact]
    public void ConsumerPerf_TellsOfEachInterval_AndWritesTimesByThePattern()
    {
        if (MoldauServer.WhyMissing is { } notBuilt) Assert.Skip(notBuilt);
        using MoldauServer server = new(new ServerOptions { Properties = ServerOptions.WithoutRetention });
        server.Start();
        Cluster cluster = new(server);
        cluster.Run("topic", "create", "timed", "-p", "1").Succeeded();
        cluster.Send(string.Concat(Enumerable.Repeat("0123456789\n", 2000)), "produce", "timed").Succeeded();
        string[] lines = Perf("--show-detailed-stats", "--reporting-interval", "1", "--date-format", "yy/M/d 'at' HH.mm.ss,SSS a Z");
        Assert.Equal(
            "time, threadId, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec",
            lines[0]);
        Assert.All(lines[1..], l => Assert.Matches(
            @"^\d\d/\d{1,2}/\d{1,2} at \d\d\.\d\d\.\d\d,\d{3} [AP]M [+-]\d{4}, 0, \d+\.\d{4}, \d+\.\d{4}, \d+, \d+\.\d{4}, \d+, \d+, \d+\.\d{4}, \d+\.\d{4}$", l));
        Assert.NotEmpty(lines[1..]);
        string line = Assert.Single(Perf("--hide-header", "--date-format", "''yyyy-DDD KK EEE"));
        Assert.Matches(@"^'\d{4}-\d{3} \d\d [A-Z][a-z][a-z], '\d{4}-\d{3} \d\d [A-Z][a-z][a-z], 0\.0191, \d+\.\d{4}, 2000, ", line);

        string[] Perf(params string[] options) => Cli
            .Run(["kafka-consumer-perf-test", "--bootstrap-server", cluster.Bootstrap, "--topic", "timed", "--num-records", "2000", .. options])
            .Succeeded().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Each name is one of the original's, in its layout, and what does not depend on time has its value.</summary>
    [Theory]
    [InlineData("producer-perf-test --topic measured --num-records 100 --record-size 10 --throughput -1", 18,
        "producer-metrics:record-send-total:{client-id=perf-producer-client}", "producer-topic-metrics:record-send-total:{client-id=perf-producer-client, topic=measured}",
        "producer-metrics:record-error-total:{client-id=perf-producer-client}", "producer-metrics:connection-close-total:{client-id=perf-producer-client}")]
    [InlineData("consumer-perf-test --topic measured --num-records 50", 20,
        "consumer-fetch-manager-metrics:records-consumed-total:{client-id=perf-consumer-client}",
        "consumer-fetch-manager-metrics:records-consumed-total:{client-id=perf-consumer-client, topic=measured}",
        "consumer-metrics:connection-close-total:{client-id=perf-consumer-client}")]
    public void PrintMetrics_HasTheOriginalsNames(string line, int least, params string[] equal)
    {
        if (MoldauServer.WhyMissing is { } notBuilt) Assert.Skip(notBuilt);
        if (ApacheServer.WhyMissing is { } missing) Assert.Skip(missing);
        using MoldauServer server = new(new ServerOptions { Properties = ServerOptions.WithoutRetention });
        server.Start();
        Cluster cluster = new(server);
        cluster.Run("topic", "create", "measured", "-p", "1").Succeeded();
        cluster.Send(string.Concat(Enumerable.Repeat("0123456789\n", 50)), "produce", "measured").Succeeded();
        string[] words = [.. line.Split(' '), "--bootstrap-server", cluster.Bootstrap, "--print-metrics"];
        string theirs = KafkaTools.Run(words[0], words[1..], timeout: TimeSpan.FromMinutes(2)).Succeeded();
        string ours = Cli.Run(["kafka-" + words[0], .. words[1..]]).Succeeded();
        Dictionary<string, string> original = Metrics(theirs);
        Dictionary<string, string> printed = Metrics(ours);
        Assert.Empty(printed.Keys.Except(original.Keys));
        Assert.True(printed.Count >= least, ours);
        Assert.All(equal, name => Assert.Equal(original[name], printed[name]));
        Assert.All(printed.Values, v => Assert.Matches(@"^\d+\.\d{3}$", v));

        static Dictionary<string, string> Metrics(string output)
        {
            string[] lines = output.Split("\n\nMetric Name")[1].Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Matches("^ +Value$", lines[0]);
            // Names hold colons too: the one that is meant stands in one column.
            int column = lines[0].Length + "Metric Name".Length - "Value".Length - 2;
            Assert.All(lines[1..], l => Assert.Equal(" : ", l.Substring(column - 1, 3)));
            return lines[1..].ToDictionary(l => l[..column].TrimEnd(), l => l[(column + 2)..]);
        }
    }

    [Fact]
    public void AScriptThatIsNotHere_NamesTheVerbThatDoesItsWork()
    {
        if (MoldauServer.WhyMissing is { } notBuilt) Assert.Skip(notBuilt);
        foreach ((string script, string told) in (ReadOnlySpan<(string, string)>)
            [
                ("kafka-mirror-maker", "'moldau topic copy' does its work"), ("kafka-jmx.sh", "no verb does its work yet"),
                ("kafka-run-class", "no verb does its work yet"), ("kafka-streams-groups", "no verb does its work yet"),
            ])
            Cli.AssertRefused(Cli.Run(script, "--list"), 2, told);
        string link = _scratch["kafka-mirror-maker.sh"];
        File.CreateSymbolicLink(link, MoldauServer.Executable);
        Cli.AssertRefused(ChildProcess.Run(link, ["--help"], Cli.Patience), 2, "'moldau topic copy' does its work");
    }

    public void Dispose() => _scratch.Dispose();
}
