using System.Net;

namespace Moldau.Runtime;

/// <summary>What a node's listeners may take, as configured now. Immutable: a dynamic change makes a new one
/// (<see cref="NodeHost.SetQuotas"/>).</summary>
public sealed record ConnectionQuotas
{
    /// <summary>max.connections: open at one time, of all listeners together. Beyond it clients wait in the kernel's
    /// queue, except those of <see cref="ProtectedListener"/>.</summary>
    public int MaxConnections { get; init; } = int.MaxValue;

    /// <summary>max.connections.per.ip: one more from the same address is hung up on.</summary>
    public int MaxPerAddress { get; init; } = int.MaxValue;

    /// <summary>max.connections.per.ip.overrides: addresses with a limit of their own.</summary>
    public IReadOnlyDictionary<IPAddress, int> PerAddress { get; init; } = new Dictionary<IPAddress, int>();

    /// <summary>max.connection.creation.rate: new connections a second, of all listeners but the protected one.</summary>
    public int CreationRate { get; init; } = int.MaxValue;

    /// <summary>The listener between brokers: where it is not the only one, it is not held to the node's limits, and
    /// others make room for it.</summary>
    public string? ProtectedListener { get; init; }

    /// <summary>What single listeners may take, by name; those without an entry: anything.</summary>
    public IReadOnlyDictionary<string, ListenerQuota> Listeners { get; init; } = new Dictionary<string, ListenerQuota>();

    /// <summary>quota.window.num: samples over which the creation rate is measured.</summary>
    public int RateSamples { get; init; } = 11;

    /// <summary>quota.window.size.seconds: length of a sample.</summary>
    public long RateSampleNs { get; init; } = 1_000_000_000;

    public ListenerQuota Of(string listener) => Listeners.GetValueOrDefault(listener, ListenerQuota.Unlimited);
}

/// <summary>Limits of one listener (<c>listener.name.NAME.</c> before the property, else the node's value).</summary>
/// <param name="MaxConnections">Open at one time; more wait in the kernel's queue.</param>
/// <param name="CreationRate">New connections a second.</param>
public sealed record ListenerQuota(int MaxConnections = int.MaxValue, int CreationRate = int.MaxValue)
{
    public static readonly ListenerQuota Unlimited = new();
}
