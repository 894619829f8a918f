using Moldau.Base;
using Moldau.Records;

namespace Moldau.Storage;

public sealed partial class PartitionLog
{
    private readonly ProducerAppend _producerAppend = new();
    private readonly List<BatchSpan> _spans = [];
    private long _unflushedRecords;

    /// <summary>Decides an append: checks, offsets, producer state. The write follows by the effect list. Nothing of a
    /// refused append is kept.</summary>
    public AppendOutcome Append(in AppendRequest request, Instant now, EffectList<DiskOp> ops)
    {
        if (IsFailed || IsClosed) return Refuse(LogError.KafkaStorageError, FailureText ?? "the log is closed");
        if (_isTruncating || _backlogBytes + request.Length > LargestBacklogBytes)
            return Refuse(LogError.Backlogged, "too many appends wait for the disk");
        bool assigns = request.Origin is LogAppendOrigin.Client or LogAppendOrigin.Coordinator;
        return assigns ? AppendAsLeader(request, now, ops) : AppendAsGiven(request, now, ops);
    }

    private AppendOutcome AppendAsLeader(in AppendRequest request, Instant now, EffectList<DiskOp> ops)
    {
        Span<byte> records = request.Data.Span.Slice(request.Start, request.Length);
        AppendOrigin origin = request.Origin == LogAppendOrigin.Client ? AppendOrigin.Client : AppendOrigin.Coordinator;
        ValidationResult valid =
            _services.Validator.Validate(records, _rules, new AppendContext(now.UnixMs, origin, request.ProduceVersion));
        if (!valid.IsAccepted)
            return Refuse((LogError)valid.Error, valid.Message) with { RefusedRecords = valid.RefusedRecords };

        (BufferLease data, int start, int length) = Keep(request, valid);
        Span<byte> batchBytes = data.Span.Slice(start, length);
        BatchValidator.AssignOffsets(batchBytes, LogEndOffset, request.LeaderEpoch);
        RecordBatchView batch = new MutableRecordBatch(batchBytes).View;
        _spans.Clear();
        _producerAppend.Reset();
        LogError error = _producerAppend.Add(batch, request.Origin, Producers, out ProducerBatch? duplicate);
        if (error != LogError.None || duplicate is not null)
        {
            data.Release();
            return duplicate is { } known ? Duplicate(known) : Refuse(error, $"refused for producer {batch.ProducerId}");
        }

        // In the time index LogAppendTime stands with the last offset, and so does the largest CreateTime.
        _spans.Add(new BatchSpan(batch.LastOffset, batch.MaxTimestamp, 0, length));
        AppendOutcome outcome = new()
        {
            FirstOffset = batch.BaseOffset,
            LastOffset = batch.LastOffset,
            LogAppendTime = valid.LogAppendTimestamp,
            RecordCount = batch.RecordCount,
        };
        NoteEpoch(batch.PartitionLeaderEpoch, batch.BaseOffset);
        Decide(data, start, length, outcome, now, ops);
        return outcome;
    }

    // The log needs a hold of its own: on the request's buffer, or on a new one where the batch was written again.
    private (BufferLease Data, int Start, int Length) Keep(in AppendRequest request, in ValidationResult valid)
    {
        if (!valid.NeedsRewrite)
        {
            request.Data.Retain();
            return (request.Data, request.Start, valid.SizeInBytes);
        }

        BufferLease copy = _services.Pool.Rent(valid.Rewritten.Length);
        valid.Rewritten.Span.CopyTo(copy.Span);
        return (copy, 0, copy.Length);
    }

    /// <summary>Batches that have their offsets: from our own Raft, or from a leader. Whole batches are taken, a cut one
    /// at the end is left out.</summary>
    private AppendOutcome AppendAsGiven(in AppendRequest request, Instant now, EffectList<DiskOp> ops)
    {
        ReadOnlySpan<byte> bytes = request.Data.Span.Slice(request.Start, request.Length);
        _spans.Clear();
        _producerAppend.Reset();
        long next = LogEndOffset;
        int length = 0;
        int records = 0;
        long firstOffset = LogEndOffset;
        RecordBatchEnumerator batches = new(bytes);
        while (batches.MoveNext())
        {
            RecordBatchView batch = batches.Current;
            // A leader that moved on since the fetch was sent: the rest belongs to an epoch that we do not follow yet.
            if (request.Origin == LogAppendOrigin.Replica && batch.PartitionLeaderEpoch > request.LeaderEpoch) break;
            AppendOutcome problem = CheckGiven(batch, request, next);
            if (!problem.IsAccepted) return problem;
            LogError error = _producerAppend.Add(batch, request.Origin, Producers, out _);
            if (error != LogError.None) return Refuse(error, $"refused for producer {batch.ProducerId}");
            if (_spans.Count == 0) firstOffset = batch.IsV2 ? batch.BaseOffset : batch.LastOffset;
            _spans.Add(new BatchSpan(batch.LastOffset, batch.MaxTimestamp, length, batch.SizeInBytes));
            next = batch.NextOffset;
            length += batch.SizeInBytes;
            records += batch.RecordCount;
        }

        if (batches.Status == BatchReadStatus.Corrupt) return Refuse(LogError.CorruptMessage, "bytes that are no batch");
        if (length > Config.SegmentBytes)
            return Refuse(LogError.RecordListTooLarge, $"{length} bytes do not fit a segment of {Config.SegmentBytes}");
        AppendOutcome outcome = new()
        {
            FirstOffset = firstOffset,
            LastOffset = next - 1,
            LogAppendTime = -1,
            RecordCount = records,
        };
        if (length == 0) return outcome;
        foreach (RecordBatchView batch in new RecordBatchEnumerator(bytes[..length]))
        {
            if (batch.IsV2) NoteEpoch(batch.PartitionLeaderEpoch, batch.BaseOffset);
            else Epochs.Clear();
        }

        request.Data.Retain();
        Decide(request.Data, request.Start, length, outcome, now, ops);
        return outcome;
    }

    private AppendOutcome CheckGiven(RecordBatchView batch, in AppendRequest request, long next)
    {
        if (request.Origin == LogAppendOrigin.RaftLeader && batch.PartitionLeaderEpoch != request.LeaderEpoch)
            return Refuse(LogError.InvalidRecord, "the batch does not carry the leader's epoch");
        if (!batch.IsCrcValid) return Refuse(LogError.CorruptMessage, "the checksum of the batch is wrong");
        long first = batch.IsV2 ? batch.BaseOffset : batch.LastOffset;
        if (first < 0 || batch.LastOffset < first)
            return Refuse(LogError.InvalidRecord, $"the offsets {first} to {batch.LastOffset} are invalid");
        return first < next
            ? Refuse(LogError.UnexpectedAppendOffset, $"offset {first} is below the next offset {next}") with
            {
                FirstOffset = first,
                LastOffset = batch.LastOffset,
            }
            : default;
    }

    /// <summary>From here on nothing refuses: the state changes and the write is queued.</summary>
    private void Decide(
        BufferLease data, int start, int length, in AppendOutcome outcome, Instant now, EffectList<DiskOp> ops)
    {
        long maxTimestamp = -1;
        foreach (BatchSpan span in _spans) maxTimestamp = Math.Max(maxTimestamp, span.MaxTimestamp);
        RolledSegment? rolled = null;
        if (MustRoll(length, maxTimestamp, outcome.LastOffset, now))
        {
            rolled = TryRollOntoStandby(outcome.FirstOffset, now);
            if (rolled is null) Roll(outcome.FirstOffset, now);
        }

        WriteEpochsIfChanged();
        LogSegment segment = Active;
        int position = segment.DecidedBytes;
        PendingAppend append = new()
        {
            Segment = segment,
            Data = data,
            DataStart = start,
            Length = length,
            Position = position,
            EndOffset = outcome.LastOffset + 1,
            Rolled = rolled,
            First = At(_spans[0], position),
            More = _spans.Count == 1 ? null : _spans.GetRange(1, _spans.Count - 1).ConvertAll(s => At(s, position)),
        };
        if (position == 0) segment.FirstTimestamp = append.First.MaxTimestamp;
        segment.DecidedBytes += length;
        _producerAppend.Commit(Producers, segment.Transactions);
        Producers.MapEndOffset = append.EndOffset;
        LogEndOffset = append.EndOffset;
        _backlogBytes += length;
        _unflushedRecords += outcome.RecordCount;
        _steps.Enqueue(append);
        Pump(now, ops);
        PrepareNext(ops);
    }

    private static BatchSpan At(in BatchSpan span, int position) => span with { Position = span.Position + position };

    private void Emit(PendingAppend append, Instant now, EffectList<DiskOp> ops)
    {
        Verify.That(append.Segment.File is not null);
        append.Segment.LastAccess = now;
        AppendOp op = new()
        {
            LogDirectory = LogDirectory,
            OrderKey = this,
            Owner = this,
            File = append.Segment.File.File,
            Position = append.Position,
            Data = append.Data,
            Start = append.DataStart,
            Length = append.Length,
            Rename = append.Rolled is null ? null : (StandbyPath, append.Segment.PathOf(LogFileNames.Log)),
        };
        append.Bind(op, append.Segment.File);
        _inFlight.Enqueue(append);
        ops.Add(op);
    }

    private LogChanges OnAppended(AppendOp op, EffectList<DiskOp> ops)
    {
        Verify.That(_inFlight.Count > 0);
        PendingAppend append = _inFlight.Dequeue();
        Verify.That(ReferenceEquals(append.Op, op));
        SharedFile file = append.File!; // bound with the operation
        append.Data.Release();
        if (_isDiscarded)
        {
            // Whether it was written is nobody's business; one before it may have failed.
            file.Release();
            return LogChanges.None;
        }

        if (IsFailed || op.Error != DiskError.None)
        {
            LogChanges failed = Fail(op.ErrorText ?? "append failed");
            CutFailedAppend(ops);
            file.Release();
            return failed;
        }

        file.Release();

        Verify.That(append.Position == append.Segment.WrittenBytes);
        if (append.Rolled is { } rolled) OnNamed(rolled, append.Segment, ops);
        append.Segment.OnWritten(append.First, Config.IndexIntervalBytes);
        _tail.Add(append.Segment.BaseOffset, append.First);
        foreach (BatchSpan span in append.More ?? [])
        {
            append.Segment.OnWritten(span, Config.IndexIntervalBytes);
            _tail.Add(append.Segment.BaseOffset, span);
        }

        WrittenEnd = append.EndOffset;
        if (_unflushedRecords >= Config.FlushMessages) RequestSync(ops);
        return LogChanges.WrittenEnd;
    }

    /// <summary>Notes that an epoch begins at an offset without a record that says so: a new leader's epoch at its log's
    /// end, or a snapshot's at its own.</summary>
    public void AssignEpoch(int epoch, long startOffset, Instant now, EffectList<DiskOp> ops)
    {
        NoteEpoch(epoch, startOffset);
        if (IsFailed || IsClosed) return;
        WriteEpochsIfChanged();
        Pump(now, ops);
    }

    private void NoteEpoch(int epoch, long startOffset)
    {
        if (epoch >= 0) Epochs.Assign(epoch, startOffset);
    }

    private AppendOutcome Duplicate(in ProducerBatch known) => new()
    {
        FirstOffset = known.FirstOffset,
        LastOffset = known.LastOffset,
        LogAppendTime = known.Timestamp,
        IsDuplicate = true,
        RecordCount = known.OffsetDelta + 1,
    };

    private static AppendOutcome Refuse(LogError error, string? message) =>
        new() { Error = error, Message = message, FirstOffset = -1, LastOffset = -1, LogAppendTime = -1 };
}
