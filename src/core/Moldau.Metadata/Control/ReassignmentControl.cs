using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Metadata;

/// <summary>Moving partitions to other brokers (KIP-455): add the new replicas, wait until they are in sync, then drop
/// the old ones. The last step happens where the ISR grows: <see cref="PartitionChangeBuilder"/>.</summary>
internal sealed class ReassignmentControl(ControllerContext context, TopicControl topics)
{
    public ControllerResult<AlterPartitionReassignmentsResponse> Alter(AlterPartitionReassignmentsRequest request)
    {
        var response = new AlterPartitionReassignmentsResponse
        {
            AllowReplicationFactorChange = request.AllowReplicationFactorChange,
            ErrorMessage = request.Topics.Count == 0 ? "" : null,
        };
        var records = new List<MetadataRecord>();
        foreach (AlterPartitionReassignmentsRequest.ReassignableTopic topic in request.Topics)
        {
            var answer = new AlterPartitionReassignmentsResponse.ReassignableTopicResponse { Name = topic.Name };
            foreach (AlterPartitionReassignmentsRequest.ReassignablePartition partition in topic.Partitions)
            {
                ControllerError error = Alter(topic.Name, partition, request.AllowReplicationFactorChange, records);
                answer.Partitions.Add(new AlterPartitionReassignmentsResponse.ReassignablePartitionResponse
                {
                    PartitionIndex = partition.PartitionIndex,
                    ErrorCode = error.CodeNumber,
                    ErrorMessage = error.Message,
                });
            }

            response.Responses.Add(answer);
        }

        return new(response, records);
    }

    public ControllerResult<ListPartitionReassignmentsResponse> List(ListPartitionReassignmentsRequest request)
    {
        var response = new ListPartitionReassignmentsResponse { ErrorMessage = null };
        if (request.Topics is { } wanted)
        {
            foreach (ListPartitionReassignmentsRequest.ListPartitionReassignmentsTopics topic in wanted)
            {
                if (context.Image.Topics.Find(topic.Name) is { } found) List(found, topic.PartitionIndexes, response);
            }

            return new(response, []);
        }

        foreach (IGrouping<Uuid,
            TopicIdPartition> group in context.State.Index.Reassigning.GroupBy(static p => p.TopicId))
        {
            if (context.Image.Topics.Find(group.Key) is { } found)
                List(found, group.Select(static p => p.Partition), response);
        }

        return new(response, []);
    }

    private static void List(TopicImage topic, IEnumerable<int> partitions, ListPartitionReassignmentsResponse response)
    {
        var answer = new ListPartitionReassignmentsResponse.OngoingTopicReassignment { Name = topic.Name };
        foreach (int index in partitions)
        {
            if (topic.Partition(index) is not { IsReassigning: true } partition) continue;
            answer.Partitions.Add(new ListPartitionReassignmentsResponse.OngoingPartitionReassignment
            {
                PartitionIndex = index,
                Replicas = [.. partition.Replicas],
                AddingReplicas = [.. partition.AddingReplicas],
                RemovingReplicas = [.. partition.RemovingReplicas],
            });
        }

        if (answer.Partitions.Count > 0) response.Topics.Add(answer);
    }

    private ControllerError Alter(
        string name,
        AlterPartitionReassignmentsRequest.ReassignablePartition target,
        bool mayChangeFactor,
        List<MetadataRecord> records)
    {
        if (context.Image.Topics.Find(name) is not { } topic)
            return new ControllerError(ErrorCode.UnknownTopicOrPartition, $"Unable to find a topic named {name}.");
        if (topic.Partition(target.PartitionIndex) is not { } partition)
            return new ControllerError(ErrorCode.UnknownTopicOrPartition,
                $"Unable to find partition {name}:{target.PartitionIndex}.");
        var id = new TopicIdPartition(topic.Id, target.PartitionIndex);
        if (target.Replicas is null) return Cancel(topic, id, partition, records);
        ControllerError error = topics.CheckAssignment(target.Replicas, null);
        if (error.IsFailure) return error;
        // The factor counts as it will be when a reassignment that is under way has ended.
        int factor = partition.Replicas.Length - partition.RemovingReplicas.Length;
        if (!mayChangeFactor && target.Replicas.Count != factor)
        {
            return new ControllerError(
                ErrorCode.InvalidReplicationFactor,
                $"The replication factor is changed from {factor} to {target.Replicas.Count}");
        }

        Move(topic, id, partition, target.Replicas, records);
        return ControllerError.None;
    }

    private void Move(
        TopicImage topic, TopicIdPartition id, PartitionImage partition, List<int> target, List<MetadataRecord> records)
    {
        List<int> removing = [.. partition.Replicas.Where(r => !target.Contains(r)).Order()];
        List<int> adding = [.. target.Where(r => !partition.Replicas.Contains(r)
            || partition.AddingReplicas.Contains(r)).Order()];
        var builder = new PartitionChangeBuilder(
            id, partition, context.Image.Features, context.EffectiveMinIsr(topic), b => context.MayLead(partition, b))
        {
            Replicas = [.. target, .. removing],
            Removing = removing,
            Adding = adding,
            DefaultDirectory = context.DefaultDirectory,
        };
        if (builder.Build() is { } record) records.Add(record);
    }

    private ControllerError Cancel(
        TopicImage topic, TopicIdPartition id, PartitionImage partition, List<MetadataRecord> records)
    {
        if (!partition.IsReassigning)
            return new ControllerError(ErrorCode.NoReassignmentInProgress);
        List<int> replicas = [.. partition.Replicas.Where(r => !partition.AddingReplicas.Contains(r))];
        List<int> isr = [.. partition.Isr.Where(r => !partition.AddingReplicas.Contains(r))];
        bool mayBeUnclean = context.IsUncleanElectionEnabled(topic.Name);
        if (isr.Count == 0 && !mayBeUnclean)
        {
            return new ControllerError(
                ErrorCode.InvalidReplicaAssignment,
                $"Unable to revert partition assignment for {topic.Name}:{id.Partition} because it would require an unclean "
                + "leader election.");
        }

        var builder = new PartitionChangeBuilder(
            id, partition, context.Image.Features, context.EffectiveMinIsr(topic), b => context.MayLead(partition, b))
        {
            Election = mayBeUnclean ? ElectionKind.Unclean : ElectionKind.Online,
            Isr = isr.Count > 0 ? isr : [replicas[0]],
            Replicas = replicas,
            Removing = [],
            Adding = [],
            DefaultDirectory = context.DefaultDirectory,
        };
        if (builder.Build() is { } record) records.Add(record);
        return ControllerError.None;
    }
}
