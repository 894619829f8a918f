using Moldau.Records;

namespace Moldau.Storage;

/// <summary>Checks a segment that may have a torn tail, batch by batch, and builds everything that is derived from it anew:
/// indexes, aborted transactions, producer state, leader epochs.</summary>
internal sealed class SegmentRecovery(LoadedLog log, int indexIntervalBytes, long recoveryPoint)
{
    private const int WindowBytes = 1024 * 1024;

    private readonly ProducerAppend _append = new();
    private int _unflushedFrom;

    /// <summary>The offset that the next batch must reach: the end of what is valid so far.</summary>
    public long NextOffset { get; private set; }

    /// <summary>Recovers one segment, from the start given or all of it, and returns its valid bytes; the file itself is
    /// not changed here.</summary>
    public int Check(
        IDiskFile file, LogSegment segment, RecoveryStart? start, ProducerStateManager producers, out SegmentIndexes indexes)
    {
        IndexBuilder builder = start?.Indexes ?? new IndexBuilder(segment.BaseOffset, indexIntervalBytes);
        TransactionIndex transactions = start is null ? new TransactionIndex() : segment.Transactions;
        int from = start?.Position ?? 0;
        BatchReader reader = new(file, from, (int)Math.Min(int.MaxValue, file.Length), WindowBytes);
        NextOffset = start?.Offset ?? segment.BaseOffset;
        if (start is not null) transactions.TruncateTo(NextOffset);
        _unflushedFrom = from;
        int valid = from;
        while (reader.MoveNext())
        {
            RecordBatchView batch = reader.Current;
            if (!IsValid(batch, segment)) break;
            BatchHeader.TryRead(batch.Bytes, reader.Position, out BatchHeader header);
            // The sum of a batch leaves its base offset out. Compaction leaves gaps too, so one is no reason to cut: a batch
            // that belongs before the one that seems to precede it is.
            if (header.FirstOffset > NextOffset && batch.IsV2)
            {
                if (BatchOrder.IsContradicted(file, reader.NextPosition, (int)file.Length, batch.NextOffset)) break;
                log.Notes.Add($"segment {segment.BaseOffset}: the offsets {NextOffset} to {header.FirstOffset - 1} are missing");
            }

            if (batch.IsV2 && !Replay(batch, producers, transactions)) break;
            builder.Add(header);
            producers.MapEndOffset = NextOffset = batch.NextOffset;
            valid = reader.NextPosition;
            if (NextOffset <= recoveryPoint) _unflushedFrom = valid;
        }

        if (valid < file.Length)
            log.Notes.Add(
                $"segment {segment.BaseOffset}: {file.Length - valid} bytes from offset {NextOffset} on are no valid batches");
        segment.Transactions = transactions;
        segment.MaxTimestamp = builder.Max;
        TimeIndex times = builder.Times;
        if (builder.Max.Timestamp >= 0) times.AppendIfLater(builder.Max.Timestamp, builder.Max.Offset);
        indexes = new SegmentIndexes(builder.Offsets, times, transactions.Encode());
        log.RecoveredBytes += valid - from;
        return valid;
    }

    /// <summary>Writes the checked bytes behind the recovery point once more, as they are. If the process before ended
    /// because a sync failed, the kernel may hold their pages for clean although the disk never got them: another sync
    /// would promise what it does not do. Dying in the middle is harmless, since nothing changes.</summary>
    public void WriteAgain(IDiskFile file, int end)
    {
        byte[] window = new byte[Math.Clamp(end - _unflushedFrom, 0, WindowBytes)];
        for (int at = _unflushedFrom; at < end;)
        {
            int n = DiskFiles.ReadFully(file, at, window.AsSpan(0, Math.Min(window.Length, end - at)));
            if (n == 0) throw new DiskException(DiskError.Io, "read what was just read", file.Path);
            file.Write(at, window.AsSpan(0, n));
            at += n;
        }
    }

    private bool IsValid(RecordBatchView batch, LogSegment segment)
    {
        long first = batch.IsV2 ? batch.BaseOffset : batch.LastOffset;
        return first >= NextOffset && batch.LastOffset >= first
            && OffsetIndex.Fits(segment.BaseOffset, batch.LastOffset) && batch.IsCrcValid;
    }

    private bool Replay(RecordBatchView batch, ProducerStateManager producers, TransactionIndex transactions)
    {
        _append.Reset();
        if (_append.Add(batch, LogAppendOrigin.Replica, producers, out _) != LogError.None) return false;
        _append.Commit(producers, transactions);
        bool isNewEpoch = batch.PartitionLeaderEpoch >= 0
            && (log.Epochs.Latest is not { } latest || batch.PartitionLeaderEpoch > latest.Epoch);
        if (isNewEpoch) log.Epochs.Assign(batch.PartitionLeaderEpoch, batch.BaseOffset);
        return true;
    }
}
