using System.Runtime.CompilerServices;
using Moldau.Records;

namespace Moldau.Storage;

/// <summary>A batch of a producer that was appended: enough to recognise its retry.</summary>
public readonly record struct ProducerBatch(int LastSequence, long LastOffset, int OffsetDelta, long Timestamp)
{
    public int FirstSequence => RecordSequence.Subtract(LastSequence, OffsetDelta);

    public long FirstOffset => LastOffset - OffsetDelta;
}

/// <summary>What a partition remembers of one producer. A value, so that an append can work on a copy and the table of
/// many producers holds no references.</summary>
public struct ProducerEntry
{
    /// <summary>Retries of this many batches are recognised: the in-flight limit of idempotent clients.</summary>
    public const int BatchesKept = 5;

    private BatchRing _batches;
    private byte _first;

    public ProducerEntry(long producerId)
    {
        ProducerId = producerId;
        Epoch = RecordBatchLayout.NoProducerEpoch;
        CoordinatorEpoch = -1;
        LastTimestamp = RecordBatchLayout.NoTimestamp;
        CurrentTransactionFirstOffset = null;
    }

    public long ProducerId { get; }

    public short Epoch { get; private set; }

    public int CoordinatorEpoch { get; set; }

    /// <summary>Wall clock of the last batch or marker, from the record: what expiry is measured from.</summary>
    public long LastTimestamp { get; set; }

    /// <summary>Where the open transaction began; null when none is open.</summary>
    public long? CurrentTransactionFirstOffset { get; set; }

    public int BatchCount { get; private set; }

    public readonly int LastSequence => BatchCount == 0 ? RecordBatchLayout.NoSequence : Last.LastSequence;

    public readonly long LastDataOffset => BatchCount == 0 ? -1 : Last.LastOffset;

    public readonly int LastOffsetDelta => BatchCount == 0 ? 0 : Last.OffsetDelta;

    private readonly ProducerBatch Last => this[BatchCount - 1];

    /// <summary>Kept batches, oldest first.</summary>
    public readonly ProducerBatch this[int index] => _batches[(_first + index) % BatchesKept];

    /// <summary>Takes a new epoch; sequences then start again, so the kept batches go.</summary>
    public void SetEpoch(short epoch)
    {
        if (Epoch == epoch) return;
        Epoch = epoch;
        BatchCount = 0;
        _first = 0;
    }

    public void AddBatch(short epoch, in ProducerBatch batch)
    {
        SetEpoch(epoch);
        if (BatchCount == BatchesKept) _first = (byte)((_first + 1) % BatchesKept);
        else BatchCount++;
        _batches[(_first + BatchCount - 1) % BatchesKept] = batch;
        LastTimestamp = batch.Timestamp;
    }

    /// <summary>Whether both tell of the same producer at the same moment, as far as data goes.</summary>
    public readonly bool HasSameLastBatch(in ProducerEntry other) =>
        BatchCount > 0 && other.BatchCount > 0 && Epoch == other.Epoch
        && LastSequence == other.LastSequence && LastDataOffset == other.LastDataOffset
        && LastOffsetDelta == other.LastOffsetDelta;

    /// <summary>This entry with the batches of another that ends with the same.</summary>
    public readonly ProducerEntry WithBatchesOf(in ProducerEntry other)
    {
        ProducerEntry entry = this;
        (entry._batches, entry._first, entry.BatchCount) = (other._batches, other._first, other.BatchCount);
        return entry;
    }

    public readonly ProducerBatch? FindDuplicate(short epoch, int firstSequence, int lastSequence)
    {
        if (epoch != Epoch) return null;
        for (int i = 0; i < BatchCount; i++)
        {
            ProducerBatch kept = this[i];
            if (kept.FirstSequence == firstSequence && kept.LastSequence == lastSequence) return kept;
        }

        return null;
    }

    [InlineArray(BatchesKept)]
    private struct BatchRing
    {
        private ProducerBatch _element;
    }
}
