using Moldau.Base;
using Moldau.Broker;
using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>One open partition, after every event of its shard:
/// <list type="bullet">
/// <item>L6: log start, high watermark, written and durable end only rise, and stand in their order;</item>
/// <item>L11 and D3: where acknowledgements mean fsync, what the high watermark has passed is on the platter, bytes and
/// names: no loss of power is needed to notice a sync that was forgotten or failed;</item>
/// <item>L1: the log's start passes a record only where retention or a client's DeleteRecords says so;</item>
/// <item>D2: after loading and at the end, indexes say what the log says.</item>
/// </list></summary>
internal sealed class PartitionChecker(
    SimWorld world, SimNode node, Partition partition, LogOracle oracle, bool isDurable, Func<bool> isAnyOffline)
{
    private long _start;
    private long _highWatermark;
    private long _written;
    private long _durable;

    public string Name => partition.Name;

    public string Topic => partition.Topic;

    public bool IsOpen => partition.IsOpen;

    public LogOracle Oracle => oracle;

    /// <summary>Path of the folder, of an open one.</summary>
    public string Folder => partition.Log!.Folder; // open

    /// <summary>The log was just opened: what it holds against what it held before.</summary>
    public void Loaded(PartitionLog log, bool lostPower)
    {
        List<BatchNote> found = LogFolder.Batches(node.Disk, log.Folder, log.LogStartOffset, log.LogEndOffset);
        oracle.Loaded(found, log.LogStartOffset, log.LogEndOffset, lostPower);
        (_start, _written, _durable) = (log.LogStartOffset, log.WrittenEnd, log.DurableEnd);
        _highWatermark = log.LogStartOffset;
        if (IndexChecker.Check(node.Disk, log.Folder, oracle) is { } wrong) world.Fail(wrong + " after loading");
        CheckEpochs(log, found);
    }

    public void Look(PartitionLog log, bool isDamaged)
    {
        long start = log.LogStartOffset;
        long highWatermark = log.HighWatermark;
        if (start != _start) StartMoved(log, start);
        if (highWatermark != _highWatermark && isDamaged)
            world.Fail($"[D3] {Name}: the high watermark went from {_highWatermark} to {highWatermark} although a sync has failed");
        if (highWatermark < start) world.Fail($"[L6] {Name}: the high watermark {highWatermark} is below the log start {start}");
        if (highWatermark != _highWatermark) HighWatermarkMoved(log, highWatermark);
        if (log.WrittenEnd != _written) Rises("the written end", ref _written, log.WrittenEnd);
        if (log.DurableEnd != _durable) Rises("the durable end", ref _durable, log.DurableEnd);
        // The end may come back to what is written when an append fails; nobody has seen more.
        if (highWatermark > log.WrittenEnd || log.WrittenEnd > log.LogEndOffset || log.DurableEnd > log.WrittenEnd
            || log.LastStableOffset > Math.Max(highWatermark, start))
        {
            world.Fail($"[L6] {Name}: high watermark {highWatermark}, last stable {log.LastStableOffset}, durable {log.DurableEnd}, "
                + $"written {log.WrittenEnd}, end {log.LogEndOffset}");
        }

        // A log that failed may have been told less than the disk has done.
        if (!log.IsFailed && !log.IsClosed && log.WrittenEnd > oracle.End)
            world.Fail($"[L6] {Name}: {log.WrittenEnd} is called written, {oracle.End} is");
    }

    /// <summary>The expensive part, of a log at rest.</summary>
    public string? Sweep()
    {
        if (partition.Log is not { } log || !partition.IsOpen || !log.IsIdle) return null;
        List<BatchNote> found = LogFolder.Batches(node.Disk, log.Folder, log.LogStartOffset, log.WrittenEnd);
        int index = oracle.FirstFrom(log.LogStartOffset);
        if (LogFolder.Files(node.Disk, log.Folder, LogFileNames.Log).Skip(1).Any()) world.Coverage.Hit(SimMark.Rolled);
        if (found.Count != oracle.Batches.Count - index)
            return $"[L1] {Name}: {found.Count} batches are in the files, {oracle.Batches.Count - index} were written";
        for (int i = 0; i < found.Count; i++)
            if (!found[i].IsSameAs(oracle.Batches[index + i]))
                return $"[L2] {Name}: the batch at {found[i].BaseOffset} is not the one that was written there";
        return IndexChecker.Check(node.Disk, log.Folder, oracle);
    }

    /// <summary>Some batch that is in a file.</summary>
    public (TopicPartition Partition, BatchNote Batch)? Some(Prng prng)
    {
        int first = partition.Log is { } log ? oracle.FirstFrom(log.LogStartOffset) : oracle.Batches.Count;
        if (!partition.IsOpen || first >= oracle.Batches.Count) return null;
        return (new TopicPartition(partition.Topic, partition.Index), oracle.Batches[first + prng.Next(oracle.Batches.Count - first)]);
    }

    /// <summary>L9: the epochs that the log knows are those of its batches: none is missing, and none begins behind its
    /// end (KAFKA-7897, -10706, -16541).</summary>
    private void CheckEpochs(PartitionLog log, List<BatchNote> found)
    {
        foreach (BatchNote note in found)
        {
            // Of what was deleted once nothing need be known, though a crash may have brought it back.
            long offset = Math.Max(note.BaseOffset, Math.Max(log.LogStartOffset, oracle.HighestStart));
            if (offset > note.LastOffset) continue;
            int? known = log.Epochs.EpochForOffset(offset);
            if (known == note.LeaderEpoch) continue;
            world.Fail($"[L9] {Name}: offset {offset} has epoch {note.LeaderEpoch}, the log's epochs say {known}");
            return;
        }

        if (log.Epochs.Latest is { } last && last.StartOffset > log.LogEndOffset)
            world.Fail($"[L9] {Name}: epoch {last.Epoch} begins at {last.StartOffset}, the log ends at {log.LogEndOffset}");
    }

    private void HighWatermarkMoved(PartitionLog log, long to)
    {
        long from = _highWatermark;
        Rises("the high watermark", ref _highWatermark, to);
        if (isAnyOffline()) world.Coverage.Hit(SimMark.OtherDirectoryServed);
        oracle.Exposed = Math.Max(oracle.Exposed, to);
        if (!isDurable) return;
        oracle.Promised = Math.Max(oracle.Promised, to);
        if (to > log.DurableEnd) world.Fail($"[L11] {Name}: the high watermark {to} is above the durable end {log.DurableEnd}");
        for (int i = oracle.FirstFrom(from); i < oracle.Batches.Count && oracle.Batches[i].NextOffset <= to; i++)
        {
            BatchNote note = oracle.Batches[i];
            if (note.LastOffset < log.LogStartOffset) continue;
            if (!note.File.IsDurable(note.Position, note.Size))
                world.Fail($"[L11] {Name}: offset {note.BaseOffset} is acknowledged, its bytes in {note.Path} are not on the disk");
            else if (!node.Disk.IsNameDurable(note.Path))
                world.Fail($"[L11] {Name}: offset {note.BaseOffset} is acknowledged, the name {note.Path} is not on the disk");
        }
    }

    private void StartMoved(PartitionLog log, long to)
    {
        long from = _start;
        Rises("the log start", ref _start, to);
        oracle.HighestStart = Math.Max(oracle.HighestStart, to);
        if (to <= oracle.DeletedBelow) return;
        world.Coverage.Hit(SimMark.RetentionTook);
        LogConfig config = log.Config;
        long nowMs = node.Clock.Now.UnixMs;
        bool isOld = config.RetentionMs >= 0;
        long kept = 0;
        for (int i = oracle.FirstFrom(from); i < oracle.Batches.Count; i++)
        {
            BatchNote note = oracle.Batches[i];
            if (note.BaseOffset >= to) kept += note.Size;
            else if (nowMs - note.MaxTimestamp <= config.RetentionMs) isOld = false;
        }

        // What is being written counts for the node, and is not in a file yet.
        if (log.WrittenEnd < log.LogEndOffset) kept = Math.Max(kept, log.SizeInBytes);
        bool isLarge = config.RetentionBytes >= 0 && kept >= config.RetentionBytes;
        if (!config.IsDeleted || (!isOld && !isLarge))
        {
            world.Fail($"[L1] {Name}: the log start went from {from} to {to}, which retention.ms={config.RetentionMs}, "
                + $"retention.bytes={config.RetentionBytes} and DeleteRecords to {oracle.DeletedBelow} do not ask for");
        }
    }

    private void Rises(string what, ref long known, long now)
    {
        if (now < known) world.Fail($"[L6] {Name}: {what} went from {known} back to {now}");
        known = now;
    }
}
