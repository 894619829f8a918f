using Moldau.Base;

namespace Moldau.Broker;

/// <summary>The partitions of one fetch that one shard owns. At the owner it waits until there is enough to answer, an
/// error to tell, or its deadline; a partition that moves wakes it.</summary>
internal sealed class FetchCall(FetchOperation operation, long id) : MachineCall
{
    /// <summary>Unique within the origin; with it the origin can ask for the answer before its time.</summary>
    public long Id { get; } = id;

    public FetchOperation Operation { get; } = operation;

    public List<Entry> Entries { get; } = [];

    /// <summary>Bytes that make the answer worth sending.</summary>
    public int MinBytes { get; set; }

    public Instant Deadline { get; set; }

    /// <summary>Owner's bookkeeping: reads of cold data under way.</summary>
    public int PendingReads { get; set; }

    /// <summary>Owner's bookkeeping: in the waiting lists of its partitions.</summary>
    public bool IsParked { get; set; }

    public TimedTask? Timer { get; set; }

    public override void RunAt(Machine owner) => ((ShardMachine)owner).Fetches.Start(this);

    public override void ReturnedTo(Machine origin) => Operation.OnReturned(this);

    public sealed class Entry(int index, FetchTarget target, TopicIdPartition partition)
    {
        /// <summary>Place in the operation's list of targets.</summary>
        public int Index { get; } = index;

        public FetchTarget Target { get; } = target;

        public TopicIdPartition Partition { get; } = partition;

        public FetchResult Result;
    }
}

/// <summary>Asks an owner to return a waiting call now, with what there is.</summary>
internal sealed record FetchFlush(MachineId Origin, long CallId);
