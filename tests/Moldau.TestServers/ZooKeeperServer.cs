using System.Net.Sockets;

namespace Moldau.TestServers;

/// <summary>Apache Kafka of a version whose metadata is in ZooKeeper (2.8.2), with a ZooKeeper of its own.</summary>
public sealed class ZooKeeperServer(ServerOptions options) : ServerUnderTest(options)
{
    private readonly int _zooKeeperPort = FreePorts.Take();
    private readonly ScratchFolder _zooKeeperFolder = new("zookeeper");
    private ChildProcess? _zooKeeper;

    public override string Name => $"Apache Kafka {Options.Version} with ZooKeeper";

    protected override IReadOnlyDictionary<string, string> Roles => new Dictionary<string, string>
    {
        ["broker.id"] = "1",
        ["listeners"] = $"PLAINTEXT://127.0.0.1:{Port}",
        ["zookeeper.connect"] = $"127.0.0.1:{_zooKeeperPort}",
    };

    public override void Dispose()
    {
        base.Dispose();
        _zooKeeper?.Dispose();
        _zooKeeperFolder.Dispose();
    }

    /// <summary>There is nothing to format; ZooKeeper must be there before the broker.</summary>
    protected override void Format()
    {
        if (_zooKeeper is not null) return;
        string file = _zooKeeperFolder["zookeeper.properties"];
        File.WriteAllLines(
            file,
            [$"dataDir={_zooKeeperFolder["data"]}", $"clientPort={_zooKeeperPort}", "clientPortAddress=127.0.0.1"]);
        _zooKeeper = ChildProcess.Start(
            KafkaTools.Launcher, ["-V", Options.Version, "zookeeper", file],
            new Dictionary<string, string> { ["HEAP"] = "128m", ["LOG_LEVEL"] = "WARN" });
        Wait.Until(Listens, TimeSpan.FromSeconds(90), $"ZooKeeper to listen on port {_zooKeeperPort}");
    }

    protected override ChildProcess Launch() =>
        ChildProcess.Start(
            KafkaTools.Launcher, ["-V", Options.Version, "server-start", PropertiesFile],
            new Dictionary<string, string> { ["HEAP"] = Options.Heap, ["LOG_LEVEL"] = "WARN" });

    private bool Listens()
    {
        try
        {
            using TcpClient probe = new("127.0.0.1", _zooKeeperPort);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
