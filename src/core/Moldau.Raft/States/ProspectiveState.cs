namespace Moldau.Raft;

/// <summary>Asks whether it could win before it raises the epoch (pre-vote, KIP-996): a node that was cut off does not
/// disturb a quorum that works.</summary>
public sealed class ProspectiveState(int epoch, int leaderId, ReplicaKey? votedFor, Ballot ballot) : RaftState(epoch)
{
    public override string Name => "Prospective";

    public override int LeaderId => leaderId;

    public override ReplicaKey? VotedFor => votedFor;

    public Ballot Ballot { get; } = ballot;
}
