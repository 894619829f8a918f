namespace Moldau.Broker;

/// <summary>Serves the polls of all homes for the partitions of one shard: looks at what is dirty, keeps the poll while that
/// is not enough, looks again when a partition moves.</summary>
internal sealed class FetchDesk(ShardMachine shard)
{
    private readonly WatchReader _reader = new(shard);
    private readonly List<WatchList> _woken = [];
    private long _nextId;

    /// <summary>Fetches of this home that wait.</summary>
    public int WaitingCount { get; set; }

    /// <summary>Looks at partitions, ever.</summary>
    public long Visits => _reader.Visits;

    public long NextCallId() => ++_nextId;

    public void Start(FetchCall call)
    {
        WatchList list = call.List;
        FetchCall? earlier = list.Call;
        if (earlier is not null) Settle(earlier, isOvertaken: true);
        list.Call = call;
        list.IsKept = call.IsKept;
        Apply(call);
        if (list.IsReadCommitted != call.IsReadCommitted) list.MarkAllDirty();
        list.IsReadCommitted = call.IsReadCommitted;
        call.PendingReads++;
        Look(call, isFirst: true);
        // As in Apache Kafka a session's next request makes the answer to the one before it worthless.
        if (earlier is not null) shard.Return(earlier);
    }

    public void Flush(FetchFlush flush)
    {
        if (flush.List.Call is not { } call || call.Id != flush.CallId) return;
        call.IsHurried = true;
        if (call.PendingReads == 0) Finish(call);
    }

    public void Close(WatchesClosed closed)
    {
        closed.List.IsKept = false;
        if (closed.List.Call is null) closed.List.IgnoreAll();
    }

    /// <summary>The partition shows more, less, or is lost: those who wait for it look again at the end of the turn.</summary>
    public void Moved(Partition partition)
    {
        foreach (PartitionWatch watch in partition.Watchers)
        {
            WatchList list = watch.List;
            list.MarkDirty(watch);
            if (list.Call is null || list.IsWoken) continue;
            list.IsWoken = true;
            _woken.Add(list);
        }
    }

    /// <summary>The partition is deleted: nothing here keeps it, whenever its sessions are polled next.</summary>
    public void Gone(Partition partition)
    {
        Moved(partition);
        foreach (PartitionWatch watch in partition.Watchers)
        {
            watch.Partition = null;
            watch.WatcherIndex = -1;
        }

        partition.Watchers.Clear();
    }

    /// <summary>Answers may begin requests whose work wakes others: the list may grow while it is worked off.</summary>
    public void EndTurn()
    {
        for (int i = 0; i < _woken.Count; i++)
        {
            WatchList list = _woken[i];
            list.IsWoken = false;
            if (list.Call is not { } call) continue;
            call.PendingReads++;
            Look(call, isFirst: false);
        }

        _woken.Clear();
    }

    private void Apply(FetchCall call)
    {
        if (call.Dropped is { } dropped)
            foreach (PartitionWatch watch in dropped) call.List.Remove(watch);
        if (call.Changes is { } changes)
            foreach (WatchChange change in changes) Apply(call.List, change);
    }

    private void Apply(WatchList list, in WatchChange change)
    {
        PartitionWatch watch = change.Watch;
        if (watch.Partition is null && shard.Replicas.TryGet(watch.Id, out Partition? partition))
        {
            watch.Partition = partition;
            watch.WasHere = true;
        }

        list.Apply(change);
        if (list.IsKept) WatchList.Listen(watch);
    }

    private void Look(FetchCall call, bool isFirst)
    {
        foreach (PartitionWatch watch in call.List.TakeDirty())
        {
            if (watch.Partition is { IsOpen: false, IsOffline: false, IsDeleted: false } opening) WhenOpen(call, watch, opening);
            else if (_reader.Visit(call, watch, isFirst) is { } job) WhenRead(call, watch, job, isFirst);
        }

        ReadDone(call);
    }

    private void WhenOpen(FetchCall call, PartitionWatch watch, Partition opening)
    {
        call.Revisit(watch);
        call.PendingReads++;
        opening.WhenOpen(() =>
        {
            if (call.IsFinished) return;
            call.List.MarkDirty(watch);
            Look(call, isFirst: false);
        });
    }

    private void WhenRead(FetchCall call, PartitionWatch watch, Storage.LocateJob job, bool isFirst)
    {
        call.PendingReads++;
        shard.Replicas.AwaitJob(job, () =>
        {
            // The call may have been ended by the session's next one, which reads for itself.
            if (call.IsFinished) return;
            if (_reader.Visit(call, watch, isFirst, job) is { } next) WhenRead(call, watch, next, isFirst);
            ReadDone(call);
        });
        shard.DiskOps.Add(job);
    }

    private void ReadDone(FetchCall call)
    {
        call.PendingReads--;
        if (call.PendingReads == 0 && (call.IsUrgent || call.IsHurried || call.Available >= call.MinBytes))
        {
            Finish(call);
            return;
        }

        // Those of a session listen already; those of a single fetch only while it waits.
        if (!call.List.IsKept) call.List.ListenAll();
        if (!call.IsShared || call.PendingReads > 0 || call.Available == call.ReportedBytes) return;
        call.ReportedBytes = call.Available;
        if (call.Origin == shard.Id) call.Operation.OnProgress(shard.Id, call.Available);
        else shard.Post(call.Origin, new FetchProgress(call.Operation, shard.Id, call.Available));
    }

    private void Finish(FetchCall call)
    {
        Settle(call, isOvertaken: false);
        if (!call.List.IsKept) call.List.IgnoreAll();
        shard.Return(call);
    }

    /// <summary>What the call does not tell in full is to be looked at again by the next one: all, if that has overtaken it.</summary>
    private static void Settle(FetchCall call, bool isOvertaken)
    {
        WatchList list = call.List;
        call.IsFinished = true;
        list.Call = null;
        foreach (ref FetchVisit visit in call.Visits)
        {
            PartitionWatch watch = visit.Watch;
            watch.VisitIndex = -1;
            if (visit.IsGone) list.Remove(watch);
            else if (isOvertaken || !visit.IsSettled) list.MarkDirty(watch);
        }
    }
}
