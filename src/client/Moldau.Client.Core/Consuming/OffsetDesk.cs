using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>An offset to commit, or a committed one.</summary>
/// <param name="Offset">The next offset to read.</param>
/// <param name="LeaderEpoch">Of the last record before it, −1 where it is not known.</param>
/// <param name="Metadata">Text of the user's own.</param>
public readonly record struct CommittedOffset(long Offset, int LeaderEpoch = -1, string Metadata = "");

/// <summary>Commits a group's offsets and asks for them.</summary>
internal sealed class OffsetDesk(ClientMachine machine, string groupId, int lane)
{
    /// <summary>The last version that names topics instead of their ids.</summary>
    private const short LastNamedVersion = 9;

    private const short FirstBatchedFetch = 8;

    private const short FirstFetchOfAll = 2;

    /// <summary>Older ones cannot say that transactions must have ended.</summary>
    private const short FirstStableFetch = 7;

    private CallTarget Coordinator => CallTarget.Coordinator(CoordinatorType.Group, groupId, lane);

    /// <inheritdoc cref="Commit(IReadOnlyDictionary{TopicPartition, CommittedOffset}, Func{MemberIdentity}, ClientTurn)"/>
    public ClientOperation<IReadOnlyDictionary<TopicPartition, ErrorCode>> Commit(
        IReadOnlyDictionary<TopicPartition, CommittedOffset> offsets, MemberIdentity member, ClientTurn turn) =>
        Commit(offsets, () => member, turn);

    /// <inheritdoc cref="Fetch(IReadOnlyCollection{TopicPartition}?, bool, Func{MemberIdentity}, ClientTurn)"/>
    public ClientOperation<IReadOnlyDictionary<TopicPartition, CommittedOffset>> Fetch(
        IReadOnlyCollection<TopicPartition>? partitions, bool requireStable, MemberIdentity member, ClientTurn turn) =>
        Fetch(partitions, requireStable, () => member, turn);

    /// <summary>The result says of each partition what went wrong, or that nothing did.</summary>
    public ClientOperation<IReadOnlyDictionary<TopicPartition, ErrorCode>> Commit(
        IReadOnlyDictionary<TopicPartition, CommittedOffset> offsets, Func<MemberIdentity> member, ClientTurn turn)
    {
        MemberIdentity first = member();
        ClientOperation<IReadOnlyDictionary<TopicPartition, ErrorCode>> operation = new();
        if (offsets.Count == 0)
        {
            operation.TrySucceed(new Dictionary<TopicPartition, ErrorCode>(), turn);
            return operation;
        }

        ClientCall<OffsetCommitRequest, OffsetCommitResponse> call = new(
            Coordinator,
            _ => Request(offsets, Newest(first, member())),
            (answer, now) => Take(answer, first.Incarnation == member().Incarnation, operation, now),
            (error, now) => operation.TryFail(error, now))
        {
            Deadline = turn.Now + machine.Settings.ApiTimeout,
            UpTo = LastNamedVersion,
        };
        machine.Calls.Start(call, turn);
        return operation;
    }

    /// <summary>The committed offsets of partitions, null for all that the group has; those without one are missing in
    /// the result.</summary>
    public ClientOperation<IReadOnlyDictionary<TopicPartition, CommittedOffset>> Fetch(
        IReadOnlyCollection<TopicPartition>? partitions, bool requireStable, Func<MemberIdentity> member, ClientTurn turn)
    {
        MemberIdentity first = member();
        ClientOperation<IReadOnlyDictionary<TopicPartition, CommittedOffset>> operation = new();
        ClientCall<OffsetFetchRequest, OffsetFetchResponse> call = new(
            Coordinator,
            version => FetchRequest(
                partitions, requireStable && version >= FirstStableFetch, Newest(first, member()), version),
            (answer, now) => TakeFetched(answer, first.Incarnation == member().Incarnation, operation, now),
            (error, now) => operation.TryFail(error, now))
        {
            Deadline = turn.Now + machine.Settings.ApiTimeout,
            From = partitions is null ? FirstFetchOfAll : (short)1,
            UpTo = LastNamedVersion,
        };
        machine.Calls.Start(call, turn);
        return operation;
    }

    /// <summary>A member's epoch may grow while a request is on its way; after it has lost its partitions it is somebody
    /// else.</summary>
    private static MemberIdentity Newest(MemberIdentity first, MemberIdentity now) =>
        now.Incarnation == first.Incarnation ? now : first;

    private OffsetCommitRequest Request(
        IReadOnlyDictionary<TopicPartition, CommittedOffset> offsets, MemberIdentity member)
    {
        OffsetCommitRequest request = new()
        {
            GroupId = groupId,
            MemberId = member.MemberId,
            GenerationIdOrMemberEpoch = member.Generation,
            GroupInstanceId = member.InstanceId,
        };
        foreach (var topic in offsets.OrderBy(o => o.Key).GroupBy(o => o.Key.Topic, StringComparer.Ordinal))
        {
            request.Topics.Add(new OffsetCommitRequest.OffsetCommitRequestTopic
            {
                Name = topic.Key,
                Partitions = [.. topic.Select(o => new OffsetCommitRequest.OffsetCommitRequestPartition
                {
                    PartitionIndex = o.Key.Partition,
                    CommittedOffset = o.Value.Offset,
                    CommittedLeaderEpoch = o.Value.LeaderEpoch,
                    CommittedMetadata = o.Value.Metadata,
                })],
            });
        }

        return request;
    }

    private static CallOutcome Take(
        OffsetCommitResponse answer,
        bool isSameMember,
        ClientOperation<IReadOnlyDictionary<TopicPartition, ErrorCode>> operation,
        ClientTurn turn)
    {
        Dictionary<TopicPartition, ErrorCode> results = [];
        foreach (var topic in answer.Topics)
        {
            foreach (var partition in topic.Partitions)
            {
                ErrorCode code = ErrorCodes.FromWire(partition.ErrorCode);
                if (Again(code, isSameMember) is { } outcome) return outcome;
                results[new TopicPartition(topic.Name, partition.PartitionIndex)] = code;
            }
        }

        operation.TrySucceed(results, turn);
        return CallOutcome.Done;
    }

    private OffsetFetchRequest FetchRequest(
        IReadOnlyCollection<TopicPartition>? partitions, bool requireStable, MemberIdentity member, short version)
    {
        OffsetFetchRequest request = new() { RequireStable = requireStable };
        var topics = partitions?.Order().GroupBy(p => p.Topic, p => p.Partition, StringComparer.Ordinal);
        if (version < FirstBatchedFetch)
        {
            request.GroupId = groupId;
            request.Topics = topics?.Select(t => new OffsetFetchRequest.OffsetFetchRequestTopic
            {
                Name = t.Key,
                PartitionIndexes = [.. t],
            }).ToList();
            return request;
        }

        request.Groups.Add(new OffsetFetchRequest.OffsetFetchRequestGroup
        {
            GroupId = groupId,
            MemberId = member.MemberId.Length > 0 && version > FirstBatchedFetch ? member.MemberId : null,
            MemberEpoch = version > FirstBatchedFetch ? member.Generation : -1,
            Topics = topics?.Select(t => new OffsetFetchRequest.OffsetFetchRequestTopics
            {
                Name = t.Key,
                PartitionIndexes = [.. t],
            }).ToList(),
        });
        return request;
    }

    private CallOutcome TakeFetched(
        OffsetFetchResponse answer,
        bool isSameMember,
        ClientOperation<IReadOnlyDictionary<TopicPartition, CommittedOffset>> operation,
        ClientTurn turn)
    {
        Dictionary<TopicPartition, CommittedOffset> offsets = [];
        OffsetFetchResponse.OffsetFetchResponseGroup? group = answer.Groups.Count > 0 ? answer.Groups[0] : null;
        ErrorCode code = ErrorCodes.FromWire(group?.ErrorCode ?? answer.ErrorCode);
        IEnumerable<(string Topic, int Partition, short Error, long Offset, int Epoch, string? Metadata)> rows =
            group is not null
                ? group.Topics.SelectMany(t => t.Partitions.Select(p =>
                    (t.Name, p.PartitionIndex, p.ErrorCode, p.CommittedOffset, p.CommittedLeaderEpoch, p.Metadata)))
                : answer.Topics.SelectMany(t => t.Partitions.Select(p =>
                    (t.Name, p.PartitionIndex, p.ErrorCode, p.CommittedOffset, p.CommittedLeaderEpoch, p.Metadata)));
        if (Again(code, isSameMember) is { } outcome) return outcome;
        foreach (var row in rows)
        {
            ErrorCode partitionCode = ErrorCodes.FromWire(row.Error);
            if (Again(partitionCode, isSameMember) is { } again) return again;
            if (code == ErrorCode.None && partitionCode != ErrorCode.UnknownTopicOrPartition) code = partitionCode;
            if (row.Offset >= 0)
                offsets[new TopicPartition(row.Topic, row.Partition)] =
                    new CommittedOffset(row.Offset, row.Epoch, row.Metadata ?? "");
        }

        if (code == ErrorCode.None) operation.TrySucceed(offsets, turn);
        else operation.TryFail(ClientError.Of(code, null, $"the offsets of group {groupId} cannot be read"), turn);
        return CallOutcome.Done;
    }

    internal static CallOutcome? Again(ErrorCode code, bool isSameMember = false) => code switch
    {
        // The answer to the heartbeat that raised the epoch is still on its way.
        ErrorCode.StaleMemberEpoch when isSameMember => CallOutcome.Retry,
        ErrorCode.NotCoordinator or ErrorCode.CoordinatorNotAvailable => CallOutcome.RetryElsewhere,
        ErrorCode.CoordinatorLoadInProgress or ErrorCode.UnstableOffsetCommit or ErrorCode.RequestTimedOut =>
            CallOutcome.Retry,
        _ => null,
    };
}
