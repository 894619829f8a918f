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

    /// <summary>Writes the files whose contents are not these already, durably as <see cref="Write"/>.</summary>
    public void WriteIfDifferent(IDisk disk, string folder, long baseOffset)
    {
        WriteIfDifferent(disk, LogFileNames.PathOf(folder, baseOffset, LogFileNames.OffsetIndex), Offsets.Encode());
        WriteIfDifferent(disk, LogFileNames.PathOf(folder, baseOffset, LogFileNames.TimeIndex), Times.Encode());
        string transactions = LogFileNames.PathOf(folder, baseOffset, LogFileNames.TransactionIndex);
        if (Transactions.Length > 0 || disk.FileExists(transactions))
            WriteIfDifferent(disk, transactions, Transactions);
    }

    private static void WriteIfDifferent(IDisk disk, string path, byte[] contents)
    {
        if (DiskFiles.ReadWhole(disk, path) is { } present && contents.AsSpan().SequenceEqual(present)) return;
        using IDiskFile file = disk.Open(path, DiskOpenMode.OpenOrCreate);
        file.SetLength(0);
        if (contents.Length > 0) file.Write(0, contents);
        file.Sync();
    }
}
