namespace Moldau.Runtime;

/// <summary>Bounds of a reactor and its connections.</summary>
public sealed record ReactorLimits
{
    /// <summary>Messages of other machines that may wait; a sender keeps the rest and stops reading the connection
    /// that caused them.</summary>
    public int MailboxCapacity { get; init; } = 16 * 1024;

    /// <summary>A frame that claims more closes the connection (socket.request.max.bytes).</summary>
    public int MaxFrameBytes { get; init; } = 100 * 1024 * 1024;

    /// <summary>Bytes of a reactor's pool in use above which no new frame is begun (queued.max.request.bytes); frames
    /// that have begun go on.</summary>
    public long PoolBytes { get; init; } = 512L * 1024 * 1024;

    /// <summary>Bytes queued for a connection above which it is no longer read; it is again below half.</summary>
    public long SendQueueBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>Frames queued for a connection above which it is no longer read.</summary>
    public int SendQueueFrames { get; init; } = 4096;

    /// <summary>A connection without traffic for so long is closed (connections.max.idle.ms); negative:
    /// never.</summary>
    public long MaxIdleMs { get; init; } = 600_000;

    /// <summary>A turn that takes longer is counted and logged.</summary>
    public long SlowTurnNs { get; init; } = 10_000_000;

    /// <summary>For so long after a reactor's start its slow turns are noted at debug only: code runs for the first
    /// time then.</summary>
    public long WarmUpNs { get; init; }

    /// <summary>How long accepting rests after descriptors ran out or the node is full.</summary>
    public int AcceptPauseMs { get; init; } = 100;

    /// <summary>TLS handshakes moved on per turn; the rest wait for the next one.</summary>
    public int HandshakesPerTurn { get; init; } = 4;
}
