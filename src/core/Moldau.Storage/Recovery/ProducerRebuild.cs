using Moldau.Records;

namespace Moldau.Storage;

/// <summary>Brings producer state to an offset inside a job: the newest readable snapshot at or below it, then the batches
/// between.</summary>
internal static class ProducerRebuild
{
    private const int WindowBytes = 256 * 1024;

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
            if (batch.LastOffset < state.MapEndOffset) continue;
            append.Reset();
            // The leader took these; what a rule of today says against them does not matter.
            if (append.Add(batch, LogAppendOrigin.Replica, state, out _) == LogError.None) append.Commit(state, null);
            state.MapEndOffset = batch.NextOffset;
        }
    }
}
