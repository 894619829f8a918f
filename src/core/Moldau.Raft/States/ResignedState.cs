namespace Moldau.Raft;

/// <summary>Led this epoch and does no longer; it knows of no other leader, and waits for one.</summary>
public sealed class ResignedState(int epoch, int self) : RaftState(epoch)
{
    public override string Name => "Resigned";

    public override int LeaderId => self;

    public override bool MayGrant(ReplicaKey candidate, bool isLogGood, bool isPreVote) => isPreVote && isLogGood;
}
