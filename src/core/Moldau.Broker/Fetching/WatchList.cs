using Moldau.Base;

namespace Moldau.Broker;

/// <summary>One partition of a session at the partition's owner. The home makes it and passes it on; its identity is fixed,
/// all else is the owner's.</summary>
internal sealed class PartitionWatch(FetchTarget target, TopicIdPartition id, WatchList list)
{
    /// <summary>For the home, which finds its target by it.</summary>
    public FetchTarget Target { get; } = target;

    public TopicIdPartition Id { get; } = id;

    public WatchList List { get; } = list;

    /// <summary>Null: this shard has no such partition (any more).</summary>
    public Partition? Partition { get; set; }

    /// <summary>This shard has had the partition.</summary>
    public bool WasHere { get; set; }

    public FetchAsk Ask { get; set; }

    public long Place { get; set; }

    /// <summary>The next look must visit it.</summary>
    public bool IsDirty { get; set; }

    /// <summary>Place in the list; −1: not in it.</summary>
    public int Index { get; set; } = -1;

    /// <summary>Place among those who watch the partition; −1: it does not hear of moves.</summary>
    public int WatcherIndex { get; set; } = -1;

    /// <summary>Place in the results of the call under way; −1: not visited by it.</summary>
    public int VisitIndex { get; set; } = -1;
}

/// <summary>The partitions of one session, or of one fetch, at one owner, and which of them must be looked at.</summary>
internal sealed class WatchList
{
    private readonly List<PartitionWatch> _all = [];
    private List<PartitionWatch> _dirty = [];
    private List<PartitionWatch> _visiting = [];

    public int Count => _all.Count;

    /// <summary>The fetch that is under way; there is at most one, a later one ends it.</summary>
    public FetchCall? Call { get; set; }

    /// <summary>Hears of its partitions' moves also between fetches.</summary>
    public bool IsKept { get; set; }

    /// <summary>Queued for a look at the end of the turn.</summary>
    public bool IsWoken { get; set; }

    /// <summary>What the last fetch read up to; with another bound nothing is settled.</summary>
    public bool IsReadCommitted { get; set; }

    public void Apply(in WatchChange change)
    {
        PartitionWatch watch = change.Watch;
        watch.Ask = change.Ask;
        watch.Place = change.Place;
        if (watch.Index < 0)
        {
            watch.Index = _all.Count;
            _all.Add(watch);
        }

        MarkDirty(watch);
    }

    public void MarkDirty(PartitionWatch watch)
    {
        if (watch.IsDirty || watch.Index < 0) return;
        watch.IsDirty = true;
        _dirty.Add(watch);
    }

    public void MarkAllDirty()
    {
        foreach (PartitionWatch watch in _all) MarkDirty(watch);
    }

    /// <summary>The dirty ones in the session's order, clean from now on. Valid until the next call.</summary>
    public List<PartitionWatch> TakeDirty()
    {
        (_dirty, _visiting) = (_visiting, _dirty);
        _dirty.Clear();
        foreach (PartitionWatch watch in _visiting) watch.IsDirty = false;
        _visiting.RemoveAll(static watch => watch.Index < 0);
        _visiting.Sort(static (a, b) => a.Place.CompareTo(b.Place));
        return _visiting;
    }

    public void Remove(PartitionWatch watch)
    {
        Ignore(watch);
        if (watch.Index < 0) return;
        PartitionWatch last = _all[^1];
        _all[watch.Index] = last;
        last.Index = watch.Index;
        _all.RemoveAt(_all.Count - 1);
        watch.Index = -1;
    }

    /// <summary>Hears of the moves of all its partitions from now on.</summary>
    public void ListenAll()
    {
        foreach (PartitionWatch watch in _all) Listen(watch);
    }

    public void IgnoreAll()
    {
        foreach (PartitionWatch watch in _all) Ignore(watch);
    }

    public static void Listen(PartitionWatch watch)
    {
        if (watch.WatcherIndex < 0) watch.Partition?.AddWatcher(watch);
    }

    private static void Ignore(PartitionWatch watch)
    {
        if (watch.WatcherIndex >= 0) watch.Partition!.RemoveWatcher(watch); // who listens has one
    }
}

/// <summary>What the client asks of a partition now, and its turn; for the owner's copy.</summary>
internal readonly record struct WatchChange(PartitionWatch Watch, FetchAsk Ask, long Place);

/// <summary>Home to owner: the session has ended.</summary>
internal sealed record WatchesClosed(WatchList List);
