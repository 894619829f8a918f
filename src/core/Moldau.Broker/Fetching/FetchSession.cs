using System.Runtime.InteropServices;
using Moldau.Base;

namespace Moldau.Broker;

/// <summary>An incremental fetch session (KIP-227) at its home: the partitions that a client keeps asking for, in the order
/// in which they get their turn, and the watches that stand for them at their owners. A fetch without a session uses one
/// that ends with its answer. Owner: the home, which is the shard of the connection that made it.</summary>
internal sealed class FetchSession(bool usesTopicIds, bool isPrivileged, Instant createdAt)
{
    private readonly Dictionary<FetchKey, FetchTarget> _byKey = [];
    private readonly SortedDictionary<int, OwnerShare> _shares = [];
    private readonly List<FetchTarget> _changed = [];
    private List<FetchTarget> _unwatched = [];
    private long _nextPlace;

    /// <summary>0 while it is not in the cache.</summary>
    public int Id { get; set; }

    public bool UsesTopicIds { get; } = usesTopicIds;

    /// <summary>A follower's: consumers' sessions make room for it.</summary>
    public bool IsPrivileged { get; } = isPrivileged;

    public Instant CreatedAt { get; } = createdAt;

    public Instant LastUsed { get; set; } = createdAt;

    /// <summary>The epoch the next request must carry.</summary>
    public int NextEpoch { get; private set; } = 1;

    public int Count => _byKey.Count;

    /// <summary>By owner.</summary>
    public SortedDictionary<int, OwnerShare>.ValueCollection Shares => _shares.Values;

    public void Ask(in FetchKey key, in FetchAsk ask)
    {
        ref FetchTarget? target = ref CollectionsMarshal.GetValueRefOrAddDefault(_byKey, key, out _);
        if (target is null)
        {
            target = new FetchTarget(key) { Place = _nextPlace++ };
            _unwatched.Add(target);
        }

        target.Ask = ask;
        Change(target);
    }

    public void Forget(in FetchKey key)
    {
        if (!_byKey.Remove(key, out FetchTarget? target)) return;
        target.IsForgotten = true;
        if (target.Watch is { } watch) target.Share!.Drop(watch); // has one with the watch
        else _unwatched.Remove(target);
    }

    /// <summary>The owner is to look at it with the next poll, whether anything has moved there or not.</summary>
    public void Change(FetchTarget target)
    {
        if (target.IsChanged) return;
        target.IsChanged = true;
        _changed.Add(target);
    }

    /// <summary>Who has just been served goes to the end, so that nobody starves when the answer is full.</summary>
    public void MoveToEnd(FetchTarget target)
    {
        target.Place = _nextPlace++;
        Change(target);
    }

    /// <summary>The targets for which no partition is known, to try again; <see cref="Watch"/> or <see cref="Lost"/> each.</summary>
    public List<FetchTarget> TakeUnwatched()
    {
        List<FetchTarget> taken = _unwatched;
        _unwatched = [];
        return taken;
    }

    public void Watch(FetchTarget target, TopicIdPartition partition, MachineId owner)
    {
        if (!_shares.TryGetValue(owner.Number, out OwnerShare? share))
            _shares.Add(owner.Number, share = new OwnerShare(owner));
        target.Watch = new PartitionWatch(target, partition, share.List);
        target.Share = share;
        share.Count++;
        Change(target);
    }

    /// <summary>There is no such partition (any more).</summary>
    public void Lost(FetchTarget target)
    {
        if (target.IsForgotten) return;
        if (target.Share is { } share) share.Count--;
        target.Share = null;
        target.Watch = null;
        _unwatched.Add(target);
    }

    /// <summary>Hands what has changed since the last poll to the shares.</summary>
    public void SpreadChanges()
    {
        foreach (FetchTarget target in _changed)
        {
            target.IsChanged = false;
            if (target is { IsForgotten: false, Watch: { } watch })
                target.Share!.Change(new WatchChange(watch, target.Ask, target.Place)); // as above
        }

        _changed.Clear();
    }

    /// <summary>The watches at all owners are to end, those of a fetch under way with it.</summary>
    public void Close(ShardMachine home)
    {
        foreach (OwnerShare share in _shares.Values) share.Close(home);
        _shares.Clear();
    }

    /// <summary>Lets go of owners that have no partition of the session any more.</summary>
    public void CloseEmptyShares(ShardMachine home)
    {
        List<int>? empty = null;
        foreach ((int owner, OwnerShare share) in _shares)
            if (share.Count == 0) (empty ??= []).Add(owner);
        if (empty is null) return;
        foreach (int owner in empty)
        {
            _shares[owner].Close(home);
            _shares.Remove(owner);
        }
    }

    /// <summary>1 … int.MaxValue, then round again.</summary>
    public void AdvanceEpoch() => NextEpoch = EpochAfter(NextEpoch);

    public static int EpochAfter(int epoch) => epoch == int.MaxValue ? 1 : epoch + 1;
}
