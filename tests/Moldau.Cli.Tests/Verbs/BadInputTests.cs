using Moldau.TestServers;

namespace Moldau.Cli.Tests.Verbs;

/// <summary>What goes wrong in use: each has one clear line and an exit code of its own.</summary>
[Collection("verbs")]
public sealed class BadInputTests(Clusters clusters)
{
    [Fact]
    public void WrongAddresses_AreTold()
    {
        Cli.AssertRefused(Cli.Run("topic", "list", "-b", "no-such-host.invalid:9092"), 5, "no broker can be reached at no-such-host.invalid:9092");
        Cli.AssertRefused(Cli.Run("topic", "list", "-b", "localhost"), 2, "is not host:port; write -b localhost:9092");
        Cli.AssertRefused(Cli.Run("topic", "list", "-b", "localhost:99999"), 2, "is not host:port");
    }

    [Fact]
    public void SpansBeyondAllTime_AreRefused()
    {
        ProgramResult result = Cli.Run("topic", "list", "-b", "localhost:9092", "--timeout", "2147483647d");
        Cluster.AssertFailed(result, 2, "--timeout");
    }

    [Fact]
    public void ASilentServer_EndsWithTheTimeout()
    {
        using System.Net.Sockets.TcpListener silent = new(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        int port = ((System.Net.IPEndPoint)silent.LocalEndpoint).Port;
        ProgramResult result = Cli.Run("topic", "list", "-b", $"127.0.0.1:{port}", "--timeout", "1s");
        Cluster.AssertFailed(result, 5);
        Assert.StartsWith("moldau: ", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void RecordsAndTopicsThatAreNotRight(string name)
    {
        Cluster cluster = clusters.Get(name);
        string topic = Cluster.NewName("bad");
        cluster.Run("topic", "create", topic, "-p", "1", "-c", "max.message.bytes=1000").Succeeded();
        Cluster.AssertFailed(cluster.Send(new string('x', 5000), "produce", topic), 1, "MESSAGE_TOO_LARGE", "max.message.bytes");
        Cluster.AssertFailed(cluster.Run("topic", "create", "no/topic"), 1, "INVALID_TOPIC_EXCEPTION");
        Cluster.AssertFailed(cluster.Run("topic", "create", Cluster.NewName("t"), "-r", "3"), 1, "INVALID_REPLICATION_FACTOR", "'moldau broker list'");
        Cluster.AssertFailed(cluster.Send("{\"value\": nonsense}\n", "produce", topic, "-f", "json"), 1, "record 1 of standard input: it is no JSON");
        Cluster.AssertFailed(cluster.Send("{\"value\":1}{\"valeu\":2}", "produce", topic, "-f", "json"), 6, "record 2", "no field 'valeu'");
        Cluster.AssertFailed(cluster.Send("[1]\n", "produce", topic, "-f", "json"), 1, "a record is a JSON object");
        Cluster.AssertFailed(cluster.Send("{\"value\":1", "produce", topic, "-f", "json"), 1, "does not end");
        Assert.Equal("1", cluster.Run("consume", topic, "--raw", "--until", "end").Succeeded().TrimEnd('\n'));
    }

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void JsonRangesCopiesAndRepeats(string name)
    {
        Cluster cluster = clusters.Get(name);
        (string from, string to) = (Cluster.NewName("from"), Cluster.NewName("to"));
        cluster.Run("topic", "create", from, "-p", "2", "-c", "retention.ms=-1").Succeeded();
        string records =
            """
            {"key":"a","value":{"n":1},"headers":{"h":"x"},"partition":1,"timestamp":1000}
            [{"key":null,"valueBase64":"AP8=","partition":1,"timestamp":2000},
             {"key":"b","value":null,"partition":1,"timestamp":3000}]
            """;
        cluster.Send(records, "produce", from, "-f", "json").Succeeded();
        string json = cluster.Run("consume", from, "--until", "end").Succeeded();
        Assert.Equal(
            """
            {"topic":"T","partition":1,"offset":0,"timestamp":1000,"key":"a","value":"{\"n\":1}","headers":[{"key":"h","value":"x"}]}
            {"topic":"T","partition":1,"offset":1,"timestamp":2000,"key":null,"valueBase64":"AP8="}
            {"topic":"T","partition":1,"offset":2,"timestamp":3000,"key":"b","value":null}

            """, json.Replace(from, "T", StringComparison.Ordinal));
        Assert.Contains("\"records\":3", cluster.Run("topic", "copy", from, to, "--output", "ndjson").Succeeded(), StringComparison.Ordinal);
        Assert.Equal(json.Replace(from, to, StringComparison.Ordinal), cluster.Run("consume", to, "--until", "end").Succeeded());
        // What consume prints, produce takes.
        string again = Cluster.NewName("again");
        cluster.Run("topic", "create", again, "-p", "2").Succeeded();
        cluster.Send(json, "produce", again, "-f", "json", "--repeat", "2", "--rate", "1k").Succeeded();
        Assert.Equal("0 1 2 3 4 5 ", cluster.Run("consume", again, "--until", "end", "-f", "%o ").Succeeded().Replace("\n", "", StringComparison.Ordinal));
        foreach ((string range, string offsets) in (ReadOnlySpan<(string, string)>)
            [("1:2", "1"), ("@2000:@3000", "1"), ("@1970-01-01T00:00:01Z:@1970-01-01T00:00:02.500Z", "01"), ("+1:end", "12"), ("-1:end", "2")])
            Assert.Equal((range, offsets), (range, cluster.Run("consume", from, "-p", "1", "-o", range, "-f", "%o").Succeeded().TrimEnd('\n')));
        string analyzed = cluster.Run("topic", "analyze", from, "-p", "1", "--output", "ndjson").Succeeded();
        Assert.Contains("\"records\":3,\"bytes\":11,", analyzed, StringComparison.Ordinal);
        Assert.Contains("\"keys\":2,\"topKeyShare\":0.333,\"withoutKey\":1,\"tombstones\":1,\"withHeaders\":1,", analyzed, StringComparison.Ordinal);
    }

    [Fact]
    public void ABrokerThatDies_LosesNothingAcknowledged_AndWhatFailedIsTold()
    {
        if (MoldauServer.WhyMissing is { } why) Assert.Skip(why);
        using MoldauServer server = new(new ServerOptions { Properties = ServerOptions.WithoutRetention });
        server.Start();
        Cluster cluster = new(server);
        cluster.Run("topic", "create", "orders", "-p", "1").Succeeded();
        using ChildProcess producer = ChildProcess.Start(
            MoldauServer.Executable, ["produce", "orders", "-b", server.Bootstrap, "--timeout", "4s", "-o", "ndjson", "-X", "linger.ms=0"]);
        producer.StandardInput.Write("first\n"u8);
        producer.StandardInput.Flush();
        Wait.Until(
            () => cluster.Run("topic", "describe", "orders", "-o", "ndjson").Output.Contains("\"end\":1,", StringComparison.Ordinal),
            TimeSpan.FromSeconds(60), "the first record");
        server.Kill();
        producer.StandardInput.Write("second\nthird\n"u8);
        producer.CloseInput();
        ProgramResult result = producer.WaitForEnd(TimeSpan.FromSeconds(90));
        Assert.True(result.ExitCode == 6, result.ToString());
        Assert.Equal("""{"topic":"orders","partition":0,"records":1,"firstOffset":0,"lastOffset":0}""" + "\n", result.Output);
        Assert.Contains("moldau: 2 records failed: ", result.Error, StringComparison.Ordinal);
        server.Start();
        Assert.Equal("first", cluster.Run("consume", "orders", "-n", "1", "--raw").Succeeded().TrimEnd('\n'));
    }
}
