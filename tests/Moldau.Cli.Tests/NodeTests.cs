using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Moldau.TestServers;
using Moldau.TestServers.Wire;

namespace Moldau.Cli.Tests;

/// <summary>Nodes that run, and how they end.</summary>
public sealed class NodeTests : IDisposable
{
    private readonly ScratchFolder _scratch = new("cli");

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Start_WithKafkasOwnFile_RunsAndEndsCleanlyOnSigterm()
    {
        int[] ports = [FreePorts.Take(), FreePorts.Take()];
        string file = ServerProperties.Write(_scratch.FullPath, "log.retention.huors=5");
        string[] own = ServerProperties.Own(ports[0], ports[1], _scratch["data"]);
        using ChildProcess node = Cli.Start(["start", file, .. own]);
        node.WaitUntilStarted();
        Assert.Contains("log.retention.huors; the nearest name is log.retention.hours", node.Output);
        Assert.DoesNotContain("a turn took", node.Output);
        ProgramResult second = Cli.Run(["start", file, .. own]);
        Cli.AssertRefused(second, 1, $"the data folder {_scratch["data"]} is in use by another process");

        node.Terminate();
        Assert.Equal(0, node.WaitForEnd(Cli.Patience).ExitCode);
        Assert.True(File.Exists(_scratch["data/.kafka_cleanshutdown"]));
    }

    [Fact]
    public void TheScriptThatStartsAServer_TakesAFileAndOverrides_HereOrInTheBackground()
    {
        foreach (string[] wrong in (string[][])[[], ["--override", "a=b"], ["x.properties", "--override"], ["x.properties", "a=b"], ["-daemon"]])
        {
            ProgramResult refused = Cli.Run(["kafka-server-start", .. wrong]);
            Assert.Equal((1, "USAGE: kafka-server-start [-daemon] server.properties [--override property=value]*\n"), (refused.ExitCode, refused.Error));
        }

        int[] ports = [FreePorts.Take(), FreePorts.Take()];
        string file = ServerProperties.Write(_scratch.FullPath);
        string[] overrides = [.. ServerProperties.Own(ports[0], ports[1], _scratch["data"]).Select(w => w == "--set" ? "--override" : w)];
        using (ChildProcess node = Cli.Start(["kafka-server-start.sh", file, .. overrides]))
        {
            node.WaitUntilStarted();
            node.Terminate();
            Assert.Equal(0, node.WaitForEnd(Cli.Patience).ExitCode);
        }

        Cli.RunWith(new Dictionary<string, string> { ["LOG_DIR"] = _scratch["logs"] }, ["kafka-server-start", "-daemon", file, .. overrides]).Succeeded();
        string output = _scratch["logs/kafkaServer.out"];
        Wait.Until(() => File.Exists(output) && File.ReadAllText(output).Contains("Kafka Server started"), Cli.Patience, "the node in the background");
        int[] found = [.. Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(n => n!.All(char.IsAsciiDigit)).Select(n => int.Parse(n!))
            .Where(id => CommandLineOf(id).Contains(_scratch["data"], StringComparison.Ordinal))];
        int own = Assert.Single(found);
        Cli.Signal(own, Cli.Terminate);
        Wait.Until(() => CommandLineOf(own).Length == 0, Cli.Patience, "its end");
        Assert.True(File.Exists(_scratch["data/.kafka_cleanshutdown"]));
    }

    /// <summary>Empty for a process that is gone.</summary>
    private static string CommandLineOf(int processId)
    {
        try
        {
            return File.ReadAllText($"/proc/{processId}/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }

    [Fact]
    public void Dev_Greets_TakesTheEnvironment_AndASecondInterruptEndsItAtOnce()
    {
        int port = FreePorts.TakeTwoInARow();
        Dictionary<string, string> environment = new()
        {
            ["KAFKA_LOG_RETENTION_HOURS"] = "1",
            ["KAFKA_HOME"] = "/nowhere",
            ["KAFKA_HEAP_OPTS"] = "-Xmx1g",
            ["KAFKA_SOMETHING_ELSE"] = "1",
            ["MOLDAU_LOG_FORMAT"] = "json",
        };
        using ChildProcess node = Cli.StartWith(
            environment, "dev", "--data", _scratch["data"], "--port", $"{port}", "--http-port", $"{FreePorts.Take()}");
        node.WaitForText("Ctrl+C stops it.", Cli.Patience);
        Assert.Contains($"echo hello | ./moldau produce greetings -b localhost:{port}\n", node.Output);
        Assert.Contains("KAFKA_HEAP_OPTS", node.Output);
        Assert.DoesNotContain("KAFKA_HOME", node.Output);
        Assert.Contains("something.else", node.Output);
        string started = Assert.Single(node.Output.Split('\n'), line => line.Contains("Kafka Server started"));
        Assert.StartsWith("{\"ts\":\"", started);

        Cli.Signal(node, Cli.Interrupt);
        Cli.Signal(node, Cli.Interrupt);
        ProgramResult end = node.WaitForEnd(TimeSpan.FromSeconds(10));
        // The clean end may have been the quicker one.
        Assert.True(end.ExitCode is 0 or 1, end.ToString());
        Assert.DoesNotContain("   at ", end.Error);
    }

    [Fact]
    public void Dev_MakesRoomForWhoHasThePort_AndLeavesNothingWhenEphemeral()
    {
        using TcpListener? taken = TryTake(9092);
        string folder = _scratch["tmp"];
        Directory.CreateDirectory(folder);
        Dictionary<string, string> environment = new() { ["TMPDIR"] = folder };
        using ChildProcess node = Cli.StartWith(environment, "dev", "--ephemeral");
        node.WaitForText("Ctrl+C stops it.", Cli.Patience);
        Assert.Matches(@"port 9092 is in use( by [^,]+)?, taking 9\d+", node.Error);
        Assert.NotEmpty(Directory.GetDirectories(folder, "moldau-*"));

        Cli.Signal(node, Cli.Interrupt);
        Assert.Equal(0, node.WaitForEnd(Cli.Patience).ExitCode);
        Assert.Empty(Directory.GetDirectories(folder, "moldau-*"));
    }

    [Fact]
    public void Start_ThatFormats_TakesTheClusterIdOfTheEnvironment()
    {
        int[] ports = [FreePorts.Take(), FreePorts.Take()];
        string file = ServerProperties.Write(_scratch.FullPath, "moldau.storage.auto.format=true");
        string[] own = ServerProperties.Own(ports[0], ports[1], _scratch["data"]);
        Dictionary<string, string> environment = new() { ["CLUSTER_ID"] = "cNthVMF8TKCqYDS1TbNbhQ" };
        using ChildProcess node = Cli.StartWith(environment, ["start", file, .. own]);
        node.WaitUntilStarted();
        Assert.Contains("cluster.id=cNthVMF8TKCqYDS1TbNbhQ", File.ReadAllText(_scratch["data/meta.properties"]));
        node.Terminate();
        Assert.Equal(0, node.WaitForEnd(Cli.Patience).ExitCode);
    }

    /// <summary>Voters named by the configuration alone: kraft.version 0, until UpdateFeatures raises it.</summary>
    [Fact]
    public void UpdateFeatures_RaisesKRaftVersion_ForGood()
    {
        int[] ports = [FreePorts.Take(), FreePorts.Take()];
        string file = _scratch["static.properties"];
        File.WriteAllText(file, $"""
            process.roles=broker,controller
            node.id=1
            controller.quorum.voters=1@localhost:{ports[1]}
            controller.listener.names=CONTROLLER
            listeners=PLAINTEXT://localhost:{ports[0]},CONTROLLER://localhost:{ports[1]}
            log.dirs={_scratch["data"]}
            offsets.topic.replication.factor=1
            """);
        Cli.Run("storage", "format", "-t", "cNthVMF8TKCqYDS1TbNbhQ", "-c", file).Succeeded();
        using (ChildProcess node = Cli.Start("start", file))
        {
            node.WaitUntilStarted();
            Assert.Null(KRaftVersion(ports[0]));
            Assert.Null(KRaftVersion(ports[1]));
            Assert.Equal(0, UpdateKRaftVersion(ports[0], 1, validateOnly: true));
            Assert.Null(KRaftVersion(ports[0]));
            Assert.Equal(0, UpdateKRaftVersion(ports[0], 1, validateOnly: false));
            Wait.Until(() => KRaftVersion(ports[0]) == 1, Cli.Patience, "the level at every shard");
            Assert.Equal(1, KRaftVersion(ports[1]));
            Assert.Equal(95, UpdateKRaftVersion(ports[0], 0, validateOnly: false));
            Cli.Signal(node, 9);
            node.WaitForEnd(Cli.Patience);
        }

        using ChildProcess again = Cli.Start("start", file);
        again.WaitUntilStarted();
        Assert.Equal(1, KRaftVersion(ports[0]));
        again.Terminate();
        Assert.Equal(0, again.WaitForEnd(Cli.Patience).ExitCode);
    }

    [Fact]
    public void Dev_InterruptedWhileItStarts_LeavesNothingWhenEphemeral()
    {
        string folder = _scratch["tmp"];
        Directory.CreateDirectory(folder);
        Dictionary<string, string> environment = new() { ["TMPDIR"] = folder };
        using ChildProcess node = Cli.StartWith(environment, "dev", "--ephemeral");
        Wait.Until(() => Directory.GetDirectories(folder, "moldau-*").Length > 0, Cli.Patience, "the data folder");
        Cli.Signal(node, Cli.Interrupt);
        Assert.Equal(0, node.WaitForEnd(Cli.Patience).ExitCode);
        Assert.Empty(Directory.GetDirectories(folder, "moldau-*"));
    }

    [Fact]
    public void Dev_NamedPortInUse_IsRefused()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        Cli.AssertRefused(Cli.Run("dev", "--ephemeral", "--port", $"{port}"), 1, $"{port}");
    }

    private static int? KRaftVersion(int port)
    {
        using WireClient client = new(port);
        JsonObject answer = client.Ask("ApiVersions", 4, new JsonObject { ["ClientSoftwareName"] = "test", ["ClientSoftwareVersion"] = "1" })!;
        return (int?)answer["FinalizedFeatures"]!.AsArray().FirstOrDefault(f => (string)f!["Name"]! == "kraft.version")?["MaxVersionLevel"];
    }

    private static int UpdateKRaftVersion(int port, int level, bool validateOnly)
    {
        using WireClient client = new(port);
        JsonObject answer = client.Ask("UpdateFeatures", 2, JsonNode.Parse($$"""
            {"timeoutMs":20000,"FeatureUpdates":[{"Feature":"kraft.version","MaxVersionLevel":{{level}},"UpgradeType":{{(level > 0 ? 1 : 3)}} }],
             "ValidateOnly":{{(validateOnly ? "true" : "false")}} }
            """)!.AsObject())!;
        return (int)answer["ErrorCode"]!;
    }

    /// <summary>Null where somebody else has it already, which serves as well.</summary>
    private static TcpListener? TryTake(int port)
    {
        TcpListener listener = new(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return listener;
        }
        catch (SocketException)
        {
            listener.Dispose();
            return null;
        }
    }
}
