using Moldau.Base;
using Moldau.Coordination;
using Moldau.Metadata;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Broker;

/// <summary>The group coordinators of the <c>__consumer_offsets</c> partitions that this shard leads: loaded from the
/// log, fed by it, stopped with it.</summary>
internal sealed class CoordinatorSet(ShardMachine shard)
{
    private readonly SortedDictionary<int, LoadedCoordinator> _byPartition = [];

    /// <summary>Partitions whose groups are known.</summary>
    public int LoadedCount => _byPartition.Values.Count(c => c.IsLoaded);

    public int LoadingCount => _byPartition.Count - LoadedCount;

    /// <summary>Walks the groups.</summary>
    public GroupCounts Count()
    {
        GroupCounts counts = default;
        foreach (LoadedCoordinator coordinator in _byPartition.Values) counts += coordinator.Groups.Count();
        return counts;
    }

    public ErrorCode TryGet(int partition, out GroupShard? groups)
    {
        groups = null;
        if (!_byPartition.TryGetValue(partition, out LoadedCoordinator? coordinator)) return ErrorCode.NotCoordinator;
        if (!coordinator.IsLoaded) return ErrorCode.CoordinatorLoadInProgress;
        groups = coordinator.Groups;
        return ErrorCode.None;
    }

    /// <summary>This shard leads the partition: load what it says.</summary>
    public void Elected(Partition partition)
    {
        // A new epoch loads anew: who waits on the old state is told to ask again.
        Resigned(partition);
        LoadedCoordinator coordinator = new(shard, partition);
        _byPartition[partition.Index] = coordinator;
        coordinator.Load();
    }

    public void Resigned(Partition partition)
    {
        if (_byPartition.Remove(partition.Index, out LoadedCoordinator? coordinator)) coordinator.Stop();
    }

    public void Committed(Partition partition)
    {
        if (_byPartition.TryGetValue(partition.Index, out LoadedCoordinator? coordinator) && coordinator.IsLoaded)
            coordinator.Groups.Writes.Advance(partition.HighWatermark);
    }

    /// <summary>Topics are gone: offsets committed for them go too.</summary>
    public void TopicsDeleted(IEnumerable<TopicImage> topics)
    {
        Dictionary<string, Uuid> deleted = topics.ToDictionary(t => t.Name, t => t.Id, StringComparer.Ordinal);
        if (deleted.Count == 0) return;
        foreach (LoadedCoordinator coordinator in _byPartition.Values)
            if (coordinator.IsLoaded) coordinator.Groups.TopicsDeleted(deleted);
    }

    public void SetOptions(GroupOptions options)
    {
        foreach (LoadedCoordinator coordinator in _byPartition.Values) coordinator.Groups.Options = options;
    }
}

/// <summary>One coordinator with its log.</summary>
internal sealed class LoadedCoordinator : ICoordinatorHost
{
    private readonly ShardMachine _shard;
    private readonly Partition _partition;
    private bool _isStopped;

    public LoadedCoordinator(ShardMachine shard, Partition partition)
    {
        _shard = shard;
        _partition = partition;
        Groups = new GroupShard(this, shard.GroupOptions);
    }

    public GroupShard Groups { get; }

    public bool IsLoaded { get; private set; }

    public Instant Now => _shard.Now;

    public Prng Prng => _shard.Prng;

    public ErrorCode Append(IReadOnlyList<CoordinatorRecord> records, out long endOffset) =>
        _shard.Replicas.AppendCoordinatorBatch(_partition, records, out endOffset);

    public void Schedule(CoordinatorTimer timer, Duration delay) =>
        _shard.After(delay, new TimedCall(now =>
        {
            if (!_isStopped) timer.OnDue(now);
        }));

    /// <summary>Reads the log from its start, a piece at a time, then opens for requests.</summary>
    public void Load() =>
        _shard.Replicas.ReadAll(_partition, _partition.LogStartOffset, Replay, end =>
        {
            if (_isStopped) return;
            if (end < 0)
            {
                _shard.Log.CoordinatorFailed(_partition.Name);
                return;
            }

            IsLoaded = true;
            Groups.Start(end);
        });

    public void Stop()
    {
        _isStopped = true;
        Groups.Stop();
    }

    private void Replay(ReadOnlySpan<byte> batches)
    {
        CoordinatorReplay.Apply(Groups, batches);
    }
}
