using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>What a partition is asked for: an end, or a time.</summary>
/// <param name="Timestamp">Milliseconds since 1970, or one of Kafka's negative marks.</param>
public readonly record struct OffsetSpec(long Timestamp)
{
    /// <summary>Behind the last record.</summary>
    public static OffsetSpec Latest => new(-1);

    /// <summary>The first record.</summary>
    public static OffsetSpec Earliest => new(-2);

    /// <summary>The record with the largest timestamp (KIP-734).</summary>
    public static OffsetSpec MaxTimestamp => new(-3);

    /// <summary>The first record on the broker's own disk (KIP-405).</summary>
    public static OffsetSpec EarliestLocal => new(-4);

    /// <summary>The last record in remote storage (KIP-1005).</summary>
    public static OffsetSpec LatestTiered => new(-5);

    /// <summary>The first record that is not older.</summary>
    public static OffsetSpec At(DateTimeOffset time) => new(time.ToUnixTimeMilliseconds());
}

/// <summary>An offset that a broker found.</summary>
/// <param name="Offset">−1 where there is no such record.</param>
/// <param name="Timestamp">Of the record that was found by time, −1 otherwise.</param>
/// <param name="LeaderEpoch">−1 where it is not told.</param>
public readonly record struct FoundOffset(long Offset, long Timestamp, int LeaderEpoch);

internal static class OffsetAdmin
{
    public static ClientOperation<IReadOnlyDictionary<TopicPartition, Outcome<FoundOffset>>> List(
        ClientMachine machine,
        ClientTurn turn,
        IReadOnlyDictionary<TopicPartition, OffsetSpec> specs,
        IsolationLevel isolation) =>
        AdminParts.ByLeader<OffsetSpec, FoundOffset>(machine, turn, specs, (broker, mine, now) =>
            AdminCalls.Start<ListOffsetsRequest, ListOffsetsResponse, Dictionary<TopicPartition, Outcome<FoundOffset>>>(
                machine, now, CallTarget.Broker(broker),
                _ => new ListOffsetsRequest
                {
                    ReplicaId = -1,
                    IsolationLevel = (sbyte)isolation,
                    TimeoutMs = (int)machine.Settings.RequestTimeout.Ms,
                    Topics = Topics(mine),
                },
                (answer, operation, then) =>
                {
                    operation.TrySucceed(Found(answer), then);
                    return CallOutcome.Done;
                },
                from: OffsetResolver.OldestListing(isolation)));

    private static List<ListOffsetsRequest.ListOffsetsTopic> Topics(Dictionary<TopicPartition, OffsetSpec> specs)
    {
        Dictionary<string, ListOffsetsRequest.ListOffsetsTopic> topics = new(StringComparer.Ordinal);
        foreach ((TopicPartition partition, OffsetSpec spec) in specs)
        {
            if (!topics.TryGetValue(partition.Topic, out ListOffsetsRequest.ListOffsetsTopic? topic))
                topics[partition.Topic] = topic = new ListOffsetsRequest.ListOffsetsTopic { Name = partition.Topic };
            topic.Partitions.Add(new ListOffsetsRequest.ListOffsetsPartition
            {
                PartitionIndex = partition.Partition,
                Timestamp = spec.Timestamp,
            });
        }

        return [.. topics.Values];
    }

    private static Dictionary<TopicPartition, Outcome<FoundOffset>> Found(ListOffsetsResponse answer)
    {
        Dictionary<TopicPartition, Outcome<FoundOffset>> found = [];
        foreach (ListOffsetsResponse.ListOffsetsTopicResponse topic in answer.Topics)
        {
            foreach (ListOffsetsResponse.ListOffsetsPartitionResponse each in topic.Partitions)
            {
                TopicPartition partition = new(topic.Name, each.PartitionIndex);
                found[partition] = TopicAdmin.Result(
                    partition, ErrorCodes.FromWire(each.ErrorCode), new FoundOffset(each.Offset, each.Timestamp, each.LeaderEpoch));
            }
        }

        return found;
    }
}
