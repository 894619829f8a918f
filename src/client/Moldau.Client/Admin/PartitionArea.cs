using Moldau.Base;

namespace Moldau.Client;

/// <summary>Where partitions are and who leads them.</summary>
public sealed class PartitionArea : AdminArea
{
    internal PartitionArea(ClientDriver driver)
        : base(driver)
    {
    }

    /// <summary>Begins to move partitions; the result names for each why it will not be moved, or null.</summary>
    /// <param name="targets">The brokers that are to have each partition, the preferred leader first; null takes a move
    /// back.</param>
    /// <param name="allowReplicationFactorChange">False refuses another number of replicas (from 4.0 on).</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<TopicPartition, ClientError?>> ReassignAsync(
        IReadOnlyDictionary<TopicPartition, IReadOnlyList<int>?> targets,
        bool allowReplicationFactorChange = true,
        CancellationToken cancel = default) =>
        RunAsync(
            (targets, allowReplicationFactorChange),
            static (machine, turn, s) => PartitionAdmin.Reassign(machine, turn, s.targets, s.allowReplicationFactorChange), cancel);

    /// <summary>The moves that go on, of the named partitions or of all (null).</summary>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<TopicPartition, PartitionReassignment>> ListReassignmentsAsync(
        IReadOnlyCollection<TopicPartition>? partitions = null, CancellationToken cancel = default) =>
        RunAsync(
            partitions?.Distinct().ToArray(), static (machine, turn, p) => PartitionAdmin.ListReassignments(machine, turn, p), cancel);

    /// <summary>Elects leaders; the result names for each partition why its leader is the old one, or null.</summary>
    /// <param name="type">Who may be elected.</param>
    /// <param name="partitions">Null for all that need it.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<TopicPartition, ClientError?>> ElectLeadersAsync(
        ElectionType type, IReadOnlyCollection<TopicPartition>? partitions = null, CancellationToken cancel = default) =>
        RunAsync(
            (type, Partitions: partitions?.Distinct().ToArray()),
            static (machine, turn, s) => PartitionAdmin.ElectLeaders(machine, turn, s.type, s.Partitions), cancel);
}
