using Moldau.Base;

namespace Moldau.Client;

/// <summary>Where a consumer begins that has no offset, or one that is gone.</summary>
public enum OffsetResetKind
{
    /// <summary>At the end.</summary>
    Latest,

    /// <summary>At the first record that is still there.</summary>
    Earliest,

    /// <summary>An error tells the user.</summary>
    None,

    /// <summary>At the first record that is not older than a duration (KIP-1106).</summary>
    ByDuration,
}

/// <summary><c>auto.offset.reset</c></summary>
public readonly record struct OffsetReset(OffsetResetKind Kind, Duration Back = default)
{
    /// <summary>At the end.</summary>
    public static OffsetReset Latest => new(OffsetResetKind.Latest);

    /// <summary>At the first record that is still there.</summary>
    public static OffsetReset Earliest => new(OffsetResetKind.Earliest);

    /// <summary>An error tells the user.</summary>
    public static OffsetReset None => new(OffsetResetKind.None);

    /// <summary>At the first record that is not older.</summary>
    public static OffsetReset ByDuration(Duration back) => new(OffsetResetKind.ByDuration, back);
}

/// <summary><c>isolation.level</c></summary>
public enum IsolationLevel : sbyte
{
    /// <summary>All records, those of aborted transactions included.</summary>
    ReadUncommitted = 0,

    /// <summary>Only records outside of transactions and of committed ones.</summary>
    ReadCommitted = 1,
}

/// <summary><c>group.protocol</c>: how a group agrees on who reads what.</summary>
public enum GroupProtocol
{
    /// <summary>The members' leader assigns the partitions; every broker since 0.9 has it.</summary>
    Classic,

    /// <summary>The broker assigns them (KIP-848).</summary>
    Consumer,
}

/// <summary>What a consumer is to do. Names and defaults are those of Kafka's consumer.</summary>
public sealed record ConsumerSettings
{
    /// <summary><c>group.id</c>; null for a consumer without a group.</summary>
    public string? GroupId { get; init; }

    /// <summary><c>group.instance.id</c>: a static member (KIP-345).</summary>
    public string? GroupInstanceId { get; init; }

    /// <summary><c>auto.offset.reset</c></summary>
    public OffsetReset OffsetReset { get; init; } = OffsetReset.Latest;

    /// <summary><c>group.protocol</c>; null for the broker's (KIP-848), or the classic one where it has not got
    /// that.</summary>
    public GroupProtocol? GroupProtocol { get; init; }

    /// <summary><c>group.remote.assignor</c>: which of the broker's assignors is to be used; null leaves it to the
    /// broker.</summary>
    public string? RemoteAssignor { get; init; }

    /// <summary><c>isolation.level</c></summary>
    public IsolationLevel IsolationLevel { get; init; }

    /// <summary><c>fetch.min.bytes</c></summary>
    public int FetchMinBytes { get; init; } = 1;

    /// <summary><c>fetch.max.bytes</c></summary>
    public int FetchMaxBytes { get; init; } = 50 << 20;

    /// <summary><c>max.partition.fetch.bytes</c></summary>
    public int MaxPartitionFetchBytes { get; init; } = 1 << 20;

    /// <summary><c>fetch.max.wait.ms</c></summary>
    public Duration FetchMaxWait { get; init; } = Duration.FromMs(500);

    /// <summary><c>enable.auto.commit</c></summary>
    public bool EnableAutoCommit { get; init; } = true;

    /// <summary><c>auto.commit.interval.ms</c></summary>
    public Duration AutoCommitInterval { get; init; } = Duration.FromSeconds(5);

    /// <summary><c>session.timeout.ms</c></summary>
    public Duration SessionTimeout { get; init; } = Duration.FromSeconds(45);

    /// <summary><c>heartbeat.interval.ms</c></summary>
    public Duration HeartbeatInterval { get; init; } = Duration.FromSeconds(3);

    /// <summary><c>max.poll.interval.ms</c>: how long a rebalance waits for a member, and how long records may be worked
    /// on before the consumer is said to be stuck.</summary>
    public Duration MaxPollInterval { get; init; } = Duration.FromSeconds(300);

    /// <summary>Who is told of partitions that come and go: the shell's own; null for nobody.</summary>
    internal object? Listener { get; init; }

    /// <summary><c>partition.assignment.strategy</c> of the classic protocol, the preferred one first.</summary>
    internal IReadOnlyList<IGroupAssignor> Assignors { get; init; } = [new RangeAssignor(), new CooperativeStickyAssignor()];

    /// <summary><c>allow.auto.create.topics</c></summary>
    public bool AllowAutoCreateTopics { get; init; } = true;

    /// <summary><c>check.crcs</c></summary>
    public bool CheckCrcs { get; init; } = true;

    /// <summary>The largest decompressed batch that is read, in bytes.</summary>
    public int MaxDecompressedBytes { get; init; } = 256 << 20;
}
