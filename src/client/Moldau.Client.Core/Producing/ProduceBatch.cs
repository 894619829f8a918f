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
}

/// <summary>Records of one partition on their way to the leader. As an operation it ends when the records are
/// acknowledged or have failed, which may be before its last request ends.</summary>
internal sealed class ProduceBatch(ProducePartition partition, RecordBatchBuilder builder, long number, Instant created)
    : ClientOperation
{
    public ProducePartition Partition { get; } = partition;

    /// <summary>Batches are numbered in the order of their making; parts of a divided batch have its number.</summary>
    public long Number { get; } = number;

    public Instant Created { get; } = created;

    public RecordBatchBuilder? Builder { get; private set; } = builder;

    public ProduceBatchState State { get; set; }

    /// <summary>The batch as it is sent, in the builder's memory; set when it is closed.</summary>
    public Memory<byte> Bytes { get; set; }

    public int RecordCount { get; set; }

    /// <summary>True for a part of a batch that was divided; it has the waiter of the whole.</summary>
    public bool IsPart { get; init; }

    /// <summary>Which record of the batch that was divided is the first of this one.</summary>
    public int FirstIndex { get; init; }

    /// <summary>Bytes of the buffer memory that it holds.</summary>
    public long ReservedBytes { get; set; }

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

    public RecordBatchBuilder TakeBuilder()
    {
        RecordBatchBuilder taken = Builder!;
        (Builder, Bytes) = (null, default);
        return taken;
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
