using Moldau.Base;
using Moldau.Broker;
using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>A machine of a node, with the pool its connections receive into.</summary>
/// <param name="Listeners">Names of the listeners it serves; machines that share one take connections in turn.</param>
public sealed record SimMachine(MachineId Id, INodeMachine Machine, BufferPool Pool, IReadOnlyList<string> Listeners)
{
    /// <summary>The machine itself, where a planted bug stands before it.</summary>
    internal INodeMachine Core => Machine is PlantedMachine planted ? planted.Inner : Machine;
}

/// <summary>What a process of a simulated node starts with.</summary>
/// <param name="Incarnation">0 for the node's first process.</param>
public sealed record SimHost(int NodeNumber, int Incarnation, IDisk Disk, Prng Prng, Instant Now);

/// <summary>Builds the machines of a process; it may read the disk, and may be killed in it. Called at every start.</summary>
public delegate IReadOnlyList<SimMachine> MachineFactory(SimHost host);

/// <summary>How the world treats a node at the moment; faults change it.</summary>
public sealed class SimTemper
{
    /// <summary>Share of appends that do not complete in their own turn.</summary>
    public double LateAppends { get; set; } = 0.1;

    /// <summary>Upper bound of the time an operation waits for its disk, nanoseconds.</summary>
    public long DiskDelayNs { get; set; } = 2_000_000;

    /// <summary>Upper bound of a mailbox's delay, nanoseconds.</summary>
    public long MailDelayNs { get; set; } = 100_000;
}
