using Moldau.Records;

namespace Moldau.Storage;

/// <summary>Checks the batches of one append against the producer state and collects what they change, without touching
/// the state: <see cref="Commit"/> does, once the append is decided. Reused from append to append.</summary>
internal sealed class ProducerAppend
{
    private readonly List<Working> _producers = [];
    private readonly List<(long FirstOffset, long ProducerId)> _started = [];
    private readonly List<CompletedTransaction> _completed = [];

    public void Reset()
    {
        _producers.Clear();
        _started.Clear();
        _completed.Clear();
    }

    /// <summary>Takes the next batch. A duplicate is no error: the answer repeats where it was appended.</summary>
    public LogError Add(
        RecordBatchView batch, LogAppendOrigin origin, ProducerStateManager state, out ProducerBatch? duplicate)
    {
        duplicate = null;
        if (!batch.HasProducerId) return LogError.None;
        if (origin == LogAppendOrigin.Client && state.TryGet(batch.ProducerId, out ProducerEntry known))
        {
            duplicate = known.FindDuplicate(batch.ProducerEpoch, batch.BaseSequence, batch.LastSequence);
            if (duplicate is not null) return LogError.None;
        }

        int index = Find(batch.ProducerId, state);
        Working working = _producers[index];
        LogError error = batch.IsControl
            ? AddMarker(batch, origin, ref working.Entry)
            : AddData(batch, origin, ref working);
        _producers[index] = working;
        return error;
    }

    /// <summary>Makes the collected changes; the aborted transactions among them go to the index.</summary>
    public void Commit(ProducerStateManager state, TransactionIndex? index)
    {
        foreach (Working working in _producers) state.Update(working.Entry);
        foreach ((long first, long producer) in _started) state.Start(first, producer);
        foreach (CompletedTransaction done in _completed)
        {
            long lastStable = state.LastStableOffsetAfter(done);
            if (done.IsAborted)
                index?.Append(new AbortedTransaction(done.ProducerId, done.FirstOffset, done.LastOffset, lastStable));
            state.Complete(done);
        }
    }

    private int Find(long producerId, ProducerStateManager state)
    {
        for (int i = 0; i < _producers.Count; i++)
            if (_producers[i].Entry.ProducerId == producerId) return i;
        bool isKnown = state.TryGet(producerId, out ProducerEntry entry);
        if (!isKnown) entry = new ProducerEntry(producerId);
        _producers.Add(new Working { Entry = entry, WasKnown = isKnown && entry.Epoch >= 0 });
        return _producers.Count - 1;
    }

    private LogError AddData(RecordBatchView batch, LogAppendOrigin origin, ref Working working)
    {
        ref ProducerEntry entry = ref working.Entry;
        // A replica takes what the leader took, whatever it looks like.
        if (batch.ProducerEpoch < entry.Epoch && origin != LogAppendOrigin.Replica) return LogError.InvalidProducerEpoch;
        if (origin == LogAppendOrigin.Client && !IsInSequence(batch, working)) return LogError.OutOfOrderSequenceNumber;
        int delta = (int)(batch.LastOffset - batch.BaseOffset);
        entry.AddBatch(
            batch.ProducerEpoch, new ProducerBatch(batch.LastSequence, batch.LastOffset, delta, batch.MaxTimestamp));
        bool isOpen = entry.CurrentTransactionFirstOffset is not null;
        if (isOpen && !batch.IsTransactional) return LogError.InvalidTransactionState;
        if (isOpen || !batch.IsTransactional) return LogError.None;
        entry.CurrentTransactionFirstOffset = batch.BaseOffset;
        _started.Add((batch.BaseOffset, batch.ProducerId));
        return LogError.None;
    }

    // A producer that is not known (new, or expired) may begin anywhere; one that is continues or, in a new epoch, begins
    // at 0. After a marker that raised the epoch no sequence is known, and 0 follows −1.
    private static bool IsInSequence(RecordBatchView batch, in Working working)
    {
        if (batch.ProducerEpoch != working.Entry.Epoch) return batch.BaseSequence == 0 || working.Entry.Epoch < 0;
        if (!working.WasKnown) return true;
        int last = working.Entry.LastSequence;
        return batch.BaseSequence == last + 1L || (batch.BaseSequence == 0 && last == int.MaxValue);
    }

    private LogError AddMarker(RecordBatchView batch, LogAppendOrigin origin, ref ProducerEntry entry)
    {
        RecordEnumerator records = batch.ReadRecords();
        if (!records.MoveNext()) return LogError.None;
        RecordView record = records.Current;
        bool isMarker = ControlBatches.TryReadKey(record.Key, out ControlRecordType type)
            && type is ControlRecordType.Abort or ControlRecordType.Commit
            && ControlBatches.TryReadEndTransaction(record.Value, out _);
        if (!isMarker) return LogError.InvalidRecord;
        ControlBatches.TryReadEndTransaction(record.Value, out int coordinatorEpoch);

        bool isReplica = origin == LogAppendOrigin.Replica;
        if (batch.ProducerEpoch < entry.Epoch && !isReplica) return LogError.InvalidProducerEpoch;
        if (entry.CoordinatorEpoch > coordinatorEpoch && !isReplica) return LogError.TransactionCoordinatorFenced;
        if (entry.CurrentTransactionFirstOffset is { } first)
        {
            bool isAborted = type == ControlRecordType.Abort;
            _completed.Add(new CompletedTransaction(entry.ProducerId, first, batch.BaseOffset, isAborted));
        }

        entry.SetEpoch(batch.ProducerEpoch);
        entry.CoordinatorEpoch = coordinatorEpoch;
        entry.CurrentTransactionFirstOffset = null;
        entry.LastTimestamp = record.Timestamp;
        return LogError.None;
    }

    private struct Working
    {
        public ProducerEntry Entry;
        public bool WasKnown;
    }
}
