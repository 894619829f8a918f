using Moldau.Base;
using Moldau.Records;
using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>The checkers. After every event: what the event changed (L3, L6, D1, L11, D3). At each load: everything (L1, L2, L9,
/// P1, D2). Failures begin with the id of the row of docs/reliability.md.</summary>
internal sealed partial class StorageWorld
{
    /// <summary>Timestamps of a producer's batches are out of order by no more.</summary>
    private const long OldMarginMs = 5_000;

    /// <summary>An append was performed: its batches are where it put them.</summary>
    private void Written(AppendOp append)
    {
        if (append.Owner is not PartitionLog log || PartitionOf(log) is not { } p) return;
        RecordBatchEnumerator batches = new(append.Data.Span.Slice(append.Start, append.Length));
        int at = 0;
        while (batches.MoveNext())
        {
            if (p.Model.At(batches.Current.BaseOffset) is { } batch)
                (batch.File, batch.Path, batch.Position) = (SimFile.Of(append.File).Data, append.File.Path, append.Position + at);
            at += batches.Current.SizeInBytes;
        }
    }

    private void Look()
    {
        foreach (StoragePartition p in _partitions)
            if (p.Log is { } log) Look(p, log);
        for (int i = _held.Count - 1; i >= 0; i--) LookAtSlice(i);
    }

    private void Look(StoragePartition p, PartitionLog log)
    {
        (long start, long highWatermark, long written, long durable) = p.Seen;
        bool isSame = start == log.LogStartOffset && highWatermark == log.HighWatermark
            && written == log.WrittenEnd && durable == log.DurableEnd;
        if (isSame) return;
        if (log.LogStartOffset < start || log.HighWatermark < highWatermark || log.WrittenEnd < written || log.DurableEnd < durable)
            Fail($"[L6] {p}: {Text(p.Seen)} went back to {Text((log.LogStartOffset, log.HighWatermark, log.WrittenEnd, log.DurableEnd))}");
        if (log.HighWatermark > log.WrittenEnd || log.WrittenEnd > log.LogEndOffset || log.DurableEnd > log.WrittenEnd
            || log.LogStartOffset > log.HighWatermark || log.LastStableOffset > log.HighWatermark)
            Fail($"[L6] {p}: not in order: {Text((log.LogStartOffset, log.HighWatermark, log.WrittenEnd, log.DurableEnd))} "
                + $"end {log.LogEndOffset}");
        p.See(log);
        if (log.LogStartOffset > start) StartMoved(p, log, start);
        p.Model.Start = Math.Max(p.Model.Start, log.LogStartOffset);
        // A sync that comes back from before a failure may still raise the durable end; nothing is acknowledged by it.
        if (log.WrittenEnd > written) CheckWritten(p, written, log.WrittenEnd);
        if (log.DurableEnd > durable) CheckDurable(p, log, durable, log.DurableEnd, "called durable");
        bool isPromised = p.Config.SyncsAppends && !p.Plan.IsFollower && !p.IsOffline;
        if (isPromised && log.HighWatermark > highWatermark) CheckDurable(p, log, highWatermark, log.HighWatermark, "acknowledged");
        p.Model.Written = Math.Max(p.Model.Written, log.WrittenEnd);
        long promised = isPromised ? log.HighWatermark : 0;
        p.Model.Durable = Math.Max(p.Model.Durable, Math.Max(log.DurableEnd, promised));
    }

    private static string Text((long Start, long HighWatermark, long Written, long Durable) at) =>
        $"start {at.Start} durable {at.Durable} high watermark {at.HighWatermark} written {at.Written}";

    private void CheckWritten(StoragePartition p, long from, long to)
    {
        for (int i = p.Model.IndexFrom(from); i < p.Model.Batches.Count && p.Model.Batches[i].NextOffset <= to; i++)
        {
            ModelBatch batch = p.Model.Batches[i];
            if (batch.File is null) Fail($"[L6] {p}: {batch} is called written, and is not");
            else if (!batch.IsWhole() && (p.Rot & RotKinds.Log) == 0) Fail($"[D1] {p}: {batch} was written damaged");
        }

        if (to > p.Model.End) Fail($"[L6] {p}: {to} is called written, the log was given {p.Model.End}");
    }

    private void CheckDurable(StoragePartition p, PartitionLog log, long from, long to, string what)
    {
        if (p.IsSyncDoubtful || (p.Rot & RotKinds.Log) != 0) return;
        from = Math.Max(from, p.Model.Start);
        for (int i = p.Model.IndexFrom(from); i < p.Model.Batches.Count && p.Model.Batches[i].NextOffset <= to; i++)
        {
            ModelBatch batch = p.Model.Batches[i];
            if (batch.File is null) Fail($"[L11] {p}: {batch} is {what}, and is nowhere");
            else if (!batch.File.IsDurable(batch.Position, batch.Bytes.Length))
                Fail($"[L11] {p}: {batch} is {what}, its bytes in {batch.Path} are not on the disk");
            else if (!Disk.IsNameDurable(batch.Path)) Fail($"[L11] {p}: {batch} is {what}, the name {batch.Path} is not on the disk");
        }
    }

    private void StartMoved(StoragePartition p, PartitionLog log, long from)
    {
        long to = log.LogStartOffset;
        if (to <= p.Model.DeletedBelow || p.Model.IsTruncating || (p.Rot & RotKinds.TimeIndex) != 0) return;
        long kept = 0;
        // Two sweeps may have come since: one took the oldest by size, the next what lay behind by time.
        long keptBySize = 0;
        SimFileData? young = null;
        bool isOld = p.Config.RetentionMs >= 0;
        for (int i = p.Model.IndexFrom(from); i < p.Model.Batches.Count; i++)
        {
            ModelBatch batch = p.Model.Batches[i];
            bool isYoung = p.Config.RetentionMs < 0 || Now.UnixMs - batch.MaxTimestamp <= p.Config.RetentionMs;
            keptBySize += batch.Bytes.Length;
            if (batch.BaseOffset >= to) kept += batch.Bytes.Length;
            else if (isYoung) (isOld, young) = (false, batch.File);
            if (young is not null && ReferenceEquals(batch.File, young)) keptBySize = 0;
        }

        bool isLarge = p.Config.RetentionBytes >= 0 && keptBySize >= p.Config.RetentionBytes;
        if (!isOld && !isLarge)
        {
            Fail($"[L1] {p}: the log start went from {from} to {to}, which retention of {p.Config.RetentionMs} ms or "
                + $"{p.Config.RetentionBytes} B ({kept} B stay) and DeleteRecords to {p.Model.DeletedBelow} do not ask for");
        }
    }

    /// <summary>A log was opened on what a crash or a clean end left.</summary>
    private void CheckLoaded(StoragePartition p, PartitionLog log, LoadLogJob job)
    {
        LogModel model = p.Model;
        long end = log.LogEndOffset;
        long due = model.Written;
        LookForForgottenPages(p, end);
        long rotten = FirstRotten(p, out bool isRotten);
        if (isRotten) due = Math.Min(due, rotten);
        if (end < due)
            Fail($"[L1] {p}: offsets below {due} must be there after {(_lostPower ? "a loss of power" : "a kill")}, the log ends at {end}");
        // A load that did not come to its end may have cut the log before, and its notes are lost.
        // So may a truncation that was under way.
        bool isFirstTry = Counts.Crashes == 0 && Counts.OfflineDirectories == 0 && Counts.Truncations == 0;
        if (isRotten && end < model.Written && job.Notes.Count == 0 && isFirstTry)
            Fail($"[D1] {p}: rot at {rotten} cut the log at {end}, and nothing says so");
        // Less was left than the checkpoint of the start says, or the whole log was being truncated.
        int next = model.IndexFrom(end);
        bool isEndOfBatch = next == 0 ? end == 0 : model.Batches[next - 1].NextOffset == end;
        bool beginsAnew = log.LogStartOffset == end && log.SizeInBytes == 0 && end != model.End && !isEndOfBatch;
        if (end > 0 && model.IsFresh) Fail($"[L13] {p}: a new log begins at {end}, as if it were the one that had its name");
        if (beginsAnew) model.BeginAnewAt(end);
        // What was lost may not come back, except where nobody could know that it was lost.
        model.Bury(model.Cut(end));
        if (log.LogStartOffset > model.Start && !beginsAnew && !isRotten)
            Fail($"[L1] {p}: the log starts at {log.LogStartOffset}, retention had left all from {model.Start} on");
        if (end > model.End && isRotten)
        {
            GiveUp(p, log);
            return;
        }

        if (end > model.End) Fail($"[L2] {p}: the log ends at {end}, it was only given {model.End}");
        model.Start = Math.Max(Math.Min(model.Start, end), log.LogStartOffset);
        model.Written = model.Durable = end;
        Place(p, log);
        CheckState(p, log);
        CheckIndexes(p, log);
        if (!isRotten) CheckDurable(p, log, log.LogStartOffset, end, "loaded");
    }

    /// <summary>A sync failed in a log that does not acknowledge synced records, and power was lost later: what the kernel called
    /// clean and never wrote may be missing in the middle, below a recovery point that later syncs have moved. As in Kafka, it
    /// is for whoever reads it to find, as rot is.</summary>
    private void LookForForgottenPages(StoragePartition p, long end)
    {
        if (!p.HasForgottenPages) return;
        p.HasForgottenPages = false;
        HashSet<(long, uint)> found = [];
        foreach ((_, SimFileData file) in LogFolder.Files(Disk, p.Folder, LogFileNames.Log))
        {
            RecordBatchEnumerator batches = new(file.Bytes());
            while (batches.MoveNext())
                if (batches.Current.IsCrcValid) found.Add((batches.Current.BaseOffset, batches.Current.Crc));
        }

        for (int i = p.Model.IndexFrom(p.Model.Start); i < p.Model.Batches.Count && p.Model.Batches[i].NextOffset <= end; i++)
            if (!found.Contains((p.Model.Batches[i].BaseOffset, p.Model.Batches[i].Crc))) p.Rot |= RotKinds.Log;
    }

    /// <summary>A base offset has rotted, which no sum covers: the log goes on elsewhere. Nothing more can be asked of it.</summary>
    private void GiveUp(StoragePartition p, PartitionLog log)
    {
        p.TopicId = null;
        p.IsLeaving = true;
        p.IsGivenUp = true;
        p.Log = null;
        Verify.That(log.Discard());
    }

    /// <summary>Looks into the files, past the log: what is there is what was written there, and nothing is twice.</summary>
    private void Place(StoragePartition p, PartitionLog log)
    {
        // Behind a rotten header the files cannot be read on; what is whole where it was is still there.
        bool isRotten = (p.Rot & RotKinds.Log) != 0;
        foreach (ModelBatch batch in p.Model.Batches)
            if (!isRotten || !batch.IsWhole()) batch.File = null;
        foreach ((string name, SimFileData file) in LogFolder.Files(Disk, p.Folder, LogFileNames.Log))
        {
            RecordBatchEnumerator batches = new(file.Bytes());
            int at = 0;
            while (batches.MoveNext())
            {
                RecordBatchView batch = batches.Current;
                Found(p, log, batch, file, $"{p.Folder}/{name}", at);
                at += batch.SizeInBytes;
            }
        }

        if ((p.Rot & RotKinds.Log) != 0) return;
        // Of what retention was taking some may be gone and some not.
        for (int i = p.Model.IndexFrom(p.Model.Start); i < p.Model.Batches.Count; i++)
            if (p.Model.Batches[i].File is null) Fail($"[L1] {p}: {p.Model.Batches[i]} is not in the files");
    }

    private void Found(StoragePartition p, PartitionLog log, RecordBatchView batch, SimFileData file, string path, int at)
    {
        bool mayDiffer = (p.Rot & RotKinds.Log) != 0;
        if (p.Model.At(batch.BaseOffset) is { } known)
        {
            if (known.File is not null && !mayDiffer) Fail($"[L2] {p}: {known} is in the files twice, in {known.Path} and {path}");
            (known.File, known.Path, known.Position) = (file, path, at);
            if (!known.IsWhole() && !mayDiffer) Fail($"[L2] {p}: {known} is not what was written there, in {path}");
        }
        else if (!mayDiffer && p.Model.IsBuried(batch))
        {
            Fail($"[L9] {p}: the batch at {batch.BaseOffset} was lost or cut off, and is back in {path}");
        }
        else if (!mayDiffer && batch.BaseOffset >= log.LogStartOffset)
        {
            Fail($"[L2] {p}: nobody wrote the batch at {batch.BaseOffset} in {path}");
        }
    }

    /// <summary>Producers, epochs and aborted transactions against those of the records (P1, M4, T1).</summary>
    private void CheckState(StoragePartition p, PartitionLog log)
    {
        if (p.Model.IsTruncating || log.LogEndOffset != p.Model.End || (p.Rot & RotKinds.Log) != 0) return;
        CheckProducers(p, log);
        CheckEpochs(p, log);
        List<AbortedTransaction> found = [];
        log.CollectAborted(log.LogStartOffset, log.LogEndOffset, found);
        long start = log.LogStartOffset;
        IEnumerable<(long, long, long)> due = p.Model.Aborted.Where(a => a.First >= start);
        // What began below the start may be known by what is left of it.
        HashSet<long> below = [.. p.Model.Aborted.Where(a => a.First < start).Select(a => a.Last)];
        IEnumerable<(long, long, long)> has = found
            .Where(a => a.FirstOffset >= start && !below.Contains(a.LastOffset))
            .Select(a => (a.ProducerId, a.FirstOffset, a.LastOffset));
        if ((p.Rot & RotKinds.Snapshots) == 0 && !due.Order().SequenceEqual(has.Order()))
            Fail($"[T1] {p}: aborted are {string.Join(' ', due)}, the index says {string.Join(' ', has)}");
    }

    private void CheckProducers(StoragePartition p, PartitionLog log)
    {
        foreach (ProducerEntry entry in log.Producers.Producers)
            if (!p.Model.Producers.ContainsKey(entry.ProducerId)) Fail($"[P1] {p}: producer {entry.ProducerId} never wrote here");
        foreach (ModelProducer producer in p.Model.Producers.Values)
        {
            if (log.Producers.TryGet(producer.Id, out ProducerEntry entry))
            {
                CheckProducer(p, log, producer, entry);
                continue;
            }

            bool isOld = producer.OpenSince is null && Now.UnixMs - producer.LastTimestamp >= p.Config.ProducerIdExpirationMs;
            if (isOld || producer.LastOffset < log.LogStartOffset) p.Model.Forgotten[producer.Id] = p.Model.End;
            else if (!IsForgotten(p.Model, producer))
                Fail($"[P1] {p}: producer {producer.Id} is forgotten, its last record is at {producer.LastOffset} of "
                    + $"{Now.UnixMs - producer.LastTimestamp} ms ago; forgotten may be what is below "
                    + $"{p.Model.Forgotten.GetValueOrDefault(producer.Id, -1)}");
        }
    }

    private void CheckProducer(StoragePartition p, PartitionLog log, ModelProducer producer, in ProducerEntry entry)
    {
        long since = Math.Max(log.LogStartOffset, p.Model.Forgotten.GetValueOrDefault(producer.Id, -1));
        // Of what lies below the start or was forgotten the log may know more, less, or an older state.
        if (producer.LastOffset < since) return;
        if (entry.Epoch != producer.Epoch) Fail($"[P1] {p}: producer {producer.Id} has epoch {producer.Epoch}, the log says {entry.Epoch}");
        ModelBatch? last = producer.Batches.Count == 0 ? null : producer.Batches[^1];
        bool isLast = last is null
            ? entry.BatchCount == 0
            : entry.LastSequence == last.LastSequence && entry.LastDataOffset == last.LastOffset;
        if (!isLast && (last is null || last.BaseOffset >= since))
            Fail($"[P1] {p}: producer {producer.Id} wrote {last} last, the log says sequence {entry.LastSequence} at "
                + $"{entry.LastDataOffset}");
        foreach (ModelBatch batch in producer.Batches)
        {
            if (batch.BaseOffset < since) continue;
            // A load forgets what a snapshot says of a producer that has been idle for so long, whatever it wrote since.
            bool mayBeOld = _hasClockJumped || Now.UnixMs - batch.MaxTimestamp + OldMarginMs >= p.Config.ProducerIdExpirationMs;
            if (entry.FindDuplicate(batch.ProducerEpoch, batch.BaseSequence, batch.LastSequence) is { } known)
            {
                // A producer that was forgotten may have sent the same sequence once more, as new records.
                bool wasForgotten = p.Model.Forgotten.ContainsKey(producer.Id);
                if (known.LastOffset != batch.LastOffset && !wasForgotten)
                    Fail($"[P1] {p}: {batch} of sequence {batch.BaseSequence} is taken for the one that ends at {known.LastOffset}");
            }
            else if (mayBeOld)
            {
                p.Model.Forgotten[producer.Id] = batch.NextOffset;
            }
            else
            {
                Fail($"[P1] {p}: {batch} of sequence {batch.BaseSequence} would not be known again");
            }
        }

        bool isSameOpen = entry.CurrentTransactionFirstOffset == producer.OpenSince;
        if (!isSameOpen && (p.Rot & RotKinds.Snapshots) == 0 && (producer.OpenSince ?? long.MaxValue) >= since)
            Fail($"[T4] {p}: producer {producer.Id} has a transaction open since {producer.OpenSince}, the log says "
                + $"{entry.CurrentTransactionFirstOffset}");
    }

    private void CheckEpochs(StoragePartition p, PartitionLog log)
    {
        int epoch = -1;
        // A start that came back from before a DeleteRecords has no epochs below: they were cut with it.
        long start = Math.Max(log.LogStartOffset, p.Model.Start);
        for (int i = p.Model.IndexFrom(start); i < p.Model.Batches.Count; i++)
        {
            ModelBatch batch = p.Model.Batches[i];
            if (batch.LeaderEpoch == epoch) continue;
            epoch = batch.LeaderEpoch;
            long at = Math.Max(batch.BaseOffset, start);
            if (log.Epochs.EpochForOffset(at) != epoch)
                Fail($"[L9] {p}: {batch} is of epoch {epoch}, the log says {log.Epochs.EpochForOffset(at)}");
        }

        long end = log.LogEndOffset;
        foreach (EpochEntry entry in log.Epochs.Entries)
            if (entry.StartOffset > end)
                Fail($"[L9] {p}: epoch {entry.Epoch} is said to begin at {entry.StartOffset}, the log ends at {end}");
    }

    private void CheckIndexes(StoragePartition p, PartitionLog log)
    {
        if ((p.Rot & RotKinds.Log) != 0) return;
        foreach ((string name, SimFileData file) in LogFolder.Files(Disk, p.Folder, LogFileNames.OffsetIndex))
            if ((p.Rot & RotKinds.OffsetIndex) == 0) CheckOffsetIndex(p, name, file);
        foreach ((string name, SimFileData file) in LogFolder.Files(Disk, p.Folder, LogFileNames.TimeIndex))
            if ((p.Rot & RotKinds.TimeIndex) == 0) CheckTimeIndex(p, name, file);
        Verify.That(log.LogEndOffset >= log.LogStartOffset);
    }

    private void CheckOffsetIndex(StoragePartition p, string name, SimFileData file)
    {
        LogFileNames.TryParseOffset(name, out long segment);
        if (Disk.Find($"{p.Folder}/{LogFileNames.Of(segment, LogFileNames.Log)}") is not SimFileData log) return;
        // One that cannot be read is built again when the segment is opened.
        if (OffsetIndex.TryDecode(segment, file.Bytes(), log.Length) is not { } index) return;
        for (int i = 0; i < index.Count; i++)
        {
            int at = p.Model.IndexFrom(index[i].Offset);
            ModelBatch? batch = at < p.Model.Batches.Count ? p.Model.Batches[at] : null;
            bool isThere = batch is not null && new OffsetPosition(batch.LastOffset, (int)batch.Position) == index[i];
            if (!isThere || !ReferenceEquals(batch!.File, log)) // is there
                Fail($"[D2] {p}: {name} says that offset {index[i].Offset} ends the batch at {index[i].Position}; there is {batch}");
        }
    }

    private void CheckTimeIndex(StoragePartition p, string name, SimFileData file)
    {
        LogFileNames.TryParseOffset(name, out long segment);
        if (Disk.Find($"{p.Folder}/{LogFileNames.Of(segment, LogFileNames.Log)}") is not SimFileData log) return;
        if (TimeIndex.TryDecode(segment, file.Bytes()) is not { } index) return;
        long largest = -1;
        int entry = 0;
        for (int i = p.Model.IndexFrom(segment); i < p.Model.Batches.Count && entry < index.Count; i++)
        {
            ModelBatch batch = p.Model.Batches[i];
            if (!ReferenceEquals(batch.File, log)) break;
            largest = Math.Max(largest, batch.MaxTimestamp);
            if (batch.LastOffset < index[entry].Offset) continue;
            if (batch.LastOffset != index[entry].Offset || index[entry].Timestamp != largest)
                Fail($"[D2] {p}: {name} says {index[entry].Timestamp} up to offset {index[entry].Offset}, the log says {largest}");
            entry++;
        }

        if (entry < index.Count) Fail($"[D2] {p}: {name} has an entry for offset {index[entry].Offset}, which the segment does not hold");
    }

    private void CheckAll(bool isFinal)
    {
        foreach (StoragePartition p in _partitions)
        {
            if (p.TopicId is null) continue;
            if (p is not { IsOpen: true, Log: { } log })
            {
                if (!p.IsLeaving) Fail($"[V1] {p} is offline after all faults are healed");
                continue;
            }

            ReadAll(p);
            CheckState(p, log);
            CheckStable(p, log);
        }

        if (isFinal) Work(int.MaxValue);
    }

    private void CheckStable(StoragePartition p, PartitionLog log)
    {
        if (p.Plan.IsFollower || (p.Rot & RotKinds.Log) != 0 || log.HighWatermark != log.LogEndOffset) return;
        long? due = null;
        foreach (ModelProducer producer in p.Model.Producers.Values)
            if (producer.OpenSince is { } open && !IsForgotten(p.Model, producer)) due = Math.Min(due ?? long.MaxValue, open);
        if ((due ?? long.MaxValue) > log.LastStableOffset && IsOpenAgain(p, log)) return;
        if (due is { } first && first >= log.LogStartOffset && log.LastStableOffset != first)
            Fail($"[T4] {p}: the first open transaction begins at {first}, the last stable offset is {log.LastStableOffset}{Opens(p)}");
        if (due is null && log.LastStableOffset != log.HighWatermark)
            Fail($"[T4] {p}: no transaction is open, the last stable offset is {log.LastStableOffset} of {log.HighWatermark}{Opens(p)}");
    }

    // Of a producer whose state it may have lost the log may know the transaction all the same, or what came of it since.
    private static bool IsOpenAgain(StoragePartition p, PartitionLog log)
    {
        foreach (ModelProducer producer in p.Model.Producers.Values)
        {
            if (producer.OpenSince is not { } since || !IsForgotten(p.Model, producer)) continue;
            if (!log.Producers.TryGet(producer.Id, out ProducerEntry entry)) continue;
            bool isHere = entry.CurrentTransactionFirstOffset is { } first && first >= since && first <= producer.LastOffset
                && Math.Max(first, log.LogStartOffset) == log.LastStableOffset;
            if (isHere) return true;
        }

        return false;
    }

    private static string Opens(StoragePartition p) => string.Concat(p.Model.Producers.Values
        .Where(static x => x.OpenSince is not null)
        .Select(x => $"; producer {x.Id} since {x.OpenSince}, last {x.LastOffset}, "
            + $"forgotten below {p.Model.Forgotten.GetValueOrDefault(x.Id, -1)}"));
}
