using Moldau.Base;
using Moldau.Protocol;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>Serves the fetch calls of all origins for the partitions of one shard: reads what is there, parks what is
/// not enough, wakes on new data.</summary>
internal sealed class FetchDesk(ShardMachine shard)
{
    private readonly Dictionary<(int Origin, long Id), FetchCall> _parked = [];
    private long _nextId;

    public int ParkedCount => _parked.Count;

    public long NextCallId() => ++_nextId;

    public void Start(FetchCall call)
    {
        // One more than the reads, so that the call is not settled before all have begun.
        call.PendingReads = 1;
        foreach (FetchCall.Entry entry in call.Entries)
        {
            if (!shard.Replicas.TryGet(entry.Partition, out Partition? partition))
            {
                entry.Result = FetchResult.Failed(ErrorCode.NotLeaderOrFollower);
                continue;
            }

            if (partition.IsOpen) Read(call, entry, partition);
            else
            {
                call.PendingReads++;
                partition.WhenOpen(() =>
                {
                    Read(call, entry, partition);
                    ReadDone(call);
                });
            }
        }

        ReadDone(call);
        if (call.PendingReads > 0) _parked.Add((call.Origin.Number, call.Id), call);
    }

    /// <summary>Returns a call of this shard's own now, or as soon as its reads are done.</summary>
    public void Flush(FetchCall call)
    {
        if (call.IsParked) Finish(call);
        else if (call.PendingReads > 0) call.Deadline = shard.Now;
    }

    public void Flush(FetchFlush flush)
    {
        if (_parked.TryGetValue((flush.Origin.Number, flush.CallId), out FetchCall? call)) Flush(call);
    }

    /// <summary>The partition shows more, less, or is lost: those who wait for it look again.</summary>
    public void Moved(Partition partition)
    {
        for (int i = partition.Fetches.Count - 1; i >= 0; i--)
        {
            if (i >= partition.Fetches.Count) continue;
            FetchCall call = partition.Fetches[i];
            call.PendingReads++;
            foreach (FetchCall.Entry entry in call.Entries)
                if (entry.Partition == partition.Id) Read(call, entry, partition);
            ReadDone(call);
        }
    }

    private void ReadDone(FetchCall call)
    {
        if (--call.PendingReads > 0) return;
        if (IsWorthSending(call) || call.Deadline <= shard.Now) Finish(call);
        else if (!call.IsParked) Park(call);
    }

    private static bool IsWorthSending(FetchCall call)
    {
        long bytes = 0;
        foreach (FetchCall.Entry entry in call.Entries)
        {
            if (entry.Result.Error != ErrorCode.None || entry.Result.HasDivergingEpoch) return true;
            bytes += entry.Result.RecordBytes;
        }

        return bytes >= call.MinBytes;
    }

    private void Park(FetchCall call)
    {
        call.IsParked = true;
        _parked.TryAdd((call.Origin.Number, call.Id), call);
        foreach (FetchCall.Entry entry in call.Entries)
            if (shard.Replicas.TryGet(entry.Partition, out Partition? partition)) partition.AddFetch(call);
        call.Timer = new TimedCall(_ =>
        {
            shard.Metrics.FetchExpirations.Increment();
            Finish(call);
        });
        shard.Timers.Schedule(call.Deadline, call.Timer);
    }

    private void Finish(FetchCall call)
    {
        _parked.Remove((call.Origin.Number, call.Id));
        if (call.IsParked)
        {
            call.IsParked = false;
            call.Timer!.IsCancelled = true;
            foreach (FetchCall.Entry entry in call.Entries)
            {
                if (!shard.Replicas.TryGet(entry.Partition, out Partition? partition)) continue;
                partition.RemoveFetch(call);
                if (entry.Result.Error == ErrorCode.None && partition.IsOpen) SetOffsets(ref entry.Result, partition);
            }
        }

        // A job that comes back later finds the call finished and drops what it read.
        call.PendingReads = int.MinValue / 2;
        shard.Return(call);
    }

    private void Read(FetchCall call, FetchCall.Entry entry, Partition partition, LocateJob? located = null)
    {
        FetchTarget target = entry.Target;
        entry.Result.DropRecords(); // of an earlier look: there may be more now
        ErrorCode error = partition.IsOffline ? ErrorCode.KafkaStorageError
            : partition.IsDeleted ? ErrorCode.UnknownTopicOrPartition
            : partition.CheckLeaderEpoch(target.CurrentLeaderEpoch);
        if (error != ErrorCode.None)
        {
            entry.Result = FetchResult.Failed(error);
            if (error is ErrorCode.NotLeaderOrFollower or ErrorCode.FencedLeaderEpoch)
                entry.Result.CurrentLeader = shard.LeaderOf(entry.Partition);
            return;
        }

        PartitionLog log = partition.Log!; // neither offline nor still opening
        entry.Result = new FetchResult
        {
            DivergingEpoch = -1,
            DivergingEndOffset = -1,
            CurrentLeader = LeaderAndEpoch.None,
        };
        SetOffsets(ref entry.Result, partition);
        if (Diverges(ref entry.Result, target, log)) return;
        bool isReadCommitted = call.Operation.IsReadCommitted;
        long upTo = isReadCommitted ? partition.LastStableOffset : partition.HighWatermark;
        int budget = Math.Min(target.MaxBytes, Math.Max(0, call.Operation.MaxBytes - BytesOf(call)));
        bool isFirst = BytesOf(call) == 0;
        ReadResult read = log.Read(target.FetchOffset, budget, upTo, isFirst, shard.Now, located);
        switch (read.Status)
        {
            case ReadStatus.OutOfRange:
                entry.Result.Error = ErrorCode.OffsetOutOfRange;
                entry.Result.HighWatermark = entry.Result.LastStableOffset = entry.Result.LogStartOffset = -1;
                break;
            case ReadStatus.Failed:
                entry.Result = FetchResult.Failed(ErrorCode.KafkaStorageError);
                break;
            case ReadStatus.NeedsJob:
                StartJob(call, entry, partition, read.Job!); // set with this status
                break;
            default:
                if (read.Slice is { } slice)
                {
                    entry.Result.Slice = slice;
                    entry.Result.RecordBytes = slice.Length;
                }

                if (isReadCommitted)
                    entry.Result.AbortedTransactions = AbortedList(log, target.FetchOffset, read);
                break;
        }
    }

    private void StartJob(FetchCall call, FetchCall.Entry entry, Partition partition, LocateJob job)
    {
        call.PendingReads++;
        shard.Replicas.AwaitJob(job, () =>
        {
            if (call.PendingReads < 0) return;
            Read(call, entry, partition, job);
            ReadDone(call);
        });
        shard.DiskOps.Add(job);
    }

    private static List<AbortedTransactionEntry> AbortedList(PartitionLog log, long from, in ReadResult read)
    {
        if (read.Slice is null) return [];
        List<AbortedTransactionEntry> aborted = [];
        List<AbortedTransaction> found = [];
        log.CollectAborted(from, read.UpperBound, found);
        foreach (AbortedTransaction transaction in found)
            aborted.Add(new AbortedTransactionEntry(transaction.ProducerId, transaction.FirstOffset));
        return aborted;
    }

    private static void SetOffsets(ref FetchResult result, Partition partition)
    {
        result.HighWatermark = partition.HighWatermark;
        result.LastStableOffset = partition.LastStableOffset;
        result.LogStartOffset = partition.LogStartOffset;
    }

    private static bool Diverges(ref FetchResult result, FetchTarget target, PartitionLog log)
    {
        if (target.LastFetchedEpoch < 0) return false;
        EpochEndOffset end = log.Epochs.EndOffsetFor(target.LastFetchedEpoch, log.LogEndOffset);
        if (end.Epoch < 0)
        {
            result = FetchResult.Failed(ErrorCode.OffsetOutOfRange);
            return true;
        }

        if (end.Epoch >= target.LastFetchedEpoch && end.EndOffset >= target.FetchOffset) return false;
        result.DivergingEpoch = end.Epoch;
        result.DivergingEndOffset = end.EndOffset;
        return true;
    }

    private static int BytesOf(FetchCall call)
    {
        long bytes = 0;
        foreach (FetchCall.Entry entry in call.Entries) bytes += entry.Result.RecordBytes;
        return (int)Math.Min(bytes, int.MaxValue);
    }
}
