using System.Net;
using Moldau.Transport;

namespace Moldau.Runtime;

/// <summary>A listener: its sockets, and the reactors that serve it in turn. One reactor accepts for all of them,
/// because SO_REUSEPORT spreads by hash, which leaves a shard without work when clients are few. The accepting
/// reactor's thread owns all but the limits.</summary>
internal sealed class ListenerState(
    ListenerOptions options, IReadOnlyList<ListenSocket> sockets, Reactor[] servedBy, ConnectionLimits limits)
{
    private int _next;
    // Taken by the accepting reactor, given back by whichever reactor closes.
    private int _count;

    internal ListenerOptions Options { get; } = options;

    internal IReadOnlyList<ListenSocket> Sockets { get; } = sockets;

    /// <summary>The node or the listener is full: clients wait in the kernel's queue.</summary>
    internal bool IsFull => limits.IsFull || Volatile.Read(ref _count) >= Options.MaxConnections;

    /// <summary>When accepting goes on after a pause; null while it is not paused.</summary>
    internal long? ResumeAtNs { get; set; }

    /// <summary>False when the address has its share: the client is hung up on.</summary>
    internal bool TryTake(IPAddress address)
    {
        if (!limits.TryTake(address)) return false;
        Interlocked.Increment(ref _count);
        return true;
    }

    internal void Give(IPAddress address)
    {
        Interlocked.Decrement(ref _count);
        limits.Give(address);
    }

    internal Reactor NextTarget()
    {
        Reactor target = servedBy[_next];
        _next = (_next + 1) % servedBy.Length;
        return target;
    }
}

/// <summary>A client on its way from the accepting reactor to its own.</summary>
internal sealed record AcceptedClient(StreamSocket Socket, ListenerState Listener);
