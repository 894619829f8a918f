namespace Moldau.Storage;

/// <summary>First pass over a partition's folder: removes what interrupted work left, and finishes an interrupted swap of
/// compacted segments, as Kafka does.</summary>
internal static class FolderSweep
{
    // Raft's snapshots have their own life.
    private const string DeletedCheckpoint = ".checkpoint" + LogFileNames.Deleted;

    public static void Run(IDisk disk, string folder, List<string> notes)
    {
        IReadOnlyList<string> names = disk.List(folder);
        long minCleaned = long.MaxValue;
        List<string> swaps = [];
        List<string> cleaned = [];
        foreach (string name in names)
        {
            string path = LogFileNames.Join(folder, name);
            if (name.EndsWith(LogFileNames.Deleted, StringComparison.Ordinal)
                && !name.EndsWith(DeletedCheckpoint, StringComparison.Ordinal))
                disk.Delete(path);
            else if (name is LogFileNames.LeaderEpochCheckpoint + LogFileNames.Temporary
                     or LogFileNames.PartitionMetadata + LogFileNames.Temporary)
                disk.Delete(path);
            else if (name.EndsWith(LogFileNames.Swap, StringComparison.Ordinal)) swaps.Add(name);
            else if (name.EndsWith(LogFileNames.Cleaned, StringComparison.Ordinal)) cleaned.Add(name);
        }

        foreach (string name in cleaned)
            if (LogFileNames.TryParseOffset(name, out long offset)) minCleaned = Math.Min(minCleaned, offset);
        // Swap files at or behind a cleaned file belong to a split that was not complete.
        foreach (string name in swaps.ToArray())
        {
            if (!LogFileNames.TryParseOffset(name, out long offset) || offset < minCleaned) continue;
            disk.Delete(LogFileNames.Join(folder, name));
            swaps.Remove(name);
        }

        foreach (string name in cleaned) disk.Delete(LogFileNames.Join(folder, name));
        if (swaps.Count > 0) FinishSwap(disk, folder, swaps, notes);
        RemoveOrphans(disk, folder);
    }

    private static void FinishSwap(IDisk disk, string folder, List<string> swaps, List<string> notes)
    {
        long from = long.MaxValue;
        long upTo = long.MinValue;
        foreach (string name in swaps)
        {
            string plain = name[..^LogFileNames.Swap.Length];
            if (!LogFileNames.TryParse(plain, LogFileNames.Log, out long baseOffset)) continue;
            from = Math.Min(from, baseOffset);
            upTo = Math.Max(upTo, NextOffset(disk, LogFileNames.Join(folder, name), baseOffset));
        }

        foreach (string name in disk.List(folder))
        {
            bool isReplaced = !name.EndsWith(LogFileNames.Swap, StringComparison.Ordinal)
                && LogFileNames.TryParseOffset(name, out long offset) && offset >= from && offset < upTo;
            if (isReplaced) disk.Delete(LogFileNames.Join(folder, name));
        }

        foreach (string name in swaps)
        {
            string path = LogFileNames.Join(folder, name);
            disk.Rename(path, path[..^LogFileNames.Swap.Length]);
        }

        notes.Add($"an interrupted swap of compacted segments from offset {from} was finished");
    }

    private static long NextOffset(IDisk disk, string path, long baseOffset)
    {
        using IDiskFile file = disk.Open(path, DiskOpenMode.Read);
        BatchScanner scanner = new(file, 0, (int)Math.Min(int.MaxValue, file.Length), new byte[64 * 1024]);
        long next = baseOffset;
        while (scanner.MoveNext()) next = scanner.Current.LastOffset + 1;
        return next;
    }

    private static void RemoveOrphans(IDisk disk, string folder)
    {
        HashSet<long> logs = [];
        IReadOnlyList<string> names = disk.List(folder);
        foreach (string name in names)
            if (LogFileNames.TryParse(name, LogFileNames.Log, out long offset)) logs.Add(offset);
        foreach (string name in names)
        {
            bool isIndex = LogFileNames.TryParse(name, LogFileNames.OffsetIndex, out long offset)
                || LogFileNames.TryParse(name, LogFileNames.TimeIndex, out offset)
                || LogFileNames.TryParse(name, LogFileNames.TransactionIndex, out offset);
            if (isIndex && !logs.Contains(offset)) disk.Delete(LogFileNames.Join(folder, name));
        }
    }
}
