namespace Moldau.Storage;

/// <summary>First pass over a partition's folder: removes what interrupted work left, and finishes an interrupted swap of
/// compacted segments, as Kafka does.</summary>
internal static class FolderSweep
{
    // Raft's snapshots have their own life.
    private const string DeletedCheckpoint = ".checkpoint" + LogFileNames.Deleted;

    /// <summary>Returns the names of what is left, given those of what is there.</summary>
    public static IReadOnlyList<string> Run(
        IDisk disk, string folder, IReadOnlyList<string> names, bool isCompacted, List<string> notes)
    {
        names = FinishRetention(disk, folder, names, isCompacted, notes);
        List<string> swaps = [];
        List<string> cleaned = [];
        List<string> left = new(names.Count);
        foreach (string name in names)
        {
            if (IsRest(name)) disk.Delete(LogFileNames.Join(folder, name));
            else if (name.EndsWith(LogFileNames.Swap, StringComparison.Ordinal)) swaps.Add(name);
            else if (name.EndsWith(LogFileNames.Cleaned, StringComparison.Ordinal)) cleaned.Add(name);
            else left.Add(name);
        }

        if (swaps.Count + cleaned.Count > 0)
        {
            SettleCompaction(disk, folder, swaps, cleaned, notes);
            left = [.. disk.List(folder)];
        }

        RemoveOrphans(disk, folder, left);
        return left;
    }

    private static bool IsRest(string name) =>
        (name.EndsWith(LogFileNames.Deleted, StringComparison.Ordinal)
            && !name.EndsWith(DeletedCheckpoint, StringComparison.Ordinal))
        || name is LogFileNames.LeaderEpochCheckpoint + LogFileNames.Temporary
            or LogFileNames.PartitionMetadata + LogFileNames.Temporary;

    /// <summary>Retention renames the oldest segments first, but a loss of power may keep any of its renames. What is older
    /// than a renamed segment was to go too: a hole would be left in the offsets, and once the renamed files are removed nothing
    /// would tell it from records that were lost.</summary>
    private static IReadOnlyList<string> FinishRetention(
        IDisk disk, string folder, IReadOnlyList<string> names, bool isCompacted, List<string> notes)
    {
        SortedSet<long> retired = [];
        SortedSet<long> present = [];
        foreach (string name in names)
        {
            if (LogFileNames.TryParse(name, LogFileNames.Log + LogFileNames.Deleted, out long offset)) retired.Add(offset);
            else if (LogFileNames.TryParse(name, LogFileNames.Log, out offset)) present.Add(offset);
        }

        if (retired.Count == 0) return names;
        // The renames are durable before the first file is removed, for the same reason.
        disk.SyncDirectory(folder);
        if (isCompacted || EndOfHole(disk, folder, present, retired) is not { } end) return names;
        foreach (long older in present.GetViewBetween(0, end - 1)) SegmentFiles.MarkDeleted(disk, folder, older);
        disk.SyncDirectory(folder);
        notes.Add($"an interrupted retention of the segments below offset {end} was finished");
        return disk.List(folder);
    }

    /// <summary>The base offset of the last segment that has a hole before it which renamed segments fill without a gap; null
    /// if there is none. A truncation of Kafka's renames files too, of segments that others have overgrown since.</summary>
    private static long? EndOfHole(IDisk disk, string folder, SortedSet<long> present, SortedSet<long> retired)
    {
        long[] bases = [.. present];
        for (int i = bases.Length - 1; i > 0; i--)
        {
            if (!retired.Any(r => r > bases[i - 1] && r < bases[i])) continue;
            long end = NextOffset(disk, LogFileNames.PathOf(folder, bases[i - 1], LogFileNames.Log), bases[i - 1]);
            if (!retired.Contains(end)) continue;
            while (end < bases[i] && retired.Contains(end))
            {
                long next = NextOffset(disk, LogFileNames.PathOf(folder, end, LogFileNames.Log + LogFileNames.Deleted), end);
                if (next == end) break;
                end = next;
            }

            if (end == bases[i]) return end;
        }

        return null;
    }

    private static void SettleCompaction(
        IDisk disk, string folder, List<string> swaps, List<string> cleaned, List<string> notes)
    {
        long minCleaned = long.MaxValue;
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

    private static void RemoveOrphans(IDisk disk, string folder, List<string> names)
    {
        HashSet<long> logs = [];
        foreach (string name in names)
            if (LogFileNames.TryParse(name, LogFileNames.Log, out long offset)) logs.Add(offset);
        names.RemoveAll(name =>
        {
            bool isIndex = LogFileNames.TryParse(name, LogFileNames.OffsetIndex, out long offset)
                || LogFileNames.TryParse(name, LogFileNames.TimeIndex, out offset)
                || LogFileNames.TryParse(name, LogFileNames.TransactionIndex, out offset);
            bool isOrphan = isIndex && !logs.Contains(offset);
            if (isOrphan) disk.Delete(LogFileNames.Join(folder, name));
            return isOrphan;
        });
    }
}
