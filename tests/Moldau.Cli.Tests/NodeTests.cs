using System.Net;
using System.Net.Sockets;
using Moldau.TestServers;

namespace Moldau.Cli.Tests;

/// <summary>Nodes that run, and how they end.</summary>
public sealed class NodeTests : IDisposable
{
    private readonly ScratchFolder _scratch = new("cli");

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Start_WithKafkasOwnFile_RunsAndEndsCleanlyOnSigterm()
    {
        int[] ports = Cli.FreePorts(2);
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
    public void Dev_Greets_TakesTheEnvironment_AndASecondInterruptEndsItAtOnce()
    {
        int port = Cli.FreePair();
        Dictionary<string, string> environment = new()
        {
            ["KAFKA_LOG_RETENTION_HOURS"] = "1",
            ["KAFKA_HOME"] = "/nowhere",
            ["KAFKA_HEAP_OPTS"] = "-Xmx1g",
            ["KAFKA_SOMETHING_ELSE"] = "1",
            ["MOLDAU_LOG_FORMAT"] = "json",
        };
        using ChildProcess node = Cli.StartWith(
            environment, "dev", "--data", _scratch["data"], "--port", $"{port}", "--http-port", $"{Cli.FreePorts(1)[0]}");
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
        Assert.Contains("port 9092 is in use, taking 9", node.Error);
        Assert.NotEmpty(Directory.GetDirectories(folder, "moldau-*"));

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
