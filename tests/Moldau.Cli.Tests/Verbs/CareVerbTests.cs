using Moldau.TestServers;

namespace Moldau.Cli.Tests.Verbs;

/// <summary>Health, doctor, benchmarks, configuration in an editor, profiles, schemas.</summary>
[Collection("verbs")]
public sealed class CareVerbTests(Clusters clusters)
{
    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Health_OfAWholeCluster(string name)
    {
        Cluster cluster = clusters.Get(name);
        Assert.Equal(
            """
            CHECK                                 STATUS  COUNT  DETAIL
            controller                            ok          -  -
            brokers                               ok          1  -
            partitions without leader             ok          0  -
            partitions out of sync                ok          0  -
            partitions with offline replicas      ok          0  -
            partitions below min.insync.replicas  ok          0  -

            """, cluster.Output(["health", "--exit-when-healthy"]));
    }

    [Fact]
    public void Health_WaitsForANodeThatIsNotThereYet()
    {
        if (MoldauServer.WhyMissing is { } why) Assert.Skip(why);
        (int client, int controller) = FreePorts.Pair();
        using MoldauServer server = new(new ServerOptions { Ports = (client, controller) });
        Cli.AssertRefused(Cli.Run("health", "-b", server.Bootstrap), 5, "connection refused");
        Cli.AssertRefused(Cli.Run("health", "-b", server.Bootstrap, "-e", "--timeout", "300ms"), 5, "connection refused");
        using ChildProcess waiting = Cli.Start("health", "-e", "-b", server.Bootstrap, "--timeout", "100s");
        server.Start();
        Assert.Contains("brokers", waiting.WaitForEnd(Cli.Patience).Succeeded(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Doctor_FindsNothingWhereAllIsWell(string name)
    {
        Cluster cluster = clusters.Get(name);
        string found = cluster.Output(["doctor", "-o", "ndjson"]);
        Assert.DoesNotContain("\"fail\"", found, StringComparison.Ordinal);
        foreach (string check in (string[])
            ["bootstrap name", "bootstrap port", "bootstrap protocol", "cluster", "broker 1 advertised protocol", "clock", "open files", "disk space"])
            Assert.Contains($$"""{"check":"{{check}}","status":""", found, StringComparison.Ordinal);
        Assert.Contains("""{"check":"clock","status":"ok","found":"as the controller's","advice":null}""", found, StringComparison.Ordinal);
    }

    [Fact]
    public void Doctor_SaysWhatIsWrong_AndWhatToDo()
    {
        int port = FreePorts.Take();
        Ill(["-b", $"localhost:{port}"], "bootstrap port", "nothing listens there");
        Ill(["-b", "no-such-host.invalid:9092"], "bootstrap name", "correct the name");
        using ChildProcess dev = Cli.Start("dev", "--ephemeral", "--port", $"{FreePorts.TakeTwoInARow()}", "--http-port", $"{port}");
        dev.WaitUntilStarted();
        Ill(["-b", $"localhost:{port}"], "bootstrap protocol", "this is no Kafka port");
    }

    [Fact]
    public void Doctor_SeesAdvertisedAddressesThatNobodyReaches()
    {
        if (MoldauServer.WhyMissing is { } why) Assert.Skip(why);
        int nowhere = FreePorts.Take();
        using MoldauServer server = new(new ServerOptions
        {
            Properties = new Dictionary<string, string> { ["advertised.listeners"] = $"PLAINTEXT://127.0.0.1:{nowhere}" },
        });
        server.Start();
        Ill(["-b", server.Bootstrap], "broker 1 advertised", "set advertised.listeners to an address that clients reach");
    }

    [Fact]
    public void Bench_MeasuresProduceConsumeEndToEndAndDisk()
    {
        Cluster cluster = clusters.Get(Clusters.Ours);
        string topic = Cluster.NewName("bench");
        ProgramResult produced = cluster.Run("bench", "produce", topic, "-n", "2000", "-s", "100", "-p", "2", "-o", "ndjson");
        Assert.Matches(
            """^{"bench":"produce","records":2000,"seconds":[\d.]+,"recordsPerSecond":[\d.]+,"mbPerSecond":[\d.]+,"meanMs":[\d.]+,"p50Ms":[\d.]+,"p90Ms":[\d.]+,"p95Ms":[\d.]+,"p99Ms":[\d.]+,"p999Ms":[\d.]+,"p9999Ms":[\d.]+,"maxMs":[\d.]+}\n$""", produced.Succeeded());
        // Scripts that read the summary of Kafka's own tools find it.
        Assert.Matches(
            @"2000 records sent, [\d.]+ records/sec \([\d.]+ MB/sec\), [\d.]+ ms avg latency, [\d.]+ ms max latency, \d+ ms 50th, \d+ ms 95th, \d+ ms 99th, \d+ ms 99.9th\.",
            produced.Error);
        ProgramResult consumed = cluster.Run("bench", "consume", topic, "-o", "ndjson");
        Assert.Contains("""{"bench":"consume","records":2000,""", consumed.Succeeded(), StringComparison.Ordinal);
        Assert.Contains("start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec", consumed.Error, StringComparison.Ordinal);
        Assert.Contains(
            """{"bench":"e2e","records":200,""",
            cluster.Output(["bench", "e2e", topic, "-n", "200", "--rate", "1k", "-o", "ndjson"]), StringComparison.Ordinal);
        using ScratchFolder scratch = new("bench");
        string disk = Cli.Run("bench", "disk", scratch.FullPath, "-s", "1", "-o", "ndjson").Succeeded();
        Assert.Contains("""{"bench":"append","records":16,""", disk, StringComparison.Ordinal);
        Assert.Contains("""{"bench":"sync","records":200,""", disk, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(scratch.FullPath));
        Cluster.AssertFailed(cluster.Run("bench", "consume", "no-such-topic"), 3, "UNKNOWN_TOPIC_OR_PARTITION");
        Cli.AssertRefused(Cli.Run("bench", "produce", "t", "--rate", "fast"), 2, "is no rate");
    }

    [Fact]
    public void BenchNet_MeasuresTheWayToEachBroker()
    {
        Cluster cluster = clusters.Get(Clusters.Ours);
        Assert.Matches(
            """^{"bench":"net 1","records":50,"seconds":[\d.]+,"recordsPerSecond":[\d.]+,"mbPerSecond":0,"meanMs":[\d.]+,"p50Ms":[\d.]+,""",
            cluster.Output(["bench", "net", "-n", "50", "-o", "ndjson"]));
        Cluster.AssertFailed(cluster.Run("bench", "net", "9"), 3, "there is no broker 9");
    }

    [Fact]
    public void DevReset_DeletesTheDataOfDev_AndNothingElse()
    {
        using ScratchFolder scratch = new("reset");
        string data = scratch["data"];
        string[] reset = ["dev", "reset", "--data", data];
        Assert.Contains("there is no data", Cli.Run(reset).Error, StringComparison.Ordinal);
        Directory.CreateDirectory(data);
        File.WriteAllText(Path.Combine(data, "letters.txt"), "dear");
        Cli.AssertRefused(Cli.Run([.. reset, "-y"]), 1, "is no data folder of a node");
        Directory.Delete(data, recursive: true);
        using (ChildProcess dev = Cli.Start("dev", "--data", data, "--port", $"{FreePorts.TakeTwoInARow()}", "--http-port", $"{FreePorts.Take()}"))
        {
            dev.WaitUntilStarted();
            Cli.AssertRefused(Cli.Run([.. reset, "-y"]), 1, "a node runs on");
            Cli.Signal(dev, Cli.Interrupt);
            dev.WaitForEnd(Cli.Patience).Succeeded();
        }

        Cli.AssertRefused(Cli.Run(reset), 2, "say -y");
        Assert.Equal(data + "\n", Cli.Run([.. reset, "--dry-run"]).Succeeded());
        Assert.True(Directory.Exists(data));
        Cli.Run([.. reset, "-y"]).Succeeded();
        Assert.False(Directory.Exists(data));
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Config_DiffEditExplain(string name)
    {
        Cluster cluster = clusters.Get(name);
        string topic = Cluster.NewName("t");
        string other = Cluster.NewName("t");
        cluster.Run("topic", "create", topic, "-c", "retention.ms=5000", "-c", "segment.bytes=2000000").Succeeded();
        cluster.Run("topic", "create", other, "-c", "segment.bytes=2000000").Succeeded();
        Assert.Equal(
            """{"name":"retention.ms","left":"5000","right":"604800000","leftSource":"topic","rightSource":"default"}""" + "\n",
            cluster.Output(["config", "diff", "topic", topic, other, "-o", "ndjson"]));
        Assert.Contains(
            """{"name":"retention.ms","left":"5000","right":"604800000","leftSource":"topic","rightSource":"default"}""",
            cluster.Output(["config", "diff", "topic", topic, "-o", "ndjson"]), StringComparison.Ordinal);
        string[] edit = ["config", "edit", "topic", topic, "-b", cluster.Bootstrap, "-o", "ndjson"];
        Assert.Equal(
            "{\"name\":\"retention.ms\",\"from\":\"5000\",\"to\":\"6000\"}\n{\"name\":\"segment.bytes\",\"from\":\"2000000\",\"to\":null}\n",
            Cli.RunWith(new Dictionary<string, string> { ["EDITOR"] = "sed -i -e s/=5000/=6000/ -e /^segment.bytes/d" }, [.. edit, "--dry-run"]).Succeeded());
        Cli.RunWith(new Dictionary<string, string> { ["EDITOR"] = "sed -i s/=5000/=6000/" }, [.. edit, "-y"]).Succeeded();
        Assert.Contains("\"value\":\"6000\"", cluster.Output(["config", "get", "topic", topic, "retention.ms", "-o", "ndjson"]), StringComparison.Ordinal);
        ProgramResult untouched = Cli.RunWith(new Dictionary<string, string> { ["EDITOR"] = "true" }, [.. edit, "-y"]);
        Assert.Contains("nothing was changed", untouched.Error, StringComparison.Ordinal);
        Cluster.AssertFailed(
            Cli.RunWith(new Dictionary<string, string> { ["EDITOR"] = "false" }, [.. edit, "-y"]), 1, "ended with code 1; nothing was changed");
        Assert.Contains("retention.ms", Cli.Run("config", "explain", "retention.*").Succeeded(), StringComparison.Ordinal);
        Cli.AssertRefused(Cli.Run("config", "explain", "retention.msec"), 3, "did you mean 'retention.ms'");
    }

    [Fact]
    public void Schema_SaysTheFieldsThatJsonHas()
    {
        Cluster cluster = clusters.Get(Clusters.Ours);
        string topic = Cluster.NewName("t");
        cluster.Run("topic", "create", topic, "-p", "1").Succeeded();
        foreach (string[] verb in (string[][])
            [
                ["topic", "list"], ["topic", "describe", topic], ["topic", "analyze", topic], ["broker", "list"], ["health"], ["doctor"],
                ["config", "get", "topic", topic], ["config", "explain", "retention.ms"], ["group", "list"],
            ])
        {
            string[] described = [.. Cli.Run([.. verb, "--output", "schema"]).Succeeded().Split('\n')[1..^1].Select(l => l.Split(' ')[0])];
            string json = cluster.Run([.. verb, "--output", "ndjson"]).Succeeded().Split('\n')[0];
            if (json.Length == 0) continue;
            using var row = System.Text.Json.JsonDocument.Parse(json);
            Assert.Equal(row.RootElement.EnumerateObject().Select(p => p.Name), described);
        }

        Assert.Equal(
            "FIELD       TYPE     SHOWN\ntopic       string   table\npartitions  integer  table\n",
            Cli.Run("topic", "list", "-o", "schema").Succeeded().Replace("name  ", "topic ", StringComparison.Ordinal).Split("replicas")[0]);
        Cli.AssertRefused(Cli.Run("consume", "t", "--output", "schema"), 2, "prints no rows");
    }

    private static void Ill(string[] arguments, string check, string advice)
    {
        ProgramResult result = Cli.Run(["doctor", .. arguments, "-o", "ndjson"]);
        Assert.True(result.ExitCode == 7, result.ToString());
        string line = Assert.Single(
            result.Output.Split('\n'), l => l.Contains($"\"check\":\"{check}\",\"status\":\"fail\"", StringComparison.Ordinal));
        Assert.Contains(advice, line, StringComparison.Ordinal);
    }
}
