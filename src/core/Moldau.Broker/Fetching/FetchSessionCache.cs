using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>The fetch sessions whose home is one shard, at most <paramref name="slots"/> of them. An id leaves the home's
/// number when divided by the number of shards.</summary>
internal sealed class FetchSessionCache(int slots, int home, int shards, Prng prng)
{
    private static readonly Duration MinEviction = Duration.FromSeconds(120);

    private readonly Dictionary<int, FetchSession> _sessions = [];

    public int Count => _sessions.Count;

    /// <summary>Partitions of all sessions together; walks them.</summary>
    public int PartitionCount
    {
        get
        {
            int count = 0;
            foreach (FetchSession session in _sessions.Values) count += session.Count;
            return count;
        }
    }

    public long Evictions { get; private set; }

    /// <summary>A shard's part of max.incremental.fetch.session.cache.slots: each has one unless there are none.</summary>
    public static int SlotsOf(int all, int shards) => all == 0 ? 0 : Math.Max(1, all / shards);

    public static MachineId HomeOf(int id, int shards) => MachineId.Shard((int)((uint)id % (uint)shards));

    /// <summary>Gives the session an id and a slot, or not where the cache is full of sessions that are worth more: the
    /// client then goes on without.</summary>
    /// <param name="session">It has its partitions already: a larger one is worth more.</param>
    /// <param name="now">The time.</param>
    /// <param name="evicted">A session that has lost its slot; the caller closes it.</param>
    public bool TryAdd(FetchSession session, Instant now, out FetchSession? evicted)
    {
        evicted = null;
        if (_sessions.Count >= slots)
        {
            evicted = Evictable(session, now);
            if (evicted is null) return false;
            Remove(evicted.Id);
            Evictions++;
        }

        int id;
        do id = (prng.Next(int.MaxValue / shards - 1) + 1) * shards + home;
        while (id <= 0 || _sessions.ContainsKey(id));
        session.Id = id;
        _sessions.Add(id, session);
        return true;
    }

    /// <summary>The session that a request goes on with, or why it cannot.</summary>
    public ErrorCode Find(int id, int epoch, bool usesTopicIds, out FetchSession? session)
    {
        if (!_sessions.TryGetValue(id, out session)) return ErrorCode.FetchSessionIdNotFound;
        if (session.NextEpoch != epoch) return ErrorCode.InvalidFetchSessionEpoch;
        return session.UsesTopicIds != usesTopicIds ? ErrorCode.FetchSessionTopicIdError : ErrorCode.None;
    }

    /// <summary>The session that was there; null for none.</summary>
    public FetchSession? Remove(int id) => _sessions.Remove(id, out FetchSession? session) ? session : null;

    // Apache Kafka's rule: one that is unused for two minutes goes first; else the least valuable of those that are older than
    // two minutes (for a follower's: and of all consumers'), if the new one is worth more.
    private FetchSession? Evictable(FetchSession wanted, Instant now)
    {
        FetchSession? oldest = null;
        FetchSession? least = null;
        foreach (FetchSession session in _sessions.Values)
        {
            if (oldest is null || (session.LastUsed, session.Id).CompareTo((oldest.LastUsed, oldest.Id)) < 0) oldest = session;
            bool isCandidate = session.LastUsed - session.CreatedAt > MinEviction || (wanted.IsPrivileged && !session.IsPrivileged);
            if (isCandidate && (least is null || ValueOf(session).CompareTo(ValueOf(least)) < 0)) least = session;
        }

        if (oldest is not null && now - oldest.LastUsed > MinEviction) return oldest;
        return least is not null && ValueOf(wanted).CompareTo(ValueOf(least)) > 0 ? least : null;
    }

    private static (bool, int, int) ValueOf(FetchSession session) => (session.IsPrivileged, session.Count, session.Id);
}

/// <summary>To a session's home: a client has ended it by another connection.</summary>
internal sealed record FetchSessionEnded(int Id);
