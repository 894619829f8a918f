using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>A partition as a fetch request names it: by id from version 13 on, by name before.</summary>
internal readonly record struct FetchKey(Uuid TopicId, string? Topic, int Partition)
{
    public override int GetHashCode() =>
        (TopicId.GetHashCode() * 31 + Partition) * 31 + (Topic is null ? 0 : StringComparer.Ordinal.GetHashCode(Topic));
}

/// <summary>One partition that a fetch asks for, and what it was last told.</summary>
internal sealed class FetchTarget(FetchKey key)
{
    public FetchKey Key { get; } = key;

    /// <summary>Where its topic is counted; null until it is known to exist.</summary>
    public TopicCounts? Counts { get; set; }

    public long FetchOffset { get; set; }

    public int MaxBytes { get; set; }

    /// <summary>The leader epoch the client knows; −1: it does not say.</summary>
    public int CurrentLeaderEpoch { get; set; } = -1;

    /// <summary>Epoch of the last record the client has; −1: it does not say (KIP-595).</summary>
    public int LastFetchedEpoch { get; set; } = -1;

    /// <summary>High watermark in the last answer; −1: none yet.</summary>
    public long AnsweredHighWatermark { get; set; } = -1;

    public long AnsweredLogStart { get; set; } = -1;

    /// <summary>Whether the incremental answer must mention the partition; remembers what is answered (KIP-227).</summary>
    public bool TakeChange(in FetchResult result)
    {
        bool isChanged = result.RecordBytes > 0 || result.HasDivergingEpoch;
        if (AnsweredHighWatermark != result.HighWatermark)
        {
            isChanged = true;
            AnsweredHighWatermark = result.HighWatermark;
        }

        if (AnsweredLogStart != result.LogStartOffset)
        {
            isChanged = true;
            AnsweredLogStart = result.LogStartOffset;
        }

        if (result.Error == ErrorCode.None) return isChanged;
        // An error is answered in full and again when it is over, whatever the offsets then are.
        AnsweredHighWatermark = -1;
        return true;
    }
}

/// <summary>An incremental fetch session (KIP-227): the partitions a client keeps asking for, in the order in which they
/// get their turn. Owned by the shard of the connection that made it.</summary>
internal sealed class FetchSession(int id, bool usesTopicIds, Instant createdAt)
{
    private readonly Dictionary<FetchKey, LinkedListNode<FetchTarget>> _byKey = [];
    private readonly LinkedList<FetchTarget> _order = [];

    public int Id { get; } = id;

    public bool UsesTopicIds { get; } = usesTopicIds;

    public Instant CreatedAt { get; } = createdAt;

    public Instant LastUsed { get; set; } = createdAt;

    /// <summary>The epoch the next request must carry.</summary>
    public int NextEpoch { get; set; } = 1;

    public int Count => _order.Count;

    public IEnumerable<FetchTarget> Targets => _order;

    public FetchTarget GetOrAdd(FetchKey key)
    {
        if (_byKey.TryGetValue(key, out LinkedListNode<FetchTarget>? node)) return node.Value;
        FetchTarget target = new(key);
        _byKey.Add(key, _order.AddLast(target));
        return target;
    }

    public void Remove(FetchKey key)
    {
        if (_byKey.Remove(key, out LinkedListNode<FetchTarget>? node)) _order.Remove(node);
    }

    /// <summary>Who has just been served goes to the end, so that nobody starves when the answer is full.</summary>
    public void MoveToEnd(FetchTarget target)
    {
        if (!_byKey.TryGetValue(target.Key, out LinkedListNode<FetchTarget>? node)) return;
        _order.Remove(node);
        _order.AddLast(node);
    }

    /// <summary>1 … int.MaxValue, then round again.</summary>
    public void AdvanceEpoch() => NextEpoch = NextEpoch == int.MaxValue ? 1 : NextEpoch + 1;
}
