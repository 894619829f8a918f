using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>A task of a Streams application: a subtopology for one partition of its inputs.</summary>
public readonly record struct StreamsTask(string SubtopologyId, int Partition)
{
    /// <inheritdoc/>
    public override string ToString() => $"{SubtopologyId}_{Partition}";
}

/// <summary>Tasks of a member.</summary>
public sealed record StreamsAssignment(
    IReadOnlyList<StreamsTask> Active, IReadOnlyList<StreamsTask> Standby, IReadOnlyList<StreamsTask> Warmup);

/// <summary>A member of a Streams group: one process thread of the application.</summary>
public sealed record StreamsGroupMember(string MemberId, int MemberEpoch, string ClientId, string ClientHost, string ProcessId)
{
    /// <summary><c>group.instance.id</c>; null where it has none.</summary>
    public string? InstanceId { get; init; }

    /// <summary><c>client.rack</c>; null where it has none.</summary>
    public string? Rack { get; init; }

    /// <summary>The epoch of the topology that it runs.</summary>
    public int TopologyEpoch { get; init; }

    /// <summary>Where its state can be asked; null where it cannot.</summary>
    public BrokerAddress? UserEndpoint { get; init; }

    /// <summary>What tells members apart for standby tasks.</summary>
    public required IReadOnlyDictionary<string, string> ClientTags { get; init; }

    /// <summary>How far the changelogs of its tasks are read.</summary>
    public required IReadOnlyDictionary<StreamsTask, long> TaskOffsets { get; init; }

    /// <summary>Where the changelogs of its tasks end.</summary>
    public required IReadOnlyDictionary<StreamsTask, long> TaskEndOffsets { get; init; }

    /// <summary>The tasks that it has.</summary>
    public required StreamsAssignment Assignment { get; init; }

    /// <summary>The tasks that it is to have.</summary>
    public required StreamsAssignment TargetAssignment { get; init; }

    /// <summary>Still a member by the classic protocol.</summary>
    public bool IsClassic { get; init; }
}

/// <summary>A topic that a Streams application makes for itself.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Partitions">0 where it follows from the inputs.</param>
/// <param name="ReplicationFactor">0 for the cluster's default.</param>
/// <param name="Configs">The topic's own settings.</param>
public sealed record StreamsInternalTopic(
    string Name, int Partitions, short ReplicationFactor, IReadOnlyDictionary<string, string> Configs);

/// <summary>A part of a topology that runs by itself.</summary>
public sealed record StreamsSubtopology(
    string Id,
    IReadOnlyList<string> SourceTopics,
    IReadOnlyList<string> RepartitionSinkTopics,
    IReadOnlyList<StreamsInternalTopic> StateChangelogTopics,
    IReadOnlyList<StreamsInternalTopic> RepartitionSourceTopics);

/// <summary>What a node of a topology does.</summary>
public enum StreamsNodeType : sbyte
{
    /// <summary>One that this client does not know.</summary>
    Unknown = 0,

    /// <summary>Reads topics.</summary>
    Source = 1,

    /// <summary>Works on records.</summary>
    Processor = 2,

    /// <summary>Writes a topic.</summary>
    Sink = 3,
}

/// <summary>A node of a topology as the application drew it.</summary>
public sealed record StreamsNode(
    string Name,
    StreamsNodeType Type,
    IReadOnlyList<string> SourceTopics,
    string? SinkTopic,
    IReadOnlyList<string> Stores,
    IReadOnlyList<string> Successors);

/// <summary>Whether the application's drawing of its topology is there (KIP-1331).</summary>
public enum StreamsTopologyStatus : sbyte
{
    /// <summary>It was not asked for.</summary>
    NotRequested = 0,

    /// <summary>The coordinator has none.</summary>
    NotStored = 1,

    /// <summary>It cannot be told now.</summary>
    Error = 2,

    /// <summary>It is told.</summary>
    Available = 3,
}

/// <summary>The application's drawing of its topology (KIP-1331).</summary>
public sealed record StreamsTopologyDescription(
    IReadOnlyDictionary<string, IReadOnlyList<StreamsNode>> Subtopologies,
    IReadOnlyList<(StreamsNode Source, StreamsNode Processor)> GlobalStores);

/// <summary>A Streams group (KIP-1071).</summary>
/// <param name="GroupId">Its id, the application's id.</param>
/// <param name="State">Such as <c>Stable</c> or <c>NotReady</c>.</param>
/// <param name="GroupEpoch">Grows with each change of members or topology.</param>
/// <param name="AssignmentEpoch">The group epoch that the assignment was made for.</param>
/// <param name="CoordinatorId">The broker that coordinates it.</param>
/// <param name="Members">In the order of their ids.</param>
public sealed record StreamsGroupDescription(
    string GroupId, string State, int GroupEpoch, int AssignmentEpoch, int CoordinatorId, IReadOnlyList<StreamsGroupMember> Members)
{
    /// <summary>Null where no member has told its topology.</summary>
    public int? TopologyEpoch { get; init; }

    /// <summary>The parts of the topology.</summary>
    public IReadOnlyList<StreamsSubtopology> Subtopologies { get; init; } = [];

    /// <summary>Null from brokers before 4.3.</summary>
    public string? Assignor { get; init; }

    /// <summary>Whether the topology itself is told.</summary>
    public StreamsTopologyStatus TopologyStatus { get; init; }

    /// <summary>Only where it was asked for and is there.</summary>
    public StreamsTopologyDescription? Topology { get; init; }

    /// <summary>What one may do with the group; null where that was not asked.</summary>
    public IReadOnlyList<AclOperation>? AuthorizedOperations { get; init; }
}

/// <summary>Streams groups; their offsets are those of any group.</summary>
internal static class StreamsGroupAdmin
{
    private const short FirstTopologyVersion = 1;

    public static ClientOperation<IReadOnlyDictionary<string, Outcome<StreamsGroupDescription>>> Describe(
        ClientMachine machine, ClientTurn turn, IReadOnlyList<string> groupIds, bool withTopology, bool withOperations) =>
        AdminParts.Each(groupIds, turn, (groupId, now) => DescribeOne(machine, now, groupId, withTopology, withOperations));

    private static ClientOperation<StreamsGroupDescription> DescribeOne(
        ClientMachine machine, ClientTurn turn, string groupId, bool withTopology, bool withOperations) =>
        AdminCalls.Start<StreamsGroupDescribeRequest, StreamsGroupDescribeResponse, StreamsGroupDescription>(
            machine, turn, CallTarget.Coordinator(CoordinatorType.Group, groupId),
            _ => new StreamsGroupDescribeRequest
            {
                GroupIds = [groupId],
                IncludeAuthorizedOperations = withOperations,
                IncludeTopologyDescription = withTopology,
            },
            (answer, operation, now) =>
            {
                if (answer.Groups is not [{ } group, ..]) return AdminCalls.Lacking(operation, now);
                if (AdminCalls.Refused(group.ErrorCode, group.ErrorMessage, $"streams group '{groupId}' cannot be described", operation, now)
                    is { } refused) return refused;
                machine.Coordinators.TryGet(CoordinatorType.Group, groupId, out int coordinator, out _);
                return AdminCalls.Done(operation, Description(group, coordinator), now);
            },
            from: withTopology ? FirstTopologyVersion : (short)0);

    private static StreamsGroupDescription Description(StreamsGroupDescribeResponse.DescribedGroup group, int coordinator) => new(
        group.GroupId, group.GroupState, group.GroupEpoch, group.AssignmentEpoch, coordinator,
        [.. group.Members.OrderBy(m => m.MemberId, StringComparer.Ordinal).Select(Member)])
    {
        TopologyEpoch = group.Topology?.Epoch,
        Subtopologies = [.. (group.Topology?.Subtopologies ?? []).Select(s => new StreamsSubtopology(
            s.SubtopologyId, s.SourceTopics, s.RepartitionSinkTopics,
            [.. s.StateChangelogTopics.Select(Internal)], [.. s.RepartitionSourceTopics.Select(Internal)]))],
        Assignor = group.AssignorName,
        TopologyStatus = (StreamsTopologyStatus)group.TopologyDescriptionStatus,
        Topology = group.TopologyDescription is { } topology
            ? new StreamsTopologyDescription(
                topology.Subtopologies.ByKey(
                    s => s.SubtopologyId, s => (IReadOnlyList<StreamsNode>)[.. s.Nodes.Select(Node)], StringComparer.Ordinal),
                [.. topology.GlobalStores.Select(g => (Node(g.Source), Node(g.Processor)))])
            : null,
        AuthorizedOperations = AclOperations.Of(group.AuthorizedOperations),
    };

    private static StreamsGroupMember Member(StreamsGroupDescribeResponse.Member member) =>
        new(member.MemberId, member.MemberEpoch, member.ClientId, member.ClientHost, member.ProcessId)
        {
            InstanceId = member.InstanceId,
            Rack = member.RackId,
            TopologyEpoch = member.TopologyEpoch,
            UserEndpoint = member.UserEndpoint is { } endpoint ? new BrokerAddress(endpoint.Host, endpoint.Port) : null,
            ClientTags = member.ClientTags.ByKey(t => t.Key, t => t.Value, StringComparer.Ordinal),
            TaskOffsets = Offsets(member.TaskOffsets),
            TaskEndOffsets = Offsets(member.TaskEndOffsets),
            Assignment = Assignment(member.Assignment),
            TargetAssignment = Assignment(member.TargetAssignment),
            IsClassic = member.IsClassic,
        };

    private static Dictionary<StreamsTask, long> Offsets(IEnumerable<StreamsGroupDescribeResponse.TaskOffset> offsets) =>
        offsets.ByKey(o => new StreamsTask(o.SubtopologyId, o.Partition), o => o.Offset);

    private static StreamsAssignment Assignment(StreamsGroupDescribeResponse.Assignment assignment) =>
        new(Tasks(assignment.ActiveTasks), Tasks(assignment.StandbyTasks), Tasks(assignment.WarmupTasks));

    private static List<StreamsTask> Tasks(IEnumerable<StreamsGroupDescribeResponse.TaskIds> ids) =>
        [.. ids.SelectMany(t => t.Partitions.Select(p => new StreamsTask(t.SubtopologyId, p)))];

    private static StreamsInternalTopic Internal(StreamsGroupDescribeResponse.TopicInfo topic) => new(
        topic.Name, topic.Partitions, topic.ReplicationFactor,
        topic.TopicConfigs.ByKey(c => c.Key, c => c.Value, StringComparer.Ordinal));

    private static StreamsNode Node(StreamsGroupDescribeResponse.TopologyDescriptionNode node) => new(
        node.Name, (StreamsNodeType)node.NodeType, node.SourceTopics, node.SinkTopic, node.Stores, node.Successors);
}
