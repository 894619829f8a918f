using Moldau.Protocol;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>Looks at one watched partition for a fetch: what there is to read, to tell, or to refuse.</summary>
internal sealed class WatchReader(ShardMachine shard)
{
    /// <summary>Looks, ever.</summary>
    public long Visits { get; private set; }

    /// <summary>Puts what it finds in the call's result; a job to run first where the place must be looked up on disk.</summary>
    /// <param name="call">The poll.</param>
    /// <param name="watch">A partition that is open or gone.</param>
    /// <param name="isFirst">The request has just come; otherwise it has been waiting.</param>
    /// <param name="located">The completed job of an earlier try.</param>
    public LocateJob? Visit(FetchCall call, PartitionWatch watch, bool isFirst, LocateJob? located = null)
    {
        Visits++;
        ref FetchVisit visit = ref call.Revisit(watch);
        if (watch.Partition is not { IsDeleted: false } partition)
        {
            visit.IsGone = true;
            visit.Result = FetchResult.Failed(ErrorOfGone(watch, isFirst));
            call.IsUrgent = true;
            return null;
        }

        ErrorCode error = partition.IsOffline ? ErrorCode.KafkaStorageError
            : partition.CheckLeaderEpoch(watch.Ask.CurrentLeaderEpoch);
        if (error != ErrorCode.None)
        {
            visit.Result = FetchResult.Failed(error);
            if (error is ErrorCode.NotLeaderOrFollower or ErrorCode.FencedLeaderEpoch)
                visit.Result.CurrentLeader = shard.LeaderOf(watch.Id);
            call.IsUrgent = true;
            return null;
        }

        LocateJob? job = Read(call, watch, partition, ref visit, located);
        call.Count(visit);
        if (visit.Result.Error != ErrorCode.None || visit.Result.HasDivergingEpoch) call.IsUrgent = true;
        return job;
    }

    /// <summary>As in Apache Kafka a waiting request that loses its topic is told of the partition, a later one of the id.</summary>
    private static ErrorCode ErrorOfGone(PartitionWatch watch, bool isFirst)
    {
        if (!watch.WasHere) return ErrorCode.NotLeaderOrFollower;
        return isFirst && watch.Target.Key.Topic is null ? ErrorCode.UnknownTopicId : ErrorCode.UnknownTopicOrPartition;
    }

    private LocateJob? Read(
        FetchCall call, PartitionWatch watch, Partition partition, ref FetchVisit visit, LocateJob? located)
    {
        FetchAsk ask = watch.Ask;
        PartitionLog log = partition.Log!; // neither offline nor still opening
        visit.Result = new FetchResult
        {
            HighWatermark = partition.HighWatermark,
            LastStableOffset = partition.LastStableOffset,
            LogStartOffset = partition.LogStartOffset,
            DivergingEpoch = -1,
            DivergingEndOffset = -1,
            CurrentLeader = LeaderAndEpoch.None,
        };
        if (Diverges(ref visit.Result, ask, log)) return null;
        long upTo = call.IsReadCommitted ? partition.LastStableOffset : partition.HighWatermark;
        int left = (int)Math.Max(0, call.MaxBytes - call.Bytes);
        ReadResult read = log.Read(ask.Offset, Math.Clamp(ask.MaxBytes, 0, left), upTo, call.Bytes == 0, shard.Now, located);
        switch (read.Status)
        {
            case ReadStatus.OutOfRange:
                visit.Result = FetchResult.Failed(ErrorCode.OffsetOutOfRange);
                return null;
            case ReadStatus.Failed:
                visit.Result = FetchResult.Failed(ErrorCode.KafkaStorageError);
                return null;
            case ReadStatus.Damaged:
                visit.Result = FetchResult.Failed(ErrorCode.CorruptMessage);
                return null;
            case ReadStatus.NeedsJob:
                return read.Job;
        }

        visit.IsSettled = ask.Offset >= upTo;
        Take(ref visit, read, log, call, ask);
        // What the answer has no room for makes it large enough. As in Apache Kafka a fetch that is a segment behind, or ahead
        // of what may be read, does not wait.
        bool isBehind = !visit.IsSettled && (visit.Available >= left || log.IsInOlderSegment(ask.Offset, upTo));
        call.IsUrgent |= isBehind || ask.Offset > upTo;
        return null;
    }

    private static void Take(ref FetchVisit visit, in ReadResult read, PartitionLog log, FetchCall call, in FetchAsk ask)
    {
        if (read.Slice is { } slice)
        {
            visit.Result.Slice = slice;
            visit.Result.RecordBytes = visit.Available = slice.Length;
            visit.Result.FirstBatchBytes = read.FirstBatchBytes;
        }
        else if (read.IsFirstBatchTooLarge)
        {
            visit.Available = Math.Max(0, ask.MaxBytes);
        }

        if (call.IsReadCommitted) visit.Result.AbortedTransactions = AbortedList(log, ask.Offset, read);
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

    private static bool Diverges(ref FetchResult result, in FetchAsk ask, PartitionLog log)
    {
        if (ask.LastFetchedEpoch < 0) return false;
        EpochEndOffset end = log.Epochs.EndOffsetFor(ask.LastFetchedEpoch, log.LogEndOffset);
        if (end.Epoch < 0)
        {
            result = FetchResult.Failed(ErrorCode.OffsetOutOfRange);
            return true;
        }

        if (end.Epoch >= ask.LastFetchedEpoch && end.EndOffset >= ask.Offset) return false;
        result.DivergingEpoch = end.Epoch;
        result.DivergingEndOffset = end.EndOffset;
        return true;
    }
}
