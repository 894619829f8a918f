using Moldau.Base;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Broker;

/// <summary>The partitions of one produce request that one shard owns. The records stay in the frame they came in.</summary>
internal sealed class ProduceCall(ProduceOperation operation, BufferLease frame, short acks, int timeoutMs) : MachineCall
{
    private ShardMachine? _owner;
    private int _waiting;

    public ProduceOperation Operation { get; } = operation;

    public BufferLease Frame { get; } = frame;

    public short Acks { get; } = acks;

    public List<Entry> Entries { get; } = [];

    private TimedTask? Timer { get; set; }

    /// <summary>All entries have their offsets or errors.</summary>
    public bool IsComplete => _waiting <= 0;

    public override void RunAt(Machine owner)
    {
        _owner = (ShardMachine)owner;
        // One more than the entries, so that nothing returns before all have begun.
        _waiting = Entries.Count + 1;
        foreach (Entry entry in Entries) _owner.Replicas.Produce(this, entry);
        if (_waiting > 1 && Acks == -1) _owner.ProduceTimeouts.Watch(this, timeoutMs);

        Release();
    }

    public override void ReturnedTo(Machine origin) => Operation.OnReturned(this);

    /// <summary>The entry is appended (and replicated where acks ask for it) or has failed.</summary>
    public void Complete(Entry entry, ErrorCode error)
    {
        if (entry.IsComplete) return;
        entry.IsComplete = true;
        entry.Error = error;
        Release();
    }

    /// <summary>The task that ends the call when its time is over.</summary>
    public TimedTask StartTimer() => Timer = new TimedCall(_ => TimeOut());

    private void TimeOut()
    {
        foreach (Entry entry in Entries)
        {
            if (entry.IsComplete) continue;
            Complete(entry, ErrorCode.RequestTimedOut);
        }
    }

    private void Release()
    {
        if (--_waiting > 0) return;
        if (Timer is not null) Timer.IsCancelled = true;
        _owner!.Return(this);
    }

    public sealed class Entry
    {
        /// <summary>Place in the operation's list of partitions.</summary>
        public required int Index { get; init; }

        public required TopicIdPartition Partition { get; init; }

        /// <summary>Where the records are in the frame.</summary>
        public required int Start { get; init; }

        public required int Length { get; init; }

        public int RecordCount { get; set; }

        public bool IsComplete { get; set; }

        public ErrorCode Error { get; set; }

        /// <summary>Offset of the first record; −1 on error.</summary>
        public long BaseOffset { get; set; } = -1;

        public long LogAppendTimeMs { get; set; } = -1;

        public long LogStartOffset { get; set; } = -1;

        public string? ErrorMessage { get; set; }

        /// <summary>Records that were refused, by their index in the batch (KIP-467); null for none.</summary>
        public IReadOnlyList<(int Index, string? Message)>? RecordErrors { get; set; }
    }
}
