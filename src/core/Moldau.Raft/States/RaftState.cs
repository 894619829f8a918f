using Moldau.Base;

namespace Moldau.Raft;

/// <summary>What a node is in its epoch. What it must not forget is in <see cref="ToFile"/>.</summary>
public abstract class RaftState(int epoch)
{
    public int Epoch { get; } = epoch;

    /// <summary>−1: unknown.</summary>
    public virtual int LeaderId => -1;

    public abstract string Name { get; }

    /// <summary>When time moves it on.</summary>
    public Instant Deadline { get; set; } = Instant.Never;

    public virtual ReplicaKey? VotedFor => null;

    public QuorumStateFile ToFile() =>
        new(LeaderId, Epoch, VotedFor?.Id ?? -1, VotedFor?.DirectoryId ?? Uuid.Zero);

    /// <summary>Whether it would vote, or say that it would (KIP-996), for a candidate whose log is as good as ours or
    /// not.</summary>
    public virtual bool MayGrant(ReplicaKey candidate, bool isLogGood, bool isPreVote)
    {
        if (isPreVote) return isLogGood;
        if (VotedFor is { } voted) return voted.Matches(candidate);
        return LeaderId < 0 && isLogGood;
    }
}
