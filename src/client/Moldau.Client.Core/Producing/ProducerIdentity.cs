using Moldau.Base;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Client;

/// <summary>Idempotence (KIP-98, KIP-360): the producer id and its epoch, and the sequence of each partition. Where a
/// sequence has got a gap that nobody can close, a new epoch begins at 0; what is under way under the old one ends
/// before.</summary>
internal sealed class ProducerIdentity(ProducerPart producer)
{
    private ClientCall? _asking;

    public bool IsEnabled { get; private set; } = producer.Options.UsesIdempotence;

    public ProducerIdAndEpoch Current { get; set; } = ProducerIdAndEpoch.None;

    /// <summary>Why there is no producer id yet, as far as it is known.</summary>
    public ClientError? Trouble => _asking?.LastError;

    private bool IsTransactional => producer.Options.TransactionalId is not null;

    /// <summary>Whether the first waiting batch of a partition may go now.</summary>
    public bool MaySend(ProducePartition partition, ProduceBatch first, ClientTurn turn)
    {
        if (!IsEnabled) return true;
        if (Current.Id < 0)
        {
            if (!IsTransactional) Ask(turn);
            return false;
        }

        if (partition.NeedsNewEpoch && !partition.IsOpenBeforeGap) return false;
        if (first.HasSequence) return partition.Sequenced[0] == first;
        if (partition.NeedsNewEpoch) return false;
        if (partition.Sequenced.Count == 0) return !partition.IsUnresolved;

        // A broker that does not know the producer takes any first sequence: the second batch must not come before it.
        return !partition.IsUnresolved && partition.Producer == Current && partition.LastAckedSequence >= 0;
    }

    /// <summary>Gives the batch its sequence, where it has none yet, and writes it into its bytes.</summary>
    public void Stamp(ProduceBatch batch)
    {
        if (!IsEnabled || batch.HasSequence) return;
        ProducePartition partition = batch.Partition;
        if (partition.Producer != Current)
        {
            partition.Producer = Current;
            partition.NextSequence = 0;
            partition.LastAckedSequence = -1;
        }

        GiveSequence(batch, Current, partition.NextSequence);
        partition.NextSequence = RecordSequence.Add(partition.NextSequence, batch.RecordCount);
        partition.Sequenced.Add(batch);
    }

    /// <summary>The parts of a divided batch share its sequence.</summary>
    public void Divide(ProduceBatch whole, List<ProduceBatch> parts)
    {
        if (!whole.HasSequence) return;
        ProducePartition partition = whole.Partition;
        int at = partition.Sequenced.IndexOf(whole);
        partition.Sequenced.RemoveAt(at);
        partition.Sequenced.InsertRange(at, parts);
        int sequence = whole.BaseSequence;
        foreach (ProduceBatch part in parts)
        {
            (part.Producer, part.BaseSequence) = (whole.Producer, sequence);
            sequence = RecordSequence.Add(sequence, part.RecordCount);
        }
    }

    /// <summary>Writes producer, epoch and sequence into the bytes of a closed batch.</summary>
    public void Write(ProduceBatch batch)
    {
        if (batch.HasSequence)
            new MutableRecordBatch(batch.Bytes.Span).SetProducer(batch.Producer, batch.BaseSequence, IsTransactional);
    }

    public void OnAcked(ProduceBatch batch)
    {
        if (!batch.HasSequence) return;
        ProducePartition partition = batch.Partition;
        partition.Sequenced.Remove(batch);
        if (batch.Producer == partition.Producer)
        {
            int last = RecordSequence.Add(batch.BaseSequence, batch.RecordCount - 1);
            if (last > partition.LastAckedSequence || IsNext(partition, batch)) partition.LastAckedSequence = last;
        }
    }

    /// <summary>True where sending the batch again can help although the error is none that passes by itself.</summary>
    public bool CanRetry(ProduceBatch batch, ErrorCode error, long logStartOffset)
    {
        if (!batch.HasSequence || batch.IsDone) return false;
        ProducePartition partition = batch.Partition;
        if (error == ErrorCode.OutOfOrderSequenceNumber)
        {
            // Something before it is missing. As long as that is being sent again, the batch just follows it.
            if (partition.Sequenced[0] != batch) return true;
        }
        else if (error != ErrorCode.UnknownProducerId)
        {
            return false;
        }
        else if (logStartOffset < 0)
        {
            return true;
        }

        if (IsTransactional) return false;
        partition.NeedsNewEpoch = true;
        partition.Gap = null;
        return true;
    }

    /// <summary>The batch will not be sent again.</summary>
    /// <param name="batch">What failed.</param>
    /// <param name="isKnown">True where the leader refused it, false where it may have been written.</param>
    public void OnFailed(ProduceBatch batch, bool isKnown)
    {
        if (!batch.HasSequence) return;
        ProducePartition partition = batch.Partition;
        if (!partition.Sequenced.Remove(batch)) return;
        if (!isKnown)
        {
            partition.IsUnresolved = true;
            return;
        }

        if (!partition.NeedsNewEpoch || (partition.Gap is { } gap && batch.Place.IsBefore(gap)))
            partition.Gap = batch.Place;
        partition.NeedsNewEpoch = true;
    }

    /// <summary>Nothing of the partition is under way: what was open about its sequence is decided.</summary>
    public void OnIdle(ProducePartition partition)
    {
        Verify.That(partition.InFlight == 0);
        if (partition.IsUnresolved && !partition.NeedsNewEpoch && partition.Sequenced.Count == 0)
        {
            partition.IsUnresolved = false;
            int expected = partition.LastAckedSequence < 0
                ? 0
                : RecordSequence.Add(partition.LastAckedSequence, 1);
            partition.NeedsNewEpoch = expected != partition.NextSequence;
        }

        if (partition.NeedsNewEpoch && !IsTransactional && !partition.IsOpenBeforeGap) BeginEpoch(partition);
    }

    /// <summary>Sequences of the partition begin anew, under whatever producer id and epoch come next.</summary>
    public void Reset(ProducePartition partition)
    {
        foreach (ProduceBatch batch in partition.Sequenced) batch.BaseSequence = RecordBatchLayout.NoSequence;
        partition.Sequenced.Clear();
        partition.NeedsNewEpoch = partition.IsUnresolved = false;
        partition.Gap = null;
        partition.Producer = ProducerIdAndEpoch.None;
    }

    private static bool IsNext(ProducePartition partition, ProduceBatch batch) => batch.BaseSequence
        == (partition.LastAckedSequence < 0 ? 0 : RecordSequence.Add(partition.LastAckedSequence, 1));

    private static void GiveSequence(ProduceBatch batch, ProducerIdAndEpoch id, int sequence) =>
        (batch.Producer, batch.BaseSequence) = (id, sequence);

    /// <summary>The client raises the epoch by itself; only when it is used up, a new id is asked for.</summary>
    private void BeginEpoch(ProducePartition partition)
    {
        if (partition.Producer == Current)
        {
            Current = Current.Epoch == short.MaxValue
                ? ProducerIdAndEpoch.None
                : Current with { Epoch = (short)(Current.Epoch + 1) };
        }

        Reset(partition);
        producer.Wake();
    }

    private void Ask(ClientTurn turn)
    {
        if (_asking is not null) return;
        ClientCall<InitProducerIdRequest, InitProducerIdResponse> call = new(
            CallTarget.Any,
            _ => new InitProducerIdRequest { TransactionalId = null, TransactionTimeoutMs = int.MaxValue },
            Take,
            Fail);
        _asking = call;
        producer.Machine.Calls.Start(call, turn);
    }

    private CallOutcome Take(InitProducerIdResponse answer, ClientTurn turn)
    {
        ErrorCode code = ErrorCodes.FromWire(answer.ErrorCode);
        if (code.IsRetriable()) return CallOutcome.Retry;
        if (code == ErrorCode.None)
        {
            _asking = null;
            Current = new ProducerIdAndEpoch(answer.ProducerId, answer.ProducerEpoch);
            producer.Wake();
        }
        else
        {
            Fail(ClientError.Of(code, null, "no producer id was given"), turn);
        }

        return CallOutcome.Done;
    }

    private void Fail(ClientError error, ClientTurn turn)
    {
        _asking = null;
        if (error.Code == ErrorCode.UnsupportedVersion && producer.Options.IsIdempotent is null)
        {
            // Brokers without InitProducerId: at least once is what is left, unless the user insists.
            IsEnabled = false;
            producer.Wake();
            return;
        }

        producer.Fault(error, turn);
    }
}
