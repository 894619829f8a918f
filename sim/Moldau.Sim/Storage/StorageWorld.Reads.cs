using Moldau.Records;
using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>Reads as fetches make them, and what they may find (L1, L4, D1).</summary>
internal sealed partial class StorageWorld
{
    private void ReadSome(StoragePartition p)
    {
        if (p is not { IsOpen: true, Log: { } log } || p.Model.IsTruncating) return;
        long upTo = _prng.Chance(0.3) ? log.LastStableOffset : log.HighWatermark;
        if (_prng.Chance(0.1))
        {
            long outside = _prng.Chance(0.5) ? log.LogEndOffset + 1 : log.LogStartOffset - 1;
            if (log.Read(outside, 1000, upTo, true, Now).Status != ReadStatus.OutOfRange)
                Fail($"[L1] {p}: offset {outside} is not out of range");
            return;
        }

        long offset = Math.Max(_prng.Next(log.LogStartOffset, log.LogEndOffset + 1), Math.Min(p.Model.Start, log.LogEndOffset));
        int maxBytes = _prng.Chance(0.3) ? 1 + _prng.Next(400) : 1 + _prng.Next(4000);
        Read(p, log, offset, maxBytes, upTo, _prng.Chance(0.7));
    }

    /// <summary>Everything from the start to the high watermark, as a consumer reads it.</summary>
    private void ReadAll(StoragePartition p)
    {
        if (p is not { IsOpen: true, Log: { } log } || p.Model.IsTruncating) return;
        long upTo = p.Plan.IsFollower ? log.WrittenEnd : log.HighWatermark;
        long offset = Math.Max(log.LogStartOffset, p.Model.Start);
        int maxBytes = 200 + _prng.Next(3000);
        while (offset < upTo && Failure is null && p.IsOpen && ReferenceEquals(p.Log, log))
        {
            long next = Read(p, log, offset, maxBytes, upTo, minOneMessage: true);
            if (next <= offset) return;
            offset = next;
        }
    }

    /// <summary>Returns the offset behind what was read, or behind the damage that was found; the offset itself without
    /// progress.</summary>
    private long Read(StoragePartition p, PartitionLog log, long offset, int maxBytes, long upTo, bool minOneMessage)
    {
        Counts.Reads++;
        ReadResult read = log.Read(offset, maxBytes, upTo, minOneMessage, Now);
        for (int i = 0; read.Status == ReadStatus.NeedsJob; i++)
        {
            if (i == 8)
            {
                Fail($"[V1] {p}: a read of {offset} asks for one job after the other");
                return offset;
            }

            LocateJob job = read.Job!; // NeedsJob has one
            Pending pending = new(job, null);
            _pending.Add(pending);
            Execute(pending);
            Deliver(pending);
            if (!ReferenceEquals(p.Log, log) || !p.IsOpen) return offset;
            read = log.Read(offset, maxBytes, upTo, minOneMessage, Now, job);
        }

        Note(((long)read.Status << 32) | (uint)(read.Slice?.Length ?? 0));
        if (read.Slice is not { } slice) return WithoutSlice(p, log, read, offset, maxBytes, Math.Min(upTo, log.WrittenEnd), minOneMessage);
        byte[] bytes = new byte[slice.Length];
        int n = SimFile.Of(slice.File).Data.Read(slice.Position, bytes);
        if (n != bytes.Length) Fail($"[D1] {p}: a slice of {bytes.Length} bytes at offset {offset}, {n} are there");
        long next = CheckSlice(p, bytes, offset, Math.Min(upTo, log.WrittenEnd));
        if (_held.Count < 4 && (p.Rot & RotKinds.Log) == 0) _held.Add((slice, bytes));
        else slice.Release();
        return next;
    }

    private long WithoutSlice(
        StoragePartition p, PartitionLog log, in ReadResult read, long offset, int maxBytes, long upTo, bool minOneMessage)
    {
        int index = p.Model.IndexFrom(offset);
        ModelBatch? batch = index < p.Model.Batches.Count ? p.Model.Batches[index] : null;
        switch (read.Status)
        {
            case ReadStatus.Ok when offset >= upTo || batch is null || batch.LastOffset >= upTo:
                return offset;
            case ReadStatus.Ok when read.IsFirstBatchTooLarge && !minOneMessage && batch.Bytes.Length > maxBytes:
                return offset;
            case ReadStatus.Ok:
                Fail($"[L1] {p}: a read of {offset} below {upTo} finds nothing; {batch} is there");
                return offset;
            case ReadStatus.Damaged when IsNearRot(p, offset):
                Counts.Damaged++;
                return batch?.NextOffset ?? offset;
            case ReadStatus.Damaged:
                Fail($"[D1] {p}: a read of {offset} says that {batch} is damaged, and it is not");
                return offset;
            // Retention took it while a job looked for it.
            case ReadStatus.OutOfRange when offset < log.LogStartOffset:
            case ReadStatus.Failed when log.IsFailed:
            case ReadStatus.Failed when SawReadError:
                return offset;
            default:
                Fail($"[L1] {p}: a read of {offset} between {log.LogStartOffset} and {log.LogEndOffset} is answered {read.Status}");
                return offset;
        }
    }

    private bool SawReadError => Disk.InjectedErrors > 0;

    // The first batch holds the offset; then one follows the other, each as it was written and whole.
    private long CheckSlice(StoragePartition p, ReadOnlySpan<byte> bytes, long offset, long upTo)
    {
        RecordBatchEnumerator batches = new(bytes);
        int index = p.Model.IndexFrom(offset);
        long next = offset;
        bool isFirst = true;
        while (batches.MoveNext())
        {
            RecordBatchView batch = batches.Current;
            ModelBatch? due = index < p.Model.Batches.Count ? p.Model.Batches[index++] : null;
            bool isGood = due is not null && batch.Bytes.SequenceEqual(due.Bytes);
            if (!isGood && (p.Rot & RotKinds.Log) != 0)
            {
                CheckDamaged(p, batch, due, isFirst);
                return due?.NextOffset ?? next;
            }

            if (!isGood)
            {
                Fail($"[L4] {p}: a read of {offset} gives a batch at {batch.BaseOffset}, {due} is due");
                return next;
            }

            if (batch.LastOffset >= upTo) Fail($"[T1] {p}: a read below {upTo} gives {due}");
            next = batch.NextOffset;
            isFirst = false;
        }

        if (isFirst && (p.Rot & RotKinds.Log) != 0 && IsNearRot(p, offset)) return next;
        if (isFirst) Fail($"[D1] {p}: a read of {offset} gives {bytes.Length} bytes without a whole batch");
        return next;
    }

    /// <summary>Bytes that rotted left as they are; whoever reads them must be able to tell. The format's sum leaves out the
    /// base offset, which a reader sees by the order, and the leader epoch, which nobody sees.</summary>
    private void CheckDamaged(StoragePartition p, RecordBatchView batch, ModelBatch? due, bool isFirst)
    {
        Counts.Damaged++;
        if (!batch.IsCrcValid || due is null) return;
        if (batch.BaseOffset != due.BaseOffset)
        {
            // In the active segment the latest batches are found without a look at their headers.
            bool isActive = ReferenceEquals(due.File, p.Model.Batches[^1].File);
            // So is the last batch of a segment, which nothing behind it contradicts.
            int after = p.Model.IndexFrom(due.NextOffset);
            bool isLast = after == p.Model.Batches.Count || !ReferenceEquals(p.Model.Batches[after].File, due.File);
            if (isFirst && !isActive && !isLast && batch.BaseOffset > due.LastOffset)
                Fail($"[D1] {p}: {due} rotted, and a read passes it over to {batch.BaseOffset}");
            return;
        }

        if (!HasRecordsOf(batch, due) && !IsOfAnotherPlace(p, batch)) Fail($"[D1] {p}: {due} rotted and is served as good");
    }

    private static bool HasRecordsOf(RecordBatchView batch, ModelBatch known) =>
        batch.Bytes[RecordBatchLayout.Magic..].SequenceEqual(known.Bytes.AsSpan(RecordBatchLayout.Magic));

    // A block of another place that begins behind a base offset makes a whole batch of another one's records with it.
    private static bool IsOfAnotherPlace(StoragePartition p, RecordBatchView batch)
    {
        foreach (ModelBatch known in p.Model.Batches)
            if (HasRecordsOf(batch, known)) return true;
        return false;
    }

    private void LookAtSlice(int index)
    {
        (FileSlice slice, byte[] bytes) = _held[index];
        if (slice.IsCurrent)
        {
            byte[] now = new byte[bytes.Length];
            int n = SimFile.Of(slice.File).Data.Read(slice.Position, now);
            bool mayDiffer = Counts.Rots > 0;
            if (!mayDiffer && (n != now.Length || !now.AsSpan().SequenceEqual(bytes)))
                Fail($"[L4] a slice of {slice.File.Path} has changed since it was cut");
        }

        if (slice.IsCurrent && _held.Count <= 3) return;
        slice.Release();
        _held.RemoveAt(index);
    }

    private void LookUp(StoragePartition p)
    {
        if (p is not { IsOpen: true, Log: { } log } || p.Model.IsTruncating) return;
        int index = p.Model.IndexFrom(log.LogStartOffset);
        long target = Now.UnixMs - _prng.Next(20_000);
        if (index < p.Model.Batches.Count && _prng.Chance(0.7))
        {
            ModelBatch any = p.Model.Batches[(int)_prng.Next(index, p.Model.Batches.Count)];
            target = any.Times[_prng.Next(any.Times.Length)] + _prng.Next(2);
        }

        TimestampLookupJob job = log.LookUp(target);
        long end = log.WrittenEnd;
        long start = log.LogStartOffset;
        job.Execute(_session!); // a process is there
        if (job.Error != DiskError.None)
        {
            OnError(job);
            return;
        }

        if ((p.Rot & (RotKinds.Log | RotKinds.TimeIndex | RotKinds.OffsetIndex)) != 0) return;
        (long Offset, long Time)? due = FirstFrom(p, index, start, end, target);
        if (due?.Offset != job.Result?.Offset)
            Fail($"[D2] {p}: the first record from {target} on is at {due}, the log says {job.Result}");
    }

    private static (long Offset, long Time)? FirstFrom(StoragePartition p, int index, long start, long end, long target)
    {
        for (; index < p.Model.Batches.Count && p.Model.Batches[index].NextOffset <= end; index++)
        {
            ModelBatch batch = p.Model.Batches[index];
            for (int i = 0; i < batch.Times.Length; i++)
                if (batch.BaseOffset + i >= start && batch.Times[i] >= target) return (batch.BaseOffset + i, batch.Times[i]);
        }

        return null;
    }
}
