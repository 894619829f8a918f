using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>A replica of a partition: the partition on one broker.</summary>
public readonly record struct TopicPartitionReplica(TopicPartition Partition, int BrokerId)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Partition} on broker {BrokerId}";
}

/// <summary>A replica in a log directory.</summary>
/// <param name="SizeBytes">Of all its segments.</param>
/// <param name="OffsetLag">How far it is behind the high watermark; of a copy, behind the replica that it is to
/// replace.</param>
/// <param name="IsFuture">A copy on its way to another directory, which replaces the replica when it has caught
/// up.</param>
public sealed record LogDirReplica(long SizeBytes, long OffsetLag, bool IsFuture);

/// <summary>A log directory of a broker.</summary>
/// <param name="Path">Where it is on the broker.</param>
/// <param name="Error">Why it cannot be used; null where it can.</param>
/// <param name="Replicas">What it holds.</param>
/// <param name="TotalBytes">Of its volume; null from brokers before 3.3.</param>
/// <param name="UsableBytes">Free space of its volume; null from brokers before 3.3.</param>
/// <param name="IsCordoned">Takes no new partitions (KIP-1066).</param>
public sealed record LogDirDescription(
    string Path,
    ClientError? Error,
    IReadOnlyDictionary<TopicPartition, LogDirReplica> Replicas,
    long? TotalBytes,
    long? UsableBytes,
    bool IsCordoned);

/// <summary>Where a replica is.</summary>
/// <param name="Path">The directory; null where the broker has no such replica.</param>
/// <param name="Replica">Its size and lag.</param>
/// <param name="FuturePath">The directory that it moves to; null where it stays.</param>
/// <param name="Future">The copy in that directory.</param>
public sealed record ReplicaLogDir(string? Path, LogDirReplica? Replica, string? FuturePath, LogDirReplica? Future);

/// <summary>Log directories (KIP-113).</summary>
internal static class LogDirAdmin
{
    public static ClientOperation<IReadOnlyDictionary<int, Outcome<IReadOnlyList<LogDirDescription>>>> Describe(
        ClientMachine machine, ClientTurn turn, IReadOnlyList<int> brokers) =>
        AdminParts.Each(brokers, turn, (broker, now) => DescribeOf(machine, now, broker, null));

    public static ClientOperation<IReadOnlyDictionary<TopicPartitionReplica, Outcome<ReplicaLogDir>>> DescribeReplicas(
        ClientMachine machine, ClientTurn turn, IReadOnlyList<TopicPartitionReplica> replicas)
    {
        ClientOperation<IReadOnlyDictionary<TopicPartitionReplica, Outcome<ReplicaLogDir>>> operation = new();
        var byBroker = replicas.Distinct().ToLookup(r => r.BrokerId, r => r.Partition);
        ConsumerPart.Watch(
            AdminParts.Each(byBroker.Select(b => b.Key), turn, (broker, now) => DescribeOf(machine, now, broker, byBroker[broker])),
            turn,
            (done, now) => operation.TrySucceed(
                replicas.Distinct().ByKey(r => r, r => Find(r.Partition, done.Result[r.BrokerId])), now));
        return operation;
    }

    /// <summary>Begins to move replicas to other directories of their brokers.</summary>
    public static ClientOperation<IReadOnlyDictionary<TopicPartitionReplica, ClientError?>> AlterReplicas(
        ClientMachine machine, ClientTurn turn, IReadOnlyDictionary<TopicPartitionReplica, string> targets)
    {
        ClientOperation<IReadOnlyDictionary<TopicPartitionReplica, ClientError?>> operation = new();
        var byBroker = targets.ToLookup(t => t.Key.BrokerId);
        ConsumerPart.Watch(
            AdminParts.Each(byBroker.Select(b => b.Key), turn, (broker, now) => AlterOf(
                machine, now, broker, byBroker[broker].ByKey(t => t.Key.Partition, t => t.Value))),
            turn,
            (done, now) => operation.TrySucceed(targets.Keys.ByKey(r => r, r =>
            {
                var outcome = done.Result[r.BrokerId];
                return outcome.Error ?? outcome.Value!.GetValueOrDefault(r.Partition);
            }), now));
        return operation;
    }

    private static ClientOperation<IReadOnlyList<LogDirDescription>> DescribeOf(
        ClientMachine machine, ClientTurn turn, int broker, IEnumerable<TopicPartition>? partitions) =>
        AdminCalls.Start<DescribeLogDirsRequest, DescribeLogDirsResponse, IReadOnlyList<LogDirDescription>>(
            machine, turn, CallTarget.Broker(broker),
            _ => new DescribeLogDirsRequest
            {
                Topics = partitions?.Order().GroupBy(p => p.Topic, StringComparer.Ordinal)
                    .Select(t => new DescribeLogDirsRequest.DescribableLogDirTopic
                    {
                        Topic = t.Key,
                        Partitions = [.. t.Select(p => p.Partition)],
                    }).ToList(),
            },
            (answer, operation, now) =>
                AdminCalls.Refused(answer.ErrorCode, null, $"the log directories of broker {broker} cannot be described", operation, now)
                ?? AdminCalls.Done(operation, [.. answer.Results
                    .OrderBy(d => d.LogDir, StringComparer.Ordinal).Select(d => new LogDirDescription(
                    d.LogDir,
                    AdminCalls.Error(d.ErrorCode, null, $"log directory {d.LogDir} of broker {broker} cannot be used"),
                    d.Topics.SelectMany(t => t.Partitions.Select(p => (Key: new TopicPartition(t.Name, p.PartitionIndex), p)))
                        .ByKey(r => r.Key, r => new LogDirReplica(r.p.PartitionSize, r.p.OffsetLag, r.p.IsFutureKey)),
                    d.TotalBytes < 0 ? null : d.TotalBytes, d.UsableBytes < 0 ? null : d.UsableBytes, d.IsCordoned))], now));

    private static Outcome<ReplicaLogDir> Find(TopicPartition partition, Outcome<IReadOnlyList<LogDirDescription>> dirs)
    {
        if (dirs.Error is { } error) return Outcome<ReplicaLogDir>.Failed(error);
        ReplicaLogDir found = new(null, null, null, null);
        foreach (LogDirDescription dir in dirs.Value!)
        {
            if (!dir.Replicas.TryGetValue(partition, out LogDirReplica? replica)) continue;
            found = replica.IsFuture
                ? found with { FuturePath = dir.Path, Future = replica }
                : found with { Path = dir.Path, Replica = replica };
        }

        return Outcome<ReplicaLogDir>.Of(found);
    }

    private static ClientOperation<IReadOnlyDictionary<TopicPartition, ClientError?>> AlterOf(
        ClientMachine machine, ClientTurn turn, int broker, Dictionary<TopicPartition, string> targets) =>
        AdminCalls.Start<AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse, IReadOnlyDictionary<TopicPartition, ClientError?>>(
            machine, turn, CallTarget.Broker(broker),
            _ => new AlterReplicaLogDirsRequest
            {
                Dirs = [.. targets.OrderBy(t => t.Key).GroupBy(t => t.Value, StringComparer.Ordinal)
                    .Select(d => new AlterReplicaLogDirsRequest.AlterReplicaLogDir
                    {
                        Path = d.Key,
                        Topics = [.. d.GroupBy(t => t.Key.Topic, StringComparer.Ordinal)
                            .Select(t => new AlterReplicaLogDirsRequest.AlterReplicaLogDirTopic
                            {
                                Name = t.Key,
                                Partitions = [.. t.Select(p => p.Key.Partition)],
                            })],
                    })],
            },
            (answer, operation, now) => AdminCalls.Done(operation, answer.Results
                .SelectMany(t => t.Partitions.Select(p => (Key: new TopicPartition(t.TopicName, p.PartitionIndex), p.ErrorCode)))
                .ByKey(r => r.Key, r => AdminCalls.Error(
                    r.ErrorCode, null, $"{r.Key} on broker {broker} was not moved to {targets.GetValueOrDefault(r.Key)}")), now));
}
