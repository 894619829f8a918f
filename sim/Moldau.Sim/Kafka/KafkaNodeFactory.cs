using Moldau.Base;
using Moldau.Broker;
using Moldau.Config;

namespace Moldau.Sim;

/// <summary>Starts the real node, all its machines, on a simulated disk: what the executable does, without threads.</summary>
public sealed class KafkaNodeFactory(int shards, bool isFsync)
{
    public IReadOnlyList<SimMachine> Create(SimHost host)
    {
        Dictionary<string, string> properties = Properties(host.NodeNumber);
        List<string> errors = [];
        if (!BrokerConfig.TryBuild(properties, out BrokerConfig? config, errors, []) || config is null)
            throw new InvalidOperationException(string.Join("; ", errors));
        BootedNode boot = NodeBoot.Run(host.Disk, config, host.Prng, host.Now.UnixMs);
        NodeOptions options = new()
        {
            Config = config,
            StaticProperties = properties,
            ClusterId = boot.ClusterId,
            Directories = boot.Directories,
            ShardCount = shards,
            Log = new LogAreas(new NullLogSink()),
        };
        List<SimMachine> machines = [];
        foreach (NodeMachine made in NodeMachines.Create(options, boot.Metadata, host.Prng))
            machines.Add(new SimMachine(made.Id, made.Machine, made.Pool, made.Id == MachineId.Control ? ["CONTROLLER"] : ["PLAINTEXT"]));
        return machines;
    }

    private Dictionary<string, string> Properties(int node) => new(StringComparer.Ordinal)
    {
        ["process.roles"] = "broker,controller",
        ["node.id"] = $"{node + 1}",
        ["listeners"] = "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093",
        ["controller.listener.names"] = "CONTROLLER",
        ["controller.quorum.bootstrap.servers"] = "localhost:9093",
        ["log.dirs"] = "/data",
        ["offsets.topic.replication.factor"] = "1",
        ["offsets.topic.num.partitions"] = "3",
        ["group.initial.rebalance.delay.ms"] = "0",
        ["log.segment.bytes"] = "1048576",
        ["moldau.shards"] = $"{shards}",
        ["moldau.acknowledge"] = isFsync ? "fsync" : "page-cache",
    };
}
