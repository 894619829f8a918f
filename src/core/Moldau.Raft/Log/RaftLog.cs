using Moldau.Base;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Raft;

/// <summary>The end of a log: next offset and the epoch of the record before it.</summary>
public readonly record struct OffsetAndEpoch(long Offset, int Epoch) : IComparable<OffsetAndEpoch>
{
    public int CompareTo(OffsetAndEpoch other) =>
        Epoch != other.Epoch ? Epoch.CompareTo(other.Epoch) : Offset.CompareTo(other.Offset);
}

/// <summary>What was found on disk when the node started.</summary>
public sealed record RaftStorageState
{
    /// <summary>The content of <c>quorum-state</c>; null where there is no such file.</summary>
    public QuorumStateFile? QuorumState { get; init; }

    /// <summary>The latest snapshot, offset 0 and epoch 0 for the bootstrap one; null where there is none.</summary>
    public OffsetAndEpoch? Snapshot { get; init; }

    /// <summary>The control records of that snapshot (kraft.version and voters).</summary>
    public short SnapshotKRaftVersion { get; init; }

    public VoterSet SnapshotVoters { get; init; } = VoterSet.Empty;

    /// <summary>The voters of <c>controller.quorum.voters</c>, for kraft.version 0.</summary>
    public VoterSet ConfiguredVoters { get; init; } = VoterSet.Empty;

    /// <summary>Where the log begins: everything below is only in the snapshot.</summary>
    public long LogStartOffset { get; init; }

    /// <summary>All whole batches of the log from the snapshot's end on, synced.</summary>
    public IReadOnlyList<RaftBatch> Tail { get; init; } = [];

    /// <summary>The epochs of the log with their first offsets, of the leader-epoch-checkpoint; may be empty where the
    /// tail is all of the log.</summary>
    public IReadOnlyList<(int Epoch, long StartOffset)> Epochs { get; init; } = [];
}

/// <summary>What the node knows of its log without reading it: ends, epochs, and the batches that are not yet committed
/// or may soon be asked for.</summary>
internal sealed class RaftLog
{
    private readonly List<(int Epoch, long StartOffset)> _epochs = [];
    private readonly List<RaftBatch> _cache = [];

    public RaftLog(RaftStorageState state)
    {
        Snapshot = state.Snapshot;
        StartOffset = state.LogStartOffset;
        EndOffset = state.LogStartOffset;
        if (Snapshot is { } snapshot && snapshot.Offset > EndOffset) EndOffset = snapshot.Offset;
        foreach ((int epoch, long start) in state.Epochs) Begin(epoch, start);
        if (Snapshot is { } s && _epochs.Count == 0 && s.Offset > 0) Begin(s.Epoch, s.Offset - 1);
        foreach (RaftBatch batch in state.Tail) Append(batch);
        SyncedOffset = EndOffset;
    }

    public long StartOffset { get; private set; }

    /// <summary>The next offset.</summary>
    public long EndOffset { get; private set; }

    /// <summary>All before it survives a power loss.</summary>
    public long SyncedOffset { get; private set; }

    public OffsetAndEpoch? Snapshot { get; set; }

    public OffsetAndEpoch End => new(EndOffset, LastEpoch);

    public int LastEpoch => _epochs.Count == 0 ? Snapshot?.Epoch ?? 0 : _epochs[^1].Epoch;

    public void Append(RaftBatch batch)
    {
        Verify.That(batch.BaseOffset == EndOffset);
        Begin(batch.Epoch, batch.BaseOffset);
        _cache.Add(batch);
        EndOffset = batch.LastOffset + 1;
    }

    public void Synced(long endOffset) => SyncedOffset = Math.Max(SyncedOffset, Math.Min(endOffset, EndOffset));

    public void Truncate(long endOffset)
    {
        _cache.RemoveAll(b => b.LastOffset >= endOffset);
        _epochs.RemoveAll(e => e.StartOffset >= endOffset);
        EndOffset = endOffset;
        SyncedOffset = Math.Min(SyncedOffset, endOffset);
    }

    /// <summary>The log is replaced by a snapshot.</summary>
    public void StartAt(OffsetAndEpoch snapshot)
    {
        _cache.Clear();
        _epochs.Clear();
        Snapshot = snapshot;
        StartOffset = EndOffset = SyncedOffset = snapshot.Offset;
        Begin(snapshot.Epoch, snapshot.Offset);
    }

    public void DeleteBefore(long offset)
    {
        StartOffset = Math.Max(StartOffset, offset);
        while (_epochs.Count > 1 && _epochs[1].StartOffset <= StartOffset) _epochs.RemoveAt(0);
    }

    /// <summary>Where an epoch ended: the start of the next one. For an epoch that the log lacks, the one before it;
    /// for one before all that the log has, nothing.</summary>
    public OffsetAndEpoch EndOf(int epoch)
    {
        for (int i = _epochs.Count - 1; i >= 0; i--)
        {
            if (_epochs[i].Epoch <= epoch)
                return new OffsetAndEpoch(i + 1 < _epochs.Count ? _epochs[i + 1].StartOffset : EndOffset,
                    _epochs[i].Epoch);
        }

        return new OffsetAndEpoch(StartOffset, _epochs.Count == 0 ? LastEpoch : epoch);
    }

    /// <summary>The epoch of the record at an offset.</summary>
    public int EpochAt(long offset)
    {
        for (int i = _epochs.Count - 1; i >= 0; i--)
        {
            if (_epochs[i].StartOffset <= offset) return _epochs[i].Epoch;
        }

        return Snapshot?.Epoch ?? 0;
    }

    /// <summary>Cached batches in a range that must be in memory whole.</summary>
    public IEnumerable<RaftBatch> Batches(long from, long to) =>
        _cache.Where(b => b.BaseOffset >= from && b.LastOffset < to);

    /// <summary>The first offset from which on all batches are in memory.</summary>
    public long CachedFrom => _cache.Count == 0 ? EndOffset : _cache[0].BaseOffset;

    /// <summary>Cached batches from the one that holds an offset on, up to a size, at least one; null where it is not
    /// in memory.</summary>
    public List<RaftBatch>? ReadCached(long from, int maxBytes)
    {
        if (from < CachedFrom) return null;
        var found = new List<RaftBatch>();
        int bytes = 0;
        foreach (RaftBatch batch in _cache)
        {
            if (batch.LastOffset < from) continue;
            if (found.Count > 0 && bytes + batch.Bytes.Length > maxBytes) break;
            found.Add(batch);
            bytes += batch.Bytes.Length;
        }

        return found;
    }

    /// <summary>Lets go of committed batches, but for the latest few, which followers are about to ask for.</summary>
    public void Trim(long committed, long keepBytes)
    {
        long bytes = 0;
        int keepFrom = _cache.Count;
        while (keepFrom > 0 && (bytes < keepBytes || _cache[keepFrom - 1].LastOffset >= committed))
            bytes += _cache[--keepFrom].Bytes.Length;
        _cache.RemoveRange(0, keepFrom);
    }

    private void Begin(int epoch, long start)
    {
        if (_epochs.Count == 0 || _epochs[^1].Epoch < epoch) _epochs.Add((epoch, start));
    }
}
