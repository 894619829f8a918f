using System.Diagnostics.CodeAnalysis;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>The fetch sessions of one shard, at most <paramref name="slots"/> of them (max.incremental.fetch.session.cache.slots,
/// divided among the shards). A new session takes the place of one unused for two minutes, else it is not given.</summary>
internal sealed class FetchSessionCache(int slots, Prng prng)
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

    /// <summary>A new session, or null where the cache is full of live ones: the client then goes on without.</summary>
    public FetchSession? TryCreate(bool usesTopicIds, Instant now)
    {
        if (_sessions.Count >= slots && !TryEvict(now)) return null;
        int id;
        do id = prng.Next(int.MaxValue - 1) + 1;
        while (_sessions.ContainsKey(id));
        FetchSession session = new(id, usesTopicIds, now);
        _sessions.Add(id, session);
        return session;
    }

    public ErrorCode TryContinue(int id, int epoch, bool usesTopicIds, Instant now, [NotNullWhen(true)] out FetchSession? session)
    {
        if (!_sessions.TryGetValue(id, out session)) return ErrorCode.FetchSessionIdNotFound;
        if (session.NextEpoch != epoch) return ErrorCode.InvalidFetchSessionEpoch;
        if (session.UsesTopicIds != usesTopicIds) return ErrorCode.FetchSessionTopicIdError;
        session.LastUsed = now;
        session.AdvanceEpoch();
        return ErrorCode.None;
    }

    public void Remove(int id) => _sessions.Remove(id);

    private bool TryEvict(Instant now)
    {
        FetchSession? oldest = null;
        foreach (FetchSession session in _sessions.Values)
            if (oldest is null || session.LastUsed < oldest.LastUsed) oldest = session;
        if (oldest is null || now - oldest.LastUsed < MinEviction) return false;
        _sessions.Remove(oldest.Id);
        Evictions++;
        return true;
    }
}
