using System.Collections.Immutable;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Where the next page of partitions begins.</summary>
public readonly record struct TopicCursor(string Topic, int Partition);

/// <summary>A partition with what replicas may lead it after a loss (KIP-966).</summary>
/// <param name="Info">The partition as everybody sees it.</param>
/// <param name="EligibleLeaderReplicas">Not in sync, and still with everything that was committed.</param>
/// <param name="LastKnownEligibleLeaderReplicas">Those of before an unclean stop.</param>
public sealed record PartitionDescription(
    PartitionInfo Info, ImmutableArray<int> EligibleLeaderReplicas, ImmutableArray<int> LastKnownEligibleLeaderReplicas);

/// <summary>A topic and those of its partitions that are on a page.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Id">Its id.</param>
/// <param name="IsInternal">True for Kafka's own topics.</param>
/// <param name="Partitions">In the order of their numbers.</param>
/// <param name="AuthorizedOperations">What one may do with the topic.</param>
/// <param name="Error">Why it is not described; null where it is.</param>
public sealed record TopicDescription(
    string Name,
    Uuid Id,
    bool IsInternal,
    IReadOnlyList<PartitionDescription> Partitions,
    IReadOnlyList<AclOperation>? AuthorizedOperations,
    ClientError? Error);

/// <summary>A page of topics in the order of their names.</summary>
/// <param name="Topics">The first and the last may be a part of a topic.</param>
/// <param name="Next">Where the next page begins; null behind the last.</param>
public sealed record TopicPage(IReadOnlyList<TopicDescription> Topics, TopicCursor? Next);

/// <summary>Topics by pages, for clusters with more partitions than one answer should hold (KIP-966).</summary>
internal static class TopicPageAdmin
{
    public static ClientOperation<TopicPage> Describe(
        ClientMachine machine, ClientTurn turn, IReadOnlyList<string> names, TopicCursor? cursor, int limit) =>
        AdminCalls.Start<DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, TopicPage>(
            machine, turn, CallTarget.Any,
            _ => new DescribeTopicPartitionsRequest
            {
                Topics = [.. names.Order(StringComparer.Ordinal).Distinct(StringComparer.Ordinal)
                    .Where(n => cursor is null || string.CompareOrdinal(n, cursor.Value.Topic) >= 0)
                    .Select(n => new DescribeTopicPartitionsRequest.TopicRequest { Name = n })],
                ResponsePartitionLimit = limit,
                Cursor = cursor is { } at
                    ? new DescribeTopicPartitionsRequest.CursorData { TopicName = at.Topic, PartitionIndex = at.Partition }
                    : null,
            },
            (answer, operation, now) => AdminCalls.Done(operation, new TopicPage(
                [.. answer.Topics.Select(Topic)],
                answer.NextCursor is { } next ? new TopicCursor(next.TopicName, next.PartitionIndex) : null), now));

    private static TopicDescription Topic(DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic topic) => new(
        topic.Name ?? "", topic.TopicId, topic.IsInternal,
        [.. topic.Partitions.OrderBy(p => p.PartitionIndex).Select(p => new PartitionDescription(
            new PartitionInfo(
                p.PartitionIndex, p.LeaderId, p.LeaderEpoch, [.. p.ReplicaNodes], [.. p.IsrNodes], [.. p.OfflineReplicas]),
            [.. p.EligibleLeaderReplicas ?? []], [.. p.LastKnownElr ?? []]))],
        AclOperations.Of(topic.TopicAuthorizedOperations),
        AdminCalls.Error(topic.ErrorCode, null, $"topic '{topic.Name}' cannot be described"));
}
