using System.Buffers.Binary;
using Moldau.Base;
using Moldau.Coordination;
using Moldau.Protocol;
using Moldau.Records;
using Moldau.Storage;

namespace Moldau.Broker;

internal sealed partial class ReplicaSet
{
    /// <summary>Appends one partition of a produce request; completes the entry now or when its records are written.</summary>
    public void Produce(ProduceCall call, ProduceCall.Entry entry)
    {
        if (!_partitions.TryGetValue(entry.Partition, out Partition? partition)) call.Complete(entry, ErrorCode.NotLeaderOrFollower);
        else if (partition.IsOpen) ProduceOpen(call, entry, partition);
        else partition.WhenOpen(() => ProduceOpen(call, entry, partition));
    }

    /// <summary>Appends a coordinator's records as one batch.</summary>
    public ErrorCode AppendCoordinatorBatch(
        Partition partition, IReadOnlyList<CoordinatorRecord> records, out long endOffset)
    {
        endOffset = -1;
        ErrorCode error = RefusalOf(partition, acks: -1);
        if (error != ErrorCode.None) return error;
        using RecordBatchBuilder builder = new(_coordinatorBatches);
        foreach (CoordinatorRecord record in records)
            if (!builder.TryAppend(_shard.Now.UnixMs, record.Key, record.Value)) return ErrorCode.RecordListTooLarge;
        BufferLease lease = builder.BuildLease(_shard.Pool);
        if (!_room.TryTake(partition.Log!.LogDirectory, lease.Length, isCoordinator: true)) // open, as checked
        {
            lease.Release();
            return ErrorCode.RequestTimedOut;
        }

        AppendOutcome outcome = partition.Log.Append(
            new AppendRequest(lease, 0, lease.Length, LogAppendOrigin.Coordinator, partition.LeaderEpoch),
            _shard.Now,
            _shard.DiskOps);
        lease.Release();
        if (!outcome.IsAccepted)
        {
            _shard.Log.Warn($"{partition.Name}: a coordinator's append was refused: {outcome.Error} {outcome.Message}");
            return ErrorOf(outcome);
        }

        endOffset = outcome.LastOffset + 1;
        return ErrorCode.None;
    }

    /// <summary>Reads a log from an offset to its end, a piece at a time; <paramref name="done"/> gets the end, or −1.</summary>
    public void ReadAll(Partition partition, long offset, BatchConsumer consume, Action<long> done)
    {
        PartitionLog? log = partition.Log;
        if (log is null || !partition.IsOpen)
        {
            done(-1);
            return;
        }

        ReadPiece(partition, log, offset, consume, done, null);
    }

    public delegate void BatchConsumer(ReadOnlySpan<byte> batches);

    public void ListOffset(OffsetQuery query, Action<OffsetAnswer> done) =>
        WithLeader(query.Partition, query.IsDebugging ? -1 : query.CurrentLeaderEpoch, e => done(OffsetAnswer.Failed(e)), partition =>
        {
            PartitionLog log = partition.Log!; // WithLeader gives open ones
            long latest = !query.IsConsumer ? log.LogEndOffset
                : query.IsReadCommitted ? partition.LastStableOffset
                : partition.HighWatermark;
            switch (query.Timestamp)
            {
                case -1:
                    done(new(ErrorCode.None, latest, -1, partition.LeaderEpoch));
                    break;
                case -2:
                case -4:
                    done(new(ErrorCode.None, log.LogStartOffset, -1, log.Epochs.EpochForOffset(log.LogStartOffset) ?? -1));
                    break;
                case -5:
                case -6:
                    // Nothing is tiered here: no offset has been, none waits to be.
                    done(new(ErrorCode.None, -1, -1, -1));
                    break;
                default:
                    FindByTime(log, query.Timestamp, latest, done);
                    break;
            }
        });

    public void EndOffsetForEpoch(TopicIdPartition id, int currentEpoch, int askedEpoch, Action<(ErrorCode, int, long)> done) =>
        WithLeader(id, currentEpoch, e => done((e, -1, -1)), partition =>
        {
            PartitionLog log = partition.Log!; // WithLeader gives open ones
            EpochEndOffset end = log.Epochs.EndOffsetFor(askedEpoch, log.LogEndOffset);
            done((ErrorCode.None, end.Epoch, end.EndOffset));
        });

    public void DeleteRecords(TopicIdPartition id, long offset, Action<(ErrorCode, long)> done) =>
        WithLeader(id, -1, e => done((e, -1)), partition =>
        {
            PartitionLog log = partition.Log!; // WithLeader gives open ones
            if (!log.Config.IsDeleted)
            {
                done((ErrorCode.PolicyViolation, -1));
                return;
            }

            long target = offset == -1 ? partition.HighWatermark : offset;
            if (target < 0 || target > partition.HighWatermark)
            {
                done((ErrorCode.OffsetOutOfRange, -1));
                return;
            }

            log.AdvanceLogStart(target, _shard.Now, _shard.DiskOps);
            PostCheckpoints();
            _shard.Fetches.Moved(partition);
            done((ErrorCode.None, log.LogStartOffset));
        });

    public void DescribeProducers(TopicIdPartition id, Action<(ErrorCode, List<DescribeProducersResponse.ProducerState>)> done) =>
        WithLeader(id, -1, e => done((e, [])), partition =>
        {
            List<DescribeProducersResponse.ProducerState> states = [];
            IEnumerable<ProducerEntry> entries = partition.Log!.Producers.Producers; // WithLeader gives open ones
            foreach (ProducerEntry entry in entries.OrderBy(e => e.ProducerId))
                states.Add(new()
                {
                    ProducerId = entry.ProducerId,
                    ProducerEpoch = entry.Epoch,
                    LastSequence = entry.LastSequence,
                    LastTimestamp = entry.LastTimestamp,
                    CoordinatorEpoch = entry.CoordinatorEpoch,
                    CurrentTxnStartOffset = entry.CurrentTransactionFirstOffset ?? -1,
                });
            done((ErrorCode.None, states));
        });

    public List<LogSummary> Summaries(HashSet<TopicPartition>? wanted)
    {
        List<LogSummary> list = [];
        foreach (Partition partition in _partitions.Values)
        {
            TopicPartition name = new(partition.Topic, partition.Index);
            if (partition.Log is { } log && (wanted is null || wanted.Contains(name)))
                list.Add(new LogSummary(log.LogDirectory, name, log.SizeInBytes));
        }

        return list;
    }

    private void ProduceOpen(ProduceCall call, ProduceCall.Entry entry, Partition partition)
    {
        ErrorCode error = RefusalOf(partition, call.Acks);
        if (error != ErrorCode.None)
        {
            call.Complete(entry, error);
            return;
        }

        PartitionLog log = partition.Log!; // neither offline nor still opening
        if (!_room.TryTake(log.LogDirectory, entry.Length, isCoordinator: false))
        {
            entry.ErrorMessage = $"the disk of {log.LogDirectory} is almost full";
            call.Complete(entry, ErrorCode.KafkaStorageError);
            return;
        }

        short version = call.Operation.Request.Version;
        AppendOutcome outcome = log.Append(
            new AppendRequest(call.Frame, entry.Start, entry.Length, LogAppendOrigin.Client, partition.LeaderEpoch, version),
            _shard.Now,
            _shard.DiskOps);
        entry.LogStartOffset = log.LogStartOffset;
        if (!outcome.IsAccepted)
        {
            Refuse(call, entry, outcome);
            return;
        }

        entry.BaseOffset = outcome.FirstOffset;
        entry.LogAppendTimeMs = outcome.LogAppendTime;
        entry.RecordCount = outcome.RecordCount;
        if (call.Acks == 0) call.Complete(entry, ErrorCode.None);
        else
        {
            partition.AwaitAck(call, entry, outcome.LastOffset + 1);
            partition.CompleteAcks();
        }
    }

    /// <summary>Why a partition that is no longer being opened takes no records now.</summary>
    private static ErrorCode RefusalOf(Partition partition, short acks)
    {
        if (partition.IsDeleted) return ErrorCode.UnknownTopicOrPartition;
        if (partition.IsOffline) return ErrorCode.KafkaStorageError;
        if (!partition.IsLeader) return ErrorCode.NotLeaderOrFollower;
        bool lacksReplicas = partition.State!.Isr.Length < partition.EffectiveMinIsr; // set when opened
        return acks == -1 && lacksReplicas ? ErrorCode.NotEnoughReplicas : ErrorCode.None;
    }

    private static ErrorCode ErrorOf(in AppendOutcome outcome) => outcome.Error switch
    {
        // The disk is far behind: the client backs off and sends again.
        LogError.Backlogged => ErrorCode.RequestTimedOut,
        _ => (ErrorCode)outcome.Error,
    };

    private static void Refuse(ProduceCall call, ProduceCall.Entry entry, in AppendOutcome outcome)
    {
        ErrorCode error = ErrorOf(outcome);
        entry.ErrorMessage = outcome.Message;
        if (outcome.RefusedRecords is { } refused)
            entry.RecordErrors = [.. refused.Select(r => (r.BatchIndex, (string?)r.Message))];
        // As in Apache Kafka the log's start is told unless the batch is damaged or too large, or is not one batch.
        bool isLogStartKnown = error switch
        {
            ErrorCode.InvalidRecord => IsOneBatch(call.Frame.Span.Slice(entry.Start, entry.Length)),
            ErrorCode.CorruptMessage or ErrorCode.MessageTooLarge or ErrorCode.RecordListTooLarge
                or ErrorCode.KafkaStorageError or ErrorCode.RequestTimedOut => false,
            _ => true,
        };
        if (!isLogStartKnown) entry.LogStartOffset = -1;
        call.Complete(entry, error);
    }

    /// <summary>One batch in format 2 that is as long as it says.</summary>
    private static bool IsOneBatch(ReadOnlySpan<byte> records) =>
        records.Length >= RecordBatchLayout.HeaderBytes && records[RecordBatchLayout.Magic] == RecordBatchLayout.MagicV2
            && BinaryPrimitives.ReadInt32BigEndian(records[RecordBatchLayout.Length..])
                == records.Length - RecordBatchLayout.LogOverhead;

    private void ReadPiece(
        Partition partition, PartitionLog log, long offset, BatchConsumer consume, Action<long> done, LocateJob? located)
    {
        int pieceBytes = _shard.Dynamic.Current.OffsetsLoadBufferSize;
        ReadResult read = log.Read(offset, pieceBytes, log.WrittenEnd, minOneMessage: true, _shard.Now, located);
        switch (read.Status)
        {
            case ReadStatus.NeedsJob:
                LocateJob job = read.Job!; // set with this status
                AwaitJob(job, () => ReadPiece(partition, log, offset, consume, done, job));
                _shard.DiskOps.Add(job);
                break;
            case ReadStatus.Ok when read.Slice is { } slice:
                ReadSliceJob copy = new() { LogDirectory = log.LogDirectory, Slice = slice, Data = _shard.Pool.Rent(slice.Length) };
                copy.Owner = (Action<DiskOp>)(_ =>
                {
                    slice.Release();
                    long next = copy.Error == DiskError.None ? Consume(copy.Data.Span[..copy.BytesRead], offset, consume) : -1;
                    copy.Data.Release();
                    if (next < 0) done(-1);
                    else ReadPiece(partition, log, next, consume, done, null);
                });
                _shard.DiskOps.Add(copy);
                break;
            case ReadStatus.Ok:
                done(log.WrittenEnd);
                break;
            default:
                done(-1);
                break;
        }
    }

    /// <summary>Gives on the whole batches; returns the offset to go on from, −1 where there is no progress or a batch is
    /// damaged: state that was built from it would be wrong without a sign.</summary>
    private static long Consume(ReadOnlySpan<byte> bytes, long offset, BatchConsumer consume)
    {
        RecordBatchEnumerator batches = new(bytes);
        long next = -1;
        int end = 0;
        while (batches.MoveNext())
        {
            if (!batches.Current.IsCrcValid) return -1;
            next = batches.Current.NextOffset;
            end = bytes.Length - batches.RemainingBytes;
        }

        if (next <= offset) return -1;
        consume(bytes[..end]);
        return next;
    }

    private void FindByTime(PartitionLog log, long timestamp, long latest, Action<OffsetAnswer> done)
    {
        TimestampLookupJob job = log.LookUp(timestamp);
        AwaitJob(job, () =>
        {
            if (job.Error != DiskError.None) done(OffsetAnswer.Failed(ErrorCode.KafkaStorageError));
            else if (job.IsDamaged) done(OffsetAnswer.Failed(ErrorCode.CorruptMessage));
            else if (job.Result is { } found && found.Offset < latest)
                done(new(ErrorCode.None, found.Offset, found.Timestamp, found.LeaderEpoch ?? -1));
            else done(new(ErrorCode.None, -1, -1, -1));
        });
        _shard.DiskOps.Add(job);
    }

    /// <summary>Runs when the partition is open, if this node leads it in an epoch that the client accepts.</summary>
    private void WithLeader(TopicIdPartition id, int clientEpoch, Action<ErrorCode> failed, Action<Partition> action)
    {
        if (!_partitions.TryGetValue(id, out Partition? partition))
        {
            failed(ErrorCode.NotLeaderOrFollower);
            return;
        }

        partition.WhenOpen(() =>
        {
            ErrorCode error = partition.IsOffline ? ErrorCode.KafkaStorageError : partition.CheckLeaderEpoch(clientEpoch);
            if (error != ErrorCode.None) failed(error);
            else action(partition);
        });
    }
}
