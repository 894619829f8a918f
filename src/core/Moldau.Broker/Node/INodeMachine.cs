using Moldau.Base;

namespace Moldau.Broker;

/// <summary>A deterministic part of a node: a shard or the control machine. One thread (or the simulator) calls it.
/// It never blocks, reads a clock, or touches a socket or a file.</summary>
public interface INodeMachine
{
    /// <summary>Takes one event and appends what is to be done, in order. The effect list is cleared by the caller.</summary>
    void Step(in NodeEvent e, Instant now, EffectList<NodeEffect> effects);

    /// <summary>When the machine wants <see cref="NodeEventKind.Deadline"/>, at the latest.</summary>
    Instant NextDeadline { get; }
}

/// <summary>The address of a machine within its node.</summary>
public readonly record struct MachineId(int Number)
{
    public static readonly MachineId Control = new(-1);

    public static MachineId Shard(int index) => new(index);

    public override string ToString() => Number < 0 ? "control" : $"shard-{Number}";
}

/// <summary>A connection within its machine; never reused.</summary>
public readonly record struct ConnectionId(long Number)
{
    public override string ToString() => $"c{Number}";
}
