using Moldau.Base;

namespace Moldau.Storage.Tests;

/// <summary>Reliability D2, D3, L11: every crash point, of the log's work and of recovery itself.</summary>
public sealed class CrashTests
{
    private static readonly LogConfig Config =
        LogHarness.DefaultConfig with { SegmentBytes = 1500, IndexIntervalBytes = 200, FileDeleteDelayMs = 0 };

    private static MemoryDisk NewDisk()
    {
        MemoryDisk disk = new();
        disk.CreateDirectory(LogHarness.Directory);
        disk.SyncDirectory("/");
        return disk;
    }

    // A life with rolls, epochs, producers, aborted transactions and a truncation. Returns what was acknowledged.
    private static void Live(LogHarness log, Action<long> written, Action<long>? truncated = null)
    {
        log.Open(topicId: new Uuid(1, 2));
        for (int i = 0; i < 24; i++)
        {
            byte[] batch = (i % 6) switch
            {
                2 => Batches.Idempotent(5, (short)(i / 6), 0, 2, isTransactional: true),
                3 => Batches.Marker(5, (short)(i / 6), isCommit: i % 12 == 3),
                _ => Batches.At(Batches.BaseTime + i, $"{i} {new string('z', 100)}"),
            };
            LogAppendOrigin origin = i % 6 == 3 ? LogAppendOrigin.Coordinator : LogAppendOrigin.Client;
            Assert.True(log.Append(batch, origin, epoch: i / 8).IsAccepted);
            written(log.Log.DurableEnd);
            if (i == 15 && truncated is not null)
            {
                truncated(9);
                Assert.Equal(TruncateStatus.Accepted, log.Log.TruncateTo(9, log.Now, log.Ops));
                log.Run();
            }
        }
    }

    [Fact]
    public void PowerLoss_AtAnyCall_LosesNothingThatWasDurable()
    {
        LogConfig config = Config with { SyncsAppends = true };
        int calls = CountCalls(config);
        for (int at = 1; at <= calls; at++)
        {
            MemoryDisk disk = NewDisk();
            disk.CrashAt = disk.Calls + at;
            using LogHarness log = new(disk, config);
            long durable = 0;
            try
            {
                Live(log, end => durable = end);
            }
            catch (CrashException)
            {
            }

            byte[] before = log.Log is null ? [] : Raw(log, durable);
            for (ulong seed = 0; seed < 4; seed++)
            {
                using LogHarness again = new(disk.Crash(new Prng((ulong)at * 100 + seed)), config);
                again.Open(recoveryPoint: log.Log?.RecoveryPoint ?? 0);
                Assert.True(again.Log.LogEndOffset >= durable, $"crash at {at}: {again.Log.LogEndOffset} < {durable}");
                Assert.Equal(before, Raw(again, durable));
                Assert.True(again.Append(Batches.Of("goes on"), epoch: 9).IsAccepted);
            }
        }
    }

    [Fact]
    public void Kill_AtAnyCall_LosesNothingThatWasWritten_AndATruncationIsWholeOrNot()
    {
        int calls = CountCalls(Config, withTruncation: true);
        for (int at = 1; at <= calls; at++)
        {
            MemoryDisk disk = NewDisk();
            disk.CrashAt = disk.Calls + at;
            using LogHarness log = new(disk, Config);
            long written = 0;
            long kept = long.MaxValue;
            try
            {
                Live(log, _ => (written, kept) = (log.Log.WrittenEnd, long.MaxValue), to => kept = to);
            }
            catch (CrashException)
            {
            }

            using LogHarness again = new(disk.Kill(), Config);
            again.Open(recoveryPoint: Math.Min(log.Log?.RecoveryPoint ?? 0, kept));
            Assert.True(again.Log.LogEndOffset >= Math.Min(written, kept), $"kill at {at}");
            CheckDense(again);
            Assert.True(again.Append(Batches.Of("goes on"), epoch: 9).IsAccepted);
        }
    }

    [Fact]
    public void Recovery_InterruptedAtAnyCall_EndsTheSame()
    {
        MemoryDisk disk = NewDisk();
        using LogHarness log = new(disk, Config);
        Live(log, _ => { });
        string active = $"{log.Folder}/{log.Log.ActiveBaseOffset:D20}.log";
        string middle = disk.Paths.Where(p => p.EndsWith(".log", StringComparison.Ordinal)).Skip(1).First();
        byte[] torn = disk.Contents(middle);
        torn[^10] ^= 1;
        disk.Put(middle, torn);
        Assert.NotEqual(active, middle);

        using LogHarness whole = new(disk.Kill(), Config);
        LoadLogJob load = whole.Open();
        Assert.NotEmpty(load.Notes);
        var expected = Files((MemoryDisk)whole.Disk);
        int calls = ((MemoryDisk)whole.Disk).Calls;
        Assert.True(calls > 10);
        for (int at = 1; at <= calls; at++)
        {
            MemoryDisk half = disk.Kill();
            half.CrashAt = at;
            using LogHarness first = new(half, Config);
            Assert.Throws<CrashException>(() => first.Open());
            using LogHarness second = new(half.Kill(), Config);
            second.Open();
            Assert.Equal(whole.Log.LogEndOffset, second.Log.LogEndOffset);
            Assert.Equal(whole.Log.Epochs.Entries, second.Log.Epochs.Entries);
            Assert.Equal(expected, Files((MemoryDisk)second.Disk));

            // And with a loss of power in the middle of recovery.
            using LogHarness third = new(half.Crash(new Prng((ulong)at)), Config);
            third.Open();
            Assert.Equal(whole.Log.LogEndOffset, third.Log.LogEndOffset);
            CheckDense(third);
        }
    }

    [Fact]
    public void Load_WithAnErrorAtAnyCall_FailsAsAValue_AndLeavesNoFileOpen()
    {
        MemoryDisk disk = NewDisk();
        using LogHarness log = new(disk, Config);
        Live(log, _ => { });
        int calls = 1;
        for (int at = 1; at <= calls; at++)
        {
            MemoryDisk half = disk.Kill();
            half.Failures[at] = DiskError.Io;
            LoadLogJob job = new(new LoadLogRequest
            {
                Partition = log.Partition,
                Folder = log.Folder,
                Config = Config,
                HadCleanShutdown = false,
                NowMs = 0,
            })
            { LogDirectory = LogHarness.Directory };
            job.Execute(half);
            if (job.Error == DiskError.None) break;
            Assert.Equal(DiskError.Io, job.Error);
            Assert.Equal(0, half.OpenFiles);
            calls++;
        }

        Assert.True(calls > 50);
    }

    [Fact]
    public void FailedAppend_TakesTheLogOffline_AndGivesBackItsBuffers()
    {
        MemoryDisk disk = NewDisk();
        using LogHarness log = new(disk, Config);
        log.Open();
        log.Append(Batches.Of("kept"));
        disk.Fault = (call, _) => call == "write" ? DiskError.NoSpace : DiskError.None;
        log.Append(Batches.Of("lost 1"), waits: false);
        log.Append(Batches.Of("lost 2"), waits: false);
        log.Run();
        Assert.True(log.Changes.HasFlag(LogChanges.Failed));
        Assert.True(log.Log.IsFailed);
        Assert.Equal((1, 1), (log.Log.LogEndOffset, log.Log.WrittenEnd));
        Assert.Equal(LogError.KafkaStorageError, log.Append(Batches.Of("refused")).Error);
        Assert.Equal(0, log.Pool.Outstanding);
        disk.Fault = null;
        using LogHarness again = new(disk.Kill(), Config);
        again.Open();
        Assert.Equal([(0, "kept")], again.ReadAll());
    }

    [Fact]
    public void FailedSync_IsFinal_AndNothingMoreBecomesDurable()
    {
        MemoryDisk disk = NewDisk();
        using LogHarness log = new(disk, Config with { SyncsAppends = true });
        log.Open();
        log.Append(Batches.Of("durable"));
        Assert.Equal(1, log.Log.DurableEnd);
        disk.Fault = (call, _) => call == "fsync" ? DiskError.Io : DiskError.None;
        log.Append(Batches.Of("not durable"));
        disk.Fault = null;
        Assert.True(log.Log.IsFailed);
        Assert.Equal(1, log.Log.DurableEnd);
        Assert.Equal(LogError.KafkaStorageError, log.Append(Batches.Of("refused")).Error);
    }

    /// <summary>After a failed sync the pages are readable and count as clean: the next process must not take them for
    /// durable because its own sync succeeds.</summary>
    [Fact]
    public void RecoveryAfterAFailedSync_MakesDurableWhatItServes()
    {
        (MemoryDisk disk, LogConfig config) = AfterFailedSync();
        using LogHarness again = new(disk, config);
        again.Open();
        Assert.Equal(["durable", "not durable"], again.ReadAll().Select(r => r.Value));
        again.Append(Batches.Of("later"));
        Assert.Equal(3, again.Log.DurableEnd);
        for (ulong seed = 0; seed < 8; seed++)
        {
            using LogHarness last = new(disk.Crash(new Prng(seed)), config);
            last.Open();
            Assert.Equal(["durable", "not durable", "later"], last.ReadAll().Select(r => r.Value));
        }
    }

    /// <summary>As above, of an index: what a later start reads may be older than what the start before had read.</summary>
    [Fact]
    public void RecoveryAfterAFailedSyncOfAnIndex_MakesTheIndexDurable()
    {
        MemoryDisk disk = NewDisk();
        using LogHarness log = new(disk, Config);
        log.Open();
        disk.Fault = (call, path) =>
            call == "fsync" && path.EndsWith(LogFileNames.TimeIndex, StringComparison.Ordinal) ? DiskError.Io : DiskError.None;
        for (int i = 0; i < 12 && !log.Log.IsFailed; i++) log.Append(Batches.At(Batches.BaseTime + i, new string('z', 200)));
        disk.Fault = null;
        Assert.True(log.Log.IsFailed);

        using LogHarness again = new(disk, Config);
        again.Open();
        long end = again.Log.LogEndOffset;
        for (ulong seed = 0; seed < 8; seed++)
        {
            MemoryDisk afterwards = disk.Crash(new Prng(seed));
            using LogHarness last = new(afterwards, Config);
            last.Open(recoveryPoint: end);
            foreach (string path in disk.Paths.Where(p => p.EndsWith("index", StringComparison.Ordinal)))
                Assert.Equal(disk.Contents(path), afterwards.Contents(path));
        }
    }

    [Fact]
    public void RecoveryAfterAFailedSync_ThatDiesAtAnyCall_HarmsNothingDurable()
    {
        int calls = 0;
        for (int at = 1; at == 1 || calls == at - 1; at++)
        {
            (MemoryDisk disk, LogConfig config) = AfterFailedSync();
            disk.CrashAt = disk.Calls + at;
            using LogHarness again = new(disk, config);
            try
            {
                again.Open();
            }
            catch (CrashException)
            {
                calls = at;
            }

            for (ulong seed = 0; seed < 8; seed++)
            {
                using LogHarness last = new(disk.Crash(new Prng(((ulong)at << 8) + seed)), config);
                last.Open();
                Assert.Equal("durable", last.ReadAll()[0].Value);
                CheckDense(last);
            }
        }

        Assert.True(calls >= 3, $"only {calls} calls");
    }

    private static (MemoryDisk Disk, LogConfig Config) AfterFailedSync()
    {
        MemoryDisk disk = NewDisk();
        LogConfig config = Config with { SyncsAppends = true };
        using LogHarness log = new(disk, config);
        log.Open();
        log.Append(Batches.Of("durable"));
        disk.Fault = (call, _) => call == "fsync" ? DiskError.Io : DiskError.None;
        log.Append(Batches.Of("not durable"));
        disk.Fault = null;
        Assert.True(log.Log.IsFailed);
        return (disk, config);
    }

    [Fact]
    public void Sync_CoversWhatWasWrittenWhenItWasAskedFor_AndNoMore()
    {
        MemoryDisk disk = NewDisk();
        using LogHarness log = new(disk, Config with { SyncsAppends = true });
        log.Open();
        log.Append(Batches.Of("a"));
        Assert.Equal(1, log.Log.DurableEnd);
        log.Append(Batches.Of("b"), waits: false);
        Assert.True(log.RunOne()); // written: a sync goes out
        log.Append(Batches.Of("c"), waits: false);
        int syncs = 0;
        while (log.RunOne(op =>
        {
            if (op is not SyncOp) return;
            syncs++;
            if (syncs == 1) Assert.Equal(1, log.Log.DurableEnd);
        }))
        {
            if (syncs == 1 && log.Log.DurableEnd > 1) Assert.Equal(2, log.Log.DurableEnd);
        }

        Assert.Equal((2, 3), (syncs, log.Log.DurableEnd));
    }

    private static int CountCalls(LogConfig config, bool withTruncation = false)
    {
        MemoryDisk disk = NewDisk();
        int before = disk.Calls;
        using LogHarness log = new(disk, config);
        Live(log, _ => { }, withTruncation ? _ => { } : null);
        Assert.True(log.Log.SegmentCount > 1);
        return disk.Calls - before;
    }

    private static byte[] Raw(LogHarness log, long upTo)
    {
        if (upTo == 0) return [];
        List<byte> bytes = [];
        long next = 0;
        while (next < upTo)
        {
            byte[] part = log.ReadBytes(next, upTo: upTo);
            Assert.NotEmpty(part);
            bytes.AddRange(part);
            foreach (Records.RecordBatchView batch in new Records.RecordBatchEnumerator(part)) next = batch.NextOffset;
        }

        return [.. bytes];
    }

    private static void CheckDense(LogHarness log)
    {
        long next = log.Log.LogStartOffset;
        while (next < log.Log.WrittenEnd)
        {
            byte[] part = log.ReadBytes(next);
            Assert.NotEmpty(part);
            foreach (Records.RecordBatchView batch in new Records.RecordBatchEnumerator(part))
            {
                Assert.True(batch.IsCrcValid);
                Assert.Equal(next, batch.BaseOffset);
                next = batch.NextOffset;
            }
        }

        foreach (EpochEntry entry in log.Log.Epochs.Entries) Assert.True(entry.StartOffset < log.Log.LogEndOffset);
    }

    private static List<(string, string)> Files(MemoryDisk disk) =>
        [.. disk.Paths.Where(p => !p.EndsWith(".snapshot", StringComparison.Ordinal))
            .Select(p => (p, Convert.ToHexString(disk.Contents(p))))];

    /// <summary>The flush of a rolled segment failed while the log was closing: what its last step synced says nothing of it.</summary>
    [Fact]
    public void Close_BehindAFailedFlush_MakesNothingDurable()
    {
        MemoryDisk disk = NewDisk();
        using LogHarness log = new(disk);
        log.Open();
        log.Append(Batches.Of("rolled"));
        log.Log.ForceRoll(log.Now, log.Ops);
        Assert.True(log.RunOne(op => Assert.Equal("RollJob", op.GetType().Name)));
        List<DiskOp> ops = [];
        log.TakeQueued(ops);
        DiskOp flush = Assert.Single(ops);
        log.Append(Batches.Of("active"));
        log.Log.Close(log.Now, log.Ops);
        disk.Fault = (call, _) => call == "fsync" ? DiskError.Io : DiskError.None;
        log.Perform(flush);
        disk.Fault = null;
        log.Run();
        Assert.True(log.Log.IsFailed);
        Assert.Equal((0, 0), (log.Log.DurableEnd, log.Log.RecoveryPoint));
    }

    /// <summary>While the flush that brings a log to rest is out no other sync of its file is: the kernel tells an error once.</summary>
    [Fact]
    public void LogThatComesToRest_HasOneSyncOut()
    {
        MemoryDisk disk = NewDisk();
        using LogHarness log = new(disk, Config with { FlushMs = 70_000 });
        log.Open();
        log.Append(Batches.Of("a"));
        log.Advance(71_000);
        log.Log.Sweep(log.Now, log.Ops);
        log.Log.Tick(log.Now, log.Ops);
        List<DiskOp> ops = [];
        log.TakeQueued(ops);
        Assert.Equal("CloseLogJob", Assert.Single(ops).GetType().Name);
        log.Perform(ops[0]);
        Assert.Equal((1, 1), (log.Log.DurableEnd, log.Log.RecoveryPoint));
    }

    /// <summary>The process died between a roll and the flush that makes the new segment's name durable.</summary>
    [Fact]
    public void SyncedRecords_InASegmentWhoseRollWasNotFlushed_SurviveALossOfPower()
    {
        Uuid id = new Prng(3).NextUuid();
        LogConfig config = Config with { SyncsAppends = true };
        MemoryDisk disk = NewDisk();
        using (LogHarness log = new(disk, config))
        {
            log.Open(topicId: id);
            log.Append(Batches.Of("rolled"));
            log.Log.ForceRoll(log.Now, log.Ops);
            Assert.True(log.RunOne(op => Assert.Equal("RollJob", op.GetType().Name)));
        }

        using LogHarness again = new(disk, config);
        again.Open(recoveryPoint: 1, topicId: id);
        again.Append(Batches.Of("acknowledged"));
        Assert.Equal(2, again.Log.DurableEnd);
        for (ulong seed = 0; seed < 20; seed++)
        {
            using LogHarness last = new(disk.Crash(new Prng(seed)), config);
            last.Open(recoveryPoint: 1, topicId: id);
            Assert.Equal(["rolled", "acknowledged"], last.ReadAll().Select(r => r.Value));
        }
    }
}
