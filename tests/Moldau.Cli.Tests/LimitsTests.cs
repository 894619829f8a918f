using System.Buffers.Binary;
using System.Net;
using System.Text.Json.Nodes;
using Moldau.TestServers;
using Moldau.TestServers.Wire;

namespace Moldau.Cli.Tests;

/// <summary>Limits of connections and requests that the configuration sets, and levels set while the node runs.</summary>
public sealed class LimitsTests
{
    private const long Broker = 4;
    private const long BrokerLogger = 8;
    private const long Set = 0;
    private const long Delete = 1;

    private readonly int _port = FreePorts.TakeTwoInARow();

    [Fact]
    public void Connections_AreCountedByAddress_AndLargeRequestsEndThem()
    {
        using ChildProcess node = StartNode(
            "--set", "max.connections.per.ip=1",
            "--set", "max.connections.per.ip.overrides=127.0.0.1:2",
            "--set", "socket.request.max.bytes=1000");
        using (WireClient first = new(_port))
        using (WireClient second = new(_port))
        {
            Assert.NotNull(AskVersions(first));
            Assert.NotNull(AskVersions(second));
            using WireClient third = new(_port);
            Assert.True(IsHungUpOn(third));
            byte[] large = new byte[8];
            BinaryPrimitives.WriteInt32BigEndian(large, 1001);
            second.Send(large);
            Assert.True(IsHungUpOn(second));
            Assert.NotNull(AskVersions(first));
        }
    }

    [Fact]
    public void Connections_AreClosedWhenIdle()
    {
        using ChildProcess node = StartNode("--set", "connections.max.idle.ms=500");
        using WireClient client = new(_port);
        Assert.NotNull(AskVersions(client));
        Assert.True(IsHungUpOn(client));
    }

    [Fact]
    public void Connections_AreHeldToWhatWasSetLast()
    {
        using ChildProcess node = StartNode();
        using WireClient first = new(_port);
        Assert.NotNull(AskVersions(first));
        Assert.Equal(0, AlterBroker(first, "", "max.connections.per.ip", "1"));
        using (WireClient refused = new(_port)) Assert.True(IsHungUpOn(refused));
        Assert.Equal(0, AlterBroker(first, "", "max.connections.per.ip.overrides", "127.0.0.1:2,127.0.0.9:7"));
        using WireClient second = new(_port);
        Assert.NotNull(AskVersions(second));
        using (WireClient refused = new(_port)) Assert.True(IsHungUpOn(refused));
        Assert.Equal(0, AlterBroker(first, "1", "listener.name.plaintext.max.connections", "2"));
        Assert.Equal(0, AlterBroker(first, "", "max.connections.per.ip.overrides", null));
        Assert.Equal(0, AlterBroker(first, "", "max.connections.per.ip", null));
        using WireClient waiting = new(_port);
        Assert.True(waiting.IsSilent(TimeSpan.FromMilliseconds(50)));
        Assert.Equal(0, AlterBroker(first, "1", "listener.name.plaintext.max.connections", null));
        Assert.NotNull(AskVersions(waiting));
        Assert.NotEqual(0, AlterBroker(first, "1", "listener.name.plaintext.max.connections", "0"));
        Assert.NotEqual(0, AlterBroker(first, "", "max.connections", "0"));
        Assert.NotEqual(0, AlterBroker(first, "", "max.connection.creation.rate", "0"));
        Assert.NotEqual(0, AlterBroker(first, "", "connections.max.idle.ms", "1"));
        Assert.NotNull(AskVersions(second));
        Assert.Equal(0, AlterBroker(second, "", "max.connections", "1"));
        Assert.True(IsHungUpOn(first));
        Assert.NotNull(AskVersions(second));
    }

    [Fact]
    public void Groups_ShowClientsByTheirAddressAsJavaWritesIt()
    {
        using ChildProcess node = StartNode();
        using WireClient client = new(_port, IPAddress.IPv6Loopback);
        JsonObject joined = new();
        Wait.Until(
            () =>
            {
                // Makes the topic of the groups.
                client.Ask("FindCoordinator", 0, new() { ["Key"] = "shown" });
                joined = client.Ask("JoinGroup", 3, JsonNode.Parse("""
                    {"GroupId":"shown","SessionTimeoutMs":30000,"RebalanceTimeoutMs":30000,"ProtocolType":"consumer",
                     "Protocols":[{"Name":"range","Metadata":"00"}]}
                    """)!.AsObject())!;
                return (int)joined["ErrorCode"]! == 0;
            },
            Cli.Patience, "a coordinator");
        JsonObject shown = client.Ask("DescribeGroups", 0, JsonNode.Parse("""{"Groups":["shown"]}""")!.AsObject())!;
        Assert.Equal("/0:0:0:0:0:0:0:1", (string)shown["Groups"]![0]!["Members"]![0]!["ClientHost"]!);
    }

    [Fact]
    public void LoggerLevels_AreShownSetAndInheritedAgain()
    {
        using ChildProcess node = StartNode();
        using WireClient client = new(_port);
        Assert.Equal("INFO", LevelOf(client, "kafka.server"));
        Assert.Equal(0, Alter(client, "kafka.server", Set, "DEBUG"));
        Assert.Equal("DEBUG", LevelOf(client, "kafka.server"));
        Assert.Equal("INFO", LevelOf(client, "kafka.log"));
        Assert.Equal(0, Alter(client, "root", Set, "WARN"));
        Assert.Equal("WARN", LevelOf(client, "kafka.log"));
        Assert.Equal(0, Alter(client, "kafka.server", Delete, null));
        Assert.Equal("WARN", LevelOf(client, "kafka.server"));
        Assert.NotEqual(0, Alter(client, "kafka.nonsense", Set, "DEBUG"));
    }

    private ChildProcess StartNode(params string[] more)
    {
        ChildProcess node = Cli.Start(
            ["dev", "--ephemeral", "--port", $"{_port}", "--http-port", $"{FreePorts.Take()}", .. more]);
        node.WaitForText("Ctrl+C stops it.", Cli.Patience);
        return node;
    }

    private static JsonObject? AskVersions(WireClient client) => client.Ask("ApiVersions", 0, []);

    private static bool IsHungUpOn(WireClient client)
    {
        try
        {
            return client.ReadFrame() is null;
        }
        catch (IOException)
        {
            // Reset, because the node had not read everything.
            return true;
        }
    }

    private static string LevelOf(WireClient client, string logger)
    {
        JsonObject answer = client.Ask("DescribeConfigs", 4, JsonNode.Parse($$"""
            {"Resources":[{"ResourceType":{{BrokerLogger}},"ResourceName":"1","ConfigurationKeys":["{{logger}}"]}]}
            """)!.AsObject())!;
        return (string)answer["Results"]![0]!["Configs"]![0]!["Value"]!;
    }

    private static int Alter(WireClient client, string logger, long operation, string? level) =>
        Alter(client, BrokerLogger, "1", logger, operation, level);

    /// <summary>Sets the property, or removes it with a value of null; for all brokers without a name.</summary>
    private static int AlterBroker(WireClient client, string broker, string property, string? value) =>
        Alter(client, Broker, broker, property, value is null ? Delete : Set, value);

    private static int Alter(WireClient client, long type, string name, string property, long operation, string? value)
    {
        JsonObject config = new() { ["Name"] = property, ["ConfigOperation"] = operation, ["Value"] = value };
        JsonObject resource = new() { ["ResourceType"] = type, ["ResourceName"] = name, ["Configs"] = new JsonArray(config) };
        JsonObject answer = client.Ask("IncrementalAlterConfigs", 1, new() { ["Resources"] = new JsonArray(resource) })!;
        return (int)answer["Responses"]![0]!["ErrorCode"]!;
    }
}
