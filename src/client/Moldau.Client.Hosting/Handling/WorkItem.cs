namespace Moldau.Client.Hosting;

/// <summary>A record between the reader and its worker. Its bytes are its own.</summary>
internal sealed class WorkItem(ConsumedRecord<byte[], byte[]> record, PartitionProgress progress)
{
    private readonly ConsumedRecord<byte[], byte[]> _record = record;

    public string Topic { get; } = record.Topic;

    public int Partition { get; } = record.Partition;

    public long Offset { get; } = record.Offset;

    public byte[]? Key { get; } = record.Key;

    public byte[]? Value { get; } = record.Value;

    public DateTimeOffset Timestamp { get; } = record.Timestamp;

    public IReadOnlyList<KeyValuePair<string, byte[]?>> Headers { get; } = record.Headers;

    public PartitionProgress Progress { get; } = progress;

    /// <summary>Only under its partition's lock.</summary>
    public bool IsDone { get; set; }

    /// <summary>This record and all before it may be committed.</summary>
    public void MarkDone() => _record.Done();
}

/// <summary>Which records of a partition are done, in whatever order that happens: what is committed ends before the first one
/// that is not.</summary>
internal sealed class PartitionProgress
{
    private readonly Lock _lock = new();
    private readonly Queue<WorkItem> _pending = new();
    private long _last = -1;

    public void Add(WorkItem item)
    {
        lock (_lock)
        {
            // Read again, after a seek or because the partition went and came back: what was before counts no more.
            if (item.Offset <= _last) _pending.Clear();
            _last = item.Offset;
            _pending.Enqueue(item);
        }
    }

    public void Done(WorkItem item)
    {
        // Workers of one partition end in any order; who completes the front marks it.
        lock (_lock)
        {
            item.IsDone = true;
            WorkItem? front = null;
            while (_pending.TryPeek(out WorkItem? first) && first.IsDone) front = _pending.Dequeue();
            front?.MarkDone();
        }
    }
}
