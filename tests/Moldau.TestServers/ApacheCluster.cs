namespace Moldau.TestServers;

/// <summary>Three nodes of Apache Kafka, each controller and broker in a rack of its own; topics have three replicas.</summary>
public sealed class ApacheCluster : IDisposable
{
    private readonly ApacheServer[] _nodes;

    public ApacheCluster(string version = "4.4.0", string heap = "320m")
    {
        string clusterId = ServerUnderTest.RandomId();
        (int Client, int Controller)[] ports = [FreePorts.Pair(), FreePorts.Pair(), FreePorts.Pair()];
        string voters = string.Join(',', ports.Select((p, i) => $"{i + 1}@127.0.0.1:{p.Controller}"));
        _nodes = [.. ports.Select((p, i) => new ApacheServer(new ServerOptions
        {
            Version = version,
            Heap = heap,
            Ports = p,
            Properties = new Dictionary<string, string>(ServerOptions.QuickGroups)
            {
                ["node.id"] = $"{i + 1}",
                ["broker.rack"] = $"rack-{i + 1}",
                ["controller.quorum.voters"] = voters,
                ["replica.selector.class"] = "org.apache.kafka.common.replica.RackAwareReplicaSelector",
                ["default.replication.factor"] = "3",
                ["min.insync.replicas"] = "2",
                ["offsets.topic.replication.factor"] = "3",
                ["transaction.state.log.replication.factor"] = "3",
                ["transaction.state.log.min.isr"] = "2",
                ["share.coordinator.state.topic.replication.factor"] = "3",
                ["share.coordinator.state.topic.min.isr"] = "2",
            },
        })
        {
            ClusterId = clusterId,
        })];
    }

    public IReadOnlyList<ApacheServer> Nodes => _nodes;

    public string Bootstrap => string.Join(',', _nodes.Select(n => n.Bootstrap));

    public void Start()
    {
        foreach (ApacheServer node in _nodes) node.EnsureFormatted();
        foreach (ApacheServer node in _nodes) node.StartProcess();
        foreach (ApacheServer node in _nodes) node.AwaitAnswer();
    }

    public void Dispose()
    {
        foreach (ApacheServer node in _nodes) node.Dispose();
    }
}
