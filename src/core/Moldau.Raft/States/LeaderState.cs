using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Raft;

/// <summary>How far a replica has fetched.</summary>
public sealed class ReplicaProgress(ReplicaKey key)
{
    public ReplicaKey Key { get; } = key;

    public long EndOffset { get; set; } = -1;

    public Instant LastFetch { get; set; }

    public long LastFetchMs { get; set; } = -1;

    public long LastCaughtUpMs { get; set; } = -1;

    /// <summary>Whether it has acknowledged this epoch, by an answer or by fetching.</summary>
    public bool KnowsEpoch { get; set; }
}

/// <summary>A fetch that waits for records or for a higher high watermark.</summary>
internal sealed record ParkedFetch(long Token, short Version, FetchRequest Request, Instant Deadline);

/// <summary>A change of voters that waits for its commit.</summary>
internal sealed record PendingVoterChange(long Offset, long Token, Func<ErrorCode, string?, IMessage> Answer);

/// <summary>Leads: appends, counts what others have, and commits what a majority has made durable.</summary>
public sealed class LeaderState(int epoch, int self, long epochStartOffset, IReadOnlyList<int> granting)
    : RaftState(epoch)
{
    private readonly SortedDictionary<ReplicaKey, ReplicaProgress> _replicas = [];

    public override string Name => "Leader";

    public override int LeaderId => self;

    /// <summary>The offset of the epoch's first record. Only when that is committed are older records (Raft, section
    /// 5.4.2).</summary>
    public long EpochStartOffset { get; } = epochStartOffset;

    public IReadOnlyList<int> Granting { get; } = granting;

    /// <summary>Whether <see cref="BecomeLeader"/> has been given out.</summary>
    public bool IsAnnounced { get; set; }

    internal List<ParkedFetch> Parked { get; } = [];

    internal PendingVoterChange? VoterChange { get; set; }

    public IEnumerable<ReplicaProgress> Replicas => _replicas.Values;

    public override bool MayGrant(ReplicaKey candidate, bool isLogGood, bool isPreVote) => false;

    public ReplicaProgress Progress(ReplicaKey key)
    {
        if (_replicas.TryGetValue(key, out ReplicaProgress? progress)) return progress;
        progress = new ReplicaProgress(key);
        _replicas.Add(key, progress);
        return progress;
    }

    /// <summary>The progress of a voter, whose directory may be unknown on one side.</summary>
    public ReplicaProgress? Find(ReplicaKey voter) => _replicas.Values.FirstOrDefault(r => r.Key.Matches(voter));

    /// <summary>The end that a majority has; −1 while none is known.</summary>
    public long MajorityEnd(VoterSet voters, ReplicaKey self, long ownSyncedEnd)
    {
        var ends = new List<long>();
        foreach (ReplicaKey voter in voters.Keys)
            ends.Add(voter.Matches(self) ? ownSyncedEnd : Find(voter)?.EndOffset ?? -1);
        if (ends.Count == 0) return -1;
        ends.Sort();
        return ends[^voters.Majority];
    }
}
