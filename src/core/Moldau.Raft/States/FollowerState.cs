using Moldau.Base;

namespace Moldau.Raft;

/// <summary>Fetches from a leader. The deadline is the fetch timeout: a leader that is silent so long is given
/// up.</summary>
public sealed class FollowerState(int epoch, int leaderId, RaftEndpoint? endpoint, ReplicaKey? votedFor)
    : RaftState(epoch)
{
    public override string Name => "Follower";

    public override int LeaderId => leaderId;

    public override ReplicaKey? VotedFor => votedFor;

    public RaftEndpoint? Endpoint { get; } = endpoint;

    /// <summary>Whether the leader has answered in this epoch; then a candidate is told that it is not
    /// needed.</summary>
    public bool HasFetched { get; set; }

    public bool IsFetching { get; set; }

    public Instant NextFetch { get; set; }

    /// <summary>The snapshot that is being fetched, and how far.</summary>
    public OffsetAndEpoch? Snapshot { get; set; }

    public long SnapshotPosition { get; set; }

    /// <summary>Set while a fetched snapshot is being made durable.</summary>
    public bool IsInstalling { get; set; }

    public override bool MayGrant(ReplicaKey candidate, bool isLogGood, bool isPreVote) =>
        isPreVote ? isLogGood && !HasFetched : VotedFor is { } voted && voted.Matches(candidate);
}
