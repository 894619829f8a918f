using Moldau.Records;

namespace Moldau.Sim;

/// <summary>What one topic id's log must hold: all batches that were decided, in order, and what was promised of them. Batches
/// below the log's start stay: a crash may bring them back until their files are gone.</summary>
internal sealed class LogModel
{
    private readonly Dictionary<long, ModelProducer> _producers = [];
    private readonly HashSet<(long BaseOffset, uint Crc, int LeaderEpoch)> _gone = [];
    private Dictionary<long, long> _forgottenBefore = [];

    public List<ModelBatch> Batches { get; } = [];

    /// <summary>Where the log goes on if it has no batch.</summary>
    public long Floor { get; private set; }

    public long End => Batches.Count == 0 ? Floor : Math.Max(Floor, Batches[^1].NextOffset);

    /// <summary>The highest log start that was seen.</summary>
    public long Start { get; set; }

    /// <summary>A kill must leave what is below.</summary>
    public long Written { get; set; }

    /// <summary>A loss of power must leave what is below.</summary>
    public long Durable { get; set; }

    /// <summary>A client asked to delete below.</summary>
    public long DeletedBelow { get; set; }

    /// <summary>A truncation is under way: what it removes may still be there after a crash.</summary>
    public List<ModelBatch>? Leaving { get; private set; }

    /// <summary>The truncation under way is one to an offset that need not be in the log.</summary>
    public bool IsLeavingWhole { get; private set; }

    public Dictionary<long, ModelProducer> Producers => _producers;

    /// <summary>Nothing was ever done to the log.</summary>
    public bool IsFresh { get; private set; } = true;

    public bool IsTruncating => Leaving is not null;

    /// <summary>Producers whose state the log may have lost, and the end of the log then: expired, or with all their records
    /// below the start.</summary>
    public Dictionary<long, long> Forgotten { get; } = [];

    public List<(long ProducerId, long First, long Last)> Aborted { get; } = [];

    public void Add(ModelBatch batch)
    {
        IsFresh = false;
        Batches.Add(batch);
        if (batch.ProducerId < 0) return;
        if (!_producers.TryGetValue(batch.ProducerId, out ModelProducer? producer))
            _producers.Add(batch.ProducerId, producer = new ModelProducer(batch.ProducerId));
        if (producer.Add(batch) is { } began) Aborted.Add((batch.ProducerId, began, batch.LastOffset));
    }

    /// <summary>The first batch whose last offset is at or above this one.</summary>
    public int IndexFrom(long offset)
    {
        int low = 0;
        int high = Batches.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (Batches[middle].LastOffset < offset) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    public ModelBatch? At(long baseOffset)
    {
        int index = IndexFrom(baseOffset);
        return index < Batches.Count && Batches[index].BaseOffset == baseOffset ? Batches[index] : null;
    }

    /// <summary>Removes what is at or above the offset, whole batches; returns what was removed.</summary>
    public List<ModelBatch> Cut(long offset)
    {
        int keep = IndexFrom(offset);
        List<ModelBatch> cut = Batches.GetRange(keep, Batches.Count - keep);
        if (cut.Count == 0) return cut;
        Batches.RemoveRange(keep, cut.Count);
        List<ModelBatch> kept = [.. Batches];
        Batches.Clear();
        _producers.Clear();
        Aborted.Clear();
        foreach (ModelBatch batch in kept) Add(batch);
        foreach ((long producer, long at) in Forgotten.ToArray())
        {
            // Whose transaction is open again, its marker being gone, the log cannot have forgotten since it began.
            long latest = Math.Min(End, _producers.GetValueOrDefault(producer)?.OpenSince ?? long.MaxValue);
            if (at > latest) Forgotten[producer] = latest;
        }

        return cut;
    }

    public void Bury(IEnumerable<ModelBatch> batches)
    {
        foreach (ModelBatch batch in batches) _gone.Add((batch.BaseOffset, batch.Crc, batch.LeaderEpoch));
    }

    public bool IsBuried(RecordBatchView batch) => _gone.Contains((batch.BaseOffset, batch.Crc, batch.PartitionLeaderEpoch));

    public void BeginTruncation(long offset, bool isWhole)
    {
        IsFresh = false;
        _forgottenBefore = new Dictionary<long, long>(Forgotten);
        Leaving = Cut(isWhole ? 0 : offset);
        IsLeavingWhole = isWhole;
        if (isWhole) Floor = offset;
        Start = isWhole ? Math.Max(Start, offset) : Start;
        Written = Math.Min(Written, isWhole ? 0 : End);
        Durable = Math.Min(Durable, Written);
    }

    public void EndTruncation()
    {
        if (Leaving is null) return;
        Bury(Leaving);
        Leaving = null;
    }

    /// <summary>The process died in the middle of a truncation: what it had removed may be there again, or be gone.</summary>
    public void RevertTruncation()
    {
        if (Leaving is not { } leaving) return;
        Leaving = null;
        if (IsLeavingWhole) Floor = 0;
        foreach (ModelBatch batch in leaving) Add(batch);
        foreach ((long producer, long at) in _forgottenBefore) Forgotten[producer] = at;
    }

    /// <summary>The log was found empty at an offset above all that is left of it.</summary>
    public void BeginAnewAt(long offset)
    {
        Bury(Cut(0));
        Floor = offset;
    }

    /// <summary>What stands at the log's end may go on from any offset above.</summary>
    public void RaiseFloor(long offset) => Floor = Math.Max(Floor, offset);
}
