using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>D2: what an index file says, the log says. Each entry of an offset index is the place and the last offset of a
/// batch; each entry of a time index is the largest timestamp of its segment up to the offset it names (KAFKA-10207,
/// KAFKA-19200). Reads whole files: for the end of a run and for logs that were just loaded.</summary>
internal static class IndexChecker
{
    public static string? Check(SimDisk disk, string folder, LogOracle oracle)
    {
        foreach ((string name, SimFileData file) in LogFolder.Files(disk, folder, LogFileNames.OffsetIndex))
            if (!file.HasRotted && CheckOffsets(disk, folder, name, file.Bytes(), oracle) is { } wrong) return wrong;
        foreach ((string name, SimFileData file) in LogFolder.Files(disk, folder, LogFileNames.TimeIndex))
            if (!file.HasRotted && CheckTimes(disk, folder, name, file.Bytes(), oracle) is { } wrong) return wrong;
        return null;
    }

    private static string? CheckOffsets(SimDisk disk, string folder, string name, byte[] bytes, LogOracle oracle)
    {
        LogFileNames.TryParseOffset(name, out long baseOffset);
        if (BatchesOf(disk, folder, baseOffset, oracle) is not { } batches) return null;
        if (OffsetIndex.TryDecode(baseOffset, bytes, long.MaxValue) is not { } index)
            return $"[D2] {oracle.Name}: {name} cannot be read";
        for (int i = 0; i < index.Count; i++)
        {
            OffsetPosition entry = index[i];
            if (!batches.TryGetValue(entry.Offset, out BatchNote note) || note.Position != entry.Position)
                return $"[D2] {oracle.Name}: {name} says that offset {entry.Offset} ends the batch at {entry.Position}";
        }

        return null;
    }

    private static string? CheckTimes(SimDisk disk, string folder, string name, byte[] bytes, LogOracle oracle)
    {
        LogFileNames.TryParseOffset(name, out long baseOffset);
        if (BatchesOf(disk, folder, baseOffset, oracle) is not { } batches) return null;
        if (TimeIndex.TryDecode(baseOffset, bytes) is not { } index) return $"[D2] {oracle.Name}: {name} cannot be read";
        for (int i = 0; i < index.Count; i++)
        {
            TimestampOffset entry = index[i];
            long largest = batches.Values.Where(b => b.LastOffset <= entry.Offset).Max(b => (long?)b.MaxTimestamp) ?? -1;
            if (!batches.ContainsKey(entry.Offset) || largest != entry.Timestamp)
                return $"[D2] {oracle.Name}: {name} says {entry.Timestamp} up to offset {entry.Offset}, the log says {largest}";
        }

        return null;
    }

    /// <summary>The segment's batches by last offset; null where the segment is gone and only its index is left.</summary>
    private static SortedDictionary<long, BatchNote>? BatchesOf(SimDisk disk, string folder, long baseOffset, LogOracle oracle)
    {
        if (disk.Find(LogFileNames.PathOf(folder, baseOffset, LogFileNames.Log)) is not SimFileData log) return null;
        SortedDictionary<long, BatchNote> batches = [];
        for (int i = oracle.FirstFrom(baseOffset); i < oracle.Batches.Count && ReferenceEquals(oracle.Batches[i].File, log); i++)
            batches.Add(oracle.Batches[i].LastOffset, oracle.Batches[i]);
        return batches;
    }
}
