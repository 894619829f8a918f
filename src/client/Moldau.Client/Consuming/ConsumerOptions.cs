using Moldau.Base;

namespace Moldau.Client;

/// <summary>How a group agrees on who reads what: <c>group.protocol</c>.</summary>
public enum GroupProtocol
{
    /// <summary>The members' leader assigns the partitions; every broker since 0.9 has it.</summary>
    Classic,

    /// <summary>The broker assigns them (KIP-848).</summary>
    Consumer,
}

/// <summary>What a consumer is to do. Names and defaults are those of Kafka's consumer.</summary>
public sealed record ConsumerOptions
{
    /// <summary><c>group.id</c>; null for a consumer that is assigned its partitions and commits nothing.</summary>
    public string? GroupId { get; init; }

    /// <summary><c>group.instance.id</c>: a static member, which keeps its partitions over a restart (KIP-345).</summary>
    public string? GroupInstanceId { get; init; }

    /// <summary><c>auto.offset.reset</c>: where to begin without a committed offset.</summary>
    public OffsetReset OffsetReset { get; init; } = OffsetReset.Latest;

    /// <summary><c>isolation.level</c></summary>
    public IsolationLevel IsolationLevel { get; init; } = IsolationLevel.ReadUncommitted;

    /// <summary><c>enable.auto.commit</c>: whether what was worked on is committed now and then, when partitions go and
    /// when the consumer is disposed.</summary>
    public bool EnableAutoCommit { get; init; } = true;

    /// <summary>True: only records on which <see cref="ConsumedRecord{TKey,TValue}.Done"/> was called are committed.
    /// False: a record counts as worked on when the next one is asked for.</summary>
    public bool CommitOnlyDone { get; init; }

    /// <summary><c>auto.commit.interval.ms</c></summary>
    public TimeSpan AutoCommitInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>fetch.min.bytes</c></summary>
    public int FetchMinBytes { get; init; } = 1;

    /// <summary><c>fetch.max.bytes</c></summary>
    public int FetchMaxBytes { get; init; } = 50 << 20;

    /// <summary><c>max.partition.fetch.bytes</c></summary>
    public int MaxPartitionFetchBytes { get; init; } = 1 << 20;

    /// <summary><c>fetch.max.wait.ms</c></summary>
    public TimeSpan FetchMaxWait { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary><c>session.timeout.ms</c></summary>
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary><c>heartbeat.interval.ms</c></summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary><c>max.poll.interval.ms</c></summary>
    public TimeSpan MaxPollInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary><c>allow.auto.create.topics</c></summary>
    public bool AllowAutoCreateTopics { get; init; } = true;

    /// <summary><c>check.crcs</c></summary>
    public bool CheckCrcs { get; init; } = true;

    internal ConsumerSettings ToSettings() => new()
    {
        GroupId = GroupId,
        GroupInstanceId = GroupInstanceId,
        OffsetReset = OffsetReset,
        IsolationLevel = IsolationLevel,
        EnableAutoCommit = EnableAutoCommit,
        AutoCommitInterval = Of(AutoCommitInterval),
        FetchMinBytes = FetchMinBytes,
        FetchMaxBytes = FetchMaxBytes,
        MaxPartitionFetchBytes = MaxPartitionFetchBytes,
        FetchMaxWait = Of(FetchMaxWait),
        SessionTimeout = Of(SessionTimeout),
        HeartbeatInterval = Of(HeartbeatInterval),
        MaxPollInterval = Of(MaxPollInterval),
        AllowAutoCreateTopics = AllowAutoCreateTopics,
        CheckCrcs = CheckCrcs,
    };

    private static Duration Of(TimeSpan span) => Duration.FromMs((long)span.TotalMilliseconds);
}
