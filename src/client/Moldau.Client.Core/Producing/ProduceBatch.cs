using Moldau.Base;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Client;

internal enum ProduceBatchState
{
    /// <summary>Takes records.</summary>
    Open,

    /// <summary>A job compresses it.</summary>
    Compressing,

    /// <summary>Its bytes are made; it waits for its turn.</summary>
    Ready,

    /// <summary>Part of a request that was sent or waits for its link.</summary>
    InFlight,

    /// <summary>Acknowledged, failed, or divided into smaller ones; its memory is given back.</summary>
    Ended,

    /// <summary>Nobody holds it: it waits to be another batch.</summary>
    Idle,
}

/// <summary>The order of a partition's batches, parts of one that was divided included.</summary>
internal readonly record struct BatchPlace(long Number, int FirstIndex)
{
    public bool IsBefore(BatchPlace other) =>
        Number != other.Number ? Number < other.Number : FirstIndex < other.FirstIndex;
}

/// <summary>Records of one partition on their way to the leader. As an operation it ends when the records are
/// acknowledged or have failed, which may be before its last request ends. It is used again for other records when two
/// things have happened, in whatever order: its memory is given back, which no request in flight allows, and who waits for
/// the records was told.</summary>
internal sealed class ProduceBatch(BatchMemory memory) : ClientOperation
{
    private bool _isTold;

    public ProducePartition Partition { get; private set; } = null!;

    /// <summary>Batches are numbered in the order of their making; parts of a divided batch have its number.</summary>
    public long Number { get; private set; }

    public Instant Created { get; private set; }

    public RecordBatchBuilder? Builder { get; private set; }

    public ProduceBatchState State { get; set; } = ProduceBatchState.Idle;

    /// <summary>The request that it is in; null where it is in none.</summary>
    public ProduceCall? Carrier { get; set; }

    /// <summary>The batch as it is sent, in the builder's memory; set when it is closed.</summary>
    public Memory<byte> Bytes { get; set; }

    public int RecordCount { get; set; }

    /// <summary>True for a part of a batch that was divided; it has the waiter of the whole.</summary>
    public bool IsPart { get; set; }

    /// <summary>Which record of the batch that was divided is the first of this one.</summary>
    public int FirstIndex { get; set; }

    /// <summary>Its place among the partition's batches.</summary>
    public BatchPlace Place => new(Number, FirstIndex);

    /// <summary>Bytes of the buffer memory that it holds.</summary>
    public long ReservedBytes { get; set; }

    /// <summary>Bytes that its records may take before they are compressed.</summary>
    public long MaxBytes { get; private set; }

    public int Attempts { get; set; }

    /// <summary>Not sent again before.</summary>
    public Instant RetryAt { get; set; }

    /// <summary>Under which producer id and epoch its sequence was given.</summary>
    public ProducerIdAndEpoch Producer { get; set; } = ProducerIdAndEpoch.None;

    public int BaseSequence { get; set; } = RecordBatchLayout.NoSequence;

    public bool HasSequence => BaseSequence != RecordBatchLayout.NoSequence;

    /// <summary>An attempt ended without a word on whether it was written.</summary>
    public bool IsInDoubt { get; set; }

    /// <summary>The last error of an attempt, told when the time is over.</summary>
    public ClientError? LastError { get; set; }

    /// <summary>Of the first record; −1 where the broker did not say.</summary>
    public long BaseOffset { get; private set; } = -1;

    /// <summary>The broker's time where the topic takes it for its records, else −1.</summary>
    public long LogAppendTimeMs { get; private set; } = -1;

    /// <summary>Which records were the reason of the failure (KIP-467).</summary>
    public IReadOnlyList<ProduceResponse.BatchIndexAndErrorMessage> RecordErrors { get; private set; } = [];

    /// <summary>The neighbours in the list of batches that have not ended.</summary>
    public ProduceBatch? Earlier { get; set; }

    public ProduceBatch? Later { get; set; }

    /// <summary>Begins a new life.</summary>
    public void Begin(
        ProducePartition partition, RecordBatchBuilder builder, long number, Instant created, long reservedBytes, long maxBytes)
    {
        Verify.That(State == ProduceBatchState.Idle);
        Verify.That(Carrier is null);
        Renew();
        _isTold = false;
        (Partition, Builder, Number, Created) = (partition, builder, number, created);
        (ReservedBytes, MaxBytes) = (reservedBytes, maxBytes);
        (State, Bytes, RecordCount, IsPart, FirstIndex) = (ProduceBatchState.Open, default, 0, false, 0);
        (Attempts, RetryAt, IsInDoubt, LastError) = (0, default, false, null);
        (Producer, BaseSequence) = (ProducerIdAndEpoch.None, RecordBatchLayout.NoSequence);
        (BaseOffset, LogAppendTimeMs, RecordErrors) = (-1, -1, []);
        (Earlier, Later) = (null, null);
    }

    /// <summary>Its memory is given back; nothing of the producer refers to it any more.</summary>
    public RecordBatchBuilder EndLife()
    {
        Verify.That(State is ProduceBatchState.Open or ProduceBatchState.Ready);
        Verify.That(Carrier is null);
        RecordBatchBuilder taken = Builder!;
        if (ClientFrame.PoisonsFreed) ClientFrame.FillWithPoison(Bytes.Span);
        (Builder, Bytes, State) = (null, default, ProduceBatchState.Ended);
        if (_isTold) memory.Keep(this);
        return taken;
    }

    public void Succeed(long baseOffset, long logAppendTimeMs, ClientTurn turn)
    {
        if (IsDone) return;
        (BaseOffset, LogAppendTimeMs) = (baseOffset, logAppendTimeMs);
        End(turn);
    }

    public void Fail(
        ClientError error, ClientTurn turn, IReadOnlyList<ProduceResponse.BatchIndexAndErrorMessage>? records = null)
    {
        if (IsDone) return;
        RecordErrors = records ?? [];
        if (State == ProduceBatchState.Open) RecordCount = Builder!.RecordCount;
        TryFail(error, turn);
    }

    internal override void OnTold()
    {
        Verify.That(IsDone);
        _isTold = true;
        if (State == ProduceBatchState.Ended) memory.Keep(this);
    }

    /// <summary>The error of one record of it.</summary>
    public ClientError? ErrorOf(int index)
    {
        if (Error is null || RecordErrors.Count == 0) return Error;
        foreach (ProduceResponse.BatchIndexAndErrorMessage record in RecordErrors)
        {
            if (record.BatchIndex != index) continue;
            return new ClientError(Error.Code, record.BatchIndexErrorMessage is { Length: > 0 } text ? text : Error.Text);
        }

        return new ClientError(
            ErrorCode.InvalidRecord, "the record was not appended because others of its batch are invalid");
    }
}
