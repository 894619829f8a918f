using Moldau.Base;
using Moldau.Transport;

namespace Moldau.Runtime;

/// <summary>A listener: its sockets, and the reactors that serve it in turn. One reactor accepts for all of them,
/// because SO_REUSEPORT spreads by hash, which leaves a shard without work when clients are few. The accepting
/// reactor's thread owns all but the limits.</summary>
internal sealed class ListenerState(
    ListenerOptions options, IReadOnlyList<ListenSocket> sockets, Reactor[] servedBy, ConnectionLimits limits)
{
    private int _next;

    internal ListenerOptions Options { get; } = options;

    internal IReadOnlyList<ListenSocket> Sockets { get; } = sockets;

    internal ConnectionLimits Limits { get; } = limits;

    /// <summary>When accepting goes on after a pause; null while it is not paused.</summary>
    internal long? ResumeAtNs { get; set; }

    internal Reactor NextTarget()
    {
        Reactor target = servedBy[_next];
        _next = (_next + 1) % servedBy.Length;
        return target;
    }
}

/// <summary>A client on its way from the accepting reactor to its own.</summary>
internal sealed record AcceptedClient(StreamSocket Socket, ListenerState Listener);
