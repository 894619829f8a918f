using Moldau.Records;

namespace Moldau.Storage;

/// <summary>Makes a log's files follow a truncation. May be interrupted anywhere: what is done is done in an order that
/// recovery brings to the same end or leaves as it was before.</summary>
internal sealed class TruncateJob : JobOp
{
    private const int WindowBytes = 64 * 1024;

    /// <summary>The segments that stay, the one to cut last, and the snapshots as they were.</summary>
    public required LoadedLog Log { get; init; }

    public required long Offset { get; init; }

    /// <summary>Base offsets of the segments that go.</summary>
    public required long[] Dropped { get; init; }

    public required byte[] Epochs { get; init; }

    /// <summary>Of the segment to cut: a copy that the job cuts where the log ends.</summary>
    public required TransactionIndex Transactions { get; init; }

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
        // Below the offset where that lay within a batch, or behind damage.
        foreach (long at in Log.Snapshots.Where(s => s > EndOffset).ToArray())
        {
            DiskFiles.DeleteIfExists(disk, LogFileNames.PathOf(Log.Folder, at, LogFileNames.ProducerSnapshot));
            Log.Snapshots.Remove(at);
        }

        DiskFiles.WriteAtomically(
            disk, LogFileNames.Join(Log.Folder, LogFileNames.LeaderEpochCheckpoint), Epochs);
        Producers = ProducerRebuild.To(disk, Log, EndOffset, NowMs, Config.ProducerIdExpirationMs);
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
            Transactions.TruncateTo(EndOffset);
            new SegmentIndexes(offsets, times, Transactions.Encode()).Write(disk, Log.Folder, last.BaseOffset);
        }

        last.WrittenBytes = Bytes;
        disk.SyncDirectory(Log.Folder);
        Opened = SegmentOpener.Open(disk, segment with { Bytes = Bytes }, true, Config.IndexIntervalBytes);
    }

    // A batch that the offset lies within goes as a whole.
    private int PositionOf(IDiskFile file, int end)
    {
        BatchScanner scanner = new(file, 0, end, new byte[Math.Clamp(end, 0, WindowBytes)]);
        long next = Log.Segments[^1].BaseOffset;
        while (scanner.MoveNext())
        {
            BatchHeader batch = scanner.Current;
            bool isInOrder = batch.LastOffset >= batch.FirstOffset
                && (Config.IsCompacted ? batch.FirstOffset >= next : batch.FirstOffset == next);
            if (!isInOrder) return PositionBySums(file, end);
            if (batch.LastOffset >= Offset)
            {
                EndOffset = Math.Min(Offset, batch.FirstOffset);
                return batch.Position;
            }

            next = batch.LastOffset + 1;
        }

        bool isMissing = next < Offset && !Config.IsCompacted;
        if (isMissing || scanner.Status != BatchReadStatus.Ok) return PositionBySums(file, end);
        EndOffset = Offset;
        return scanner.NextPosition;
    }

    // Something is out of order: only whole batches are believed. Behind damage nothing can be told apart: the log says that it
    // ends there, and its leader has the rest.
    private int PositionBySums(IDiskFile file, int end)
    {
        BatchReader reader = new(file, 0, end, WindowBytes);
        long next = Log.Segments[^1].BaseOffset;
        int position = 0;
        while (reader.MoveNext())
        {
            RecordBatchView batch = reader.Current;
            long first = batch.IsV2 ? batch.BaseOffset : Math.Min(next, batch.LastOffset);
            bool isMisplaced = first > next && BatchOrder.IsContradicted(file, reader.NextPosition, end, batch.NextOffset);
            if (batch.LastOffset >= Offset || first < next || isMisplaced || !batch.IsCrcValid)
            {
                // Offsets that are missing before it may be its own.
                EndOffset = Math.Min(Offset, next);
                return position;
            }

            next = batch.NextOffset;
            position = reader.NextPosition;
        }

        EndOffset = reader.Status == BatchReadStatus.Ok ? Offset : Math.Min(Offset, next);
        return position;
    }
}
