using Moldau.Base;

namespace Moldau.Client;

/// <summary>Transactions and the producers that partitions remember.</summary>
public sealed class TransactionArea : AdminArea
{
    internal TransactionArea(ClientDriver driver)
        : base(driver)
    {
    }

    /// <summary>The transactional ids of all coordinators.</summary>
    /// <exception cref="MoldauException">A broker cannot be reached, or it refused.</exception>
    public Task<IReadOnlyList<TransactionListing>> ListAsync(TransactionFilter? filter = null, CancellationToken cancel = default) =>
        RunAsync(filter ?? new TransactionFilter(), static (machine, turn, f) => TransactionAdmin.List(machine, turn, f), cancel);

    /// <summary>The named transactional ids; one that is not known is told as
    /// <c>TRANSACTIONAL_ID_NOT_FOUND</c>.</summary>
    /// <exception cref="MoldauException">No broker can be reached.</exception>
    public Task<IReadOnlyDictionary<string, Outcome<TransactionDescription>>> DescribeAsync(
        IReadOnlyCollection<string> transactionalIds, CancellationToken cancel = default) =>
        RunAsync(transactionalIds.ToArray(), static (machine, turn, i) => TransactionAdmin.Describe(machine, turn, i), cancel);

    /// <summary>The producers that the leaders of partitions remember.</summary>
    /// <param name="partitions">The partitions.</param>
    /// <param name="brokerId">Another replica than the leader; null for the leader.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">No broker can be reached, or it refused.</exception>
    public Task<IReadOnlyDictionary<TopicPartition, Outcome<IReadOnlyList<ProducerState>>>> DescribeProducersAsync(
        IReadOnlyCollection<TopicPartition> partitions, int? brokerId = null, CancellationToken cancel = default) =>
        RunAsync(
            (Partitions: partitions.ToArray(), brokerId),
            static (machine, turn, s) => TransactionAdmin.DescribeProducers(machine, turn, s.Partitions, s.brokerId), cancel);

    /// <summary>Aborts what a producer has open in one partition, past its coordinator: for transactions that no coordinator
    /// ends any more.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="producerId">As <see cref="DescribeProducersAsync"/> tells it.</param>
    /// <param name="producerEpoch">As <see cref="DescribeProducersAsync"/> tells it.</param>
    /// <param name="coordinatorEpoch">As <see cref="DescribeProducersAsync"/> tells it; 0 where it tells none.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <exception cref="MoldauException">It was not aborted.</exception>
    public async Task AbortAsync(
        TopicPartition partition, long producerId, short producerEpoch, int coordinatorEpoch, CancellationToken cancel = default)
    {
        var outcomes = await RunAsync(
            (partition, producerId, producerEpoch, coordinatorEpoch),
            static (machine, turn, s) => TransactionAdmin.Abort(
                machine, turn, s.partition, s.producerId, s.producerEpoch, s.coordinatorEpoch),
            cancel).ConfigureAwait(false);
        Require(outcomes[partition].Error);
    }

    /// <summary>Takes transactional ids over: what is open is aborted, and whoever writes with them is fenced.</summary>
    /// <exception cref="MoldauException">No broker can be reached.</exception>
    public Task<IReadOnlyDictionary<string, Outcome<FencedProducer>>> FenceProducersAsync(
        IReadOnlyCollection<string> transactionalIds, CancellationToken cancel = default) =>
        RunAsync(transactionalIds.ToArray(), static (machine, turn, i) => TransactionAdmin.Fence(machine, turn, i), cancel);

    /// <summary>Ends what a transactional id has open, also after a prepare (KIP-939), by fencing its producer.</summary>
    /// <exception cref="MoldauException">It was not ended.</exception>
    public async Task ForceTerminateAsync(string transactionalId, CancellationToken cancel = default) =>
        Require((await FenceProducersAsync([transactionalId], cancel).ConfigureAwait(false))[transactionalId].Error);
}
