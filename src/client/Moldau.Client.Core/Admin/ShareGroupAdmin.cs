using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>A member of a share group.</summary>
public sealed record ShareGroupMember(
    string MemberId,
    string? Rack,
    int MemberEpoch,
    string ClientId,
    string ClientHost,
    IReadOnlyList<string> SubscribedTopics,
    IReadOnlyList<TopicPartition> Assignment);

/// <summary>A share group and its members (KIP-932).</summary>
/// <param name="GroupId">Its id.</param>
/// <param name="State"><c>Stable</c>, <c>Empty</c> or <c>Dead</c>.</param>
/// <param name="GroupEpoch">Grows with each change of members, subscriptions or topics.</param>
/// <param name="AssignmentEpoch">The group epoch that the assignment was made for.</param>
/// <param name="Assignor">The assignor's name.</param>
/// <param name="CoordinatorId">The broker that coordinates it.</param>
/// <param name="Members">In the order of their ids.</param>
/// <param name="AuthorizedOperations">What one may do with the group; null where that was not asked.</param>
public sealed record ShareGroupDescription(
    string GroupId,
    string State,
    int GroupEpoch,
    int AssignmentEpoch,
    string Assignor,
    int CoordinatorId,
    IReadOnlyList<ShareGroupMember> Members,
    IReadOnlyList<AclOperation>? AuthorizedOperations);

/// <summary>Where a share group is in a partition.</summary>
/// <param name="StartOffset">The first record that is not done with; null where the group has not begun there.</param>
/// <param name="LeaderEpoch">Null where it is not told.</param>
/// <param name="Lag">Records that are still to be delivered (KIP-1226, from 4.2 on); null where it is not told.</param>
public readonly record struct ShareOffset(long? StartOffset, int? LeaderEpoch, long? Lag);

/// <summary>Share groups and their offsets.</summary>
internal static class ShareGroupAdmin
{
    public static ClientOperation<IReadOnlyDictionary<string, Outcome<ShareGroupDescription>>> Describe(
        ClientMachine machine, ClientTurn turn, IReadOnlyList<string> groupIds, bool withOperations) =>
        AdminParts.Each(groupIds, turn, (groupId, now) => DescribeOne(machine, now, groupId, withOperations));

    /// <summary>The offsets of groups, of the named partitions or of all that they have (null).</summary>
    public static ClientOperation<IReadOnlyDictionary<string, Outcome<IReadOnlyDictionary<TopicPartition, Outcome<ShareOffset>>>>> Offsets(
        ClientMachine machine, ClientTurn turn, IReadOnlyDictionary<string, IReadOnlyList<TopicPartition>?> groups) =>
        AdminParts.Each(groups.Keys, turn, (groupId, now) => OffsetsOf(machine, now, groupId, groups[groupId]));

    /// <summary>Sets the start offsets of a group without members; each partition with null, or with what went
    /// wrong.</summary>
    public static ClientOperation<IReadOnlyDictionary<TopicPartition, ClientError?>> SetOffsets(
        ClientMachine machine, ClientTurn turn, string groupId, IReadOnlyDictionary<TopicPartition, long> offsets) =>
        AdminCalls.Start<AlterShareGroupOffsetsRequest, AlterShareGroupOffsetsResponse, IReadOnlyDictionary<TopicPartition, ClientError?>>(
            machine, turn, Coordinator(groupId),
            _ => new AlterShareGroupOffsetsRequest
            {
                GroupId = groupId,
                Topics = [.. offsets.OrderBy(o => o.Key).GroupBy(o => o.Key.Topic, StringComparer.Ordinal)
                    .Select(t => new AlterShareGroupOffsetsRequest.AlterShareGroupOffsetsRequestTopic
                    {
                        TopicName = t.Key,
                        Partitions = [.. t.Select(o => new AlterShareGroupOffsetsRequest.AlterShareGroupOffsetsRequestPartition
                        {
                            PartitionIndex = o.Key.Partition,
                            StartOffset = o.Value,
                        })],
                    })],
            },
            (answer, operation, now) =>
                AdminCalls.Refused(answer.ErrorCode, answer.ErrorMessage, $"the offsets of group '{groupId}' were not set", operation, now)
                ?? AdminCalls.Done(operation, answer.Responses
                    .SelectMany(t => t.Partitions.Select(p => (Key: new TopicPartition(t.TopicName, p.PartitionIndex), p)))
                    .ByKey(r => r.Key, r => AdminCalls.Error(
                        r.p.ErrorCode, r.p.ErrorMessage, $"the offset of {r.Key} was not set")), now));

    /// <summary>Forgets the offsets of topics of a group without members; each topic with null, or with what went
    /// wrong.</summary>
    public static ClientOperation<IReadOnlyDictionary<string, ClientError?>> DeleteOffsets(
        ClientMachine machine, ClientTurn turn, string groupId, IReadOnlyList<string> topics) =>
        AdminCalls.Start<DeleteShareGroupOffsetsRequest, DeleteShareGroupOffsetsResponse, IReadOnlyDictionary<string, ClientError?>>(
            machine, turn, Coordinator(groupId),
            _ => new DeleteShareGroupOffsetsRequest
            {
                GroupId = groupId,
                Topics = [.. topics.Distinct(StringComparer.Ordinal)
                    .Select(t => new DeleteShareGroupOffsetsRequest.DeleteShareGroupOffsetsRequestTopic { TopicName = t })],
            },
            (answer, operation, now) =>
                AdminCalls.Refused(answer.ErrorCode, answer.ErrorMessage, $"the offsets of group '{groupId}' were not deleted", operation, now)
                ?? AdminCalls.Done(operation, answer.Responses.ByKey(
                    t => t.TopicName,
                    t => AdminCalls.Error(t.ErrorCode, t.ErrorMessage, $"the offsets of topic '{t.TopicName}' were not deleted"),
                    StringComparer.Ordinal), now));

    private static CallTarget Coordinator(string groupId) => CallTarget.Coordinator(CoordinatorType.Group, groupId);

    private static ClientOperation<ShareGroupDescription> DescribeOne(
        ClientMachine machine, ClientTurn turn, string groupId, bool withOperations) =>
        AdminCalls.Start<ShareGroupDescribeRequest, ShareGroupDescribeResponse, ShareGroupDescription>(
            machine, turn, Coordinator(groupId),
            _ => new ShareGroupDescribeRequest { GroupIds = [groupId], IncludeAuthorizedOperations = withOperations },
            (answer, operation, now) =>
            {
                if (answer.Groups is not [{ } group, ..]) return AdminCalls.Lacking(operation, now);
                if (AdminCalls.Refused(group.ErrorCode, group.ErrorMessage, $"share group '{groupId}' cannot be described", operation, now)
                    is { } refused) return refused;
                machine.Coordinators.TryGet(CoordinatorType.Group, groupId, out int coordinator, out _);
                return AdminCalls.Done(operation, new ShareGroupDescription(
                    groupId, group.GroupState, group.GroupEpoch, group.AssignmentEpoch, group.AssignorName, coordinator,
                    [.. group.Members.OrderBy(m => m.MemberId, StringComparer.Ordinal).Select(m => new ShareGroupMember(
                        m.MemberId, m.RackId, m.MemberEpoch, m.ClientId, m.ClientHost, m.SubscribedTopicNames,
                        [.. m.Assignment.TopicPartitions.SelectMany(t => t.Partitions.Select(p => new TopicPartition(t.TopicName, p)))]))],
                    AclOperations.Of(group.AuthorizedOperations)), now);
            });

    private static ClientOperation<IReadOnlyDictionary<TopicPartition, Outcome<ShareOffset>>> OffsetsOf(
        ClientMachine machine, ClientTurn turn, string groupId, IReadOnlyList<TopicPartition>? partitions) =>
        AdminCalls.Start<DescribeShareGroupOffsetsRequest, DescribeShareGroupOffsetsResponse,
            IReadOnlyDictionary<TopicPartition, Outcome<ShareOffset>>>(
            machine, turn, Coordinator(groupId),
            _ => new DescribeShareGroupOffsetsRequest
            {
                Groups =
                [
                    new DescribeShareGroupOffsetsRequest.DescribeShareGroupOffsetsRequestGroup
                    {
                        GroupId = groupId,
                        Topics = partitions?.Order().GroupBy(p => p.Topic, StringComparer.Ordinal)
                            .Select(t => new DescribeShareGroupOffsetsRequest.DescribeShareGroupOffsetsRequestTopic
                            {
                                TopicName = t.Key,
                                Partitions = [.. t.Select(p => p.Partition)],
                            }).ToList(),
                    },
                ],
            },
            (answer, operation, now) =>
            {
                if (answer.Groups is not [{ } group, ..]) return AdminCalls.Lacking(operation, now);
                return AdminCalls.Refused(group.ErrorCode, group.ErrorMessage, $"the offsets of group '{groupId}' cannot be read", operation, now)
                    ?? AdminCalls.Done(operation, group.Topics
                        .SelectMany(t => t.Partitions.Select(p => (Key: new TopicPartition(t.TopicName, p.PartitionIndex), p)))
                        .ByKey(r => r.Key, r => Offset(r.Key, r.p)), now);
            });

    private static Outcome<ShareOffset> Offset(
        TopicPartition partition, DescribeShareGroupOffsetsResponse.DescribeShareGroupOffsetsResponsePartition answer) =>
        AdminCalls.Error(answer.ErrorCode, answer.ErrorMessage, $"the offset of {partition} cannot be read") is { } error
            ? Outcome<ShareOffset>.Failed(error)
            : Outcome<ShareOffset>.Of(new ShareOffset(
                answer.StartOffset < 0 ? null : answer.StartOffset, answer.LeaderEpoch < 0 ? null : answer.LeaderEpoch,
                answer.Lag < 0 ? null : answer.Lag));
}
