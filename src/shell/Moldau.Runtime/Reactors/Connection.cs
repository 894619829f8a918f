using Moldau.Base;
using Moldau.Broker;
using Moldau.Transport;

namespace Moldau.Runtime;

/// <summary>Why a connection is not read for now.</summary>
[Flags]
internal enum PauseReason : byte
{
    None = 0,

    /// <summary>The machine asked for it.</summary>
    Machine = 1,

    /// <summary>Too much waits to be sent to it.</summary>
    SendQueue = 2,

    /// <summary>Its requests filled another machine's mailbox.</summary>
    Mailbox = 4,

    /// <summary>Its appends filled a slow directory's writer queue.</summary>
    Disk = 8,

    /// <summary>The reactor's memory is used up; it waits with its next frame.</summary>
    Memory = 32,

    /// <summary>It closes once what is queued has left.</summary>
    Closing = 16,
}

/// <summary>One client. Belongs to one reactor's thread for life; idle, it owns no buffer.</summary>
internal sealed class Connection(
    ConnectionId id, int slot, StreamSocket socket, ConnectionInfo info, FrameReader reader, ListenerState listener,
    TlsSession? tls, List<SentResponse> sent)
{
    internal ConnectionId Id { get; } = id;

    internal int Slot { get; } = slot;

    internal StreamSocket Socket { get; } = socket;

    internal ConnectionInfo Info { get; } = info;

    internal FrameReader Reader { get; } = reader;

    internal ListenerState Listener { get; } = listener;

    /// <summary>Null on a plain connection.</summary>
    internal TlsSession? Tls { get; } = tls;

    /// <summary>Whether anything waits to be sent, encrypted or not yet.</summary>
    internal bool HasOutgoing => !Out.IsEmpty || Tls is { OutgoingBytes: > 0 };

    internal SendQueue Out { get; } = new(sent);

    /// <summary>What epoll was last told.</summary>
    internal Interest Interest { get; set; } = Interest.Readable;

    internal PauseReason Pause { get; set; }

    internal bool IsClosed { get; set; }

    // Not HasFlag, which boxes where the compiler does not optimize.
    internal bool IsPausedBy(PauseReason reason) => (Pause & reason) != 0;

    /// <summary>In the list of connections with something to send in this turn.</summary>
    internal bool IsFlushListed { get; set; }

    /// <summary>In the list of connections whose buffered frames are to be delivered.</summary>
    internal bool IsResumeListed { get; set; }

    /// <summary>The kernel's buffer is full; epoll tells when it is not.</summary>
    internal bool IsSendBlocked { get; set; }

    /// <summary>Frames were queued since the machine last heard that all had left.</summary>
    internal bool OwesDrained { get; set; }

    // The list of connections by last activity: see IdleList.
    internal long LastActiveNs { get; set; }

    internal Connection? LessRecent { get; set; }

    internal Connection? MoreRecent { get; set; }
}
