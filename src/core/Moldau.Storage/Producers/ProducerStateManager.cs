using System.Runtime.InteropServices;

namespace Moldau.Storage;

/// <summary>A finished transaction.</summary>
public readonly record struct CompletedTransaction(long ProducerId, long FirstOffset, long LastOffset, bool IsAborted);

/// <summary>The producers of one partition, its open transactions, and from them the first unstable offset. Rebuilt at
/// load from a snapshot and the log behind it. Owned by the log's thread; a job works on a <see cref="Copy"/>.</summary>
public sealed class ProducerStateManager
{
    private readonly Dictionary<long, ProducerEntry> _producers = [];

    // Open transactions, and those whose marker is written but not yet below the high watermark, by first offset.
    private readonly SortedDictionary<long, long> _open = [];
    private readonly SortedDictionary<long, long> _unreplicated = [];

    /// <summary>All records below this offset are in the state.</summary>
    public long MapEndOffset { get; set; }

    /// <summary>The offset of the newest snapshot file.</summary>
    public long LastSnapshotOffset { get; set; }

    public int Count => _producers.Count;

    public bool IsEmpty => _producers.Count == 0 && _unreplicated.Count == 0;

    public IReadOnlyCollection<ProducerEntry> Producers => _producers.Values;

    /// <summary>Where the earliest transaction begins that is open or whose end is not yet replicated.</summary>
    public long? FirstUnstableOffset
    {
        get
        {
            long? open = First(_open);
            long? unreplicated = First(_unreplicated);
            return open is null ? unreplicated : unreplicated is null ? open : Math.Min(open.Value, unreplicated.Value);
        }
    }

    public bool TryGet(long producerId, out ProducerEntry entry) => _producers.TryGetValue(producerId, out entry);

    /// <summary>Takes an entry read from a snapshot.</summary>
    public void Load(in ProducerEntry entry)
    {
        _producers[entry.ProducerId] = entry;
        if (entry.CurrentTransactionFirstOffset is { } first) _open[first] = entry.ProducerId;
    }

    /// <summary>Takes the state that an append worked out.</summary>
    public void Update(in ProducerEntry entry) =>
        CollectionsMarshal.GetValueRefOrAddDefault(_producers, entry.ProducerId, out _) = entry;

    /// <summary>A transaction has its first record in this partition.</summary>
    public void Start(long firstOffset, long producerId) => _open[firstOffset] = producerId;

    /// <summary>The first offset that stays unstable once this transaction has ended: the next open one's, or behind its
    /// marker.</summary>
    public long LastStableOffsetAfter(in CompletedTransaction completed)
    {
        foreach ((long first, long producer) in _open)
            if (producer != completed.ProducerId) return first;
        return completed.LastOffset + 1;
    }

    public void Complete(in CompletedTransaction completed)
    {
        _open.Remove(completed.FirstOffset);
        _unreplicated[completed.FirstOffset] = completed.LastOffset;
    }

    public void OnHighWatermark(long highWatermark) => ForgetReplicated(highWatermark);

    public void OnLogStart(long logStartOffset)
    {
        ForgetReplicated(logStartOffset);
        if (MapEndOffset < logStartOffset) MapEndOffset = logStartOffset;
    }

    public void Clear(long offset)
    {
        _producers.Clear();
        _open.Clear();
        _unreplicated.Clear();
        MapEndOffset = offset;
    }

    /// <summary>Forgets idle producers (producer.id.expiration.ms); never one with an open transaction.</summary>
    public int RemoveExpired(long nowMs, long expirationMs)
    {
        List<long>? expired = null;
        foreach ((long id, ProducerEntry entry) in _producers)
            if (IsExpired(entry, nowMs, expirationMs)) (expired ??= []).Add(id);
        foreach (long id in expired ?? []) _producers.Remove(id);
        return expired?.Count ?? 0;
    }

    public static bool IsExpired(in ProducerEntry entry, long nowMs, long expirationMs) =>
        entry.CurrentTransactionFirstOffset is null && nowMs - entry.LastTimestamp >= expirationMs;

    public ProducerStateManager Copy()
    {
        ProducerStateManager copy = new() { MapEndOffset = MapEndOffset, LastSnapshotOffset = LastSnapshotOffset };
        foreach ((long id, ProducerEntry entry) in _producers) copy._producers[id] = entry;
        foreach ((long first, long producer) in _open) copy._open[first] = producer;
        foreach ((long first, long last) in _unreplicated) copy._unreplicated[first] = last;
        return copy;
    }

    private void ForgetReplicated(long offset)
    {
        // Markers are written in any order of their transactions, so the whole (short) table is looked at.
        List<long>? done = null;
        foreach ((long first, long last) in _unreplicated)
            if (last < offset) (done ??= []).Add(first);
        foreach (long first in done ?? []) _unreplicated.Remove(first);
    }

    private static long? First(SortedDictionary<long, long> transactions)
    {
        if (transactions.Count == 0) return null;
        foreach ((long first, _) in transactions) return first;
        return null;
    }
}
