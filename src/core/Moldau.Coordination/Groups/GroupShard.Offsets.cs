using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Coordination;

public sealed partial class GroupShard
{
    /// <summary>The largest batch of tombstones, in bytes of keys: well below any max.message.bytes in use.</summary>
    private const int MaxRemovalBatchBytes = 64 * 1024;

    /// <summary>OffsetCommit. Topics come with names and ids; the caller has completed them and answered the unknown.</summary>
    public void CommitOffsets(OffsetCommitRequest request, short version, Action<OffsetCommitResponse> done)
    {
        ErrorCode error = ValidateCommit(request, version, out ClassicGroup? group);
        if (error != ErrorCode.None)
        {
            done(Committed(request, _ => error));
            return;
        }

        List<CoordinatorRecord> records = [];
        List<(TopicPartition Partition, CommittedOffset Offset)> accepted = [];
        long now = _host.Now.UnixMs;
        long expiry = request.RetentionTimeMs < 0 ? -1 : now + request.RetentionTimeMs;
        foreach (OffsetCommitRequest.OffsetCommitRequestTopic topic in request.Topics)
            foreach (OffsetCommitRequest.OffsetCommitRequestPartition p in topic.Partitions)
            {
                if (IsTooLong(p.CommittedMetadata)) continue;
                CommittedOffset offset = new(
                    p.CommittedOffset, p.CommittedLeaderEpoch, p.CommittedMetadata ?? "", now, expiry, topic.TopicId);
                accepted.Add((new TopicPartition(topic.Name, p.PartitionIndex), offset));
                records.Add(GroupRecords.Offset(request.GroupId, topic.Name, p.PartitionIndex, offset));
            }

        Action<ErrorCode> finish = e => done(Committed(request, p =>
            e != ErrorCode.None ? ForClient(e) : IsTooLong(p.CommittedMetadata) ? ErrorCode.OffsetMetadataTooLarge : ErrorCode.None));
        if (records.Count == 0)
        {
            finish(ErrorCode.None);
            return;
        }

        if (!TryWrite(records, finish))
        {
            finish(ErrorCode.NotCoordinator);
            return;
        }

        // Applied at the decision; seen by readers when committed, since reads wait for what was decided before them.
        foreach ((TopicPartition partition, CommittedOffset offset) in accepted) Offsets.Set(request.GroupId, partition, offset);
        if (group is null && !_newerGroups.Contains(request.GroupId))
            _groups.Add(request.GroupId, new ClassicGroup(request.GroupId, _host));
    }

    /// <summary>OffsetFetch for one group.</summary>
    /// <param name="groupId">The group.</param>
    /// <param name="partitions">Null: all that have an offset.</param>
    /// <param name="requireStable">Whether an offset of an open transaction makes the answer UNSTABLE_OFFSET_COMMIT.</param>
    /// <param name="done">Gets the answer.</param>
    public void FetchOffsets(
        string groupId,
        IReadOnlyCollection<TopicPartition>? partitions,
        bool requireStable,
        Action<ErrorCode, IReadOnlyList<FetchedOffset>> done)
    {
        Writes.AfterDecided(error =>
        {
            if (error != ErrorCode.None)
            {
                done(ErrorCode.NotCoordinator, []);
                return;
            }

            List<FetchedOffset> offsets = [];
            foreach (TopicPartition p in partitions ?? Offsets.PartitionsOf(groupId))
            {
                if (requireStable && Offsets.IsUnstable(groupId, p)) offsets.Add(new(p, null, ErrorCode.UnstableOffsetCommit));
                else offsets.Add(new(p, Offsets.TryGet(groupId, p, out CommittedOffset? offset) ? offset : null, ErrorCode.None));
            }

            done(ErrorCode.None, offsets);
        });
    }

    public void DeleteOffsets(OffsetDeleteRequest request, Func<TopicPartition, bool> exists, Action<OffsetDeleteResponse> done)
    {
        ErrorCode error = ValidateOffsetDelete(request.GroupId, out ClassicGroup? group);
        if (error != ErrorCode.None)
        {
            done(new OffsetDeleteResponse { ErrorCode = (short)error });
            return;
        }

        OffsetDeleteResponse response = new();
        List<Removal> removals = [];
        foreach (OffsetDeleteRequest.OffsetDeleteRequestTopic topic in request.Topics)
        {
            OffsetDeleteResponse.OffsetDeleteResponseTopic answer = new() { Name = topic.Name };
            response.Topics.Add(answer);
            // What the members of a newer group read is not known here: all of it may be.
            bool isSubscribed = group?.IsSubscribedTo(topic.Name) ?? !_newerGroups.IsEmpty(request.GroupId);
            foreach (OffsetDeleteRequest.OffsetDeleteRequestPartition p in topic.Partitions)
            {
                TopicPartition partition = new(topic.Name, p.PartitionIndex);
                ErrorCode refused = !exists(partition) ? ErrorCode.UnknownTopicOrPartition
                    : isSubscribed ? ErrorCode.GroupSubscribedToTopic
                    : ErrorCode.None;
                answer.Partitions.Add(new() { PartitionIndex = p.PartitionIndex, ErrorCode = (short)refused });
                if (refused != ErrorCode.None) continue;
                if (Offsets.TryGet(request.GroupId, partition, out _) || Offsets.IsUnstable(request.GroupId, partition))
                    removals.Add(new(request.GroupId, partition));
            }
        }

        Remove(removals, e => done(e == ErrorCode.None ? response : new OffsetDeleteResponse { ErrorCode = (short)e }));
    }

    /// <summary>Topics were deleted, or partitions of them: what groups committed there goes too.</summary>
    public void PartitionsDeleted(IReadOnlyList<TopicPartition> partitions)
    {
        List<Removal> removals = [];
        SortedSet<string> groups = new(Offsets.Groups, StringComparer.Ordinal);
        groups.UnionWith(Offsets.GroupsWithOpenTransactions);
        foreach (string group in groups)
            foreach (TopicPartition p in partitions)
                if (Offsets.TryGet(group, p, out _) || Offsets.IsUnstable(group, p)) removals.Add(new(group, p));
        Remove(removals, _ => { });
    }

    /// <summary>Removes offsets whose time has come (KIP-211), and groups that have nothing left. Groups of later kinds
    /// keep theirs: whether they are in use is not known here.</summary>
    private void ExpireOffsets()
    {
        List<Removal> removals = [];
        foreach (ClassicGroup group in _groups.Values)
        {
            bool isSpent = ExpireOffsets(group, removals) && !Offsets.HasOpenTransaction(group.Id);
            // A member that has been given its id is on its way.
            if (isSpent && group.State == ClassicGroupState.Empty && group.PendingCount == 0) removals.Add(new(group.Id, null));
        }

        Remove(removals, _ => { });
        _expiry.Set(Duration.FromMs(Options.OffsetsRetentionCheckIntervalMs));
    }

    /// <summary>Adds the offsets of a group that have expired; true if none is left.</summary>
    private bool ExpireOffsets(ClassicGroup group, List<Removal> removals)
    {
        if (!Offsets.HasOffsets(group.Id)) return true;
        bool isEmptied = group.ProtocolType is not null && group.State == ClassicGroupState.Empty;
        bool isReading = group is { State: ClassicGroupState.Stable, SubscribedTopics: not null };
        if (group.ProtocolType is not null && !isEmptied && !isReading) return false;
        long now = _host.Now.UnixMs;
        bool isSpent = true;
        foreach ((TopicPartition partition, CommittedOffset offset) in Offsets.Of(group.Id))
        {
            // While members read a topic its offsets stay; an emptied group's age counts from when it became empty.
            long since = isEmptied && group.StateChangedAtMs >= 0 ? group.StateChangedAtMs : offset.CommitTimestampMs;
            bool isExpired = offset.ExpireTimestampMs >= 0 ? now >= offset.ExpireTimestampMs : now - since >= Options.OffsetsRetentionMs;
            if (isExpired && !group.IsSubscribedTo(partition.Topic) && !Offsets.IsUnstable(group.Id, partition))
                removals.Add(new(group.Id, partition));
            else
                isSpent = false;
        }

        return isSpent;
    }

    private ErrorCode ValidateOffsetDelete(string groupId, out ClassicGroup? group)
    {
        group = null;
        if (groupId.Length == 0) return ErrorCode.InvalidGroupId;
        if (_newerGroups.Contains(groupId))
            return _newerGroups.IsOfKind(groupId, NewerGroupKind.Share) ? ErrorCode.GroupIdNotFound : ErrorCode.None;
        if (!_groups.TryGetValue(groupId, out group) || group.State == ClassicGroupState.Dead) return ErrorCode.GroupIdNotFound;
        bool isInUse = group.State != ClassicGroupState.Empty && !string.Equals(group.ProtocolType, "consumer", StringComparison.Ordinal);
        return isInUse ? ErrorCode.NonEmptyGroup : ErrorCode.None;
    }

    private ErrorCode ValidateCommit(OffsetCommitRequest request, short version, out ClassicGroup? group)
    {
        int generation = request.GenerationIdOrMemberEpoch;
        if (!_groups.TryGetValue(request.GroupId, out group))
        {
            if (_newerGroups.IsOfKind(request.GroupId, NewerGroupKind.Share)) return ErrorCode.GroupIdNotFound;
            if (_newerGroups.Contains(request.GroupId))
                return generation < 0 && _newerGroups.IsEmpty(request.GroupId) ? ErrorCode.None : ErrorCode.UnknownMemberId;
            // Without a generation the offsets are an administrator's, or of a consumer that assigns by itself.
            if (generation < 0) return ErrorCode.None;
            return version >= 9 ? ErrorCode.GroupIdNotFound : ErrorCode.IllegalGeneration;
        }

        if (group.State == ClassicGroupState.Dead) return ErrorCode.CoordinatorNotAvailable;
        if (generation < 0 && group.State == ClassicGroupState.Empty) return ErrorCode.None;
        if (generation < 0 && request.MemberId.Length == 0 && request.GroupInstanceId is null) return ErrorCode.UnknownMemberId;
        ErrorCode error = ValidateMember(group, request.MemberId, request.GroupInstanceId);
        if (error != ErrorCode.None) return error;
        if (generation != group.Generation) return ErrorCode.IllegalGeneration;
        if (group.State == ClassicGroupState.CompletingRebalance) return ErrorCode.RebalanceInProgress;
        if (group.TryGet(request.MemberId, out ClassicMember? member)) RestartSession(group, member);
        return ErrorCode.None;
    }

    private static OffsetCommitResponse Committed(
        OffsetCommitRequest request, Func<OffsetCommitRequest.OffsetCommitRequestPartition, ErrorCode> error)
    {
        OffsetCommitResponse response = new();
        foreach (OffsetCommitRequest.OffsetCommitRequestTopic topic in request.Topics)
        {
            OffsetCommitResponse.OffsetCommitResponseTopic answer = new() { Name = topic.Name, TopicId = topic.TopicId };
            foreach (OffsetCommitRequest.OffsetCommitRequestPartition p in topic.Partitions)
                answer.Partitions.Add(new() { PartitionIndex = p.PartitionIndex, ErrorCode = (short)error(p) });
            response.Topics.Add(answer);
        }

        return response;
    }

    /// <summary>offset.metadata.max.bytes counts UTF-16 units in Apache Kafka, in spite of its name.</summary>
    private bool IsTooLong(string? metadata) => metadata is not null && metadata.Length > Options.OffsetMetadataMaxBytes;

    /// <summary>Writes tombstones, applies each batch at its decision, answers at the commit of the last. What a failure
    /// leaves undone is found again when the request, or the next round of expiry, is repeated.</summary>
    private void Remove(List<Removal> removals, Action<ErrorCode> done)
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

            Action<ErrorCode> then = next < removals.Count ? _ => { } : error => done(ForClient(error));
            if (!TryWrite(records, then))
            {
                done(ErrorCode.NotCoordinator);
                return;
            }

            for (int i = first; i < next; i++) Apply(removals[i]);
        }

        if (removals.Count == 0) Writes.AfterDecided(error => done(ForClient(error)));
    }

    private static CoordinatorRecord Tombstone(Removal removal) => removal.Partition is { } p
        ? GroupRecords.OffsetTombstone(removal.Group, p.Topic, p.Partition)
        : GroupRecords.GroupTombstone(removal.Group);

    private void Apply(Removal removal)
    {
        if (removal.Partition is { } partition) Offsets.Remove(removal.Group, partition);
        else if (_groups.Remove(removal.Group, out ClassicGroup? group)) group.Die();
    }

    /// <summary>An offset to be removed, or without a partition the group itself.</summary>
    private readonly record struct Removal(string Group, TopicPartition? Partition);
}

/// <summary>One partition of an OffsetFetch answer; no offset: nothing is committed.</summary>
public readonly record struct FetchedOffset(TopicPartition Partition, CommittedOffset? Offset, ErrorCode Error);
