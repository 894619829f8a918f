using Moldau.Base;

namespace Moldau.Client;

/// <summary>What a consumer is to do. Names and defaults are those of Kafka's consumer.</summary>
public sealed record ConsumerOptions
{
    /// <summary><c>group.id</c>; null for a consumer that is assigned its partitions and commits nothing.</summary>
    public string? GroupId { get; init; }

    /// <summary><c>group.instance.id</c>: a static member, which keeps its partitions over a restart (KIP-345).</summary>
    public string? GroupInstanceId { get; init; }

    /// <summary><c>group.protocol</c>: null for the broker's assignment (KIP-848), or the classic protocol where the cluster
    /// has not got that. What is chosen here is used, or is an error.</summary>
    public GroupProtocol? GroupProtocol { get; init; }

    /// <summary><c>group.remote.assignor</c>: which of the broker's assignors is used, such as <c>uniform</c> or <c>range</c>;
    /// null leaves it to the broker. Only KIP-848 has it, so that it is chosen too.</summary>
    public string? GroupRemoteAssignor { get; init; }

    /// <summary><c>partition.assignment.strategy</c>: Kafka's names of assignors (<c>range</c>, <c>roundrobin</c>,
    /// <c>sticky</c>, <c>cooperative-sticky</c>), the preferred one first. Only the classic protocol has it, so that it is
    /// chosen too; null for range and cooperative-sticky.</summary>
    public IReadOnlyList<string>? PartitionAssignmentStrategy { get; init; }

    /// <summary>Told of partitions that come and go, and of a stalled reader.</summary>
    public IConsumerListener? Listener { get; init; }

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

    /// <summary><c>session.timeout.ms</c> of the classic protocol; with KIP-848 it is the group's
    /// (<c>consumer.session.timeout.ms</c>).</summary>
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary><c>heartbeat.interval.ms</c> of the classic protocol; with KIP-848 it is the group's
    /// (<c>consumer.heartbeat.interval.ms</c>).</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary><c>max.poll.interval.ms</c>: how long a rebalance waits for this member, its listener included; and how long a
    /// reader may be silent before the consumer counts as stalled and fetches nothing more
    /// (<see cref="IConsumerListener.OnStalledAsync"/>). A stalled consumer stays in its group, unlike Kafka's own.</summary>
    public TimeSpan MaxPollInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary><c>max.poll.records</c>: how many records a batch has at most (<see cref="Consumer{TKey,TValue}.ReadBatchesAsync"/>).
    /// It has nothing to do with what is fetched at once.</summary>
    public int MaxPollRecords { get; init; } = 500;

    /// <summary><c>allow.auto.create.topics</c></summary>
    public bool AllowAutoCreateTopics { get; init; } = true;

    /// <summary><c>check.crcs</c></summary>
    public bool CheckCrcs { get; init; } = true;

    /// <summary>Why these options contradict one another; null where they do not.</summary>
    internal string? WhyInvalid => MaxPollRecords < 1 ? "max.poll.records is at least 1" : null;

    internal ConsumerSettings ToSettings() => new()
    {
        GroupId = GroupId,
        GroupInstanceId = GroupInstanceId,
        GroupProtocol = Protocol(),
        RemoteAssignor = GroupRemoteAssignor,
        Assignors = PartitionAssignmentStrategy is null
            ? new ConsumerSettings().Assignors
            : [.. PartitionAssignmentStrategy.Select(Assignor)],
        Listener = Listener is null ? null : new ListenerRunner(Listener),
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

    private GroupProtocol? Protocol()
    {
        if (GroupRemoteAssignor is not null)
        {
            if (GroupProtocol == Client.GroupProtocol.Classic || PartitionAssignmentStrategy is not null)
                throw new ArgumentException("group.remote.assignor is KIP-848's: the classic protocol has partition.assignment.strategy");
            return Client.GroupProtocol.Consumer;
        }

        if (PartitionAssignmentStrategy is null) return GroupProtocol;
        if (GroupProtocol == Client.GroupProtocol.Consumer)
            throw new ArgumentException("partition.assignment.strategy is the classic protocol's: KIP-848 has group.remote.assignor");
        return Client.GroupProtocol.Classic;
    }

    private static IGroupAssignor Assignor(string name) => GroupAssignors.Find(name)
        ?? throw new ArgumentException($"partition.assignment.strategy: there is no assignor '{name}', but"
            + $" {string.Join(", ", GroupAssignors.All.Select(a => a.Name))}");

    private static Duration Of(TimeSpan span) => Duration.FromMs((long)span.TotalMilliseconds);
}
