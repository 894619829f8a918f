using Moldau.Base;

namespace Moldau.Runtime;

/// <summary>What a reactor counts. Written by its thread, read by the publisher.</summary>
public sealed class ReactorMetrics
{
    /// <summary>Turns above the limit (10 ms): somebody else waited.</summary>
    public MetricCell SlowTurns { get; } = new();

    public MetricCell LongestTurnNs { get; } = new();

    public MetricCell Steps { get; } = new();

    /// <summary>Thousandths of the last seconds in which the thread waited for something to do.</summary>
    public MetricCell IdlePermille { get; } = new();

    public MetricCell Connections { get; } = new();

    public MetricCell ConnectionsAccepted { get; } = new();

    public MetricCell ConnectionsClosed { get; } = new();

    /// <summary>TLS sessions that came to nothing: no certificate, a wrong one, or no TLS at all.</summary>
    public MetricCell FailedAuthentications { get; } = new();

    public MetricCell ConnectionsClosedIdle { get; } = new();

    /// <summary>Connections closed because more were open than max.connections allows.</summary>
    public MetricCell ConnectionsClosedExcess { get; } = new();

    public MetricCell ConnectionsRefused { get; } = new();

    public MetricCell AcceptErrors { get; } = new();

    public MetricCell BytesIn { get; } = new();

    public MetricCell BytesOut { get; } = new();

    /// <summary>Pieces of files that were not in the page cache and were read by a disk thread.</summary>
    public MetricCell ColdReads { get; } = new();

    /// <summary>Bytes that left by sendfile.</summary>
    public MetricCell SendFileBytes { get; } = new();

    /// <summary>Messages kept back because the target's mailbox was full.</summary>
    public MetricCell PostsDelayed { get; } = new();

    /// <summary>Times that a connection had to wait because the reactor's memory was used up.</summary>
    public MetricCell MemoryPauses { get; } = new();

    /// <summary>Connections closed because a queued file slice was cut off meanwhile.</summary>
    public MetricCell StaleSlices { get; } = new();
}
