namespace Moldau.Client;

/// <summary>The brokers' log directories.</summary>
public sealed class LogDirArea : AdminArea
{
    internal LogDirArea(ClientDriver driver)
        : base(driver)
    {
    }

    /// <summary>The log directories of these brokers.</summary>
    /// <exception cref="MoldauException">No broker can be reached.</exception>
    public Task<IReadOnlyDictionary<int, Outcome<IReadOnlyList<LogDirDescription>>>> DescribeAsync(
        IReadOnlyCollection<int> brokerIds, CancellationToken cancel = default) =>
        RunAsync(brokerIds.ToArray(), static (machine, turn, b) => LogDirAdmin.Describe(machine, turn, b), cancel);

    /// <summary>In which directories these replicas are.</summary>
    /// <exception cref="MoldauException">No broker can be reached.</exception>
    public Task<IReadOnlyDictionary<TopicPartitionReplica, Outcome<ReplicaLogDir>>> DescribeReplicasAsync(
        IReadOnlyCollection<TopicPartitionReplica> replicas, CancellationToken cancel = default) =>
        RunAsync(replicas.ToArray(), static (machine, turn, r) => LogDirAdmin.DescribeReplicas(machine, turn, r), cancel);

    /// <summary>Begins to move replicas to other directories of their brokers; the result names for each why it will not be
    /// moved, or null.</summary>
    /// <exception cref="MoldauException">No broker can be reached.</exception>
    public Task<IReadOnlyDictionary<TopicPartitionReplica, ClientError?>> AlterReplicasAsync(
        IReadOnlyDictionary<TopicPartitionReplica, string> targets, CancellationToken cancel = default) =>
        RunAsync(targets, static (machine, turn, t) => LogDirAdmin.AlterReplicas(machine, turn, t), cancel);
}
