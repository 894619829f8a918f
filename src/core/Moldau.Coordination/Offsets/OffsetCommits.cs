using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Coordination;

/// <summary>OffsetCommit and OffsetFetch.</summary>
internal sealed class OffsetCommits(GroupShardState shard, ClassicRebalance rebalances)
{
    /// <summary>OffsetCommit. Topics come with names and ids; the caller has completed them and answered the
    /// unknown.</summary>
    public void Commit(OffsetCommitRequest request, short version, Action<OffsetCommitResponse> done)
    {
        ErrorCode error = ValidateCommit(request, version, out ClassicGroup? group);
        if (error != ErrorCode.None)
        {
            done(Committed(request, _ => error));
            return;
        }

        List<CoordinatorRecord> records = [];
        List<(TopicPartition Partition, CommittedOffset Offset)> accepted = [];
        long now = shard.Host.Now.UnixMs;
        long expiry = request.RetentionTimeMs < 0 ? -1 : now + request.RetentionTimeMs;
        foreach (OffsetCommitRequest.OffsetCommitRequestTopic topic in request.Topics)
        {
            // A record with an expiry has no place for the id: memory keeps what the log will bring back.
            Uuid topicId = expiry < 0 ? topic.TopicId : Uuid.Zero;
            foreach (OffsetCommitRequest.OffsetCommitRequestPartition p in topic.Partitions)
            {
                if (IsTooLong(p.CommittedMetadata)) continue;
                CommittedOffset offset = new(
                    p.CommittedOffset, p.CommittedLeaderEpoch, p.CommittedMetadata ?? "", now, expiry, topicId);
                accepted.Add((new TopicPartition(topic.Name, p.PartitionIndex), offset));
                records.Add(GroupRecords.Offset(request.GroupId, topic.Name, p.PartitionIndex, offset));
            }
        }

        Action<ErrorCode> finish = e => done(Committed(request, p =>
            e != ErrorCode.None ? CoordinatorErrors.ForClient(e)
            : IsTooLong(p.CommittedMetadata) ? ErrorCode.OffsetMetadataTooLarge
            : ErrorCode.None));
        if (records.Count == 0)
        {
            finish(ErrorCode.None);
            return;
        }

        ErrorCode refused = shard.Writes.Append(records, finish);
        if (refused != ErrorCode.None)
        {
            finish(refused);
            return;
        }

        // Applied at the decision; seen by readers when committed, since reads wait for what was decided before them.
        foreach ((TopicPartition partition, CommittedOffset offset) in accepted)
            shard.Offsets.Set(request.GroupId, partition, offset);
        if (group is null && !shard.Newer.Contains(request.GroupId))
            shard.Groups.Add(request.GroupId, new ClassicGroup(request.GroupId, shard.Host));
    }

    /// <summary>OffsetFetch for one group.</summary>
    /// <param name="groupId">The group.</param>
    /// <param name="partitions">Null: all that have an offset.</param>
    /// <param name="requireStable">Whether an offset of an open transaction makes the answer
    /// UNSTABLE_OFFSET_COMMIT.</param>
    /// <param name="done">Gets the answer.</param>
    public void Fetch(
        string groupId,
        IReadOnlyCollection<WantedOffset>? partitions,
        bool requireStable,
        Action<ErrorCode, IReadOnlyList<FetchedOffset>> done)
    {
        shard.Writes.AfterDecided(error =>
        {
            if (error != ErrorCode.None)
            {
                done(CoordinatorErrors.ForOffsetFetch(error), []);
                return;
            }

            List<FetchedOffset> offsets = [];
            if (partitions is null)
                foreach (TopicPartition p in shard.Offsets.PartitionsOf(groupId))
                    offsets.Add(Find(groupId, new(p), requireStable));
            else
                foreach (WantedOffset wanted in partitions) offsets.Add(Find(groupId, wanted, requireStable));
            done(ErrorCode.None, offsets);
        });
    }

    private FetchedOffset Find(string groupId, WantedOffset wanted, bool requireStable)
    {
        TopicPartition partition = wanted.Partition;
        if (requireStable && shard.Offsets.IsUnstable(groupId, partition))
            return new(partition, null, ErrorCode.UnstableOffsetCommit);
        if (!shard.Offsets.TryGet(groupId, partition, out CommittedOffset? offset))
            return new(partition, null, ErrorCode.None);
        // What was committed for an earlier topic of that name says nothing of this one.
        bool isOfAnother = !wanted.TopicId.IsZero && !offset.TopicId.IsZero && wanted.TopicId != offset.TopicId;
        return new(partition, isOfAnother ? null : offset, ErrorCode.None);
    }

    private ErrorCode ValidateCommit(OffsetCommitRequest request, short version, out ClassicGroup? group)
    {
        int generation = request.GenerationIdOrMemberEpoch;
        if (!shard.Groups.TryGetValue(request.GroupId, out group))
        {
            if (shard.Newer.IsOfKind(request.GroupId, NewerGroupKind.Share)) return ErrorCode.GroupIdNotFound;
            bool isMembers = generation >= 0 || !shard.Newer.IsEmpty(request.GroupId);
            if (shard.Newer.Contains(request.GroupId)) return isMembers ? ErrorCode.UnknownMemberId : ErrorCode.None;
            // Without a generation the offsets are an administrator's, or of a consumer that assigns by itself.
            if (generation < 0) return ErrorCode.None;
            return version >= 9 ? ErrorCode.GroupIdNotFound : ErrorCode.IllegalGeneration;
        }

        if (group.State == ClassicGroupState.Dead) return ErrorCode.CoordinatorNotAvailable;
        if (generation < 0 && group.State == ClassicGroupState.Empty) return ErrorCode.None;
        bool isNobodys = generation < 0 && request.MemberId.Length == 0 && request.GroupInstanceId is null;
        if (isNobodys) return ErrorCode.UnknownMemberId;
        ErrorCode error = group.Validate(request.MemberId, request.GroupInstanceId);
        if (error != ErrorCode.None) return error;
        if (generation != group.Generation) return ErrorCode.IllegalGeneration;
        if (group.State == ClassicGroupState.CompletingRebalance) return ErrorCode.RebalanceInProgress;
        if (group.TryGet(request.MemberId, out ClassicMember? member)) rebalances.RestartSession(group, member);
        return ErrorCode.None;
    }

    private static OffsetCommitResponse Committed(
        OffsetCommitRequest request, Func<OffsetCommitRequest.OffsetCommitRequestPartition, ErrorCode> error)
    {
        OffsetCommitResponse response = new();
        foreach (OffsetCommitRequest.OffsetCommitRequestTopic topic in request.Topics)
        {
            OffsetCommitResponse.OffsetCommitResponseTopic answer = new()
            {
                Name = topic.Name,
                TopicId = topic.TopicId,
            };
            foreach (OffsetCommitRequest.OffsetCommitRequestPartition p in topic.Partitions)
                answer.Partitions.Add(new() { PartitionIndex = p.PartitionIndex, ErrorCode = (short)error(p) });
            response.Topics.Add(answer);
        }

        return response;
    }

    /// <summary>offset.metadata.max.bytes counts UTF-16 units in Apache Kafka, in spite of its name.</summary>
    private bool IsTooLong(string? metadata) =>
        metadata is not null && metadata.Length > shard.Options.OffsetMetadataMaxBytes;
}

/// <summary>One partition of an OffsetFetch request; the topic's id is zero where the version has none.</summary>
public readonly record struct WantedOffset(TopicPartition Partition, Uuid TopicId = default);

/// <summary>One partition of an OffsetFetch answer; no offset: nothing is committed.</summary>
public readonly record struct FetchedOffset(TopicPartition Partition, CommittedOffset? Offset, ErrorCode Error);
