using Moldau.Base;
using Moldau.Broker;
using Moldau.Config;

namespace Moldau.Sim;

/// <summary>What a run's node promises of a loss of power.</summary>
public enum SimDurability
{
    /// <summary>Nothing; none comes.</summary>
    PageCache,

    /// <summary><c>moldau.acknowledge=fsync</c> for the node: everything acknowledged survives.</summary>
    Fsync,

    /// <summary><c>moldau.acknowledge=fsync</c> for some topics: what is acknowledged for these survives.</summary>
    FsyncTopics,
}

/// <summary>Starts the real node, all its machines, on a simulated disk: what the executable does, without threads.</summary>
public sealed class KafkaNodeFactory(
    int shards, IReadOnlyList<string> directories, SimDurability durability, PlantedBug bug, PlantedRequests requests)
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
            BrokenDirectories = boot.Broken,
            ShardCount = shards,
            Log = new LogAreas(new NullLogSink()),
        };
        List<SimMachine> machines = [];
        foreach (NodeMachine made in NodeMachines.Create(options, boot.Metadata, host.Prng))
        {
            INodeMachine machine = bug == PlantedBug.None
                ? made.Machine
                : new PlantedMachine(made.Machine, bug, requests, directories, host.Prng.Fork());
            machines.Add(new SimMachine(made.Id, machine, made.Pool, made.Id == MachineId.Control ? ["CONTROLLER"] : ["PLAINTEXT"]));
        }

        return machines;
    }

    private Dictionary<string, string> Properties(int node)
    {
        bool isFsync = durability == SimDurability.Fsync && bug != PlantedBug.AcknowledgesUnsynced;
        Dictionary<string, string> properties = new(StringComparer.Ordinal)
        {
            ["process.roles"] = "broker,controller",
            ["node.id"] = $"{node + 1}",
            ["listeners"] = "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093",
            ["controller.listener.names"] = "CONTROLLER",
            ["controller.quorum.bootstrap.servers"] = "localhost:9093",
            ["log.dirs"] = string.Join(',', directories),
            ["num.partitions"] = "2",
            ["metadata.log.max.record.bytes.between.snapshots"] = "4000",
            ["offsets.topic.replication.factor"] = "1",
            ["offsets.topic.num.partitions"] = "3",
            ["group.initial.rebalance.delay.ms"] = "0",
            ["log.segment.bytes"] = "1048576",
            ["log.initial.task.delay.ms"] = "500",
            ["log.retention.check.interval.ms"] = "700",
            ["log.segment.delete.delay.ms"] = "400",
            ["max.incremental.fetch.session.cache.slots"] = "8",
            ["moldau.shards"] = $"{shards}",
            ["moldau.acknowledge"] = isFsync ? "fsync" : "page-cache",
        };
        if (bug == PlantedBug.ProducersExpireEarly) properties["producer.id.expiration.ms"] = "50";
        if (bug == PlantedBug.RetentionTooEager) properties["log.retention.ms"] = "1000";
        if (bug == PlantedBug.OffsetsExpireEarly)
        {
            properties["offsets.retention.minutes"] = "1";
            properties["offsets.retention.check.interval.ms"] = "500";
        }

        return properties;
    }
}
