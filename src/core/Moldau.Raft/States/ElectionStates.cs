namespace Moldau.Raft;

/// <summary>Votes as they come in.</summary>
public sealed class Ballot(VoterSet voters, ReplicaKey self)
{
    private readonly SortedSet<int> _granted = voters.Contains(self) ? [self.Id] : [];
    private readonly SortedSet<int> _rejected = [];

    public IEnumerable<int> Granting => _granted;

    public bool IsWon => _granted.Count >= voters.Majority;

    /// <summary>So many said no that it cannot be won.</summary>
    public bool IsLost => voters.Count - _rejected.Count < voters.Majority;

    public IEnumerable<ReplicaKey> Unanswered =>
        voters.Keys.Where(k => !_granted.Contains(k.Id) && !_rejected.Contains(k.Id));

    public void Record(int voter, bool isGranted) => (isGranted ? _granted : _rejected).Add(voter);
}
