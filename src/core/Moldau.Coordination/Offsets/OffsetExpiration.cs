using Moldau.Base;

namespace Moldau.Coordination;

/// <summary>The retention of offsets (KIP-211), looked at every offsets.retention.check.interval.ms.</summary>
internal sealed class OffsetExpiration
{
    private readonly GroupShardState _shard;
    private readonly OffsetRemovals _removals;
    private readonly CoordinatorTimer _timer;

    public OffsetExpiration(GroupShardState shard, OffsetRemovals removals)
    {
        _shard = shard;
        _removals = removals;
        _timer = new CoordinatorTimer(shard.Host, Expire);
    }

    public void Start() => _timer.Set(Duration.FromMs(_shard.Options.OffsetsRetentionCheckIntervalMs));

    public void Stop() => _timer.Cancel();

    /// <summary>Removes offsets whose time has come (KIP-211), and groups that have nothing left. Groups of later kinds
    /// keep theirs: whether they are in use is not known here.</summary>
    private void Expire()
    {
        List<OffsetRemoval> removals = [];
        foreach (ClassicGroup group in _shard.Groups.Values)
        {
            bool isSpent = AddExpired(group, removals) && !_shard.Offsets.HasOpenTransaction(group.Id);
            // A member that has been given its id is on its way.
            if (isSpent && group.State == ClassicGroupState.Empty && group.PendingCount == 0)
                removals.Add(new(group.Id, null));
        }

        _removals.Remove(removals, _ => { });
        Start();
    }

    /// <summary>Adds the offsets of a group that have expired; true if none is left.</summary>
    private bool AddExpired(ClassicGroup group, List<OffsetRemoval> removals)
    {
        if (!_shard.Offsets.HasOffsets(group.Id)) return true;
        bool isEmptied = group.ProtocolType is not null && group.State == ClassicGroupState.Empty;
        bool isReading = group is { State: ClassicGroupState.Stable, SubscribedTopics: not null };
        if (group.ProtocolType is not null && !isEmptied && !isReading) return false;
        long now = _shard.Host.Now.UnixMs;
        bool isSpent = true;
        foreach ((TopicPartition partition, CommittedOffset offset) in _shard.Offsets.Of(group.Id))
        {
            // While members read a topic its offsets stay; an emptied group's age counts from when it became empty.
            long since = isEmptied && group.StateChangedAtMs >= 0 ? group.StateChangedAtMs : offset.CommitTimestampMs;
            bool hasExpiry = offset.ExpireTimestampMs >= 0;
            long end = hasExpiry ? offset.ExpireTimestampMs : since + _shard.Options.OffsetsRetentionMs;
            bool isExpired = now >= end;
            if (isExpired && !group.IsSubscribedTo(partition.Topic) && !_shard.Offsets.IsUnstable(group.Id, partition))
                removals.Add(new(group.Id, partition));
            else
                isSpent = false;
        }

        return isSpent;
    }
}
