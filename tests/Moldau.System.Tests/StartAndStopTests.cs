using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Moldau.TestServers;
using Moldau.TestServers.Wire;

namespace Moldau.System.Tests;

/// <summary>How a node starts, refuses to start, and stops.</summary>
[Trait("Category", "StartAndStop")]
public sealed class StartAndStopTests
{
    [Fact]
    public void Sigterm_StopsCleanlyAndKeepsEverything()
    {
        Requires.Server();
        using var server = TestServer.Create();
        server.Start();
        Topics.Create(server, "kept", 1);
        Produce(server, "kept", "one", "two", "three");

        var result = server.Stop();

        // A Java process that ends on a signal says so in its exit code; ours ended as it was asked to.
        Assert.Equal(TestServer.IsApache ? 143 : 0, result.ExitCode);
        Assert.True(File.Exists(Path.Combine(server.DataFolder, ".kafka_cleanshutdown")));
        server.Start();
        Topics.AwaitLeaders(server, "kept", 1);
        Assert.Equal(3, EndOffset(server, "kept"));
    }

    [Fact]
    public void Sigterm_WithOpenConnectionsAndParkedFetches_EndsInTime()
    {
        Requires.Server();
        using var server = TestServer.Create();
        server.Start();
        Topics.Create(server, "parked", 1);
        using var idle = new WireClient(server.Port);
        using var parked = new WireClient(server.Port);
        parked.Send(parked.Frame("Fetch", 12, JsonNode.Parse("""
            {"MaxWaitMs":600000,"MinBytes":1,"MaxBytes":1000,"SessionEpoch":-1,"Topics":[{"Topic":"parked",
             "Partitions":[{"Partition":0,"FetchOffset":0,"PartitionMaxBytes":1000}]}]}
            """)!.AsObject()));

        var result = server.Stop();

        Assert.Equal(TestServer.IsApache ? 143 : 0, result.ExitCode);
    }

    [Fact]
    public void Start_PortInUse_SaysSoInOneLine()
    {
        Requires.Server();
        using var server = TestServer.Create();
        using var listener = new TcpListener(IPAddress.Loopback, server.Port);
        listener.Start();
        server.EnsureFormatted();

        AssertRefused(server, $"{server.Port}");
    }

    [Fact]
    public void Start_ControllerPortInUse_SaysSoInOneLine()
    {
        Requires.Server();
        using var server = TestServer.Create();
        using var listener = new TcpListener(IPAddress.Loopback, server.ControllerPort);
        listener.Start();
        server.EnsureFormatted();

        AssertRefused(server, $"{server.ControllerPort}");
    }

    [Fact]
    public void Start_FolderInUse_SaysSoInOneLineAndLeavesTheOtherAlone()
    {
        Requires.Server();
        if (TestServer.IsApache) Assert.Skip("Apache Kafka takes the log directory offline and goes on for a while");
        using var first = TestServer.Create();
        first.Start();
        using var second = TestServer.Create(new ServerOptions { DataFolder = first.DataFolder, ShouldFormat = false });

        AssertRefused(second, first.DataFolder);
        Assert.True(ServerUnderTest.Answers(first.Port));
    }

    [Fact]
    public void Start_FolderNotFormatted_SaysSoInOneLine()
    {
        Requires.Server();
        // Ours formats an empty folder by itself unless it is told not to.
        using var server = TestServer.Create(new ServerOptions
        {
            ShouldFormat = false,
            Properties = new Dictionary<string, string> { ["moldau.storage.auto.format"] = "false" },
        });
        Directory.CreateDirectory(server.DataFolder);

        AssertRefused(server, server.DataFolder);
    }

    [Fact]
    public void Start_FolderOfAnotherNode_SaysSoInOneLine()
    {
        Requires.Server();
        using var server = TestServer.Create();
        server.EnsureFormatted();
        var file = Path.Combine(server.DataFolder, "meta.properties");
        File.WriteAllText(file, File.ReadAllText(file).Replace("node.id=1", "node.id=77"));

        AssertRefused(server, "77");
    }

    [Theory]
    [InlineData("num.partitions", "many")]
    [InlineData("log.segment.bytes", "-5")]
    [InlineData("listeners", "nonsense")]
    [InlineData("process.roles", "dancer")]
    public void Start_BadProperty_NamesItInOneLine(string name, string value)
    {
        Requires.Server();
        using var server = TestServer.Create();
        server.EnsureFormatted();
        server.WriteProperties((name, value));

        AssertRefused(server, name);
    }

    [Fact]
    public void Start_UnknownProperty_WarnsWithTheNearestNameAndIsAnErrorWhenStrict()
    {
        Requires.Server();
        if (TestServer.IsApache) Assert.Skip("Apache Kafka has no strict mode");
        using var server = TestServer.Create();
        server.WriteProperties(("log.retention.huors", "5"));
        server.Start();
        // It answers before its lines have come through the pipe.
        Wait.Until(
            () => (server.Process.Output + server.Process.Error).Contains("log.retention.hours", StringComparison.Ordinal),
            TimeSpan.FromSeconds(20), "the warning");
        server.Stop();

        var strict = ChildProcess.Run(
            MoldauServer.Executable, ["start", "--strict", server.PropertiesFile], TimeSpan.FromSeconds(30));
        Assert.NotEqual(0, strict.ExitCode);
        Assert.Contains("log.retention.huors", strict.Output + strict.Error);
    }

    /// <summary>The process ends by itself with an error; ours says why in a single line that holds the text.</summary>
    private static void AssertRefused(ServerUnderTest server, string text)
    {
        server.StartProcess();
        var result = server.Process.WaitForEnd(TimeSpan.FromSeconds(60));

        Assert.NotEqual(0, result.ExitCode);
        if (TestServer.IsApache) return;
        var lines = (result.Output + result.Error).Split('\n').Where(line => line.Length > 0).ToList();
        Assert.Single(lines, line => line.Contains(text, StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.TrimStart().StartsWith("at ", StringComparison.Ordinal));
    }

    private static void Produce(ServerUnderTest server, string topic, params string[] values)
    {
        using var client = new WireClient(server.Port);
        var answer = client.Ask("Produce", 9, JsonNode.Parse($$"""
            {"Acks":-1,"TimeoutMs":10000,"TopicData":[{"Name":"{{topic}}","PartitionData":[
             {"Index":0,"Records":"{{Batches.Hex(new BatchShape { Values = values })}}"}]}]}
            """)!.AsObject())!;
        Assert.Equal(0, (int)answer["Responses"]![0]!["PartitionResponses"]![0]!["ErrorCode"]!);
    }

    private static long EndOffset(ServerUnderTest server, string topic)
    {
        using var client = new WireClient(server.Port);
        var answer = client.Ask("ListOffsets", 8, JsonNode.Parse($$"""
            {"ReplicaId":-1,"Topics":[{"Name":"{{topic}}","Partitions":[{"PartitionIndex":0,"Timestamp":-1}]}]}
            """)!.AsObject())!;
        return (long)answer["Topics"]![0]!["Partitions"]![0]!["Offset"]!;
    }
}
