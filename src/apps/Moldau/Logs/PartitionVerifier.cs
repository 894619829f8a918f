using Moldau.Records;
using Moldau.Storage;

namespace Moldau.Logs;

/// <summary>What is kept of a batch while the rest of its partition is checked.</summary>
internal readonly record struct SeenBatch(long Position, long BaseOffset, long LastOffset, long MaxTimestamp);

/// <summary>Checks the files of one partition against one another.</summary>
internal sealed class PartitionVerifier(string folder, LogFindings findings)
{
    private readonly Dictionary<long, (short Epoch, int LastSequence, long LastOffset)> _producers = [];
    private LeaderEpochCache? _epochs;
    private long _end;

    /// <summary>The offset behind the last record.</summary>
    public long Run()
    {
        findings.Partitions++;
        _epochs = Epochs();
        long[] bases = [.. Offsets(LogFileNames.Log)];
        HashSet<long> snapshots = [.. Offsets(LogFileNames.ProducerSnapshot)];
        for (int i = 0; i < bases.Length; i++)
        {
            findings.ThrowIfCancelled();
            findings.Segments++;
            if (i > 0 && bases[i] < _end) findings.Add(PathOf(bases[i], LogFileNames.Log), null, bases[i], $"begins before {_end}, where the segment before it ends");
            if (snapshots.Remove(bases[i])) Snapshot(bases[i]);
            _end = Math.Max(_end, bases[i]);
            List<SeenBatch> batches = Segment(bases[i]);
            Index(bases[i], batches);
            Times(bases[i], batches);
            Transactions(bases[i]);
        }

        // The one of a clean stop is at the end, others belong to segments that are gone.
        foreach (long offset in snapshots.Order())
        {
            Snapshot(offset);
            if (offset > _end) findings.Add(PathOf(offset, LogFileNames.ProducerSnapshot), null, offset, $"is of an offset behind the log's end {_end}");
        }

        foreach (string suffix in (string[])[LogFileNames.OffsetIndex, LogFileNames.TimeIndex, LogFileNames.TransactionIndex])
            foreach (long offset in Offsets(suffix))
                if (Array.BinarySearch(bases, offset) < 0) findings.Add(PathOf(offset, suffix), null, offset, "has no segment");
        return _end;
    }

    private LeaderEpochCache? Epochs()
    {
        string path = Path.Combine(folder, LogFileNames.LeaderEpochCheckpoint);
        if (!File.Exists(path)) return null;
        LeaderEpochCache? epochs = LeaderEpochCache.TryDecode(File.ReadAllBytes(path));
        if (epochs is null) findings.Add(path, null, null, "is damaged");
        return epochs;
    }

    private List<SeenBatch> Segment(long baseOffset)
    {
        string path = PathOf(baseOffset, LogFileNames.Log);
        List<SeenBatch> batches = [];
        using SegmentReader reader = new(path);
        long next = baseOffset;
        while (reader.MoveNext())
        {
            RecordBatchView batch = reader.Batch;
            findings.Batches++;
            findings.Bytes += batch.SizeInBytes;
            if (!batch.IsCrcValid)
            {
                findings.Add(path, reader.Position, batch.BaseOffset, $"has checksum {batch.ComputeCrc()}, not {batch.Crc} as it says");
                batches.Add(new SeenBatch(reader.Position, batch.BaseOffset, batch.LastOffset, batch.MaxTimestamp));
                continue;
            }

            long first = batch.IsV2 ? batch.BaseOffset : Math.Min(batch.BaseOffset, next);
            if (first < next) findings.Add(path, reader.Position, batch.BaseOffset, $"is below {next}, the offset that is due here");
            if (batch.LastOffset < batch.BaseOffset) findings.Add(path, reader.Position, batch.BaseOffset, "ends before it begins");
            Epoch(path, reader.Position, batch);
            Producer(batch);
            batches.Add(new SeenBatch(reader.Position, batch.BaseOffset, batch.LastOffset, batch.MaxTimestamp));
            next = Math.Max(next, batch.NextOffset);
        }

        if (reader.Status != BatchReadStatus.Ok && !reader.IsRestZero())
            findings.Add(path, reader.Position, null, $"no whole batch here, {reader.Length - reader.Position} bytes before the end");
        _end = Math.Max(_end, next);
        return batches;
    }

    /// <summary>A follower believes the file: it must say of each batch what the batch says.</summary>
    private void Epoch(string path, long position, in RecordBatchView batch)
    {
        if (_epochs is null || batch.PartitionLeaderEpoch < 0) return;
        // DeleteRecords takes the epochs below the new log start away at once, the batches only with their whole segment; and
        // a crash may let the log begin before its first epoch again.
        if (batch.BaseOffset < _epochs.Earliest?.StartOffset) return;
        int? known = _epochs.EpochForOffset(batch.BaseOffset);
        if (known == batch.PartitionLeaderEpoch) return;
        string says = known?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "nothing";
        findings.Add(
            path, position, batch.BaseOffset,
            $"is of leader epoch {batch.PartitionLeaderEpoch}, {LogFileNames.LeaderEpochCheckpoint} says {says}");
    }

    private void Producer(in RecordBatchView batch)
    {
        if (!batch.HasProducerId || batch.IsControl || batch.BaseSequence < 0) return;
        _producers[batch.ProducerId] = (batch.ProducerEpoch, batch.LastSequence, batch.LastOffset);
    }

    private void Index(long baseOffset, List<SeenBatch> batches)
    {
        string path = PathOf(baseOffset, LogFileNames.OffsetIndex);
        if (!File.Exists(path)) return;
        OffsetIndex? index = OffsetIndex.TryDecode(baseOffset, File.ReadAllBytes(path), long.MaxValue);
        if (index is null)
        {
            findings.Add(path, null, null, "is damaged");
            return;
        }

        int at = 0;
        for (int i = 0; i < index.Count; i++)
        {
            OffsetPosition entry = index[i];
            while (at < batches.Count && batches[at].Position < entry.Position) at++;
            if (at == batches.Count || batches[at].Position != entry.Position)
                findings.Add(
                    path, i * (long)OffsetIndex.EntryBytes, entry.Offset,
                    $"points to {entry.Position}, where no batch begins");
            else if (batches[at].LastOffset != entry.Offset)
                findings.Add(
                    path, i * (long)OffsetIndex.EntryBytes, entry.Offset,
                    $"points to {entry.Position}, where the batch ends with offset {batches[at].LastOffset}");
        }
    }

    /// <summary>An entry tells the largest timestamp up to its offset; a smaller one would hide records from a search by
    /// time.</summary>
    private void Times(long baseOffset, List<SeenBatch> batches)
    {
        string path = PathOf(baseOffset, LogFileNames.TimeIndex);
        if (!File.Exists(path)) return;
        TimeIndex? index = TimeIndex.TryDecode(baseOffset, File.ReadAllBytes(path));
        if (index is null)
        {
            findings.Add(path, null, null, "is damaged");
            return;
        }

        int at = 0;
        long largest = -1;
        for (int i = 0; i < index.Count; i++)
        {
            TimestampOffset entry = index[i];
            while (at < batches.Count && batches[at].BaseOffset <= entry.Offset) largest = Math.Max(largest, batches[at++].MaxTimestamp);
            if (entry.Timestamp != largest)
                findings.Add(path, i * (long)TimeIndex.EntryBytes, entry.Offset, $"says {entry.Timestamp}, the largest timestamp up to there is {largest}");
        }
    }

    private void Transactions(long baseOffset)
    {
        string path = PathOf(baseOffset, LogFileNames.TransactionIndex);
        if (!File.Exists(path)) return;
        TransactionIndex? index = TransactionIndex.TryDecode(baseOffset, File.ReadAllBytes(path));
        if (index is null) findings.Add(path, null, null, "is damaged");
        for (int i = 0; i < (index?.Count ?? 0); i++)
            if (index![i].LastOffset >= _end) findings.Add(path, i * (long)TransactionIndex.EntryBytes, index[i].LastOffset, $"is behind the log's end {_end}");
    }

    /// <summary>A snapshot at an offset is the state of the producers before it.</summary>
    private void Snapshot(long offset)
    {
        string path = PathOf(offset, LogFileNames.ProducerSnapshot);
        List<ProducerEntry>? entries = ProducerSnapshotFile.TryDecode(File.ReadAllBytes(path));
        if (entries is null)
        {
            findings.Add(path, null, null, "is damaged");
            return;
        }

        foreach (ProducerEntry entry in entries)
        {
            if (entry.LastDataOffset >= offset)
                findings.Add(path, null, entry.LastDataOffset, $"producer {entry.ProducerId} wrote at an offset that the snapshot does not cover");
            if (!_producers.TryGetValue(entry.ProducerId, out var seen) || seen.LastOffset >= offset || entry.LastDataOffset < 0) continue;
            if (seen.LastOffset == entry.LastDataOffset && (seen.Epoch != entry.Epoch || seen.LastSequence != entry.LastSequence))
                findings.Add(
                    path, null, seen.LastOffset,
                    $"producer {entry.ProducerId} is at epoch {entry.Epoch}, sequence {entry.LastSequence}; its batch says {seen.Epoch}, {seen.LastSequence}");
            else if (seen.LastOffset > entry.LastDataOffset && seen.Epoch >= entry.Epoch)
                findings.Add(path, null, seen.LastOffset, $"producer {entry.ProducerId} ends at {entry.LastDataOffset}; it wrote up to {seen.LastOffset}");
        }
    }

    private IEnumerable<long> Offsets(string suffix) => Directory.EnumerateFiles(folder, "*" + suffix)
        .Select(f => LogFileNames.TryParse(Path.GetFileName(f), suffix, out long offset) ? offset : -1)
        .Where(o => o >= 0).Order();

    private string PathOf(long offset, string suffix) => Path.Combine(folder, LogFileNames.Of(offset, suffix));
}
