using Moldau.Base;
using Moldau.Broker;
using Moldau.Config;
using Moldau.Sim;

namespace Moldau.Testing;

/// <summary>Makes the machines of the virtual broker's node, on the disk that it is given.</summary>
internal sealed class VirtualNode(VirtualOptions options)
{
    internal const string Listener = "PLAINTEXT";

    private readonly Dictionary<string, string> _properties = Properties(options);

    /// <exception cref="VirtualBrokerException">A property does not do.</exception>
    internal BrokerConfig Check()
    {
        foreach (UnknownProperty unknown in NearestName.FindUnknown(options.Properties.Keys))
            throw new VirtualBrokerException($"unknown property '{unknown.Name}', did you mean '{unknown.Nearest}'?");
        List<string> errors = [];
        if (!BrokerConfig.TryBuild(_properties, out BrokerConfig? config, errors, []) || config is null)
            throw new VirtualBrokerException(string.Join("; ", errors));
        return config;
    }

    internal IReadOnlyList<SimMachine> Create(SimHost host)
    {
        BrokerConfig config = Check();
        BootedNode boot = NodeBoot.Run(host.Disk, config, host.Prng, host.Now.UnixMs);
        NodeOptions node = new()
        {
            Config = config,
            StaticProperties = _properties,
            ClusterId = boot.ClusterId,
            Directories = boot.Directories,
            BrokenDirectories = boot.Broken,
            ShardCount = 1,
            // Nobody looks at them: days are to pass in few events.
            GaugeInterval = Duration.FromSeconds(3600),
            LongestTick = Duration.FromSeconds(60),
            Log = new LogAreas(options.Log ?? new NullLogSink()),
        };
        return [.. NodeMachines.Create(node, boot.Metadata, host.Prng)
            .Select(m => new SimMachine(m.Id, m.Machine, m.Pool, m.Id == MachineId.Control ? ["CONTROLLER"] : [Listener]))];
    }

    private static Dictionary<string, string> Properties(VirtualOptions options)
    {
        Dictionary<string, string> properties = new(StringComparer.Ordinal)
        {
            ["process.roles"] = "broker,controller",
            ["node.id"] = "1",
            ["listeners"] = "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093",
            ["controller.listener.names"] = "CONTROLLER",
            ["controller.quorum.bootstrap.servers"] = "localhost:9093",
            ["log.dirs"] = "/data",
            ["offsets.topic.replication.factor"] = "1",
            ["offsets.topic.num.partitions"] = "1",
            ["group.initial.rebalance.delay.ms"] = "0",
            ["moldau.shards"] = "1",
            // The node's own rounds, which nobody watches here: days are to pass in few events.
            ["metadata.max.idle.interval.ms"] = "0",
            ["replica.high.watermark.checkpoint.interval.ms"] = "300000",
            ["broker.heartbeat.interval.ms"] = "60000",
            ["broker.session.timeout.ms"] = "600000",
        };
        foreach ((string name, string value) in options.Properties) properties[name] = value;
        return properties;
    }
}
