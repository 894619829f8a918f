namespace Moldau.Storage;

/// <summary>A batch boundary at which recovery of a segment may begin, because everything before it is flushed.</summary>
/// <param name="Offset">Of the next record.</param>
/// <param name="Position">Of the next batch in the file.</param>
/// <param name="Indexes">What the index files say of the batches before it.</param>
/// <param name="AreIndexesRight">False: the files also tell of batches behind it. Index and log are written apart, so a loss
/// of power may have kept the entry and not the batch.</param>
internal sealed record RecoveryStart(long Offset, int Position, IndexBuilder Indexes, bool AreIndexesRight)
{
    /// <summary>Null if the files do not lead to a batch that ends at the recovery point: the segment is then recovered
    /// from its first batch on.</summary>
    public static RecoveryStart? Find(IDisk disk, LogSegment segment, long recoveryPoint, int indexIntervalBytes)
    {
        long baseOffset = segment.BaseOffset;
        if (recoveryPoint < baseOffset) return null;
        byte[]? offsetBytes = DiskFiles.ReadWhole(disk, segment.PathOf(LogFileNames.OffsetIndex));
        byte[]? timeBytes = DiskFiles.ReadWhole(disk, segment.PathOf(LogFileNames.TimeIndex));
        if (recoveryPoint == baseOffset)
        {
            bool areEmpty = !offsetBytes.AsSpan().ContainsAnyExcept((byte)0) && !timeBytes.AsSpan().ContainsAnyExcept((byte)0);
            return new RecoveryStart(baseOffset, 0, new IndexBuilder(baseOffset, indexIntervalBytes), areEmpty);
        }

        if (offsetBytes is null || OffsetIndex.TryDecode(baseOffset, offsetBytes, segment.WrittenBytes) is not { } offsets) return null;
        if (timeBytes is null || TimeIndex.TryDecode(baseOffset, timeBytes) is not { } times) return null;

        using IDiskFile file = disk.Open(segment.PathOf(LogFileNames.Log), DiskOpenMode.Read);
        int from = offsets.Lookup(recoveryPoint - 1).Position;
        BatchScanner scanner = new(file, from, segment.WrittenBytes, new byte[8 * 1024]);
        long next = -1;
        int position = 0;
        while (scanner.MoveNext() && scanner.Current.LastOffset < recoveryPoint)
        {
            next = scanner.Current.LastOffset + 1;
            position = scanner.NextPosition;
        }

        if (next != recoveryPoint) return null;
        (int offsetCount, int timeCount) = (offsets.Count, times.Count);
        offsets.TruncateToPosition(position);
        times.TruncateTo(recoveryPoint);
        bool areRight = (offsetCount, timeCount) == (offsets.Count, times.Count);
        TimestampOffset max = SegmentOpener.MaxTimestamp(file, position, offsets, times);
        return new RecoveryStart(recoveryPoint, position, new IndexBuilder(offsets, times, max, indexIntervalBytes), areRight);
    }
}
