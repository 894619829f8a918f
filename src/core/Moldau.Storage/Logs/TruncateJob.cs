namespace Moldau.Storage;

/// <summary>Makes a log's files follow a truncation. May be interrupted anywhere: what is done is done in an order that
/// recovery brings to the same end or leaves as it was before.</summary>
internal sealed class TruncateJob : JobOp
{
    /// <summary>The segments that stay, the one to cut last, and the snapshots as they were.</summary>
    public required LoadedLog Log { get; init; }

    public required long Offset { get; init; }

    /// <summary>Base offsets of the segments that go.</summary>
    public required long[] Dropped { get; init; }

    public required byte[] Epochs { get; init; }

    public required byte[] Transactions { get; init; }

    public required LogConfig Config { get; init; }

    public required long NowMs { get; init; }

    /// <summary>Nothing of the log stays: nor do its producers, whatever the offset is that it goes on from.</summary>
    public required bool DropsAll { get; init; }

    public OpenedSegment? Opened { get; private set; }

    public int Bytes { get; private set; }

    /// <summary>Where the log ends now: below the offset where that lay within a batch.</summary>
    public long EndOffset { get; private set; }

    public ProducerStateManager? Producers { get; private set; }

    protected override void Run(IDisk disk)
    {
        // Later segments go first, durably: never may one remain behind a gap.
        foreach (long baseOffset in Dropped.Reverse())
        {
            SegmentFiles.Delete(disk, Log.Folder, baseOffset);
            Log.Snapshots.Remove(baseOffset);
        }

        foreach (long at in Log.Snapshots.Where(s => DropsAll || s > Offset).ToArray())
        {
            DiskFiles.DeleteIfExists(disk, LogFileNames.PathOf(Log.Folder, at, LogFileNames.ProducerSnapshot));
            Log.Snapshots.Remove(at);
        }

        disk.SyncDirectory(Log.Folder);
        Cut(disk);
        DiskFiles.WriteAtomically(
            disk, LogFileNames.Join(Log.Folder, LogFileNames.LeaderEpochCheckpoint), Epochs);
        Producers = ProducerRebuild.To(disk, Log, Offset, NowMs, Config.ProducerIdExpirationMs);
        Producers.LastSnapshotOffset = Log.Snapshots.Count == 0 ? Log.LogStartOffset : Log.Snapshots.Max;
    }

    private void Cut(IDisk disk)
    {
        LogSegment last = Log.Segments[^1];
        SegmentRef segment = new(Log.Folder, last.BaseOffset, last.WrittenBytes);
        using (IDiskFile file = disk.Open(segment.PathOf(LogFileNames.Log), DiskOpenMode.OpenOrCreate))
        {
            Bytes = PositionOf(file, last.WrittenBytes);
            if (file.Length > Bytes) file.SetLength(Bytes);
            file.Sync();
            (OffsetIndex offsets, TimeIndex times, TimestampOffset max) =
                SegmentOpener.Rebuild(file, last.BaseOffset, Bytes, Config.IndexIntervalBytes);
            if (max.Timestamp >= 0) times.AppendIfLater(max.Timestamp, max.Offset);
            new SegmentIndexes(offsets, times, Transactions).Write(disk, Log.Folder, last.BaseOffset);
        }

        last.WrittenBytes = Bytes;
        disk.SyncDirectory(Log.Folder);
        Opened = SegmentOpener.Open(disk, segment with { Bytes = Bytes }, true, Config.IndexIntervalBytes);
    }

    // A batch that the offset lies within goes as a whole.
    private int PositionOf(IDiskFile file, int end)
    {
        BatchScanner scanner = new(file, 0, end, new byte[Math.Clamp(end, 0, 64 * 1024)]);
        EndOffset = Offset;
        long next = Log.Segments[^1].BaseOffset;
        while (scanner.MoveNext())
        {
            BatchHeader batch = scanner.Current;
            next = batch.LastOffset + 1;
            if (batch.LastOffset < Offset) continue;
            EndOffset = Math.Min(Offset, batch.FirstOffset);
            return batch.Position;
        }

        // Behind damage nothing can be told apart: the log says that it ends there, and its leader has the rest.
        if (scanner.Status != Records.BatchReadStatus.Ok) EndOffset = Math.Min(Offset, next);
        return scanner.NextPosition;
    }
}
