using Moldau.Base;

namespace Moldau.Broker;

/// <summary>A machine of a node with the pool that its frames come from.</summary>
public sealed record NodeMachine(MachineId Id, INodeMachine Machine, BufferPool Pool);

/// <summary>Makes the machines of a node: the same for the shell and the simulator.</summary>
public static class NodeMachines
{
    public static IReadOnlyList<NodeMachine> Create(NodeOptions options, MetadataBoot metadata, Prng prng)
    {
        options.Log.MakeAll();
        List<NodeMachine> machines = [];
        BufferPool controlPool = new();
        machines.Add(new NodeMachine(MachineId.Control, new ControlMachine(options, metadata, controlPool, prng.Fork()), controlPool));
        for (int i = 0; i < options.ShardCount; i++)
        {
            BufferPool pool = new();
            machines.Add(new NodeMachine(MachineId.Shard(i), new ShardMachine(i, options, pool, prng.Fork()), pool));
        }

        return machines;
    }

    /// <summary>What the control machine shows; null for a shard.</summary>
    public static ControlMetrics? ControlMetricsOf(INodeMachine machine) => (machine as ControlMachine)?.Metrics;

    /// <summary>Error codes of a machine's answers.</summary>
    public static RequestErrors ErrorsOf(INodeMachine machine) => ((Machine)machine).Errors;

    /// <summary>What a shard counts; null for the control machine.</summary>
    public static ShardMetrics? MetricsOf(INodeMachine machine) => (machine as ShardMachine)?.Metrics;
}
