using Moldau.Records;

namespace Moldau.Storage;

/// <summary>Brings producer state to an offset inside a job: the newest readable snapshot at or below it, then the batches
/// between.</summary>
internal static class ProducerRebuild
{
    private const int WindowBytes = 256 * 1024;

    /// <summary>How far before a snapshot the batches are looked for that it leaves out: several times what idempotent
    /// clients have in flight.</summary>
    private const int LookBackBytes = 1024 * 1024;

    /// <summary>State of all records in [logStart, offset) of the segments.</summary>
    public static ProducerStateManager To(
        IDisk disk, LoadedLog log, long offset, long nowMs, long expirationMs)
    {
        ProducerStateManager state = FromSnapshot(disk, log, offset, nowMs, expirationMs);
        if (state.MapEndOffset >= offset) return state;
        ProducerAppend append = new();
        int first = Math.Max(0, log.FloorIndex(state.MapEndOffset));
        for (int i = first; i < log.Segments.Count && log.Segments[i].BaseOffset < offset; i++)
            Replay(disk, log.Segments[i], state, append, offset);
        state.MapEndOffset = offset;
        return state;
    }

    private static ProducerStateManager FromSnapshot(
        IDisk disk, LoadedLog log, long offset, long nowMs, long expirationMs)
    {
        foreach (long at in log.Snapshots.Reverse())
        {
            if (at > offset) continue;
            string path = LogFileNames.PathOf(log.Folder, at, LogFileNames.ProducerSnapshot);
            if (ProducerSnapshotFile.TryDecode(DiskFiles.ReadWhole(disk, path)) is { } entries)
            {
                ProducerStateManager state = new() { MapEndOffset = at, LastSnapshotOffset = at };
                foreach (ProducerEntry entry in entries)
                    if (!ProducerStateManager.IsExpired(entry, nowMs, expirationMs)) state.Load(entry);
                if (state.Count > 0) FindEarlierBatches(disk, log, state);
                return state;
            }

            log.Notes.Add($"producer snapshot {at} is damaged and was removed");
            DiskFiles.DeleteIfExists(disk, path);
            log.Snapshots.Remove(at);
            return FromSnapshot(disk, log, offset, nowMs, expirationMs);
        }

        return new ProducerStateManager
        {
            MapEndOffset = log.LogStartOffset,
            LastSnapshotOffset = log.LogStartOffset,
        };
    }

    private static void Replay(
        IDisk disk, LogSegment segment, ProducerStateManager state, ProducerAppend append, long upTo)
    {
        using IDiskFile file = disk.Open(segment.PathOf(LogFileNames.Log), DiskOpenMode.Read);
        BatchReader reader = new(file, 0, segment.WrittenBytes, WindowBytes);
        while (reader.MoveNext())
        {
            RecordBatchView batch = reader.Current;
            if (batch.BaseOffset >= upTo) return;
            if (batch.LastOffset < state.MapEndOffset || !batch.IsCrcValid) continue;
            append.Reset();
            // The leader took these; what a rule of today says against them does not matter.
            if (append.Add(batch, LogAppendOrigin.Replica, state, out _) == LogError.None) append.Commit(state, null);
            state.MapEndOffset = batch.NextOffset;
        }
    }

    /// <summary>A snapshot has room for the last batch of a producer only. The log has those before it, which clients
    /// may send again too: when a node stopped before it could answer.</summary>
    private static void FindEarlierBatches(IDisk disk, LoadedLog log, ProducerStateManager state)
    {
        int last = log.FloorIndex(state.MapEndOffset - 1);
        int first = last;
        long left = LookBackBytes;
        for (; first > 0 && log.Segments[first].WrittenBytes < left; first--) left -= log.Segments[first].WrittenBytes;
        Dictionary<long, ProducerEntry> seen = [];
        for (int i = Math.Max(0, first); i <= last; i++)
        {
            LogSegment segment = log.Segments[i];
            int from = i == first ? BatchAtOrBefore(disk, segment, segment.WrittenBytes - left) : 0;
            Collect(disk, segment, from, state.MapEndOffset, seen);
        }

        List<ProducerEntry> fuller = [];
        foreach (ProducerEntry entry in state.Producers)
            if (seen.TryGetValue(entry.ProducerId, out ProducerEntry found) && found.HasSameLastBatch(entry))
                fuller.Add(entry.WithBatchesOf(found));
        foreach (ProducerEntry entry in fuller) state.Update(entry);
    }

    private static void Collect(
        IDisk disk, LogSegment segment, int from, long upTo, Dictionary<long, ProducerEntry> seen)
    {
        using IDiskFile file = disk.Open(segment.PathOf(LogFileNames.Log), DiskOpenMode.Read);
        BatchReader reader = new(file, from, segment.WrittenBytes, WindowBytes);
        while (reader.MoveNext())
        {
            RecordBatchView batch = reader.Current;
            if (batch.BaseOffset >= upTo) return;
            if (!batch.HasProducerId || batch.IsControl || !batch.IsCrcValid) continue;
            bool isKnown = seen.TryGetValue(batch.ProducerId, out ProducerEntry entry);
            if (!isKnown) entry = new ProducerEntry(batch.ProducerId);
            int delta = (int)(batch.LastOffset - batch.BaseOffset);
            ProducerBatch data = new(batch.LastSequence, batch.LastOffset, delta, batch.MaxTimestamp);
            entry.AddBatch(batch.ProducerEpoch, data);
            seen[batch.ProducerId] = entry;
        }
    }

    /// <summary>Where a batch begins, by the index; the segment's start if that does not tell.</summary>
    private static int BatchAtOrBefore(IDisk disk, LogSegment segment, long position)
    {
        if (position <= 0) return 0;
        byte[]? bytes = DiskFiles.ReadWhole(disk, segment.PathOf(LogFileNames.OffsetIndex));
        if (bytes is null) return 0;
        if (OffsetIndex.TryDecode(segment.BaseOffset, bytes, segment.WrittenBytes) is not { } index) return 0;
        for (int i = index.Count - 1; i >= 0; i--)
            if (index[i].Position <= position) return index[i].Position;
        return 0;
    }
}
