using Moldau.Base;

namespace Moldau.Storage.Tests;

/// <summary>Operations complete late and in any order that the contract of <see cref="DiskOp"/> allows: in order for one
/// lane and order key, at random between them. What is acknowledged must be right at every moment.</summary>
public sealed class InterleavingTests
{
    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, false)]
    [InlineData(4, true)]
    [InlineData(5, true)]
    [InlineData(6, true)]
    [InlineData(7, true)]
    [InlineData(8, true)]
    public void LateCompletions_KeepOrderAndPromises(ulong seed, bool syncs)
    {
        Prng random = new(seed);
        MemoryDisk disk = new();
        disk.CreateDirectory(LogHarness.Directory);
        disk.SyncDirectory("/");
        LogConfig config = LogHarness.DefaultConfig with
        {
            SegmentBytes = 2500,
            IndexIntervalBytes = 300,
            SyncsAppends = syncs,
            RetentionBytes = 12_000,
            FileDeleteDelayMs = 10,
        };
        using LogHarness log = new(disk, config);
        log.Open();
        List<DiskOp> waiting = [];
        long decided = 0;
        for (int step = 0; step < 600; step++)
        {
            if (random.Chance(0.45))
            {
                byte[] batch = Batches.At(Batches.BaseTime + step, $"{step} {new string('q', random.Next(500))}");
                AppendOutcome outcome = log.Append(batch, epoch: step / 100, waits: false);
                Assert.Equal((LogError.None, decided), (outcome.Error, outcome.FirstOffset));
                decided++;
            }

            if (random.Chance(0.05))
            {
                log.Log.SetHighWatermark(log.Log.WrittenEnd);
                log.Log.Sweep(log.Now, log.Ops);
            }

            log.Advance(1);
            log.Log.Tick(log.Now, log.Ops);
            log.TakeQueued(waiting);
            if (waiting.Count > 0 && random.Chance(0.55)) CompleteOne(log, waiting, random);
            Check(log, disk, random);
        }

        log.TakeQueued(waiting);
        while (waiting.Count > 0)
        {
            CompleteOne(log, waiting, random);
            log.TakeQueued(waiting);
        }

        Assert.False(log.Log.IsFailed, log.Log.FailureText);
        Assert.Equal(decided, log.Log.WrittenEnd);
        if (syncs) Assert.Equal(decided, log.Log.DurableEnd);
        Assert.Equal(0, log.Pool.Outstanding);
        Assert.True(log.Log.IsIdle);
        log.Log.Close(log.Now, log.Ops);
        log.Run();
        Assert.Equal(0, disk.OpenFiles);
        using LogHarness again = new(disk.Kill(), config);
        LoadLogJob load = again.Open(isClean: true, log.Log.RecoveryPoint, log.Log.LogStartOffset);
        Assert.Empty(load.Notes);
        Assert.Equal(decided, again.Log.LogEndOffset);
        Assert.Equal(decided - again.Log.LogStartOffset, again.ReadAll().Count);
    }

    [Fact]
    public void Close_WhileAppendsWaitForTheirFile_WritesThemAndEnds()
    {
        MemoryDisk disk = new();
        using (LogHarness before = new(disk))
        {
            before.Open();
            before.Append(Batches.At(Batches.BaseTime, "a"));
        }

        using LogHarness log = new(disk.Kill());
        log.Open();
        log.Append(Batches.At(Batches.BaseTime, "b"), waits: false);
        log.Log.Close(log.Now, log.Ops);
        for (int i = 0; i < 50 && log.RunOne();) i++;
        Assert.True(log.Changes.HasFlag(LogChanges.Closed));
        Assert.Equal(2, log.Log.DurableEnd);
    }

    private static void CompleteOne(LogHarness log, List<DiskOp> waiting, Prng random)
    {
        // The first of each ordered stream may go, and anything unordered.
        List<DiskOp> ready = [];
        HashSet<(DiskLane, object)> seen = [];
        foreach (DiskOp op in waiting)
            if (op.OrderKey is null || seen.Add((op.Lane, op.OrderKey))) ready.Add(op);
        DiskOp chosen = ready[random.Next(ready.Count)];
        waiting.Remove(chosen);
        log.Perform(chosen);
    }

    private static void Check(LogHarness log, MemoryDisk disk, Prng random)
    {
        PartitionLog l = log.Log;
        Assert.True(l.LogStartOffset <= l.WrittenEnd && l.WrittenEnd <= l.LogEndOffset);
        Assert.True(l.DurableEnd <= l.WrittenEnd && l.RecoveryPoint <= l.WrittenEnd);
        if (!random.Chance(0.05)) return;
        // What is called durable is there after a loss of power at this moment.
        using LogHarness after = new(disk.Crash(random.Fork()), log.Config);
        after.Open(recoveryPoint: l.RecoveryPoint, logStart: 0);
        Assert.True(after.Log.LogEndOffset >= l.DurableEnd, $"{after.Log.LogEndOffset} < {l.DurableEnd}");
    }
}
