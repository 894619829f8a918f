using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Coordination;

/// <summary>How offsets, and groups, go: OffsetDelete, the deletion of topics, and the tombstones of all that
/// removes.</summary>
internal sealed class OffsetRemovals(GroupShardState shard)
{
    /// <summary>The largest batch of tombstones, in bytes of keys: well below any max.message.bytes in use.</summary>
    private const int MaxRemovalBatchBytes = 64 * 1024;

    public void Delete(
        OffsetDeleteRequest request, Func<TopicPartition, bool> exists, Action<OffsetDeleteResponse> done)
    {
        ErrorCode error = ValidateOffsetDelete(request.GroupId, out ClassicGroup? group);
        if (error != ErrorCode.None)
        {
            done(new OffsetDeleteResponse { ErrorCode = (short)error });
            return;
        }

        OffsetDeleteResponse response = new();
        List<OffsetRemoval> removals = [];
        foreach (OffsetDeleteRequest.OffsetDeleteRequestTopic topic in request.Topics)
        {
            OffsetDeleteResponse.OffsetDeleteResponseTopic answer = new() { Name = topic.Name };
            response.Topics.Add(answer);
            // What the members of a newer group read is not known here: all of it may be.
            bool isSubscribed = group?.IsSubscribedTo(topic.Name) ?? !shard.Newer.IsEmpty(request.GroupId);
            foreach (OffsetDeleteRequest.OffsetDeleteRequestPartition p in topic.Partitions)
            {
                TopicPartition partition = new(topic.Name, p.PartitionIndex);
                ErrorCode refused = !exists(partition) ? ErrorCode.UnknownTopicOrPartition
                    : isSubscribed ? ErrorCode.GroupSubscribedToTopic
                    : ErrorCode.None;
                answer.Partitions.Add(new() { PartitionIndex = p.PartitionIndex, ErrorCode = (short)refused });
                if (refused != ErrorCode.None) continue;
                bool isThere = shard.Offsets.TryGet(request.GroupId, partition, out _)
                    || shard.Offsets.IsUnstable(request.GroupId, partition);
                if (isThere) removals.Add(new(request.GroupId, partition));
            }
        }

        Remove(removals, e => done(e == ErrorCode.None ? response : new OffsetDeleteResponse { ErrorCode = (short)e }));
    }

    /// <summary>Topics were deleted, by name: what groups committed there goes too, unless it was committed for a later
    /// topic of that name.</summary>
    public void TopicsDeleted(IReadOnlyDictionary<string, Uuid> topics)
    {
        List<OffsetRemoval> removals = [];
        foreach ((string group, TopicPartition partition, Uuid topicId) in shard.Offsets.All())
        {
            if (!topics.TryGetValue(partition.Topic, out Uuid deleted)) continue;
            if (topicId.IsZero || topicId == deleted) removals.Add(new(group, partition));
        }

        Remove(removals, _ => { });
    }

    private ErrorCode ValidateOffsetDelete(string groupId, out ClassicGroup? group)
    {
        group = null;
        if (groupId.Length == 0) return ErrorCode.InvalidGroupId;
        if (shard.Newer.Contains(groupId))
            return shard.Newer.IsOfKind(groupId, NewerGroupKind.Share) ? ErrorCode.GroupIdNotFound : ErrorCode.None;
        if (!shard.Groups.TryGetValue(groupId, out group) || group.State == ClassicGroupState.Dead)
            return ErrorCode.GroupIdNotFound;
        bool isInUse = group.State != ClassicGroupState.Empty && !group.IsConsumerProtocol;
        return isInUse ? ErrorCode.NonEmptyGroup : ErrorCode.None;
    }

    /// <summary>Writes tombstones, applies each batch at its decision, answers at the commit of the last. What a
    /// failure leaves undone is found again when the request, or the next round of expiry, is repeated.</summary>
    public void Remove(List<OffsetRemoval> removals, Action<ErrorCode> done)
    {
        int next = 0;
        while (next < removals.Count)
        {
            List<CoordinatorRecord> records = [];
            int bytes = 0;
            int first = next;
            while (next < removals.Count && bytes < MaxRemovalBatchBytes)
            {
                CoordinatorRecord tombstone = Tombstone(removals[next++]);
                bytes += tombstone.Key.Length;
                records.Add(tombstone);
            }

            bool isLast = next == removals.Count;
            Action<ErrorCode> then = isLast ? error => done(CoordinatorErrors.ForClient(error)) : _ => { };
            ErrorCode refused = shard.Writes.Append(records, then);
            if (refused != ErrorCode.None)
            {
                done(CoordinatorErrors.ForClient(refused));
                return;
            }

            for (int i = first; i < next; i++) Apply(removals[i]);
        }

        if (removals.Count == 0) shard.Writes.AfterDecided(error => done(CoordinatorErrors.ForClient(error)));
    }

    private static CoordinatorRecord Tombstone(OffsetRemoval removal) => removal.Partition is { } p
        ? GroupRecords.OffsetTombstone(removal.Group, p.Topic, p.Partition)
        : GroupRecords.GroupTombstone(removal.Group);

    private void Apply(OffsetRemoval removal)
    {
        if (removal.Partition is { } partition) shard.Offsets.Remove(removal.Group, partition);
        else if (shard.Groups.Remove(removal.Group, out ClassicGroup? group)) group.Die();
    }
}

/// <summary>An offset to be removed, or without a partition the group itself.</summary>
internal readonly record struct OffsetRemoval(string Group, TopicPartition? Partition);
