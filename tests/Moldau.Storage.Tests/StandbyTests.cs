using Moldau.Base;

namespace Moldau.Storage.Tests;

public sealed class StandbyTests
{
    private static readonly LogConfig Config = LogHarness.DefaultConfig with { SegmentBytes = 10_000 };

    private readonly MemoryDisk _disk = new();

    public StandbyTests() => _disk.CreateDirectory(LogHarness.Directory);

    private static LogHarness Opened(MemoryDisk disk, LogConfig? config = null)
    {
        LogHarness log = new(disk, config ?? Config);
        log.Open(topicId: new Uuid(1, 1));
        return log;
    }

    private static string StandbyOf(LogHarness log) => $"{log.Folder}/{LogFileNames.Standby}";

    private static void FillUntilPrepared(LogHarness log)
    {
        for (int i = 0; i < 8; i++) log.Append(Batches.Sized(1000));
        Assert.Equal(1, log.Log.SegmentCount);
        Assert.True(log.Disk.FileExists(StandbyOf(log)));
    }

    [Fact]
    public void Roll_OntoAPreparedFile_WaitsForNoJob()
    {
        using LogHarness log = Opened(_disk);
        FillUntilPrepared(log);
        for (int i = 0; i < 4; i++) log.Append(Batches.Sized(1000), waits: false);
        Assert.Equal(2, log.Log.SegmentCount);
        List<DiskOp> ops = [];
        log.TakeQueued(ops);
        // All four are on their way at once, those behind the roll too.
        Assert.Equal(4, ops.Count(op => op is AppendOp));
        foreach (DiskOp op in ops.Where(op => op is AppendOp)) log.Perform(op);
        Assert.Equal(12, log.Log.WrittenEnd);
        Assert.Equal(12, log.ReadAll().Count);
        Assert.False(_disk.FileExists(StandbyOf(log)));
        log.Run();
        Assert.Equal(log.Log.ActiveBaseOffset, log.Log.RecoveryPoint);
        Assert.Contains($"{log.Folder}/{log.Log.ActiveBaseOffset:D20}.index", _disk.Paths);
        Assert.Contains($"{log.Folder}/{log.Log.ActiveBaseOffset:D20}.timeindex", _disk.Paths);
        log.Log.Close(log.Now, log.Ops);
        log.Run();
        Assert.Equal((0, 0), (_disk.OpenFiles, log.Pool.Outstanding));
    }

    [Fact]
    public void PreparedFile_IsRemoved_AtACleanEndAndAtALoad()
    {
        using LogHarness log = Opened(_disk);
        FillUntilPrepared(log);
        MemoryDisk killed = _disk.Kill();
        Assert.True(killed.FileExists(StandbyOf(log)));
        using LogHarness again = Opened(killed);
        Assert.False(killed.FileExists(StandbyOf(log)));
        Assert.Equal(8, again.Log.LogEndOffset);

        log.Log.Close(log.Now, log.Ops);
        log.Run();
        Assert.False(_disk.FileExists(StandbyOf(log)));
        Assert.Equal(0, _disk.OpenFiles);
    }

    [Fact]
    public void IdleLog_GivesThePreparedFileBack_AndPreparesAnotherLater()
    {
        using LogHarness log = Opened(_disk);
        FillUntilPrepared(log);
        log.Advance(120_000);
        log.Log.Sweep(log.Now, log.Ops);
        log.Run();
        Assert.Equal(1, _disk.OpenFiles);
        log.Append(Batches.Sized(1000));
        Assert.Equal(2, _disk.OpenFiles);
        for (int i = 0; i < 4; i++) log.Append(Batches.Sized(1000));
        Assert.Equal(13, log.ReadAll().Count);
    }

    [Fact]
    public void NoFileCanBePrepared_TheRollMakesItsOwn()
    {
        using LogHarness log = Opened(_disk);
        log.Append(Batches.Sized(1000));
        for (int i = 0; i < 7; i++)
        {
            log.Append(Batches.Sized(1000), waits: false);
            List<DiskOp> ops = [];
            log.TakeQueued(ops);
            foreach (DiskOp op in ops)
            {
                if (op is AppendOp) log.Perform(op);
                else FailPreparation(log, op);
            }
        }

        for (int i = 0; i < 8; i++) Assert.True(log.Append(Batches.Sized(1000)).IsAccepted);
        Assert.Equal((2, 16), (log.Log.SegmentCount, log.ReadAll().Count));
    }

    private static void FailPreparation(LogHarness log, DiskOp op)
    {
        Assert.Equal("PrepareSegmentJob", op.GetType().Name);
        op.Fail(DiskError.NoSpace, "no space");
        log.Log.OnCompleted(op, log.Now, log.Ops);
    }

    [Fact]
    public void FolderOfADeletedLog_IsRenamedBehindItsFlushes()
    {
        using LogHarness log = Opened(_disk);
        FillUntilPrepared(log);
        DiskOp? flush = null;
        for (int i = 0; i < 4; i++) log.Append(Batches.Sized(1000), waits: false);
        while (flush is null)
        {
            List<DiskOp> ops = [];
            log.TakeQueued(ops);
            Assert.NotEmpty(ops);
            foreach (DiskOp op in ops)
            {
                if (op.GetType().Name == "FlushSegmentJob") flush = op;
                else log.Perform(op);
            }
        }

        // A flush writes by name: behind the rename it would write into the folder of the next topic of that name.
        log.Log.Discard();
        Assert.Same(flush.OrderKey, log.Log.MakeDeleteJob(new Uuid(1, 1)).OrderKey);
        log.Perform(flush);
    }

    [Fact]
    public void SyncedRecords_BehindARollOntoAPreparedFile_SurviveALossOfPower()
    {
        using LogHarness log = Opened(_disk, Config with { SyncsAppends = true });
        FillUntilPrepared(log);
        List<DiskOp> flushes = [];
        for (int i = 0; i < 4; i++) log.Append(Batches.Sized(1000), waits: false);
        while (true)
        {
            List<DiskOp> ops = [];
            log.TakeQueued(ops);
            if (ops.Count == 0) break;
            foreach (DiskOp op in ops)
            {
                if (op.GetType().Name == "FlushSegmentJob") flushes.Add(op);
                else log.Perform(op);
            }
        }

        // The name of the new file may be lost until the segment before it is flushed.
        Assert.InRange(log.Log.DurableEnd, 8, log.Log.ActiveBaseOffset);
        foreach (DiskOp op in flushes) log.Perform(op);
        log.Run();
        Assert.Equal(12, log.Log.DurableEnd);
        for (ulong seed = 0; seed < 20; seed++)
        {
            using LogHarness again = Opened(_disk.Crash(new Prng(seed)));
            Assert.Equal(12, again.Log.LogEndOffset);
        }
    }
}
