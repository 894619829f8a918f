namespace Moldau.Storage;

/// <summary>Renames the files of retired segments to their .deleted names.</summary>
internal sealed class MarkDeletedJob : JobOp
{
    public required string Folder { get; init; }

    public required long[] BaseOffsets { get; init; }

    protected override void Run(IDisk disk)
    {
        // Where all segments go, only the name of the next one still tells where the log ends.
        disk.SyncDirectory(Folder);
        foreach (long baseOffset in BaseOffsets) SegmentFiles.MarkDeleted(disk, Folder, baseOffset);
    }
}

/// <summary>Removes the files of segments that were marked long enough ago.</summary>
internal sealed class RemoveFilesJob : JobOp
{
    public required string Folder { get; init; }

    public required long[] BaseOffsets { get; init; }

    protected override void Run(IDisk disk)
    {
        // The new names tell a load that no records are missing where the segments were: they go when none has its old one.
        disk.SyncDirectory(Folder);
        foreach (long baseOffset in BaseOffsets) SegmentFiles.Delete(disk, Folder, baseOffset, LogFileNames.Deleted);
    }
}

/// <summary>Reads the largest timestamps of segments that were never opened.</summary>
internal sealed class SegmentTimesJob : JobOp
{
    public required (LogSegment Target, SegmentRef Segment)[] Segments { get; init; }

    public required int IndexIntervalBytes { get; init; }

    public List<(LogSegment Target, TimestampOffset Max, long LastModifiedMs)> Found { get; } = [];

    protected override void Run(IDisk disk)
    {
        foreach ((LogSegment target, SegmentRef segment) in Segments)
        {
            long modified = disk.LastModifiedMs(segment.PathOf(LogFileNames.Log));
            byte[]? bytes = DiskFiles.ReadWhole(disk, segment.PathOf(LogFileNames.TimeIndex));
            TimeIndex? times = bytes is null ? null : TimeIndex.TryDecode(segment.BaseOffset, bytes);
            // An index that says nothing of a segment with records was lost, or is not written yet.
            bool isKnown = times is { Count: > 0 } || segment.Bytes == 0;
            Found.Add((target, isKnown ? times?.Last ?? new TimestampOffset(-1, segment.BaseOffset) : Scan(disk, segment), modified));
        }
    }

    private TimestampOffset Scan(IDisk disk, in SegmentRef segment)
    {
        OpenedSegment opened = SegmentOpener.Open(disk, segment, false, IndexIntervalBytes);
        opened.File.Release();
        return opened.MaxTimestamp;
    }
}

/// <summary>Makes all of a log durable at its clean end.</summary>
internal sealed class CloseLogJob : JobOp
{
    public required string Folder { get; init; }

    public required long BaseOffset { get; init; }

    /// <summary>The active segment, if something was appended to it since it was opened.</summary>
    public SharedFile? File { get; init; }

    public SegmentIndexes? Indexes { get; init; }

    public required long EndOffset { get; init; }

    public byte[]? Snapshot { get; init; }

    /// <summary>A file that was prepared for a next segment; null: there is none.</summary>
    public string? Standby { get; init; }

    protected override void Run(IDisk disk)
    {
        if (Standby is not null) DiskFiles.DeleteIfExists(disk, Standby);
        if (File is null && Snapshot is null) return;
        File?.File.Sync();
        Indexes?.Write(disk, Folder, BaseOffset);
        if (Snapshot is not null)
            DiskFiles.WriteDurably(
                disk, LogFileNames.PathOf(Folder, EndOffset, LogFileNames.ProducerSnapshot), Snapshot);
        disk.SyncDirectory(Folder);
    }
}

/// <summary>Renames a partition's folder, durably: for deletion, as a stray, or when a moved replica takes its place.</summary>
public sealed class RenameFolderJob : JobOp
{
    public required string From { get; init; }

    public required string To { get; init; }

    protected override void Run(IDisk disk)
    {
        disk.Rename(From, To);
        disk.SyncDirectory(LogFileNames.ParentOf(To));
    }
}

/// <summary>Removes a folder with all in it.</summary>
public sealed class RemoveFolderJob : JobOp
{
    public required string Folder { get; init; }

    protected override void Run(IDisk disk)
    {
        if (!disk.DirectoryExists(Folder)) return;
        disk.DeleteDirectory(Folder);
        disk.SyncDirectory(LogFileNames.ParentOf(Folder));
    }
}
