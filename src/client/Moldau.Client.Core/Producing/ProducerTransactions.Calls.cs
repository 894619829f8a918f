using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

internal sealed partial class ProducerTransactions
{
    private const short LastEndTxnWithoutNewEpoch = 4;
    private const short LastOffsetCommitWithoutImplicitAdd = 4;
    private const short LastOffsetCommitWithNames = 5;
    private const short FirstBatchedAdd = 4;

    /// <summary>Commits a consumer's offsets with the transaction.</summary>
    public ClientOperation<bool> AddOffsets(
        ConsumerGroupMetadata group, IReadOnlyDictionary<TopicPartition, long> offsets, ClientTurn turn)
    {
        ClientOperation<bool> added = new();
        if ((producer.WhyBroken ?? WhyNotOpen()) is { } error)
        {
            added.TryFail(error, turn);
            return added;
        }

        _hasWork = true;
        _offsetCalls++;
        if (UsesImplicitAdd) CommitOffsets(group, offsets, added, turn);
        else AnnounceOffsets(group, offsets, added, turn);
        return added;
    }

    private void Initialize(ClientOperation<bool> begun, ClientTurn turn)
    {
        State = TransactionState.Ending;
        ProducerIdAndEpoch old = producer.Identity.Current;
        Start<InitProducerIdRequest, InitProducerIdResponse>(
            CallTarget.Coordinator(CoordinatorType.Transaction, Id),
            version => new InitProducerIdRequest
            {
                TransactionalId = Id,
                TransactionTimeoutMs = (int)Math.Min(producer.Options.TransactionTimeout.Ms, int.MaxValue),
                ProducerId = version >= FirstVersionWithEpochs ? old.Id : -1,
                ProducerEpoch = version >= FirstVersionWithEpochs ? old.Epoch : (short)-1,
            },
            (answer, now) =>
            {
                ErrorCode code = Fencing(ErrorCodes.FromWire(answer.ErrorCode));
                if (Again(code) is { } again) return again;
                if (code != ErrorCode.None)
                {
                    NotInitialized(ClientError.Of(code, null, $"{Id} got no producer id"));
                    return CallOutcome.Done;
                }

                producer.Identity.Current = new ProducerIdAndEpoch(answer.ProducerId, answer.ProducerEpoch);
                ResetSequences();
                Open(begun, now);
                return CallOutcome.Done;

                void NotInitialized(ClientError error) => this.NotInitialized(error, begun, now);
            },
            (error, now) => NotInitialized(error, begun, now),
            turn);
    }

    private void NotInitialized(ClientError error, ClientOperation<bool> begun, ClientTurn turn)
    {
        State = TransactionState.Unknown;
        if (error.Code == ErrorCode.ProducerFenced) producer.Fault(error, turn);
        begun.TryFail(error, turn);
    }

    private void AddPartitions(ClientTurn turn)
    {
        if (_isAdding || _toAdd.Count == 0) return;
        _isAdding = true;
        ProducePartition[] adding = [.. _toAdd];
        _toAdd.Clear();
        _hasWork = true;
        Start<AddPartitionsToTxnRequest, AddPartitionsToTxnResponse>(
            CallTarget.Coordinator(CoordinatorType.Transaction, Id),
            _ => new AddPartitionsToTxnRequest
            {
                V3AndBelowTransactionalId = Id,
                V3AndBelowProducerId = producer.Identity.Current.Id,
                V3AndBelowProducerEpoch = producer.Identity.Current.Epoch,
                V3AndBelowTopics = [.. adding.GroupBy(p => p.Topic.Name).Select(t =>
                    new AddPartitionsToTxnRequest.AddPartitionsToTxnTopic { Name = t.Key, Partitions = [.. t.Select(p => p.Index)] })],
            },
            (answer, now) => Added(adding, answer, now),
            (error, now) =>
            {
                _isAdding = false;
                OnFailed(error, now);
            },
            turn,
            upTo: FirstBatchedAdd - 1);
    }

    private CallOutcome Added(ProducePartition[] adding, AddPartitionsToTxnResponse answer, ClientTurn turn)
    {
        ErrorCode worst = ErrorCode.None;
        foreach (var result in answer.ResultsByTopicV3AndBelow.SelectMany(t => t.ResultsByPartition))
        {
            ErrorCode code = Fencing(ErrorCodes.FromWire(result.PartitionErrorCode));
            if (code != ErrorCode.None && (worst == ErrorCode.None || !code.IsRetriable()) && code != ErrorCode.OperationNotAttempted)
                worst = code;
        }

        if (Again(worst) is { } again) return again;
        _isAdding = false;
        if (worst != ErrorCode.None) OnFailed(ClientError.Of(worst, null, $"partitions were not added to the transaction of {Id}"), turn);
        else foreach (ProducePartition partition in adding) Take(partition);
        producer.Wake();
        return CallOutcome.Done;
    }

    private void AnnounceOffsets(
        ConsumerGroupMetadata group,
        IReadOnlyDictionary<TopicPartition, long> offsets,
        ClientOperation<bool> added,
        ClientTurn turn) =>
        Start<AddOffsetsToTxnRequest, AddOffsetsToTxnResponse>(
            CallTarget.Coordinator(CoordinatorType.Transaction, Id),
            _ => new AddOffsetsToTxnRequest
            {
                TransactionalId = Id,
                ProducerId = producer.Identity.Current.Id,
                ProducerEpoch = producer.Identity.Current.Epoch,
                GroupId = group.GroupId,
            },
            (answer, now) =>
            {
                ErrorCode code = Fencing(ErrorCodes.FromWire(answer.ErrorCode));
                if (Again(code) is { } again) return again;
                if (code == ErrorCode.None) CommitOffsets(group, offsets, added, now);
                else OffsetsFailed(ClientError.Of(code, null, $"the offsets of {group.GroupId} were refused"), added, now);
                return CallOutcome.Done;
            },
            (error, now) => OffsetsFailed(error, added, now),
            turn);

    private void CommitOffsets(
        ConsumerGroupMetadata group,
        IReadOnlyDictionary<TopicPartition, long> offsets,
        ClientOperation<bool> added,
        ClientTurn turn) =>
        Start<TxnOffsetCommitRequest, TxnOffsetCommitResponse>(
            CallTarget.Coordinator(CoordinatorType.Group, group.GroupId),
            version => OffsetRequest(group, offsets, version),
            (answer, now) =>
            {
                ErrorCode worst = ErrorCode.None;
                foreach (var result in answer.Topics.SelectMany(t => t.Partitions))
                    if (result.ErrorCode != 0) worst = Fencing(ErrorCodes.FromWire(result.ErrorCode));
                if (Again(worst) is { } again) return again;
                if (worst != ErrorCode.None)
                {
                    OffsetsFailed(ClientError.Of(worst, null, $"the offsets of {group.GroupId} were refused"), added, now);
                    return CallOutcome.Done;
                }

                _offsetCalls--;
                producer.Wake();
                added.TrySucceed(true, now);
                return CallOutcome.Done;
            },
            (error, now) => OffsetsFailed(error, added, now),
            turn,
            upTo: UsesImplicitAdd ? LastOffsetCommitWithNames : LastOffsetCommitWithoutImplicitAdd);

    private TxnOffsetCommitRequest OffsetRequest(
        ConsumerGroupMetadata group, IReadOnlyDictionary<TopicPartition, long> offsets, short version)
    {
        TxnOffsetCommitRequest request = new()
        {
            TransactionalId = Id,
            GroupId = group.GroupId,
            ProducerId = producer.Identity.Current.Id,
            ProducerEpoch = producer.Identity.Current.Epoch,
        };
        if (version >= FirstVersionWithEpochs)
        {
            request.GenerationIdOrMemberEpoch = group.GenerationId;
            request.MemberId = group.MemberId;
            request.GroupInstanceId = group.GroupInstanceId;
        }

        foreach (var topic in offsets.OrderBy(o => o.Key).GroupBy(o => o.Key.Topic))
        {
            request.Topics.Add(new TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic
            {
                Name = topic.Key,
                Partitions = [.. topic.Select(o => new TxnOffsetCommitRequest.TxnOffsetCommitRequestPartition
                {
                    PartitionIndex = o.Key.Partition,
                    CommittedOffset = o.Value,
                    CommittedMetadata = "",
                })],
            });
        }

        return request;
    }

    private void OffsetsFailed(ClientError error, ClientOperation<bool> added, ClientTurn turn)
    {
        _offsetCalls--;
        added.TryFail(error, turn);
        OnFailed(error, turn);
    }

    private void EndTxn(ClientOperation<bool> ending, ClientTurn turn) =>
        Start<EndTxnRequest, EndTxnResponse>(
            CallTarget.Coordinator(CoordinatorType.Transaction, Id),
            _ => new EndTxnRequest
            {
                TransactionalId = Id,
                ProducerId = producer.Identity.Current.Id,
                ProducerEpoch = producer.Identity.Current.Epoch,
                Committed = _isCommit,
            },
            (answer, now) =>
            {
                ErrorCode code = Fencing(ErrorCodes.FromWire(answer.ErrorCode));
                if (Again(code) is { } again) return again;
                if (code == ErrorCode.None)
                {
                    ProducerIdAndEpoch? next = UsesImplicitAdd && answer.ProducerId >= 0
                        ? new ProducerIdAndEpoch(answer.ProducerId, answer.ProducerEpoch)
                        : null;
                    Ended(ending, next, now);
                }
                else
                {
                    NotEnded(ClientError.Of(code, null, $"the transaction of {Id} was not {(_isCommit ? "committed" : "aborted")}"));
                }

                return CallOutcome.Done;

                void NotEnded(ClientError error) => this.NotEnded(error, ending, now);
            },
            (error, now) => NotEnded(error, ending, now),
            turn,
            upTo: UsesImplicitAdd ? null : LastEndTxnWithoutNewEpoch);

    private void NotEnded(ClientError error, ClientOperation<bool> ending, ClientTurn turn)
    {
        State = TransactionState.Open;
        _failure ??= error;
        if (IsFinal(error.Code)) producer.Fault(error, turn);
        ending.TryFail(error, turn);
    }

    /// <summary>What to do about an error that passes; null where it does not.</summary>
    private static CallOutcome? Again(ErrorCode code) =>
        IsElsewhere(code) ? CallOutcome.RetryElsewhere : code.IsRetriable() ? CallOutcome.Retry : null;

    private void Start<TRequest, TResponse>(
        CallTarget target,
        Func<short, TRequest> build,
        Func<TResponse, ClientTurn, CallOutcome> take,
        Action<ClientError, ClientTurn> failed,
        ClientTurn turn,
        short? upTo = null)
        where TRequest : IRequest
        where TResponse : IResponse, IMessage<TResponse>
    {
        ClientCall<TRequest, TResponse> call = new(target, build, take, failed)
        {
            Deadline = turn.Now + producer.Options.MaxBlock,
            UpTo = upTo ?? ApiTable.Get(TRequest.ApiKey).HighestStableVersion,
        };
        producer.Machine.Calls.Start(call, turn);
    }
}
