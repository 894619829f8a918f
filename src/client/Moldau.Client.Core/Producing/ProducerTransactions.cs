using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

internal enum TransactionState
{
    /// <summary>The coordinator has not been asked for the producer id.</summary>
    Unknown,

    /// <summary>No transaction is open.</summary>
    Ready,

    /// <summary>Records and offsets may be added.</summary>
    Open,

    /// <summary>Waits for what is under way, then for the coordinator's word.</summary>
    Ending,
}

/// <summary>A producer's transactions (KIP-98), in both protocols: with the first, partitions are announced to the
/// coordinator before anything is written to them; with the second, brokers do that themselves and each transaction has
/// an epoch of its own (KIP-890).</summary>
internal sealed partial class ProducerTransactions(ProducerPart producer)
{
    private const short FirstVersionWithEpochs = 3;

    private readonly List<ProducePartition> _toAdd = [];
    private readonly List<ProducePartition> _taken = [];
    private bool _isAdding;
    private bool _hasWork;
    private int _offsetCalls;
    private ClientError? _failure;
    private ClientOperation<bool>? _ending;
    private bool _isCommit;

    public TransactionState State { get; private set; }

    /// <summary>Brokers add partitions to the transaction with the first batch.</summary>
    public bool UsesImplicitAdd { get; private set; }

    private string Id => producer.Options.TransactionalId!;

    /// <summary>Opens a transaction; the first one asks for the producer id and so ends what an older producer of the
    /// name left open.</summary>
    public ClientOperation<bool> Begin(ClientTurn turn)
    {
        ClientOperation<bool> begun = new();
        if (producer.WhyBroken is { } broken) begun.TryFail(broken, turn);
        else if (State == TransactionState.Ready) Open(begun, turn);
        else if (State == TransactionState.Unknown) Initialize(begun, turn);
        else begun.TryFail(new ClientError(ErrorCode.InvalidTxnState, "a transaction is open already"), turn);
        return begun;
    }

    /// <summary>Why no record can be added; null where one can.</summary>
    public ClientError? WhyNotOpen() => State != TransactionState.Open
        ? new ClientError(ErrorCode.InvalidTxnState, "no transaction is open: begin one before sending")
        : _failure is null ? null : Aborted(_failure);

    public bool MaySend(ProducePartition partition, ClientTurn turn)
    {
        if (State is not (TransactionState.Open or TransactionState.Ending) || _failure is not null) return false;
        if (partition.IsInTransaction) return true;
        if (UsesImplicitAdd)
        {
            Take(partition);
            return true;
        }

        if (!_toAdd.Contains(partition)) _toAdd.Add(partition);
        AddPartitions(turn);
        return false;
    }

    /// <summary>Records of the transaction were not written: it can only be aborted.</summary>
    public void OnFailed(ClientError error, ClientTurn turn)
    {
        if (State is TransactionState.Unknown or TransactionState.Ready) return;
        if (IsFinal(error.Code)) producer.Fault(error, turn);
        _failure ??= error;
        producer.Wake();
    }

    public ClientOperation<bool> End(bool isCommit, ClientTurn turn)
    {
        ClientOperation<bool> ended = new();
        if (producer.WhyBroken is { } broken)
        {
            ended.TryFail(broken, turn);
            return ended;
        }

        if (State != TransactionState.Open)
        {
            ended.TryFail(new ClientError(ErrorCode.InvalidTxnState, "no transaction is open"), turn);
            return ended;
        }

        if (isCommit && _failure is not null)
        {
            ended.TryFail(Aborted(_failure), turn);
            return ended;
        }

        (State, _ending, _isCommit) = (TransactionState.Ending, ended, isCommit);
        if (isCommit) producer.Flush(turn);
        else Drop(turn);
        producer.Wake();
        return ended;
    }

    /// <summary>Goes on with the end when nothing is under way any more.</summary>
    public void OnTurn(ClientTurn turn)
    {
        if (State != TransactionState.Ending || _ending is null || _isAdding || _offsetCalls > 0) return;
        if (_isCommit && _failure is { } failure)
        {
            State = TransactionState.Open;
            Finish(Aborted(failure), turn);
            return;
        }

        if (!_isCommit) Drop(turn);
        if (producer.Sender.InFlightBatches > 0 || (_isCommit && producer.Accumulator.HasUnsent)) return;
        ClientOperation<bool> ending = _ending;
        _ending = null;
        if (_hasWork) EndTxn(ending, turn);
        else Ended(ending, null, turn);
    }

    public void OnClosed(ClientError error, ClientTurn turn) => Finish(error, turn);

    private static ClientError Aborted(ClientError reason) =>
        new(ErrorCode.TransactionAbortable, $"the transaction can only be aborted: {reason.Text}");

    private static bool IsFinal(ErrorCode code) => code
        is ErrorCode.ProducerFenced or ErrorCode.InvalidProducerIdMapping or ErrorCode.TransactionalIdAuthorizationFailed
        or ErrorCode.TransactionalIdNotFound or ErrorCode.UnsupportedVersion or ErrorCode.InvalidTxnState;

    /// <summary>Errors by which the coordinator says that another producer of the name has taken over.</summary>
    private static ErrorCode Fencing(ErrorCode code) =>
        code == ErrorCode.InvalidProducerEpoch ? ErrorCode.ProducerFenced : code;

    private static bool IsElsewhere(ErrorCode code) =>
        code is ErrorCode.NotCoordinator or ErrorCode.CoordinatorNotAvailable;

    /// <summary>What is not sent yet, or would be sent again, has no place in a transaction that is aborted.</summary>
    private void Drop(ClientTurn turn) => producer.Accumulator.Drop(
        new ClientError(ErrorCode.TransactionAbortable, "the transaction was aborted"), turn);

    private void Finish(ClientError error, ClientTurn turn)
    {
        ClientOperation<bool>? ending = _ending;
        _ending = null;
        ending?.TryFail(error, turn);
    }

    private void Take(ProducePartition partition)
    {
        partition.IsInTransaction = true;
        _taken.Add(partition);
        _hasWork = true;
    }

    private void Open(ClientOperation<bool> begun, ClientTurn turn)
    {
        UsesImplicitAdd = producer.Machine.Links.FinalizedLevel("transaction.version") >= 2;
        (State, _failure, _hasWork) = (TransactionState.Open, null, false);
        begun.TrySucceed(true, turn);
    }

    /// <summary>The transaction is over, for better or worse.</summary>
    private void Ended(ClientOperation<bool> ending, ProducerIdAndEpoch? next, ClientTurn turn)
    {
        foreach (ProducePartition partition in _taken) partition.IsInTransaction = false;
        _taken.Clear();
        _toAdd.Clear();
        State = TransactionState.Ready;
        if (next is { } id)
        {
            producer.Identity.Current = id;
            ResetSequences();
        }
        else if (!_isCommit && _hasWork)
        {
            // Nobody knows which of the records that were dropped have a sequence at the brokers: a new epoch knows none.
            State = TransactionState.Unknown;
        }

        ending.TrySucceed(true, turn);
    }

    private void ResetSequences()
    {
        foreach (ProduceTopic topic in producer.Accumulator.Topics)
            for (int i = 0; i < topic.Count; i++) producer.Identity.Reset(topic[i]);
    }
}
