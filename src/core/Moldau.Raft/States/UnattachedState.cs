namespace Moldau.Raft;

/// <summary>Follows nobody yet: new in the epoch, or with its vote given and waiting for who wins. An observer is here
/// until it finds the leader.</summary>
public sealed class UnattachedState(int epoch, int leaderId, ReplicaKey? votedFor) : RaftState(epoch)
{
    public override string Name => votedFor is null ? "Unattached" : "Voted";

    public override int LeaderId => leaderId;

    public override ReplicaKey? VotedFor => votedFor;
}
