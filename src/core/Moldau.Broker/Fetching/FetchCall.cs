using System.Runtime.InteropServices;

namespace Moldau.Broker;

/// <summary>A poll of one owner's part of a session. The owner keeps it until there is enough to answer, an error to tell,
/// or the home asks for what there is.</summary>
internal sealed class FetchCall(FetchOperation operation, long id, WatchList list) : MachineCall
{
    private readonly List<FetchVisit> _visits = [];

    /// <summary>Unique within the home; with it the home can ask for the answer before its time.</summary>
    public long Id { get; } = id;

    /// <summary>The home's; the owner only passes it back.</summary>
    public FetchOperation Operation { get; } = operation;

    public WatchList List { get; } = list;

    public required MachineId Owner { get; init; }

    /// <summary>What is new since the last poll; null: nothing.</summary>
    public required List<WatchChange>? Changes { get; init; }

    public required List<PartitionWatch>? Dropped { get; init; }

    /// <summary>The session may be polled again.</summary>
    public required bool IsKept { get; init; }

    public required bool IsReadCommitted { get; init; }

    /// <summary>Records at most.</summary>
    public required int MaxBytes { get; init; }

    /// <summary>Bytes that make the answer worth sending.</summary>
    public required int MinBytes { get; init; }

    /// <summary>Other owners have parts too: the home is told how much there is.</summary>
    public required bool IsShared { get; init; }

    /// <summary>Nothing is waited for but the disk.</summary>
    public bool IsHurried { get; set; }

    /// <summary>Owner's bookkeeping: an error, or more than can be answered.</summary>
    public bool IsUrgent { get; set; }

    /// <summary>Owner's bookkeeping: looks and reads of cold data under way.</summary>
    public int PendingReads { get; set; }

    public bool IsFinished { get; set; }

    /// <summary>Bytes of the records found.</summary>
    public long Bytes { get; private set; }

    /// <summary>Bytes that there are to read: more than found where a batch is larger than its partition may answer.</summary>
    public long Available { get; private set; }

    /// <summary>What the home was told of that.</summary>
    public long ReportedBytes { get; set; }

    public Span<FetchVisit> Visits => CollectionsMarshal.AsSpan(_visits);

    /// <summary>Makes room for the result of a watch, without that of an earlier look; valid until the next call.</summary>
    public ref FetchVisit Revisit(PartitionWatch watch)
    {
        if (watch.VisitIndex < 0)
        {
            watch.VisitIndex = _visits.Count;
            _visits.Add(new FetchVisit { Watch = watch });
        }

        ref FetchVisit visit = ref Visits[watch.VisitIndex];
        Bytes -= visit.Result.RecordBytes;
        Available -= visit.Available;
        visit.Result.DropRecords(); // there may be more now
        visit = new FetchVisit { Watch = watch };
        return ref visit;
    }

    public void Count(in FetchVisit visit)
    {
        Bytes += visit.Result.RecordBytes;
        Available += visit.Available;
    }

    public override void RunAt(Machine owner) => ((ShardMachine)owner).Fetches.Start(this);

    public override void ReturnedTo(Machine origin) => Operation.OnReturned(this);
}

/// <summary>What a look at one partition found.</summary>
internal struct FetchVisit
{
    public PartitionWatch Watch;
    public FetchResult Result;

    /// <summary>Bytes for <c>fetch.min.bytes</c>.</summary>
    public int Available;

    /// <summary>Nothing to read and nothing to tell until the partition moves or the request changes.</summary>
    public bool IsSettled;

    /// <summary>There is no such partition here (any more).</summary>
    public bool IsGone;
}

/// <summary>Home to owner: return a waiting call now, with what there is.</summary>
internal sealed record FetchFlush(WatchList List, long CallId);

/// <summary>Owner to home: so many bytes wait at a part of the fetch.</summary>
internal sealed record FetchProgress(FetchOperation Operation, MachineId Owner, long Bytes);
