using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>A group as ListGroups tells it.</summary>
/// <param name="GroupId">Its id.</param>
/// <param name="ProtocolType">Such as <c>consumer</c>.</param>
/// <param name="State">Such as <c>Stable</c>; empty from brokers before 2.6.</param>
/// <param name="Type">Such as <c>classic</c>; empty from brokers before 3.8.</param>
public sealed record GroupListing(string GroupId, string ProtocolType, string State, string Type);

/// <summary>A member of a group.</summary>
public sealed record GroupMemberDescription(
    string MemberId, string? InstanceId, string ClientId, string ClientHost, IReadOnlyList<TopicPartition> Assignment);

/// <summary>A group and its members.</summary>
/// <param name="GroupId">Its id.</param>
/// <param name="State">Such as <c>Stable</c>, <c>Empty</c> or <c>Dead</c>.</param>
/// <param name="Type"><c>Classic</c> or <c>Consumer</c>.</param>
/// <param name="Assignor">The assignor's name; empty without members.</param>
/// <param name="CoordinatorId">The broker that coordinates it.</param>
/// <param name="Members">In the order of their ids.</param>
public sealed record GroupDescription(
    string GroupId, string State, string Type, string Assignor, int CoordinatorId, IReadOnlyList<GroupMemberDescription> Members);

/// <summary>Groups and their offsets.</summary>
internal static class GroupAdmin
{
    /// <summary>Of all brokers: each lists the groups that it coordinates.</summary>
    public static ClientOperation<IReadOnlyList<GroupListing>> List(ClientMachine machine, ClientTurn turn)
    {
        ClientOperation<IReadOnlyList<GroupListing>> operation = new();
        ConsumerPart.Watch(ClusterAdmin.Describe(machine, turn), turn, (cluster, now) =>
        {
            if (cluster.Error is { } error)
            {
                operation.TryFail(error, now);
                return;
            }

            // The metadata of the client must know the brokers before calls can go to them.
            machine.Metadata.Refresh(now);
            ClientOperation<IReadOnlyList<GroupListing>>[] parts =
                [.. cluster.Result.Brokers.Select(b => ListOf(machine, now, b.Id))];
            AdminParts.WhenAll(parts, now, end =>
            {
                if (AdminParts.FirstError(parts) is { } first) operation.TryFail(first, end);
                else operation.TrySucceed([.. parts.SelectMany(p => p.Result)
                    .DistinctBy(g => g.GroupId).OrderBy(g => g.GroupId, StringComparer.Ordinal)], end);
            });
        });
        return operation;
    }

    /// <summary>A group that does not exist is described as dead, as brokers do.</summary>
    public static ClientOperation<GroupDescription> Describe(ClientMachine machine, ClientTurn turn, string groupId)
    {
        ClientOperation<GroupDescription> operation = new();
        ConsumerPart.Watch(DescribeNew(machine, turn, groupId), turn, (done, now) =>
        {
            if (done.Error is null)
            {
                operation.TrySucceed(done.Result, now);
                return;
            }

            // No group of the new protocol, or a broker that has none: then it is a classic one.
            ConsumerPart.Watch(DescribeClassic(machine, now, groupId), now, (classic, end) =>
            {
                if (classic.Error is { } error) operation.TryFail(error, end);
                else operation.TrySucceed(classic.Result, end);
            });
        });
        return operation;
    }

    public static ClientOperation<ClientError?> Delete(ClientMachine machine, ClientTurn turn, string groupId) =>
        AdminCalls.Start<DeleteGroupsRequest, DeleteGroupsResponse, ClientError?>(
            machine, turn, Coordinator(groupId),
            _ => new DeleteGroupsRequest { GroupsNames = [groupId] },
            (answer, operation, now) => Finish(
                ErrorCodes.FromWire(answer.Results[0].ErrorCode), answer.Results[0].ErrorMessage,
                $"group '{groupId}' was not deleted", operation, now));

    /// <summary>All committed offsets of a group.</summary>
    public static ClientOperation<IReadOnlyDictionary<TopicPartition, CommittedOffset>> Offsets(
        ClientMachine machine, ClientTurn turn, string groupId) =>
        new OffsetDesk(machine, groupId, 0).Fetch(null, requireStable: false, MemberIdentity.None, turn);

    /// <summary>Sets offsets of a group that has no members, or no member that reads these topics.</summary>
    public static ClientOperation<IReadOnlyDictionary<TopicPartition, ErrorCode>> SetOffsets(
        ClientMachine machine,
        ClientTurn turn,
        string groupId,
        IReadOnlyDictionary<TopicPartition, CommittedOffset> offsets) =>
        new OffsetDesk(machine, groupId, 0).Commit(offsets, MemberIdentity.None, turn);

    /// <summary>Forgets a group's offsets.</summary>
    public static ClientOperation<IReadOnlyDictionary<TopicPartition, ErrorCode>> DeleteOffsets(
        ClientMachine machine, ClientTurn turn, string groupId, IReadOnlyCollection<TopicPartition> partitions) =>
        AdminCalls.Start<OffsetDeleteRequest, OffsetDeleteResponse, IReadOnlyDictionary<TopicPartition, ErrorCode>>(
            machine, turn, Coordinator(groupId),
            _ => new OffsetDeleteRequest
            {
                GroupId = groupId,
                Topics = [.. partitions.Order().GroupBy(p => p.Topic, StringComparer.Ordinal)
                    .Select(t => new OffsetDeleteRequest.OffsetDeleteRequestTopic
                    {
                        Name = t.Key,
                        Partitions = [.. t.Select(p => new OffsetDeleteRequest.OffsetDeleteRequestPartition
                        {
                            PartitionIndex = p.Partition,
                        })],
                    })],
            },
            (answer, operation, now) =>
            {
                ErrorCode code = ErrorCodes.FromWire(answer.ErrorCode);
                if (OffsetDesk.Again(code) is { } again) return again;
                if (code != ErrorCode.None)
                {
                    operation.TryFail(ClientError.Of(code, null, $"the offsets of group '{groupId}' were not deleted"), now);
                    return CallOutcome.Done;
                }

                operation.TrySucceed(answer.Topics
                    .SelectMany(t => t.Partitions.Select(p => (Key: new TopicPartition(t.Name, p.PartitionIndex), p.ErrorCode)))
                    .ToDictionary(r => r.Key, r => ErrorCodes.FromWire(r.ErrorCode)), now);
                return CallOutcome.Done;
            });

    private static CallTarget Coordinator(string groupId) => CallTarget.Coordinator(CoordinatorType.Group, groupId);

    private static CallOutcome Finish(
        ErrorCode code, string? text, string what, ClientOperation<ClientError?> operation, ClientTurn turn)
    {
        if (OffsetDesk.Again(code) is { } again) return again;
        operation.TrySucceed(code == ErrorCode.None ? null : ClientError.Of(code, text, what), turn);
        return CallOutcome.Done;
    }

    private static ClientOperation<IReadOnlyList<GroupListing>> ListOf(ClientMachine machine, ClientTurn turn, int broker) =>
        AdminCalls.Start<ListGroupsRequest, ListGroupsResponse, IReadOnlyList<GroupListing>>(
            machine, turn, CallTarget.Broker(broker),
            _ => new ListGroupsRequest(),
            (answer, operation, now) =>
            {
                ErrorCode code = ErrorCodes.FromWire(answer.ErrorCode);
                if (code is ErrorCode.CoordinatorLoadInProgress or ErrorCode.CoordinatorNotAvailable) return CallOutcome.Retry;
                if (code == ErrorCode.None)
                    operation.TrySucceed([.. answer.Groups.Select(g =>
                        new GroupListing(g.GroupId, g.ProtocolType, g.GroupState, g.GroupType))], now);
                else
                    operation.TryFail(ClientError.Of(code, null, $"broker {broker} does not list its groups"), now);
                return CallOutcome.Done;
            });

    private static ClientOperation<GroupDescription> DescribeNew(ClientMachine machine, ClientTurn turn, string groupId) =>
        AdminCalls.Start<ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, GroupDescription>(
            machine, turn, Coordinator(groupId),
            _ => new ConsumerGroupDescribeRequest { GroupIds = [groupId] },
            (answer, operation, now) =>
            {
                ConsumerGroupDescribeResponse.DescribedGroup group = answer.Groups[0];
                ErrorCode code = ErrorCodes.FromWire(group.ErrorCode);
                if (OffsetDesk.Again(code) is { } again) return again;
                if (code != ErrorCode.None)
                {
                    operation.TryFail(ClientError.Of(code, group.ErrorMessage, $"group '{groupId}' cannot be described"), now);
                    return CallOutcome.Done;
                }

                machine.Coordinators.TryGet(CoordinatorType.Group, groupId, out int coordinator, out _);
                operation.TrySucceed(new GroupDescription(
                    groupId, group.GroupState, "Consumer", group.AssignorName, coordinator,
                    [.. group.Members.OrderBy(m => m.MemberId, StringComparer.Ordinal).Select(m => new GroupMemberDescription(
                        m.MemberId, m.InstanceId, m.ClientId, m.ClientHost,
                        [.. m.Assignment.TopicPartitions.SelectMany(t =>
                            t.Partitions.Select(p => new TopicPartition(t.TopicName, p)))]))]), now);
                return CallOutcome.Done;
            });

    private static ClientOperation<GroupDescription> DescribeClassic(ClientMachine machine, ClientTurn turn, string groupId) =>
        AdminCalls.Start<DescribeGroupsRequest, DescribeGroupsResponse, GroupDescription>(
            machine, turn, Coordinator(groupId),
            _ => new DescribeGroupsRequest { Groups = [groupId] },
            (answer, operation, now) =>
            {
                DescribeGroupsResponse.DescribedGroup group = answer.Groups[0];
                ErrorCode code = ErrorCodes.FromWire(group.ErrorCode);
                if (OffsetDesk.Again(code) is { } again) return again;
                if (code is not ErrorCode.None and not ErrorCode.GroupIdNotFound)
                {
                    operation.TryFail(ClientError.Of(code, group.ErrorMessage, $"group '{groupId}' cannot be described"), now);
                    return CallOutcome.Done;
                }

                machine.Coordinators.TryGet(CoordinatorType.Group, groupId, out int coordinator, out _);
                operation.TrySucceed(new GroupDescription(
                    groupId, code == ErrorCode.GroupIdNotFound ? "Dead" : group.GroupState, "Classic", group.ProtocolData, coordinator,
                    [.. group.Members.OrderBy(m => m.MemberId, StringComparer.Ordinal).Select(m => new GroupMemberDescription(
                        m.MemberId, m.GroupInstanceId, m.ClientId, m.ClientHost,
                        group.ProtocolType == "consumer" ? GroupProtocolBytes.ReadAssignment(m.MemberAssignment) : []))]), now);
                return CallOutcome.Done;
            });
}
