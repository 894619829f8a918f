using System.Collections.Immutable;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Who is elected.</summary>
public enum ElectionType : sbyte
{
    /// <summary>The first of the replicas, where it is in sync.</summary>
    Preferred = 0,

    /// <summary>Any replica where none in sync is left: records may be lost (KIP-460).</summary>
    Unclean = 1,
}

/// <summary>A partition on its way to other brokers.</summary>
/// <param name="Replicas">Broker ids that have it now.</param>
/// <param name="Adding">Those that are getting it.</param>
/// <param name="Removing">Those that will give it up.</param>
public sealed record PartitionReassignment(ImmutableArray<int> Replicas, ImmutableArray<int> Adding, ImmutableArray<int> Removing);

/// <summary>Where partitions are and who leads them.</summary>
internal static class PartitionAdmin
{
    /// <summary>Older versions always allow another number of replicas (KIP-860).</summary>
    private const short FirstFactorVersion = 1;

    /// <summary>The older version has the preferred election alone.</summary>
    private const short FirstUncleanVersion = 1;

    /// <summary>Begins to move partitions to these brokers, or with null takes the move back (KIP-455).</summary>
    public static ClientOperation<IReadOnlyDictionary<TopicPartition, ClientError?>> Reassign(
        ClientMachine machine,
        ClientTurn turn,
        IReadOnlyDictionary<TopicPartition, IReadOnlyList<int>?> targets,
        bool allowReplicationFactorChange) =>
        AdminCalls.Start<AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse,
            IReadOnlyDictionary<TopicPartition, ClientError?>>(
            machine, turn, CallTarget.Controller,
            _ => new AlterPartitionReassignmentsRequest
            {
                TimeoutMs = (int)machine.Settings.RequestTimeout.Ms,
                AllowReplicationFactorChange = allowReplicationFactorChange,
                Topics = [.. targets.OrderBy(t => t.Key).GroupBy(t => t.Key.Topic, StringComparer.Ordinal)
                    .Select(t => new AlterPartitionReassignmentsRequest.ReassignableTopic
                    {
                        Name = t.Key,
                        Partitions = [.. t.Select(p => new AlterPartitionReassignmentsRequest.ReassignablePartition
                        {
                            PartitionIndex = p.Key.Partition,
                            Replicas = p.Value?.ToList(),
                        })],
                    })],
            },
            (answer, operation, now) =>
                AdminCalls.Refused(answer.ErrorCode, answer.ErrorMessage, "partitions cannot be moved", operation, now)
                ?? AdminCalls.Done(operation, answer.Responses
                    .SelectMany(t => t.Partitions.Select(p => (Key: new TopicPartition(t.Name, p.PartitionIndex), p)))
                    .ByKey(r => r.Key, r => AdminCalls.Error(
                        r.p.ErrorCode, r.p.ErrorMessage, targets.GetValueOrDefault(r.Key) is null
                            ? $"the move of {r.Key} was not taken back" : $"{r.Key} cannot be moved")), now),
            from: allowReplicationFactorChange ? (short)0 : FirstFactorVersion);

    /// <summary>What is being moved: of the named partitions, or of all (null). Those that stay where they are have no
    /// entry.</summary>
    public static ClientOperation<IReadOnlyDictionary<TopicPartition, PartitionReassignment>> ListReassignments(
        ClientMachine machine, ClientTurn turn, IReadOnlyList<TopicPartition>? partitions) =>
        AdminCalls.Start<ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse,
            IReadOnlyDictionary<TopicPartition, PartitionReassignment>>(
            machine, turn, CallTarget.Controller,
            _ => new ListPartitionReassignmentsRequest
            {
                TimeoutMs = (int)machine.Settings.RequestTimeout.Ms,
                Topics = partitions?.Order().GroupBy(p => p.Topic, StringComparer.Ordinal)
                    .Select(t => new ListPartitionReassignmentsRequest.ListPartitionReassignmentsTopics
                    {
                        Name = t.Key,
                        PartitionIndexes = [.. t.Select(p => p.Partition)],
                    }).ToList(),
            },
            (answer, operation, now) =>
                AdminCalls.Refused(answer.ErrorCode, answer.ErrorMessage, "the moves of partitions cannot be listed", operation, now)
                ?? AdminCalls.Done(operation, answer.Topics
                    .SelectMany(t => t.Partitions.Select(p => (Key: new TopicPartition(t.Name, p.PartitionIndex), p)))
                    .ByKey(r => r.Key, r => new PartitionReassignment(
                        [.. r.p.Replicas], [.. r.p.AddingReplicas], [.. r.p.RemovingReplicas])), now));

    /// <summary>Elects leaders of the named partitions, or of all that need it (null); each with null, or with why its leader
    /// is the old one: <c>ELECTION_NOT_NEEDED</c>, <c>PREFERRED_LEADER_NOT_AVAILABLE</c>.</summary>
    public static ClientOperation<IReadOnlyDictionary<TopicPartition, ClientError?>> ElectLeaders(
        ClientMachine machine, ClientTurn turn, ElectionType type, IReadOnlyList<TopicPartition>? partitions) =>
        AdminCalls.Start<ElectLeadersRequest, ElectLeadersResponse, IReadOnlyDictionary<TopicPartition, ClientError?>>(
            machine, turn, CallTarget.Controller,
            _ => new ElectLeadersRequest
            {
                ElectionType = (sbyte)type,
                TimeoutMs = (int)machine.Settings.RequestTimeout.Ms,
                TopicPartitions = partitions?.Order().GroupBy(p => p.Topic, StringComparer.Ordinal)
                    .Select(t => new ElectLeadersRequest.TopicPartitionsData
                    {
                        Topic = t.Key,
                        Partitions = [.. t.Select(p => p.Partition)],
                    }).ToList(),
            },
            (answer, operation, now) =>
                AdminCalls.Refused(answer.ErrorCode, null, "leaders cannot be elected", operation, now)
                ?? AdminCalls.Done(operation, answer.ReplicaElectionResults
                    .SelectMany(t => t.PartitionResult.Select(p => (Key: new TopicPartition(t.Topic, p.PartitionId), p)))
                    .ByKey(r => r.Key, r => AdminCalls.Error(
                        r.p.ErrorCode, r.p.ErrorMessage, $"no leader of {r.Key} was elected")), now),
            from: type == ElectionType.Preferred ? (short)0 : FirstUncleanVersion);
}
