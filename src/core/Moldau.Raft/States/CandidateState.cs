namespace Moldau.Raft;

/// <summary>Asks for votes in an epoch of its own; it has voted for itself.</summary>
public sealed class CandidateState(int epoch, ReplicaKey self, Ballot ballot) : RaftState(epoch)
{
    public override string Name => "Candidate";

    public override ReplicaKey? VotedFor => self;

    public Ballot Ballot { get; } = ballot;

    public override bool MayGrant(ReplicaKey candidate, bool isLogGood, bool isPreVote) =>
        isPreVote ? isLogGood : self.Matches(candidate);
}
