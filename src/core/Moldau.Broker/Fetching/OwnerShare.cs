namespace Moldau.Broker;

/// <summary>What a session's home keeps of one owner: its part of the session, and what the owner does not know yet.</summary>
internal sealed class OwnerShare(MachineId owner)
{
    public MachineId Owner { get; } = owner;

    /// <summary>The owner's; from here it is only passed on.</summary>
    public WatchList List { get; } = new();

    /// <summary>Partitions of the session that are watched there.</summary>
    public int Count { get; set; }

    /// <summary>What the owner does not know yet; null: nothing.</summary>
    public List<WatchChange>? Changes { get; private set; }

    public List<PartitionWatch>? Dropped { get; private set; }

    public void Change(in WatchChange change) => (Changes ??= []).Add(change);

    public void Drop(PartitionWatch watch)
    {
        Count--;
        (Dropped ??= []).Add(watch);
    }

    /// <summary>The call that has taken the changes is under way.</summary>
    public void ClearChanges()
    {
        Changes = null;
        Dropped = null;
    }

    public void Close(ShardMachine home)
    {
        WatchesClosed closed = new(List);
        if (Owner == home.Id) home.Fetches.Close(closed);
        else home.Post(Owner, closed);
    }
}
