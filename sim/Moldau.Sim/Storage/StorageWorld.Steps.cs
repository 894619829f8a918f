using Moldau.Base;
using Moldau.Records;
using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>What the steps of a plan do. Each answer of the log is compared with what the model says it must be.</summary>
internal sealed partial class StorageWorld
{
    private const int ProducersPerLog = 4;

    private readonly List<PartitionLog> _leaving = [];
    private readonly List<(FileSlice Slice, byte[] Bytes)> _held = [];

    private void Perform(StorageStep step)
    {
        StoragePartition p = _partitions[step.Log];
        switch (step.Action)
        {
            case StorageAction.Append: Append(p); break;
            case StorageAction.Burst: Repeat(4 + _prng.Next(12), () => Append(p)); break;
            case StorageAction.EndTransaction: EndTransaction(p); break;
            case StorageAction.Read: Repeat(1 + _prng.Next(3), () => ReadSome(p)); break;
            case StorageAction.ReadAll: ReadAll(p); break;
            case StorageAction.LookUp: LookUp(p); break;
            case StorageAction.HighWatermark: FollowHighWatermark(p); break;
            case StorageAction.Sync: WithLog(p, log => log.RequestSync(_ops)); break;
            case StorageAction.Roll: WithLog(p, log => log.ForceRoll(Now, _ops)); break;
            case StorageAction.Sweep: WithLog(p, log => Sweep(p, log)); break;
            case StorageAction.Time: Pass(200 + _prng.Next(20_000)); break;
            case StorageAction.Idle: Pass(61_000 + _prng.Next(60_000)); break;
            case StorageAction.Truncate: Truncate(p); break;
            case StorageAction.TruncateFully: TruncateFully(p); break;
            case StorageAction.DeleteRecords: DeleteRecords(p); break;
            case StorageAction.Checkpoint: WriteCheckpoints(); break;
            case StorageAction.Delete: Delete(p); break;
            case StorageAction.Create: Create(p); break;
            case StorageAction.Reconfigure: Reconfigure(p); break;
            case StorageAction.NewEpoch: NewEpoch(p); break;
            case StorageAction.Work: Work(1 + _prng.Next(30)); break;
            case StorageAction.Drain: Work(int.MaxValue); break;
            case StorageAction.CleanRestart: Restart(isClean: true); break;
            case StorageAction.Kill: Restart(isClean: false); break;
            case StorageAction.LosePower: LosePower(); Start(); break;
            case StorageAction.Rot: LetRot(p); break;
            case StorageAction.JumpClock:
                _clock.JumpWall(_prng.Next(-3_600_000, 3_600_000));
                _hasClockJumped = true;
                break;
            default: PlanFault(step.Action, p); break;
        }
    }

    private void PlanFault(StorageAction action, StoragePartition p)
    {
        switch (action)
        {
            case StorageAction.CrashAtCall: Disk.CrashAt(_prng.Next(_prng.Chance(0.5) ? 12 : 80)); break;
            case StorageAction.FailCalls:
                DiskError error = _prng.Chance(0.5) ? DiskError.Io : _prng.Chance(0.8) ? DiskError.NoSpace : DiskError.TooManyFiles;
                Disk.FailCalls(error, _prng.Next(30), 1 + _prng.Next(3), _prng.Chance(0.3) ? "" : p.Directory + "/");
                break;
            case StorageAction.FailDirectory: Disk.FailCalls(DiskError.Io, _prng.Next(10), int.MaxValue, p.Directory); break;
            case StorageAction.Heal: Disk.Heal(); break;
            default: Verify.Fail($"{action} has no meaning"); break;
        }
    }

    private static void Repeat(int times, Action action)
    {
        for (int i = 0; i < times; i++) action();
    }

    private static void WithLog(StoragePartition p, Action<PartitionLog> action)
    {
        if (p is { IsOpen: true, Log: { } log }) action(log);
    }

    private void Pass(int ms)
    {
        Advance(ms);
        foreach (StoragePartition p in _partitions)
        {
            if (!p.IsOpen) continue;
            p.Log!.Tick(Now, _ops); // open
            if (ms > 60_000) Sweep(p, p.Log);
        }
    }

    private void Sweep(StoragePartition p, PartitionLog log)
    {
        if (!log.IsFailed && !log.IsClosed && !p.Model.IsTruncating) Forget(p);
        LogChanges changes = log.Sweep(Now, _ops);
        p.Model.Start = Math.Max(p.Model.Start, log.LogStartOffset);
        Apply(log, changes);
    }

    // What the log forgets by producer.id.expiration.ms.
    private void Forget(StoragePartition p)
    {
        foreach (ModelProducer producer in p.Model.Producers.Values)
        {
            bool isOld = producer.OpenSince is null && Now.UnixMs - producer.LastTimestamp >= p.Config.ProducerIdExpirationMs;
            if (isOld && !IsForgotten(p.Model, producer)) p.Model.Forgotten[producer.Id] = p.Model.End;
        }
    }

    private static bool IsForgotten(LogModel model, ModelProducer producer) =>
        model.Forgotten.TryGetValue(producer.Id, out long at) && producer.LastOffset < at;

    private void Append(StoragePartition p)
    {
        if (p is not { IsOpen: true, Log: { } log } || p.IsCutting) return;
        if (p.Plan.IsFollower) AppendAsFollower(p, log);
        else AppendAsLeader(p, log);
    }

    private void AppendAsLeader(StoragePartition p, PartitionLog log)
    {
        RecordBatchOptions options = DrawProducer(p.Model, keepsOrder: false);
        BufferLease lease = Build(options, _prng.Next(8) == 0 ? 1 + _prng.Next(12) : 1 + _prng.Next(3));
        RecordBatchView batch = ViewOf(lease);
        (LogError due, ModelBatch? duplicate, bool isSure) = Expect(p.Model, batch, log.LogStartOffset);
        isSure &= (p.Rot & RotKinds.Log) == 0;
        long end = log.LogEndOffset;
        AppendOutcome outcome = log.Append(
            new AppendRequest(lease, 0, lease.Length, LogAppendOrigin.Client, p.LeaderEpoch), Now, _ops);
        bool isTooLarge = outcome.Error == LogError.RecordListTooLarge && lease.Length > p.Config.SegmentBytes;
        if (!IsRefusedForState(log, outcome) && !isTooLarge)
        {
            if (isSure && duplicate is null && outcome.Error != due)
                Fail($"[P1] {p}: {Text(batch)} was answered {outcome.Error}, {due} is due; {outcome.Message}");
            if (isSure && duplicate is not null && (!outcome.IsDuplicate || outcome.FirstOffset != duplicate.BaseOffset))
                Fail($"[P1] {p}: {Text(batch)} is at {duplicate.BaseOffset} already, and was answered {outcome.Error} at "
                    + $"{outcome.FirstOffset}");
            if (outcome is { IsAccepted: true, IsDuplicate: false }) Taken(p, outcome, end, lease);
            else if (outcome.IsDuplicate) Counts.Duplicates++;
        }

        if (outcome.Error != LogError.None) Counts.Refused++;
        lease.Release(); // before anything that may end the process
        TakeOps();
    }

    private void Taken(StoragePartition p, in AppendOutcome outcome, long end, BufferLease lease)
    {
        Counts.Appends++;
        if (outcome.FirstOffset != end || end != p.Model.End)
            Fail($"[L3] {p}: offset {p.Model.End} is due, the log ended at {end} and gave {outcome.FirstOffset}");
        RecordBatchEnumerator batches = new(lease.Span);
        while (batches.MoveNext()) p.Model.Add(ModelBatch.Of(batches.Current));
    }

    /// <summary>A copy of the leader's batches, at the offsets that are next; or, rarely, ones that do not fit.</summary>
    private void AppendAsFollower(StoragePartition p, PartitionLog log)
    {
        if (p.Model.IsTruncating) return;
        int count = 1 + _prng.Next(3);
        long next = log.LogEndOffset;
        if (p.LeaderEpoch == 0) p.LeaderEpoch = ++_epochs;
        int most = p.Config.SegmentBytes;
        List<byte[]> batches = [];
        for (int i = 0; i < count; i++)
        {
            RecordBatchOptions options = DrawProducer(p.Model, keepsOrder: true) with
            {
                BaseOffset = next,
                PartitionLeaderEpoch = p.LeaderEpoch,
            };
            // Only one batch of a producer in one append: the model learns of them together.
            if (i > 0) options = options with { Producer = ProducerIdAndEpoch.None, BaseSequence = -1, IsTransactional = false };
            BufferLease one = Build(options, 1 + _prng.Next(3));
            batches.Add(one.Span.ToArray());
            next = ViewOf(one).NextOffset;
            one.Release();
            if ((most -= batches[^1].Length) < 400) break;
        }

        Give(p, log, batches);
    }

    private void Give(StoragePartition p, PartitionLog log, List<byte[]> batches)
    {
        byte[] bytes = [.. batches.SelectMany(static b => b)];
        BufferLease lease = _kit.Pool.Rent(bytes.Length);
        bytes.CopyTo(lease.Span);
        long end = log.LogEndOffset;
        AppendOutcome outcome = log.Append(
            new AppendRequest(lease, 0, lease.Length, LogAppendOrigin.Replica, p.LeaderEpoch), Now, _ops);
        if (outcome.IsAccepted) Taken(p, outcome, end, lease);
        else if (!IsRefusedForState(log, outcome) && outcome.Error != LogError.RecordListTooLarge)
            Fail($"[L3] {p}: the leader's batches at {end} were refused: {outcome.Error} {outcome.Message}");
        lease.Release(); // before anything that may end the process
        TakeOps();
    }

    private static bool IsRefusedForState(PartitionLog log, in AppendOutcome outcome) =>
        outcome.Error == LogError.Backlogged || (outcome.Error == LogError.KafkaStorageError && (log.IsFailed || log.IsClosed));

    private void EndTransaction(StoragePartition p)
    {
        if (p is not { IsOpen: true, Log: { } log } || p.Model.IsTruncating || p.IsCutting) return;
        ModelProducer[] open = [.. p.Model.Producers.Values.Where(static x => x.OpenSince is not null)];
        if (open.Length == 0) return;
        ModelProducer producer = open[_prng.Next(open.Length)];
        RecordBatchOptions options = RecordBatchOptions.Default with { Producer = new ProducerIdAndEpoch(producer.Id, producer.Epoch) };
        if (p.Plan.IsFollower) options = options with { BaseOffset = log.LogEndOffset, PartitionLeaderEpoch = p.LeaderEpoch };
        byte[] marker = ControlBatches.BuildEndTransaction(options, Now.UnixMs, isCommit: _prng.Chance(0.5), coordinatorEpoch: 0);
        if (p.Plan.IsFollower)
        {
            Give(p, log, [marker]);
            return;
        }

        BufferLease lease = _kit.Pool.Rent(marker.Length);
        marker.CopyTo(lease.Span);
        long end = log.LogEndOffset;
        AppendOutcome outcome = log.Append(
            new AppendRequest(lease, 0, lease.Length, LogAppendOrigin.Coordinator, p.LeaderEpoch), Now, _ops);
        if (outcome.IsAccepted) Taken(p, outcome, end, lease);
        else if (!IsRefusedForState(log, outcome)) Fail($"[T4] {p}: a marker was refused: {outcome.Error} {outcome.Message}");
        lease.Release(); // before anything that may end the process
        TakeOps();
    }

    private RecordBatchOptions DrawProducer(LogModel model, bool keepsOrder)
    {
        if (_prng.Chance(0.35)) return RecordBatchOptions.Default;
        long id = 100 + _prng.Next(ProducersPerLog);
        bool isTransactional = id % 2 == 1;
        if (!model.Producers.TryGetValue(id, out ModelProducer? known))
            return Of(id, 0, _prng.Chance(0.2) ? int.MaxValue - _prng.Next(6) : 0, isTransactional);
        int next = known.LastSequence is { } last ? RecordSequence.Add(last, 1) : 0;
        short newer = (short)(known.Epoch + 1);
        return (keepsOrder ? 0 : _prng.Next(20)) switch
        {
            < 14 => Of(id, known.Epoch, next, isTransactional),
            < 17 when known.Batches.Count > 0 => Again(known, isTransactional),
            17 => Of(id, known.Epoch, RecordSequence.Add(next, 1 + _prng.Next(3)), isTransactional),
            18 when known.OpenSince is null => Of(id, newer, 0, isTransactional),
            19 when known.Epoch > 0 => Of(id, (short)(known.Epoch - 1), 0, isTransactional),
            _ => Of(id, known.Epoch, next, isTransactional),
        };
    }

    // The same batch once more: as many records from the same sequence on.
    private RecordBatchOptions Again(ModelProducer known, bool isTransactional)
    {
        ModelBatch batch = known.Batches[_prng.Next(known.Batches.Count)];
        _repeated = batch.Times.Length;
        return Of(known.Id, known.Epoch, batch.BaseSequence, isTransactional);
    }

    private int _repeated;
    private bool _hasClockJumped;

    private static RecordBatchOptions Of(long id, short epoch, int sequence, bool isTransactional) => RecordBatchOptions.Default with
    {
        Producer = new ProducerIdAndEpoch(id, epoch),
        BaseSequence = sequence,
        IsTransactional = isTransactional,
    };

    private BufferLease Build(RecordBatchOptions options, int records)
    {
        if (_repeated > 0) (records, _repeated) = (_repeated, 0);
        using RecordBatchBuilder builder = new(options, _kit.Codecs);
        Span<byte> value = stackalloc byte[80];
        long time = Now.UnixMs - _prng.Next(3_000);
        for (int i = 0; i < records; i++)
        {
            Span<byte> one = value[..(8 + _prng.Next(_prng.Chance(0.2) ? 72 : 20))];
            _prng.NextBytes(one);
            Verify.That(builder.TryAppend(time + _prng.Next(200), default, new OptionalBytes(one)));
        }

        return builder.BuildLease(_kit.Pool);
    }

    private static RecordBatchView ViewOf(BufferLease lease)
    {
        Verify.That(RecordBatchView.TryRead(lease.Span, out RecordBatchView batch) == BatchReadStatus.Ok);
        return batch;
    }

    private static string Text(RecordBatchView batch) =>
        $"producer {batch.ProducerId} epoch {batch.ProducerEpoch} sequence {batch.BaseSequence} to {batch.LastSequence}";

    /// <summary>What a client's batch must be answered. Not sure where the log may have forgotten the producer.</summary>
    private static (LogError Error, ModelBatch? Duplicate, bool IsSure) Expect(LogModel model, RecordBatchView batch, long start)
    {
        if (batch.ProducerId < 0) return (LogError.None, null, true);
        if (!model.Producers.TryGetValue(batch.ProducerId, out ModelProducer? known)) return (LogError.None, null, true);
        long since = model.Forgotten.GetValueOrDefault(known.Id, -1);
        if (known.LastOffset < since) return (LogError.None, null, false);
        if (batch.ProducerEpoch < known.Epoch) return (LogError.InvalidProducerEpoch, null, true);
        if (batch.ProducerEpoch > known.Epoch)
            return (batch.BaseSequence == 0 ? LogError.None : LogError.OutOfOrderSequenceNumber, null, true);
        foreach (ModelBatch kept in known.Batches)
        {
            if (kept.BaseSequence != batch.BaseSequence || kept.LastSequence != batch.LastSequence) continue;
            // Below the start the log has only what a snapshot says: the last one.
            return (LogError.None, kept, kept.BaseOffset >= Math.Max(start, since));
        }

        int due = known.LastSequence is { } last ? RecordSequence.Add(last, 1) : 0;
        // A marker alone, with the data before it forgotten, leaves no sequence to follow.
        if (known.Batches.Count > 0 && known.Batches[^1].BaseOffset < Math.Max(since, start)) return (LogError.None, null, false);
        return (batch.BaseSequence == due ? LogError.None : LogError.OutOfOrderSequenceNumber, null, true);
    }

    private void FollowHighWatermark(StoragePartition p)
    {
        if (!p.Plan.IsFollower || p is not { IsOpen: true, Log: { } log } || p.Model.IsTruncating) return;
        long end = log.WrittenEnd;
        if (end <= log.HighWatermark) return;
        int index = p.Model.IndexFrom(_prng.Next(log.HighWatermark, end));
        log.SetHighWatermark(index < p.Model.Batches.Count ? Math.Min(end, p.Model.Batches[index].NextOffset) : end);
    }

    /// <summary>A follower's log is cut where it differs from the new leader's, never below the high watermark.</summary>
    private void Truncate(StoragePartition p)
    {
        if (!p.Plan.IsFollower || p is not { IsOpen: true, Log: { } log } || p.Model.IsTruncating) return;
        long from = Math.Max(log.HighWatermark, log.LogStartOffset);
        if (from >= log.LogEndOffset) return;
        if (_prng.Chance(0.7)) Work(int.MaxValue);
        if (!ReferenceEquals(p.Log, log) || !p.IsOpen) return;
        long offset = _prng.Next(from, log.LogEndOffset + 1);
        int index = p.Model.IndexFrom(offset);
        // Epochs end where batches end, as a rule; and the high watermark stands between batches.
        bool isRule = _prng.Chance(0.7) || (index < p.Model.Batches.Count && p.Model.Batches[index].BaseOffset < from);
        if (isRule && index < p.Model.Batches.Count) offset = Math.Max(p.Model.Batches[index].BaseOffset, from);
        TruncateStatus status = log.TruncateTo(offset, Now, _ops);
        Note((int)status);
        p.LeaderEpoch = ++_epochs;
        if (status == TruncateStatus.Accepted) BeginTruncation(p, log, offset, isWhole: false);
        TakeOps();
    }

    private void BeginTruncation(StoragePartition p, PartitionLog log, long offset, bool isWhole)
    {
        Counts.Truncations++;
        p.Model.BeginTruncation(offset, isWhole);
        p.See(log);
        if (log.LogEndOffset != (isWhole ? offset : p.Model.End) && !isWhole && log.LogEndOffset != offset)
            Fail($"[L9] {p}: truncated to {offset}, the log ends at {log.LogEndOffset}");
    }

    private void TruncateFully(StoragePartition p)
    {
        if (!p.Plan.IsFollower || p is not { IsOpen: true, Log: { } log } || p.Model.IsTruncating) return;
        if (_prng.Chance(0.7)) Work(int.MaxValue);
        if (!ReferenceEquals(p.Log, log) || !p.IsOpen) return;
        long offset = log.LogEndOffset + _prng.Next(5);
        TruncateStatus status = log.TruncateFullyAndStartAt(offset, Now, _ops);
        Note((int)status);
        p.LeaderEpoch = ++_epochs;
        if (status == TruncateStatus.Accepted) BeginTruncation(p, log, offset, isWhole: true);
        TakeOps();
    }

    private void OnTruncated(StoragePartition p)
    {
        p.Model.EndTruncation();
        if (p.Log!.LogEndOffset != p.Model.End && (p.Rot & RotKinds.Log) == 0)
            Fail($"[L3] {p}: was cut at {p.Model.End}, the log ends at {p.Log.LogEndOffset}");
        if ((p.Rot & RotKinds.Log) != 0)
        {
            p.Model.Bury(p.Model.Cut(p.Log.LogEndOffset));
            p.Model.Written = Math.Min(p.Model.Written, p.Model.End);
            p.Model.Durable = Math.Min(p.Model.Durable, p.Model.End);
        }

        p.See(p.Log); // an offset within a batch takes the whole batch
        Checkpoint(p);
        CheckState(p, p.Log);
    }

    private void DeleteRecords(StoragePartition p)
    {
        if (p is not { IsOpen: true, Log: { } log } || p.Model.IsTruncating || log.HighWatermark <= log.LogStartOffset) return;
        long offset = _prng.Next(log.LogStartOffset, log.HighWatermark + 1);
        p.Model.DeletedBelow = Math.Max(p.Model.DeletedBelow, offset);
        if (!log.AdvanceLogStart(offset, Now, _ops))
            Fail($"[L1] {p}: the log start cannot go to {offset}, the high watermark is {log.HighWatermark}");
        p.Model.Start = Math.Max(p.Model.Start, log.LogStartOffset);
        TakeOps();
    }

    private void WriteCheckpoints()
    {
        if (_checkpointsOut > 0) return;
        foreach (string directory in _directories)
        {
            if (_offline.Contains(directory)) continue;
            _checkpointsOut++;
            Submit(CheckpointsOf(directory), _ => _checkpointsOut--);
        }
    }

    private void Delete(StoragePartition p)
    {
        if (p.TopicId is null || p.Log is not { IsFailed: false } log || p.IsOffline || p.Model.IsTruncating) return;
        Counts.Deletions++;
        p.TopicId = null;
        p.IsLeaving = true;
        p.Log = null;
        p.Model = new LogModel();
        p.Rot = RotKinds.None;
        p.HasForgottenPages = false;
        _leaving.Add(log);
        if (log.Discard()) Left(log, hasFailed: false);
    }

    /// <summary>A deleted log is closed: its folder gets another name, then the checkpoints forget it, then the name is free.</summary>
    private void Left(PartitionLog log, bool hasFailed)
    {
        if (!_leaving.Remove(log) || hasFailed) return;
        StoragePartition p = _partitions.First(x => x.Folder == log.Folder);
        RenameFolderJob rename = log.MakeDeleteJob(_prng.NextUuid());
        Submit(rename, op =>
        {
            if (op.Error != DiskError.None)
            {
                FailDirectory(p.Directory, op.ErrorText!);
                return;
            }

            Submit(CheckpointsOf(p.Directory), written =>
            {
                if (written.Error == DiskError.None) p.IsLeaving = false;
            });
            Submit(new RemoveFolderJob { LogDirectory = p.Directory, Folder = rename.To }, static _ => { });
        });
    }

    private void Create(StoragePartition p)
    {
        if (p.TopicId is not null || p.IsLeaving || _offline.Contains(p.Directory)) return;
        p.TopicId = _prng.NextUuid();
        p.Model = new LogModel();
        p.Rot = RotKinds.None;
        p.IsNew = true;
        Load(p);
    }

    private void Reconfigure(StoragePartition p)
    {
        p.Config = StoragePlan.DrawConfig(_prng, p.Config.SyncsAppends) with { IndexIntervalBytes = p.Config.IndexIntervalBytes };
        WithLog(p, log => log.Reconfigure(Planted(p.Config)));
    }

    private void NewEpoch(StoragePartition p)
    {
        if (p is not { IsOpen: true, Log: { } log } || p.Model.IsTruncating) return;
        p.LeaderEpoch = ++_epochs;
        if (_prng.Chance(0.5)) log.AssignEpoch(p.LeaderEpoch, log.LogEndOffset, Now, _ops);
        else log.Epochs.Assign(p.LeaderEpoch, log.LogEndOffset);
        TakeOps();
    }
}
