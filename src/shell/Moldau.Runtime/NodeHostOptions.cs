using Moldau.Base;
using Moldau.Broker;
using Moldau.Config;
using Moldau.Storage;
using Moldau.Transport;

namespace Moldau.Runtime;

/// <summary>A machine of the node and the pool that its frames and its reactor's buffers come from.</summary>
public sealed record HostedMachine(MachineId Id, INodeMachine Machine, BufferPool Pool);

/// <summary>What a node consists of.</summary>
public sealed record NodeHostOptions
{
    /// <summary>Shards (numbers 0 to n-1) and at most one control machine.</summary>
    public required IReadOnlyList<HostedMachine> Machines { get; init; }

    public required IReadOnlyList<ListenerOptions> Listeners { get; init; }

    public required IDisk Disk { get; init; }

    /// <summary>Where the listeners' sockets come from.</summary>
    public SocketTransport Transport { get; init; } = SocketTransport.Default;

    /// <summary>Broker listeners are bound at once but accept only after <see cref="NodeEffectKind.Ready"/>.</summary>
    public bool WaitsForReady { get; init; }

    /// <summary>Where the shell's own lines go (kafka.network, kafka.log).</summary>
    public required LogArea Log { get; init; }

    public ReactorLimits Limits { get; init; } = new();

    public DiskLimits DiskLimits { get; init; } = new();

    public ConnectionQuotas Quotas { get; init; } = new();

    /// <summary>Called on a machine's thread when the broker's dynamic configuration has changed, before any answer that
    /// says so: what the shell has of it is set anew here.</summary>
    public Action<NodeHost, BrokerConfig>? Configured { get; init; }
}

/// <summary>What a listener's accepting has come to.</summary>
/// <param name="Name">Name of the listener.</param>
/// <param name="BlockedNs">Time in which it accepted nobody because of limits, or of an error.</param>
/// <param name="ThrottledNs">The part of it that was for the creation rate.</param>
/// <param name="Throttles">How often it rested for the creation rate.</param>
/// <param name="AcceptRate">Connections a second, of late.</param>
/// <param name="IsController">The controller's.</param>
public sealed record ListenerMetrics(string Name, long BlockedNs, long ThrottledNs, long Throttles, double AcceptRate, bool IsController);

/// <summary>A listener that is open.</summary>
public sealed record BoundListener(string Name, IReadOnlyList<System.Net.IPEndPoint> EndPoints)
{
    public int Port => EndPoints[0].Port;
}
