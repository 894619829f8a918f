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
                    Topics = [.. mine.GroupBy(p => p.Key.Topic, StringComparer.Ordinal)
                        .Select(t => new ListOffsetsRequest.ListOffsetsTopic
                        {
                            Name = t.Key,
                            Partitions = [.. t.Select(p => new ListOffsetsRequest.ListOffsetsPartition
                            {
                                PartitionIndex = p.Key.Partition,
                                Timestamp = p.Value.Timestamp,
                            })],
                        })],
                },
                (answer, operation, then) =>
                {
                    operation.TrySucceed(answer.Topics
                        .SelectMany(t => t.Partitions.Select(p => (Key: new TopicPartition(t.Name, p.PartitionIndex), p)))
                        .ByKey(r => r.Key, r => TopicAdmin.Result(
                            r.Key, ErrorCodes.FromWire(r.p.ErrorCode),
                            new FoundOffset(r.p.Offset, r.p.Timestamp, r.p.LeaderEpoch))), then);
                    return CallOutcome.Done;
                },
                from: OffsetResolver.OldestListing(isolation)));
}
