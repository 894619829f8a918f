using Moldau.Base;

namespace Moldau.Raft;

/// <summary>What the quorum takes from the node's configuration.</summary>
public sealed record RaftOptions
{
    public required string ClusterId { get; init; }

    /// <summary>This node with the directory of its metadata log.</summary>
    public required ReplicaKey Self { get; init; }

    /// <summary>Where others reach this node's controller; empty on a node that is only a broker.</summary>
    public IReadOnlyList<RaftEndpoint> Endpoints { get; init; } = [];

    /// <summary><c>controller.quorum.election.timeout.ms</c>.</summary>
    public Duration ElectionTimeout { get; init; } = Duration.FromMs(1_000);

    /// <summary><c>controller.quorum.election.backoff.max.ms</c>.</summary>
    public Duration ElectionBackoffMax { get; init; } = Duration.FromMs(1_000);

    /// <summary><c>controller.quorum.fetch.timeout.ms</c>.</summary>
    public Duration FetchTimeout { get; init; } = Duration.FromMs(2_000);

    /// <summary><c>controller.quorum.request.timeout.ms</c>.</summary>
    public Duration RequestTimeout { get; init; } = Duration.FromMs(2_000);

    /// <summary><c>controller.quorum.retry.backoff.ms</c>.</summary>
    public Duration RetryBackoff { get; init; } = Duration.FromMs(20);

    /// <summary><c>metadata.log.max.record.bytes.between.snapshots</c>.</summary>
    public long SnapshotBytes { get; init; } = 20 * 1024 * 1024;

    /// <summary><c>metadata.log.max.snapshot.interval.ms</c>; null: no snapshots by time.</summary>
    public Duration? SnapshotInterval { get; init; } = Duration.FromMs(3_600_000);

    /// <summary>Whether <see cref="SendRaftRequest"/> can be done; where it cannot, no voter is added.</summary>
    public bool CanSend { get; init; } = true;

    /// <summary>Addresses of <c>controller.quorum.bootstrap.servers</c>, to find the leader when no voter is
    /// known.</summary>
    public IReadOnlyList<RaftEndpoint> BootstrapServers { get; init; } = [];
}

/// <summary>A node of the quorum, with the directory of its log; the zero id where that is not known (kraft.version
/// 0).</summary>
public readonly record struct ReplicaKey(int Id, Uuid DirectoryId) : IComparable<ReplicaKey>
{
    /// <summary>The same replica, as far as both sides know: a zero directory matches any.</summary>
    public bool Matches(ReplicaKey other) =>
        Id == other.Id && (DirectoryId.IsZero || other.DirectoryId.IsZero || DirectoryId == other.DirectoryId);

    public int CompareTo(ReplicaKey other) =>
        Id != other.Id ? Id.CompareTo(other.Id) : DirectoryId.CompareTo(other.DirectoryId);

    /// <summary>As Kafka writes it in its answers.</summary>
    public override string ToString() => $"ReplicaKey(id={Id}, directoryId={(DirectoryId.IsZero ? "<undefined>" : DirectoryId.ToString())})";
}

public sealed record RaftEndpoint(string Name, string Host, ushort Port);
