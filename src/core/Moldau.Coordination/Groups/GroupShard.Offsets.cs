using System.Text;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Coordination;

public sealed partial class GroupShard
{
    /// <summary>OffsetCommit. Topics come with names; the caller has turned ids into names and answered the unknown.</summary>
    public void CommitOffsets(OffsetCommitRequest request, Action<OffsetCommitResponse> done)
    {
        ErrorCode error = ValidateCommit(request, out ClassicGroup? group);
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
                CommittedOffset offset = new(p.CommittedOffset, p.CommittedLeaderEpoch, p.CommittedMetadata ?? "", now, expiry);
                accepted.Add((new TopicPartition(topic.Name, p.PartitionIndex), offset));
                records.Add(GroupRecords.Offset(request.GroupId, topic.Name, p.PartitionIndex, offset));
            }

        Action<ErrorCode> finish = e => done(Committed(request, p =>
            e != ErrorCode.None ? ErrorCode.NotCoordinator : IsTooLong(p.CommittedMetadata) ? ErrorCode.OffsetMetadataTooLarge : ErrorCode.None));
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
        if (group is null) _groups.TryAdd(request.GroupId, new ClassicGroup(request.GroupId, _host));
    }

    /// <summary>OffsetFetch for one group.</summary>
    /// <param name="groupId">The group.</param>
    /// <param name="partitions">Null: all that have an offset.</param>
    /// <param name="requireStable">Whether an offset of an open transaction makes the answer UNSTABLE_OFFSET_COMMIT.</param>
    /// <param name="done">Gets the answer.</param>
    public void FetchOffsets(
        string groupId,
        IReadOnlyList<TopicPartition>? partitions,
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
            foreach (TopicPartition p in partitions ?? [.. Offsets.Of(groupId).Keys])
            {
                if (requireStable && Offsets.IsUnstable(groupId, p)) offsets.Add(new(p, null, ErrorCode.UnstableOffsetCommit));
                else offsets.Add(new(p, Offsets.TryGet(groupId, p, out CommittedOffset? offset) ? offset : null, ErrorCode.None));
            }

            done(ErrorCode.None, offsets);
        });
    }

    public void DeleteOffsets(OffsetDeleteRequest request, Func<TopicPartition, bool> exists, Action<OffsetDeleteResponse> done)
    {
        if (!_groups.TryGetValue(request.GroupId, out ClassicGroup? group) || group.State == ClassicGroupState.Dead)
        {
            done(new OffsetDeleteResponse { ErrorCode = (short)ErrorCode.GroupIdNotFound });
            return;
        }

        bool isEmpty = group.State == ClassicGroupState.Empty;
        SortedSet<string>? subscribed = isEmpty ? null : group.SubscribedTopics();
        if (!isEmpty && !string.Equals(group.ProtocolType, "consumer", StringComparison.Ordinal))
        {
            done(new OffsetDeleteResponse { ErrorCode = (short)ErrorCode.NonEmptyGroup });
            return;
        }

        OffsetDeleteResponse response = new();
        List<CoordinatorRecord> records = [];
        List<TopicPartition> deleted = [];
        foreach (OffsetDeleteRequest.OffsetDeleteRequestTopic topic in request.Topics)
        {
            OffsetDeleteResponse.OffsetDeleteResponseTopic answer = new() { Name = topic.Name };
            response.Topics.Add(answer);
            foreach (OffsetDeleteRequest.OffsetDeleteRequestPartition p in topic.Partitions)
            {
                TopicPartition partition = new(topic.Name, p.PartitionIndex);
                ErrorCode error = !exists(partition) ? ErrorCode.UnknownTopicOrPartition
                    : !isEmpty && (subscribed is null || subscribed.Contains(topic.Name)) ? ErrorCode.GroupSubscribedToTopic
                    : ErrorCode.None;
                answer.Partitions.Add(new() { PartitionIndex = p.PartitionIndex, ErrorCode = (short)error });
                if (error != ErrorCode.None || !Offsets.TryGet(request.GroupId, partition, out _)) continue;
                records.Add(GroupRecords.OffsetTombstone(request.GroupId, topic.Name, p.PartitionIndex));
                deleted.Add(partition);
            }
        }

        WriteThen(records, () => deleted.ForEach(p => Offsets.Remove(request.GroupId, p)), error =>
            done(error == ErrorCode.None ? response : new OffsetDeleteResponse { ErrorCode = (short)error }));
    }

    /// <summary>Removes offsets whose time has come (KIP-211), and groups that have nothing left.</summary>
    private void ExpireOffsets()
    {
        long now = _host.Now.UnixMs;
        List<CoordinatorRecord> records = [];
        List<(string Group, TopicPartition Partition)> expired = [];
        foreach (string group in Offsets.Groups)
        {
            if (Offsets.IsNewerGroup(group)) continue;
            foreach ((TopicPartition partition, CommittedOffset offset) in Offsets.Of(group))
            {
                if (!IsExpired(group, partition, offset, now)) continue;
                expired.Add((group, partition));
                records.Add(GroupRecords.OffsetTombstone(group, partition.Topic, partition.Partition));
            }
        }

        SortedDictionary<string, int> left = new(StringComparer.Ordinal);
        foreach (string group in Offsets.Groups) left[group] = Offsets.Of(group).Count;
        foreach ((string group, _) in expired) left[group]--;
        List<string> gone = [];
        foreach ((string id, ClassicGroup group) in _groups)
        {
            if (group.State != ClassicGroupState.Empty || group.PendingCount > 0 || left.GetValueOrDefault(id) > 0) continue;
            gone.Add(id);
            if (group.Generation > 0) records.Add(GroupRecords.GroupTombstone(id));
        }

        WriteThen(records, () =>
        {
            foreach ((string group, TopicPartition partition) in expired) Offsets.Remove(group, partition);
            foreach (string id in gone) _groups.Remove(id);
        }, _ => { });
        _expiry.Set(Duration.FromMs(Options.OffsetsRetentionCheckIntervalMs));
    }

    private bool IsExpired(string groupId, TopicPartition partition, CommittedOffset offset, long now)
    {
        if (Offsets.IsUnstable(groupId, partition)) return false;
        if (offset.ExpireTimestampMs >= 0) return now >= offset.ExpireTimestampMs;
        long since = offset.CommitTimestampMs;
        if (_groups.TryGetValue(groupId, out ClassicGroup? group) && group.ProtocolType is not null)
        {
            // While members read a topic its offsets stay; an empty group's age counts from when it became empty.
            if (group.State == ClassicGroupState.Empty) since = group.StateChangedAtMs >= 0 ? group.StateChangedAtMs : since;
            else if (group.SubscribedTopics() is not { } topics || topics.Contains(partition.Topic)) return false;
        }

        return now - since >= Options.OffsetsRetentionMs;
    }

    private ErrorCode ValidateCommit(OffsetCommitRequest request, out ClassicGroup? group)
    {
        int generation = request.GenerationIdOrMemberEpoch;
        if (!_groups.TryGetValue(request.GroupId, out group))
        {
            if (Offsets.IsNewerGroup(request.GroupId)) return ErrorCode.UnknownMemberId;
            // Without a generation the offsets are an administrator's, or of a consumer that assigns by itself.
            return generation < 0 ? ErrorCode.None : ErrorCode.IllegalGeneration;
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

    private bool IsTooLong(string? metadata) =>
        metadata is not null && Encoding.UTF8.GetByteCount(metadata) > Options.OffsetMetadataMaxBytes;

    /// <summary>Writes the records, applies the change at the decision, answers at the commit.</summary>
    private void WriteThen(List<CoordinatorRecord> records, Action apply, Action<ErrorCode> done)
    {
        if (records.Count == 0)
        {
            apply();
            Writes.AfterDecided(error => done(ForClient(error)));
            return;
        }

        if (TryWrite(records, error => done(ForClient(error)))) apply();
        else done(ErrorCode.NotCoordinator);
    }
}

/// <summary>One partition of an OffsetFetch answer; no offset: nothing is committed.</summary>
public readonly record struct FetchedOffset(TopicPartition Partition, CommittedOffset? Offset, ErrorCode Error);
