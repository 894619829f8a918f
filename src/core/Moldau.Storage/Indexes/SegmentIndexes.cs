namespace Moldau.Storage;

/// <summary>A segment's index entries at one moment.</summary>
internal sealed record SegmentIndexes(OffsetIndex Offsets, TimeIndex Times, byte[] Transactions)
{
    /// <summary>The entries as they belong in the files of a segment that gets no more records: the time index then ends
    /// with the segment's largest timestamp.</summary>
    public static SegmentIndexes Of(LogSegment segment)
    {
        TimeIndex times = segment.Times!.Copy(); // callers have checked that the segment is open
        if (segment.MaxTimestamp is { Timestamp: >= 0 } max) times.AppendIfLater(max.Timestamp, max.Offset);
        return new SegmentIndexes(segment.Offsets!.Snapshot(), times, segment.Transactions.Encode());
    }

    public void Write(IDisk disk, string folder, long baseOffset)
    {
        DiskFiles.WriteDurably(
            disk, LogFileNames.PathOf(folder, baseOffset, LogFileNames.OffsetIndex), Offsets.Encode());
        DiskFiles.WriteDurably(disk, LogFileNames.PathOf(folder, baseOffset, LogFileNames.TimeIndex), Times.Encode());
        string transactions = LogFileNames.PathOf(folder, baseOffset, LogFileNames.TransactionIndex);
        if (Transactions.Length > 0 || disk.FileExists(transactions))
            DiskFiles.WriteDurably(disk, transactions, Transactions);
    }

    /// <summary>Writes the files as recovery must: contents that are there already are written once more, in place, since
    /// a sync that failed may have left them readable and not on the disk (see SegmentRecovery.WriteAgain). Files that are
    /// and stay empty have nothing to lose and cost no sync.</summary>
    public void WriteAgain(IDisk disk, string folder, long baseOffset)
    {
        WriteAgain(disk, LogFileNames.PathOf(folder, baseOffset, LogFileNames.OffsetIndex), Offsets.Encode());
        WriteAgain(disk, LogFileNames.PathOf(folder, baseOffset, LogFileNames.TimeIndex), Times.Encode());
        string transactions = LogFileNames.PathOf(folder, baseOffset, LogFileNames.TransactionIndex);
        if (Transactions.Length > 0 || disk.FileExists(transactions)) WriteAgain(disk, transactions, Transactions);
    }

    private static void WriteAgain(IDisk disk, string path, byte[] contents)
    {
        byte[]? present = DiskFiles.ReadWhole(disk, path);
        if (present is [] && contents is []) return;
        using IDiskFile file = disk.Open(path, DiskOpenMode.OpenOrCreate);
        if (!contents.AsSpan().SequenceEqual(present)) file.SetLength(0);
        if (contents.Length > 0) file.Write(0, contents);
        file.Sync();
    }
}
