using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>A group as ListGroups tells it.</summary>
/// <param name="GroupId">Its id.</param>
/// <param name="ProtocolType">Such as <c>consumer</c>.</param>
/// <param name="State">Such as <c>Stable</c>; empty from brokers before 2.6.</param>
/// <param name="Type">Such as <c>classic</c>; empty from brokers before 3.8.</param>
public sealed record GroupListing(string GroupId, string ProtocolType, string State, string Type);

/// <summary>Which groups are listed; empty stands for all.</summary>
public sealed record GroupFilter
{
    /// <summary>Such as <c>Stable</c> (KIP-518, from 2.6 on).</summary>
    public IReadOnlyCollection<string> States { get; init; } = [];

    /// <summary><c>classic</c>, <c>consumer</c>, <c>share</c>, <c>streams</c> (KIP-848, from 3.8 on).</summary>
    public IReadOnlyCollection<string> Types { get; init; } = [];

    /// <summary>Such as <c>consumer</c> or <c>share</c>.</summary>
    public IReadOnlyCollection<string> ProtocolTypes { get; init; } = [];
}

/// <summary>A member of a group.</summary>
public sealed record GroupMemberDescription(
    string MemberId, string? InstanceId, string ClientId, string ClientHost, IReadOnlyList<TopicPartition> Assignment)
{
    /// <summary>Null where it is not told, as of all members of classic groups.</summary>
    public string? Rack { get; init; }

    /// <summary>Null for members of classic groups.</summary>
    public int? MemberEpoch { get; init; }

    /// <summary>What it is to have; null for members of classic groups.</summary>
    public IReadOnlyList<TopicPartition>? TargetAssignment { get; init; }

    /// <summary>In a group of the new protocol: whether the member itself still speaks the classic one; null where it is
    /// not told (brokers before 4.0).</summary>
    public bool? IsClassic { get; init; }
}

/// <summary>A member to be put out of a classic group: by its member id, or by its instance id.</summary>
public readonly record struct GroupMemberName(string? MemberId, string? InstanceId)
{
    /// <inheritdoc/>
    public override string ToString() => InstanceId ?? MemberId ?? "";
}

/// <summary>A group and its members.</summary>
/// <param name="GroupId">Its id.</param>
/// <param name="State">Such as <c>Stable</c>, <c>Empty</c> or <c>Dead</c>.</param>
/// <param name="Type"><c>Classic</c> or <c>Consumer</c>.</param>
/// <param name="Assignor">The assignor's name; empty without members.</param>
/// <param name="CoordinatorId">The broker that coordinates it.</param>
/// <param name="Members">In the order of their ids.</param>
public sealed record GroupDescription(
    string GroupId, string State, string Type, string Assignor, int CoordinatorId, IReadOnlyList<GroupMemberDescription> Members)
{
    /// <summary>Such as <c>consumer</c>; empty for a classic group without a protocol, which only keeps offsets.</summary>
    public string ProtocolType { get; init; } = "consumer";

    /// <summary>Null for classic groups.</summary>
    public int? GroupEpoch { get; init; }

    /// <summary>Of the target assignment; null for classic groups.</summary>
    public int? AssignmentEpoch { get; init; }

    /// <summary>What one may do with the group; null where that was not asked.</summary>
    public IReadOnlyList<AclOperation>? AuthorizedOperations { get; init; }
}

/// <summary>Groups and their offsets.</summary>
internal static class GroupAdmin
{
    private const short FirstStateVersion = 4;
    private const short FirstTypeVersion = 5;
    private const short FirstMembersVersion = 3;
    private const short FirstOperationsVersion = 3;

    /// <summary>Of all brokers: each lists the groups that it coordinates.</summary>
    public static ClientOperation<IReadOnlyList<GroupListing>> List(ClientMachine machine, ClientTurn turn, GroupFilter filter)
    {
        ClientOperation<IReadOnlyList<GroupListing>> operation = new();
        ConsumerPart.Watch(
            AdminParts.OfAllBrokers(machine, turn, (broker, now) => ListOf(machine, now, broker, filter)), turn, (done, now) =>
            {
                if (done.Error is { } error) operation.TryFail(error, now);
                else operation.TrySucceed(
                    [.. done.Result.DistinctBy(g => g.GroupId).OrderBy(g => g.GroupId, StringComparer.Ordinal)], now);
            });
        return operation;
    }

    /// <summary>A group that does not exist is described as dead, as brokers do.</summary>
    public static ClientOperation<GroupDescription> Describe(
        ClientMachine machine, ClientTurn turn, string groupId, bool withOperations = false)
    {
        ClientOperation<GroupDescription> operation = new();
        ConsumerPart.Watch(DescribeNew(machine, turn, groupId, withOperations), turn, (done, now) =>
        {
            if (done.Error is null)
            {
                operation.TrySucceed(done.Result, now);
                return;
            }

            // No group of the new protocol, or a broker that has none: then it is a classic one.
            ConsumerPart.Watch(DescribeClassic(machine, now, groupId, withOperations), now, (classic, end) =>
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
            (answer, operation, now) => answer.Results is [{ } result, ..]
                ? Finish(ErrorCodes.FromWire(result.ErrorCode), result.ErrorMessage, $"group '{groupId}' was not deleted", operation, now)
                : AdminCalls.Lacking(operation, now));

    /// <summary>Puts members out of a classic group; each with null, or with why it is still there. Brokers before 2.4 have
    /// no such call.</summary>
    public static ClientOperation<IReadOnlyDictionary<GroupMemberName, ClientError?>> RemoveMembers(
        ClientMachine machine, ClientTurn turn, string groupId, IReadOnlyList<GroupMemberName> members, string reason) =>
        AdminCalls.Start<LeaveGroupRequest, LeaveGroupResponse, IReadOnlyDictionary<GroupMemberName, ClientError?>>(
            machine, turn, Coordinator(groupId),
            _ => new LeaveGroupRequest
            {
                GroupId = groupId,
                Members = [.. members.Select(m => new LeaveGroupRequest.MemberIdentity
                {
                    MemberId = m.MemberId ?? "",
                    GroupInstanceId = m.InstanceId,
                    Reason = reason,
                })],
            },
            (answer, operation, now) =>
            {
                if (AdminCalls.Refused(answer.ErrorCode, null, $"no member was put out of group '{groupId}'", operation, now)
                    is { } refused) return refused;
                Dictionary<GroupMemberName, ClientError?> results = [];
                foreach ((GroupMemberName member, LeaveGroupResponse.MemberResponse result) in members.Zip(answer.Members))
                    results[member] = AdminCalls.Error(result.ErrorCode, null, $"member '{member}' was not put out of group '{groupId}'");
                return AdminCalls.Done(operation, results, now);
            },
            from: FirstMembersVersion);

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
                    .ByKey(r => r.Key, r => ErrorCodes.FromWire(r.ErrorCode)), now);
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

    private static ClientOperation<IReadOnlyList<GroupListing>> ListOf(
        ClientMachine machine, ClientTurn turn, int broker, GroupFilter filter) =>
        AdminCalls.Start<ListGroupsRequest, ListGroupsResponse, IReadOnlyList<GroupListing>>(
            machine, turn, CallTarget.Broker(broker),
            _ => new ListGroupsRequest { StatesFilter = [.. filter.States], TypesFilter = [.. filter.Types] },
            (answer, operation, now) =>
            {
                ErrorCode code = ErrorCodes.FromWire(answer.ErrorCode);
                if (code is ErrorCode.CoordinatorLoadInProgress or ErrorCode.CoordinatorNotAvailable) return CallOutcome.Retry;
                return AdminCalls.Refused(answer.ErrorCode, null, $"broker {broker} does not list its groups", operation, now)
                    ?? AdminCalls.Done(operation, [.. answer.Groups
                        .Where(g => filter.ProtocolTypes.Count == 0 || filter.ProtocolTypes.Contains(g.ProtocolType))
                        .Select(g => new GroupListing(g.GroupId, g.ProtocolType, g.GroupState, g.GroupType))], now);
            },
            from: filter.Types.Count > 0 ? FirstTypeVersion : filter.States.Count > 0 ? FirstStateVersion : (short)0);

    private static ClientOperation<GroupDescription> DescribeNew(
        ClientMachine machine, ClientTurn turn, string groupId, bool withOperations) =>
        AdminCalls.Start<ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, GroupDescription>(
            machine, turn, Coordinator(groupId),
            _ => new ConsumerGroupDescribeRequest { GroupIds = [groupId], IncludeAuthorizedOperations = withOperations },
            (answer, operation, now) =>
            {
                if (answer.Groups is not [{ } group, ..]) return AdminCalls.Lacking(operation, now);
                if (AdminCalls.Refused(group.ErrorCode, group.ErrorMessage, $"group '{groupId}' cannot be described", operation, now)
                    is { } refused) return refused;
                machine.Coordinators.TryGet(CoordinatorType.Group, groupId, out int coordinator, out _);
                return AdminCalls.Done(operation, new GroupDescription(
                    groupId, group.GroupState, "Consumer", group.AssignorName, coordinator,
                    [.. group.Members.OrderBy(m => m.MemberId, StringComparer.Ordinal).Select(NewMember)])
                {
                    GroupEpoch = group.GroupEpoch,
                    AssignmentEpoch = group.AssignmentEpoch,
                    AuthorizedOperations = AclOperations.Of(group.AuthorizedOperations),
                }, now);
            });

    private static GroupMemberDescription NewMember(ConsumerGroupDescribeResponse.Member member) =>
        new(member.MemberId, member.InstanceId, member.ClientId, member.ClientHost, Partitions(member.Assignment))
        {
            Rack = member.RackId,
            MemberEpoch = member.MemberEpoch,
            TargetAssignment = Partitions(member.TargetAssignment),
            IsClassic = member.MemberType < 0 ? null : member.MemberType == 0,
        };

    private static List<TopicPartition> Partitions(ConsumerGroupDescribeResponse.Assignment assignment) =>
        [.. assignment.TopicPartitions.SelectMany(t => t.Partitions.Select(p => new TopicPartition(t.TopicName, p)))];

    /// <summary>A classic group; a group of another type is described as dead, as one that does not exist is.</summary>
    public static ClientOperation<GroupDescription> DescribeClassic(
        ClientMachine machine, ClientTurn turn, string groupId, bool withOperations) =>
        AdminCalls.Start<DescribeGroupsRequest, DescribeGroupsResponse, GroupDescription>(
            machine, turn, Coordinator(groupId),
            _ => new DescribeGroupsRequest { Groups = [groupId], IncludeAuthorizedOperations = withOperations },
            (answer, operation, now) =>
            {
                if (answer.Groups is not [{ } group, ..]) return AdminCalls.Lacking(operation, now);
                bool isMissing = ErrorCodes.FromWire(group.ErrorCode) == ErrorCode.GroupIdNotFound;
                if (!isMissing && AdminCalls.Refused(
                    group.ErrorCode, group.ErrorMessage, $"group '{groupId}' cannot be described", operation, now)
                    is { } refused) return refused;
                machine.Coordinators.TryGet(CoordinatorType.Group, groupId, out int coordinator, out _);
                return AdminCalls.Done(operation, new GroupDescription(
                    groupId, isMissing ? "Dead" : group.GroupState, "Classic", group.ProtocolData, coordinator,
                    [.. group.Members.OrderBy(m => m.MemberId, StringComparer.Ordinal).Select(m => new GroupMemberDescription(
                        m.MemberId, m.GroupInstanceId, m.ClientId, m.ClientHost,
                        group.ProtocolType == "consumer" ? GroupProtocolBytes.ReadAssignment(m.MemberAssignment) : []))])
                {
                    ProtocolType = group.ProtocolType,
                    AuthorizedOperations = AclOperations.Of(group.AuthorizedOperations),
                }, now);
            },
            from: withOperations ? FirstOperationsVersion : (short)0);
}
