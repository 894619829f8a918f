using Moldau.Base;
using Moldau.Metadata;
using Moldau.Protocol;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>A replica on this node, at the shard that owns it: its log, its leadership, and who waits for it.</summary>
internal sealed class Partition(TopicIdPartition id, string topic)
{
    private readonly Queue<AckWaiter> _waitingForWritten = new();
    private readonly Queue<AckWaiter> _waitingForHighWatermark = new();
    private readonly List<PartitionWatch> _watchers = [];
    private List<Action>? _waitingForOpen = [];

    public TopicIdPartition Id { get; } = id;

    public string Topic { get; } = topic;

    public int Index => Id.Partition;

    /// <summary>As in messages and folder names: <c>topic-0</c>.</summary>
    public string Name { get; } = $"{topic}-{id.Partition}";

    /// <summary>Null while it is being opened, and where it could not be.</summary>
    public PartitionLog? Log { get; private set; }

    /// <summary>The metadata of the start did not have it.</summary>
    public required bool IsNewSinceStart { get; init; }

    /// <summary>The log directory failed, or the log could not be opened.</summary>
    public bool IsOffline { get; private set; }

    /// <summary>The metadata says in which directory the log is, or need not.</summary>
    public bool IsAssigned { get; private set; }

    public bool IsOpen => Log is not null && IsAssigned && !IsOffline;

    public bool IsDeleted { get; set; }

    public bool IsLeader { get; set; }

    public int LeaderEpoch { get; set; } = -1;

    /// <summary>State of the partition in the newest image this shard has.</summary>
    public PartitionImage? State { get; set; }

    /// <summary>Acknowledge only what is synced (<c>moldau.acknowledge=fsync</c>).</summary>
    public bool AcknowledgesSynced { get; set; }

    /// <summary><c>min.insync.replicas</c> as it is configured.</summary>
    public int MinInSyncReplicas { get; set; } = 1;

    /// <summary>The same, but never more than the partition has replicas: more could never be in sync.</summary>
    public int EffectiveMinIsr => State is { } state ? Math.Min(MinInSyncReplicas, state.Replicas.Length) : MinInSyncReplicas;

    public long HighWatermark => Log?.HighWatermark ?? 0;

    public long LogStartOffset => Log?.LogStartOffset ?? 0;

    public long LogEndOffset => Log?.LogEndOffset ?? 0;

    public long LastStableOffset => Log?.LastStableOffset ?? 0;

    /// <summary>Fetches and fetch sessions that are to hear of every move.</summary>
    public List<PartitionWatch> Watchers => _watchers;

    public void Opened(PartitionLog log) => Log = log;

    /// <summary>What waits for the open log may go on.</summary>
    public void Assigned()
    {
        IsAssigned = true;
        RunWaiting();
    }

    public void Failed()
    {
        IsOffline = true;
        ErrorCode error = IsDeleted ? ErrorCode.UnknownTopicOrPartition : ErrorCode.KafkaStorageError;
        Fail(_waitingForWritten, error);
        Fail(_waitingForHighWatermark, error);
        RunWaiting();
    }

    /// <summary>Another leads: what waits for the high watermark would wait for good.</summary>
    public void LeadershipLost() => Fail(_waitingForHighWatermark, ErrorCode.NotLeaderOrFollower);

    /// <summary>Runs now, or when the log has been opened or has failed to.</summary>
    public void WhenOpen(Action action)
    {
        if (_waitingForOpen is null) action();
        else _waitingForOpen.Add(action);
    }

    /// <summary>The request's answer waits for its records.</summary>
    /// <param name="call">The produce call.</param>
    /// <param name="entry">Its partition.</param>
    /// <param name="endOffset">The offset after its last record.</param>
    public void AwaitAck(ProduceCall call, ProduceCall.Entry entry, long endOffset)
    {
        AckWaiter waiter = new(call, entry, endOffset);
        // With fsync acknowledgements no answer leaves before its records are durable, whatever acks asks for.
        bool waitsForAll = call.Acks == -1 || AcknowledgesSynced;
        (waitsForAll ? _waitingForHighWatermark : _waitingForWritten).Enqueue(waiter);
    }

    public void CompleteAcks()
    {
        Release(_waitingForWritten, Log!.WrittenEnd); // called for open logs only
        Release(_waitingForHighWatermark, HighWatermark);
    }

    /// <summary>Produce calls that wait for this partition.</summary>
    public int WaitingAcks => _waitingForWritten.Count + _waitingForHighWatermark.Count;

    public void AddWatcher(PartitionWatch watch)
    {
        watch.WatcherIndex = _watchers.Count;
        _watchers.Add(watch);
    }

    public void RemoveWatcher(PartitionWatch watch)
    {
        PartitionWatch last = _watchers[^1];
        _watchers[watch.WatcherIndex] = last;
        last.WatcherIndex = watch.WatcherIndex;
        _watchers.RemoveAt(_watchers.Count - 1);
        watch.WatcherIndex = -1;
    }

    /// <summary>What a leader of another epoch, or a client that knows another, is told (KIP-320).</summary>
    public ErrorCode CheckLeaderEpoch(int clientEpoch)
    {
        if (!IsLeader) return ErrorCode.NotLeaderOrFollower;
        if (clientEpoch < 0 || clientEpoch == LeaderEpoch) return ErrorCode.None;
        return clientEpoch < LeaderEpoch ? ErrorCode.FencedLeaderEpoch : ErrorCode.UnknownLeaderEpoch;
    }

    private void RunWaiting()
    {
        List<Action>? waiting = _waitingForOpen;
        _waitingForOpen = null;
        if (waiting is null) return;
        foreach (Action action in waiting) action();
    }

    private static void Release(Queue<AckWaiter> queue, long upTo)
    {
        while (queue.TryPeek(out AckWaiter waiter) && waiter.EndOffset <= upTo)
        {
            queue.Dequeue();
            waiter.Call.Complete(waiter.Entry, ErrorCode.None);
        }
    }

    private static void Fail(Queue<AckWaiter> queue, ErrorCode error)
    {
        while (queue.TryDequeue(out AckWaiter waiter))
        {
            // Where the records were appended the answer says where they are, as in Apache Kafka.
            if (error == ErrorCode.KafkaStorageError) waiter.Entry.BaseOffset = -1;
            waiter.Call.Complete(waiter.Entry, error);
        }
    }

    private readonly record struct AckWaiter(ProduceCall Call, ProduceCall.Entry Entry, long EndOffset);
}
