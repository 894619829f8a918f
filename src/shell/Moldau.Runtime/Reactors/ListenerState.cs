using System.Net;
using Moldau.Base;
using Moldau.Transport;

namespace Moldau.Runtime;

/// <summary>A listener: its sockets, and the reactors that serve it in turn. One reactor accepts for all of them,
/// because SO_REUSEPORT spreads by hash, which leaves a shard without work when clients are few. The accepting
/// reactor's thread owns all but the limits and the certificate.</summary>
internal sealed class ListenerState(
    ListenerOptions options, IReadOnlyList<ListenSocket> sockets, Reactor[] servedBy, ConnectionLimits limits)
{
    private int _next;
    // Set by whoever changes the configuration, read by the reactors that adopt.
    private volatile TlsServer? _tls = options.Tls;

    internal ListenerOptions Options { get; } = options;

    internal string Name => Options.Name;

    internal IReadOnlyList<ListenSocket> Sockets { get; } = sockets;

    internal IReadOnlyList<Reactor> ServedBy => servedBy;

    internal ConnectionLimits Limits { get; } = limits;

    /// <summary>For connections made from now on; null where they are plain.</summary>
    internal TlsServer? Tls
    {
        get => _tls;
        set => _tls = value;
    }

    /// <summary>When accepting goes on after a pause; null while it is not paused.</summary>
    internal long? ResumeAtNs { get; set; }

    /// <summary>Time in which clients had to wait for a slot or for the creation rate.</summary>
    internal MetricCell BlockedNs { get; } = new();

    /// <summary>The part of it that was for the creation rate.</summary>
    internal MetricCell ThrottledNs { get; } = new();

    /// <summary>How often.</summary>
    internal MetricCell Throttles { get; } = new();

    /// <summary>False when the address has its share: the client is hung up on.</summary>
    internal bool TryTake(IPAddress address) => Limits.TryTake(Name, address);

    internal void Give(IPAddress address) => Limits.Give(Name, address);

    internal Reactor NextTarget()
    {
        Reactor target = servedBy[_next];
        _next = (_next + 1) % servedBy.Length;
        return target;
    }
}

/// <summary>A client on its way from the accepting reactor to its own.</summary>
internal sealed record AcceptedClient(StreamSocket Socket, ListenerState Listener);
