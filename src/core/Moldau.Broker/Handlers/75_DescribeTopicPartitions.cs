using Moldau.Metadata;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>DescribeTopicPartitions (KIP-966): topics in name order, a page at a time, with eligible leader replicas.</summary>
internal sealed class DescribeTopicPartitionsHandler : ApiHandler<ShardMachine, DescribeTopicPartitionsRequest>
{
    protected override void Handle(DescribeTopicPartitionsRequest body, RequestContext request, ShardMachine machine)
    {
        MetadataImage image = machine.Image;
        string listener = request.Connection.Info.ListenerName;
        SortedSet<string> names = new(StringComparer.Ordinal);
        bool isForAll = body.Topics.Count == 0;
        if (isForAll) names.UnionWith(image.Topics.ByName.Keys);
        else names.UnionWith(body.Topics.Select(t => t.Name));
        int firstPartition = 0;
        string first = "";
        if (body.Cursor is { } cursor)
        {
            first = cursor.TopicName;
            firstPartition = cursor.PartitionIndex;
            names.RemoveWhere(n => string.CompareOrdinal(n, first) < 0);
            if (firstPartition < 0)
            {
                DescribeTopicPartitionsResponse refusal = new();
                refusal.Topics.Add(new() { Name = first, ErrorCode = (short)ErrorCode.InvalidRequest });
                request.Respond(refusal);
                return;
            }
        }

        int left = Math.Max(Math.Min(machine.Options.Config.MaxRequestPartitionSizeLimit, body.ResponsePartitionLimit), 1);
        DescribeTopicPartitionsResponse response = new();
        foreach (string name in names)
        {
            TopicImage? topic = image.Topics.Find(name);
            int from = name == first ? firstPartition : 0;
            if (left == 0 && topic is not null)
            {
                response.NextCursor = new() { TopicName = name, PartitionIndex = from };
                break;
            }

            DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic answer = Describe(name, topic);
            response.Topics.Add(answer);
            if (topic is null) continue;
            int to = Math.Min(topic.Partitions.Length, from + left);
            for (int i = from; i < to; i++) answer.Partitions.Add(Describe(topic.Partitions[i], i, image, listener));
            left -= Math.Max(0, to - from);
            if (to >= topic.Partitions.Length) continue;
            response.NextCursor = new() { TopicName = name, PartitionIndex = to };
            break;
        }

        request.Respond(response);
    }

    private static DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic Describe(string name, TopicImage? topic)
    {
        ErrorCode error = topic is not null ? ErrorCode.None
            : (TopicNames.Check(name) is null) ? ErrorCode.UnknownTopicOrPartition : ErrorCode.InvalidTopicException;
        return new()
        {
            Name = name,
            TopicId = topic?.Id ?? Base.Uuid.Zero,
            ErrorCode = (short)error,
            IsInternal = InternalTopics.Contains(name),
            TopicAuthorizedOperations = AuthorizedOperations.OfTopic,
        };
    }

    private static DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponsePartition Describe(
        PartitionImage state, int index, MetadataImage image, string listener)
    {
        (ErrorCode error, int leader) = MetadataTopics.LeaderFor(state, image, listener, short.MaxValue);
        return new()
        {
            PartitionIndex = index,
            ErrorCode = (short)error,
            LeaderId = leader,
            LeaderEpoch = state.LeaderEpoch,
            ReplicaNodes = [.. state.Replicas],
            IsrNodes = [.. state.Isr],
            EligibleLeaderReplicas = [.. state.Elr],
            LastKnownElr = [.. state.LastKnownElr],
            OfflineReplicas = MetadataTopics.OfflineReplicas(state, image, listener),
        };
    }
}
