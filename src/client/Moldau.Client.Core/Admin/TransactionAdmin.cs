using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Which transactions are meant; empty and null stand for all.</summary>
public sealed record TransactionFilter
{
    /// <summary>States as <see cref="TransactionListing.State"/> names them.</summary>
    public IReadOnlyCollection<string> States { get; init; } = [];

    /// <summary>Empty for all.</summary>
    public IReadOnlyCollection<long> ProducerIds { get; init; } = [];

    /// <summary>Only what goes on for longer than this (KIP-994, from 3.8 on).</summary>
    public TimeSpan? LongerThan { get; init; }

    /// <summary>A regular expression of RE2's kind that the transactional id fits (KIP-1152, from 4.1 on).</summary>
    public string? IdPattern { get; init; }
}

/// <summary>A transactional id as its coordinator lists it.</summary>
/// <param name="TransactionalId">The producer's name of its own.</param>
/// <param name="ProducerId">The number that the cluster gave it.</param>
/// <param name="State">Such as <c>Ongoing</c> or <c>CompleteCommit</c>.</param>
/// <param name="CoordinatorId">The broker that coordinates it.</param>
public sealed record TransactionListing(string TransactionalId, long ProducerId, string State, int CoordinatorId);

/// <summary>A transactional id and its transaction.</summary>
/// <param name="TransactionalId">The producer's name of its own.</param>
/// <param name="CoordinatorId">The broker that coordinates it.</param>
/// <param name="State">Such as <c>Ongoing</c>.</param>
/// <param name="ProducerId">The number that the cluster gave it.</param>
/// <param name="ProducerEpoch">Grows with each producer that takes the id over.</param>
/// <param name="Timeout">When the coordinator aborts it.</param>
/// <param name="StartedAt">Null where none goes on.</param>
/// <param name="Partitions">What it has written to.</param>
public sealed record TransactionDescription(
    string TransactionalId,
    int CoordinatorId,
    string State,
    long ProducerId,
    short ProducerEpoch,
    TimeSpan Timeout,
    DateTimeOffset? StartedAt,
    IReadOnlyList<TopicPartition> Partitions);

/// <summary>A producer as a partition's leader remembers it.</summary>
/// <param name="ProducerId">The number that the cluster gave it.</param>
/// <param name="ProducerEpoch">The epoch of its last record.</param>
/// <param name="LastSequence">Of its last record, −1 where there is none.</param>
/// <param name="LastWrite">The time of its last record.</param>
/// <param name="CoordinatorEpoch">Of the transaction's last end; null where none has ended.</param>
/// <param name="TransactionStartOffset">Where its open transaction begins; null where none is open.</param>
public sealed record ProducerState(
    long ProducerId,
    int ProducerEpoch,
    int LastSequence,
    DateTimeOffset LastWrite,
    int? CoordinatorEpoch,
    long? TransactionStartOffset);

/// <summary>The producer id and epoch that a transactional id has from now on: whoever had it before is fenced.</summary>
public readonly record struct FencedProducer(long ProducerId, short ProducerEpoch);

/// <summary>Transactions and producers (KIP-664).</summary>
internal static class TransactionAdmin
{
    private const short FirstDurationVersion = 1;
    private const short FirstPatternVersion = 2;

    /// <summary>Of all brokers: each lists what it coordinates.</summary>
    public static ClientOperation<IReadOnlyList<TransactionListing>> List(
        ClientMachine machine, ClientTurn turn, TransactionFilter filter) =>
        AdminParts.OfAllBrokers(machine, turn, (broker, now) => ListOf(machine, now, broker, filter));

    public static ClientOperation<IReadOnlyDictionary<string, Outcome<TransactionDescription>>> Describe(
        ClientMachine machine, ClientTurn turn, IReadOnlyList<string> ids) =>
        AdminParts.Each(ids, turn, (id, now) => DescribeOne(machine, now, id));

    /// <summary>The producers that the leaders of partitions remember, or those that another replica does.</summary>
    public static ClientOperation<IReadOnlyDictionary<TopicPartition, Outcome<IReadOnlyList<ProducerState>>>> DescribeProducers(
        ClientMachine machine, ClientTurn turn, IReadOnlyList<TopicPartition> partitions, int? broker)
    {
        Dictionary<TopicPartition, int> items = partitions.Distinct().ByKey(p => p, _ => 0);
        if (broker is null)
            return AdminParts.ByLeader<int, IReadOnlyList<ProducerState>>(
                machine, turn, items, (leader, mine, now) => ProducersOf(machine, now, leader, mine.Keys));
        ClientOperation<IReadOnlyDictionary<TopicPartition, Outcome<IReadOnlyList<ProducerState>>>> operation = new();
        ConsumerPart.Watch(ProducersOf(machine, turn, broker.Value, items.Keys), turn, (done, now) =>
        {
            if (done.Error is { } error) operation.TryFail(error, now);
            else operation.TrySucceed(done.Result, now);
        });
        return operation;
    }

    /// <summary>Writes the mark that aborts a producer's open transaction of one partition, past its coordinator: for
    /// transactions that no coordinator knows of.</summary>
    public static ClientOperation<IReadOnlyDictionary<TopicPartition, Outcome<bool>>> Abort(
        ClientMachine machine, ClientTurn turn, TopicPartition partition, long producerId, short producerEpoch, int coordinatorEpoch) =>
        AdminParts.ByLeader<int, bool>(
            machine, turn, new Dictionary<TopicPartition, int> { [partition] = 0 }, (leader, _, now) =>
                AdminCalls.Start<WriteTxnMarkersRequest, WriteTxnMarkersResponse, Dictionary<TopicPartition, Outcome<bool>>>(
                    machine, now, CallTarget.Broker(leader),
                    _ => Marker(partition, producerId, producerEpoch, coordinatorEpoch),
                    (answer, operation, then) =>
                    {
                        if (answer.Markers is not [{ Topics: [{ Partitions: [{ } ended, ..] }, ..] }, ..])
                            return AdminCalls.Lacking(operation, then);
                        ClientError? error = AdminCalls.Error(ended.ErrorCode, null, $"the transaction of producer {producerId} in {partition} was not aborted");
                        return AdminCalls.Done(operation, new Dictionary<TopicPartition, Outcome<bool>>
                        {
                            [partition] = error is null ? Outcome<bool>.Of(true) : Outcome<bool>.Failed(error),
                        }, then);
                    }));

    /// <summary>Takes transactional ids over: what is open is aborted, and who had them is fenced.</summary>
    public static ClientOperation<IReadOnlyDictionary<string, Outcome<FencedProducer>>> Fence(
        ClientMachine machine, ClientTurn turn, IReadOnlyList<string> ids) =>
        AdminParts.Each(ids, turn, (id, now) =>
            AdminCalls.Start<InitProducerIdRequest, InitProducerIdResponse, FencedProducer>(
                machine, now, Coordinator(id),
                _ => new InitProducerIdRequest
                {
                    TransactionalId = id,
                    TransactionTimeoutMs = (int)machine.Settings.ApiTimeout.Ms,
                    ProducerId = -1,
                    ProducerEpoch = -1,
                },
                (answer, operation, then) =>
                    AdminCalls.Refused(answer.ErrorCode, null, $"the producer of '{id}' was not fenced", operation, then)
                    ?? AdminCalls.Done(operation, new FencedProducer(answer.ProducerId, answer.ProducerEpoch), then)));

    private static CallTarget Coordinator(string id) => CallTarget.Coordinator(CoordinatorType.Transaction, id);

    private static ClientOperation<IReadOnlyList<TransactionListing>> ListOf(
        ClientMachine machine, ClientTurn turn, int broker, TransactionFilter filter) =>
        AdminCalls.Start<ListTransactionsRequest, ListTransactionsResponse, IReadOnlyList<TransactionListing>>(
            machine, turn, CallTarget.Broker(broker),
            _ => new ListTransactionsRequest
            {
                StateFilters = [.. filter.States],
                ProducerIdFilters = [.. filter.ProducerIds],
                DurationFilter = filter.LongerThan is { } span ? (long)span.TotalMilliseconds : -1,
                TransactionalIdPattern = filter.IdPattern,
            },
            (answer, operation, now) =>
            {
                if (AdminCalls.Refused(answer.ErrorCode, null, $"broker {broker} does not list its transactions", operation, now)
                    is { } refused) return refused;
                if (answer.UnknownStateFilters.Count > 0)
                {
                    operation.TryFail(new ClientError(
                        ErrorCode.InvalidRequest, $"transactions have no state '{string.Join("', '", answer.UnknownStateFilters)}'"), now);
                    return CallOutcome.Done;
                }

                return AdminCalls.Done(operation, [.. answer.TransactionStates.Select(t =>
                    new TransactionListing(t.TransactionalId, t.ProducerId, t.TransactionState, broker))], now);
            },
            from: filter.IdPattern is not null ? FirstPatternVersion : filter.LongerThan is not null ? FirstDurationVersion : (short)0);

    private static ClientOperation<TransactionDescription> DescribeOne(ClientMachine machine, ClientTurn turn, string id) =>
        AdminCalls.Start<DescribeTransactionsRequest, DescribeTransactionsResponse, TransactionDescription>(
            machine, turn, Coordinator(id),
            _ => new DescribeTransactionsRequest { TransactionalIds = [id] },
            (answer, operation, now) =>
            {
                if (answer.TransactionStates is not [{ } state, ..]) return AdminCalls.Lacking(operation, now);
                if (AdminCalls.Refused(state.ErrorCode, null, $"transactional id '{id}' cannot be described", operation, now)
                    is { } refused) return refused;
                machine.Coordinators.TryGet(CoordinatorType.Transaction, id, out int coordinator, out _);
                return AdminCalls.Done(operation, new TransactionDescription(
                    id, coordinator, state.TransactionState, state.ProducerId, state.ProducerEpoch,
                    TimeSpan.FromMilliseconds(state.TransactionTimeoutMs),
                    state.TransactionStartTimeMs < 0 ? null : UnixTime.Of(state.TransactionStartTimeMs),
                    [.. state.Topics.SelectMany(t => t.Partitions.Select(p => new TopicPartition(t.Topic, p))).Order()]), now);
            });

    private static ClientOperation<Dictionary<TopicPartition, Outcome<IReadOnlyList<ProducerState>>>> ProducersOf(
        ClientMachine machine, ClientTurn turn, int broker, IEnumerable<TopicPartition> partitions) =>
        AdminCalls.Start<DescribeProducersRequest, DescribeProducersResponse,
            Dictionary<TopicPartition, Outcome<IReadOnlyList<ProducerState>>>>(
            machine, turn, CallTarget.Broker(broker),
            _ => new DescribeProducersRequest
            {
                Topics = [.. partitions.Order().GroupBy(p => p.Topic, StringComparer.Ordinal)
                    .Select(t => new DescribeProducersRequest.TopicRequest
                    {
                        Name = t.Key,
                        PartitionIndexes = [.. t.Select(p => p.Partition)],
                    })],
            },
            (answer, operation, now) => AdminCalls.Done(operation, answer.Topics
                .SelectMany(t => t.Partitions.Select(p => (Key: new TopicPartition(t.Name, p.PartitionIndex), p)))
                .ByKey(r => r.Key, r => Producers(r.Key, r.p)), now));

    private static Outcome<IReadOnlyList<ProducerState>> Producers(
        TopicPartition partition, DescribeProducersResponse.PartitionResponse answer) =>
        AdminCalls.Error(answer.ErrorCode, answer.ErrorMessage, $"the producers of {partition} cannot be described") is { } error
            ? Outcome<IReadOnlyList<ProducerState>>.Failed(error)
            : Outcome<IReadOnlyList<ProducerState>>.Of([.. answer.ActiveProducers.OrderBy(p => p.ProducerId).Select(p => new ProducerState(
                p.ProducerId, p.ProducerEpoch, p.LastSequence, UnixTime.Of(p.LastTimestamp),
                p.CoordinatorEpoch < 0 ? null : p.CoordinatorEpoch,
                p.CurrentTxnStartOffset < 0 ? null : p.CurrentTxnStartOffset))]);

    private static WriteTxnMarkersRequest Marker(
        TopicPartition partition, long producerId, short producerEpoch, int coordinatorEpoch) => new()
        {
            Markers =
        [
            new WriteTxnMarkersRequest.WritableTxnMarker
            {
                ProducerId = producerId,
                ProducerEpoch = producerEpoch,
                CoordinatorEpoch = coordinatorEpoch,
                TransactionResult = false,
                Topics =
                [
                    new WriteTxnMarkersRequest.WritableTxnMarkerTopic { Name = partition.Topic, PartitionIndexes = [partition.Partition] },
                ],
            },
        ],
        };
}
