namespace Moldau.Coordination;

/// <summary>The broker properties that classic groups read. Durations are in milliseconds.</summary>
public sealed record GroupOptions
{
    /// <summary>group.min.session.timeout.ms</summary>
    public required int MinSessionTimeoutMs { get; init; }

    /// <summary>group.max.session.timeout.ms</summary>
    public required int MaxSessionTimeoutMs { get; init; }

    /// <summary>group.initial.rebalance.delay.ms</summary>
    public required int InitialRebalanceDelayMs { get; init; }

    /// <summary>group.max.size</summary>
    public required int MaxSize { get; init; }

    /// <summary>offsets.commit.timeout.ms: the longest wait of any answer for the log.</summary>
    public required int CommitTimeoutMs { get; init; }

    /// <summary>offset.metadata.max.bytes</summary>
    public required int OffsetMetadataMaxBytes { get; init; }

    /// <summary>offsets.retention.minutes, in milliseconds</summary>
    public required long OffsetsRetentionMs { get; init; }

    /// <summary>offsets.retention.check.interval.ms</summary>
    public required long OffsetsRetentionCheckIntervalMs { get; init; }

    /// <summary>How long a new member may wait in its first join before it is given up (fixed in Apache
    /// Kafka).</summary>
    public int NewMemberJoinTimeoutMs { get; init; } = 5 * 60 * 1000;
}

/// <summary>Who asks: what of a request's connection ends up in group state.</summary>
public readonly record struct GroupCaller(string ClientId, string ClientHost);
