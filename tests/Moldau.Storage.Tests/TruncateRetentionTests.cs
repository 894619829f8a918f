using Moldau.Base;

namespace Moldau.Storage.Tests;

public sealed class TruncateRetentionTests
{
    private static readonly LogConfig Small =
        LogHarness.DefaultConfig with { SegmentBytes = 1000, IndexIntervalBytes = 100, FileDeleteDelayMs = 5000 };

    private static LogHarness Start(out MemoryDisk disk, LogConfig? config = null)
    {
        disk = new MemoryDisk();
        disk.CreateDirectory(LogHarness.Directory);
        LogHarness log = new(disk, config ?? Small);
        log.Open();
        return log;
    }

    private static void Fill(LogHarness log, int count, long time = Batches.BaseTime)
    {
        for (int i = 0; i < count; i++) log.Append(Batches.At(time, $"{log.Log.LogEndOffset} {new string('x', 120)}"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(13)]
    [InlineData(29)]
    public void Truncate_CutsRecordsEpochsAndProducers_AndSlicesCutBeforeAreStale(long offset)
    {
        using LogHarness log = Start(out MemoryDisk disk);
        for (int i = 0; i < 30; i++) log.Append(Batches.Idempotent(3, 0, i), epoch: i / 10);
        ReadResult before = log.Read(29);
        FileSlice slice = before.Slice!.Value; // there is a record at 29
        Assert.Equal(TruncateStatus.Accepted, log.Log.TruncateTo(offset, log.Now, log.Ops));
        Assert.False(slice.IsCurrent);
        log.Run();
        slice.Release();
        Assert.True(log.Changes.HasFlag(LogChanges.Truncated));
        Assert.Equal(offset, log.Log.LogEndOffset);
        Assert.Equal(offset, log.ReadAll().Count);
        Assert.All(log.Log.Epochs.Entries, e => Assert.True(e.StartOffset < offset));
        Assert.Equal(offset, log.Append(Batches.Idempotent(3, 0, (int)offset), epoch: 7).FirstOffset);
        using LogHarness again = new(disk.Kill(), Small);
        again.Open(recoveryPoint: log.Log.RecoveryPoint);
        Assert.Equal(log.ReadAll(), again.ReadAll());
        Assert.Equal(log.Log.Epochs.Entries, again.Log.Epochs.Entries);
    }

    /// <summary>A loss of power kept the rename of the second segment of retention and not that of the first. The load
    /// finishes what retention had begun: found by the fuzzer.</summary>
    [Fact]
    public void HoleOfRetention_IsNoGap_HoweverOftenItIsRecovered()
    {
        MemoryDisk disk = new();
        using LogHarness harness = new(disk);
        disk.CreateDirectory(harness.Folder);
        foreach ((long offset, string value) in new[] { (0L, "a"), (2L, "c") })
            DiskFiles.WriteDurably(disk, LogFileNames.PathOf(harness.Folder, offset, LogFileNames.Log), Batches.Placed(offset, 0, value));
        string retired = LogFileNames.PathOf(harness.Folder, 1, LogFileNames.Log) + LogFileNames.Deleted;
        DiskFiles.WriteDurably(disk, retired, Batches.Placed(1, 0, "b"));
        MemoryDisk next = disk;
        for (int i = 0; i < 3; i++)
        {
            next = next.Kill();
            using LogHarness again = new(next);
            again.Open();
            Assert.Equal(3, again.Log.LogEndOffset);
            Assert.Equal((2, "c"), again.ReadAll(2).Single());
            Assert.Equal(2, again.Log.LogStartOffset);
            Assert.False(next.FileExists(retired));
        }
    }

    [Fact]
    public void TruncateFully_GoesOnAtTheNewOffset()
    {
        using LogHarness log = Start(out MemoryDisk disk);
        Fill(log, 20);
        Assert.Equal(TruncateStatus.Accepted, log.Log.TruncateFullyAndStartAt(1000, log.Now, log.Ops));
        log.Run();
        Assert.Equal((1000, 1000, 1), (log.Log.LogStartOffset, log.Log.LogEndOffset, log.Log.SegmentCount));
        Assert.Equal(1000, log.Append(Batches.Of("new")).FirstOffset);
        Assert.Equal([(1000, "new")], log.ReadAll());
        using LogHarness again = new(disk.Kill(), Small);
        again.Open();
        Assert.Equal((1000, 1001), (again.Log.LogStartOffset, again.Log.LogEndOffset));
    }

    [Fact]
    public void Truncate_WhileAppendsAreOut_IsRefusedUntilTheyAreDone()
    {
        using LogHarness log = Start(out _);
        Fill(log, 2);
        log.Append(Batches.Of("out"), waits: false);
        Assert.Equal(TruncateStatus.Busy, log.Log.TruncateTo(1, log.Now, log.Ops));
        log.Run();
        Assert.Equal(TruncateStatus.Accepted, log.Log.TruncateTo(1, log.Now, log.Ops));
        Assert.Equal(LogError.Backlogged, log.Append(Batches.Of("early"), waits: false).Error);
        log.Run();
        Assert.Equal(1, log.Append(Batches.Of("late")).FirstOffset);
    }

    [Fact]
    public void RetentionByTime_TakesOldSegments_NeverAboveTheHighWatermark()
    {
        using LogHarness log = Start(out MemoryDisk disk, Small with { RetentionMs = 1000 });
        Fill(log, 12);
        log.Log.SetHighWatermark(6);
        log.Advance(5000);
        log.Log.Sweep(log.Now, log.Ops);
        log.Run();
        Assert.InRange(log.Log.LogStartOffset, 1, 6);
        Assert.Contains(disk.Paths, p => p.EndsWith(".log.deleted", StringComparison.Ordinal));
        Assert.True(log.Log.NextDeadline > log.Now);
        log.Advance(5000);
        Assert.True(log.Log.NextDeadline <= log.Now);
        log.Log.Tick(log.Now, log.Ops);
        log.Run();
        Assert.DoesNotContain(disk.Paths, p => p.EndsWith(".deleted", StringComparison.Ordinal));

        // All of it is old: the active segment is rolled, so that it can go as well.
        log.Log.SetHighWatermark(log.Log.LogEndOffset);
        log.Log.Sweep(log.Now, log.Ops);
        log.Run();
        Assert.Equal((12, 12, 1), (log.Log.LogStartOffset, log.Log.LogEndOffset, log.Log.SegmentCount));
        Assert.Equal(12, log.Append(Batches.Of("next")).FirstOffset);
        Assert.Equal([(12, "next")], log.ReadAll());
    }

    [Fact]
    public void RetentionByTime_AfterReopening_AsksForTheTimesOfClosedSegments()
    {
        using LogHarness log = Start(out MemoryDisk disk, Small with { RetentionMs = 1000 });
        Fill(log, 12);
        log.Log.Close(log.Now, log.Ops);
        log.Run();
        using LogHarness again = new(disk.Kill(), log.Config);
        again.Open(isClean: true, recoveryPoint: 12);
        again.Log.SetHighWatermark(12);
        again.Advance(5000);
        again.Log.Sweep(again.Now, again.Ops);
        again.Run();
        Assert.Equal(12, again.Log.LogStartOffset);
    }

    [Fact]
    public void ASegmentWithoutATimeIndex_IsStillFoundByTime_AfterRetentionHasAskedForItsTimes()
    {
        using LogHarness log = Start(out MemoryDisk disk, Small);
        Fill(log, 12);
        log.Log.Close(log.Now, log.Ops);
        log.Run();
        using LogHarness again = new(disk.Kill(), log.Config);
        again.Disk.Delete($"{again.Folder}/{LogFileNames.Of(0, LogFileNames.TimeIndex)}");
        again.Open(isClean: true, recoveryPoint: 12);
        again.Log.SetHighWatermark(12);
        again.Log.Sweep(again.Now, again.Ops);
        again.Run();
        again.ReadBytes(0); // opens the segment
        TimestampLookupJob lookup = again.Log.LookUp(0);
        lookup.Execute(again.Disk);
        Assert.Equal(0, lookup.Result?.Offset);
    }

    [Fact]
    public void RetentionBySize_KeepsAtLeastTheLimit()
    {
        using LogHarness log = Start(out _, Small with { RetentionBytes = 2000 });
        Fill(log, 40);
        log.Log.SetHighWatermark(40);
        log.Log.Sweep(log.Now, log.Ops);
        log.Run();
        Assert.InRange(log.Log.SizeInBytes, 2000, 3000);
        Assert.Equal(40 - log.Log.LogStartOffset, log.ReadAll().Count);
    }

    [Fact]
    public void DeleteRecords_MovesTheStart_AndOlderOffsetsAreOutOfRange()
    {
        using LogHarness log = Start(out MemoryDisk disk);
        Fill(log, 20);
        log.Log.SetHighWatermark(15);
        Assert.False(log.Log.AdvanceLogStart(16, log.Now, log.Ops));
        Assert.True(log.Log.AdvanceLogStart(14, log.Now, log.Ops));
        log.Log.Sweep(log.Now, log.Ops);
        log.Run();
        Assert.Equal(ReadStatus.OutOfRange, log.Read(13).Status);
        Assert.Equal(14, log.ReadAll()[0].Offset);
        using LogHarness again = new(disk.Kill(), Small);
        again.Open(logStart: 14);
        Assert.Equal(14, again.Log.LogStartOffset);
        Assert.Equal(log.ReadAll(), again.ReadAll());
    }

    [Fact]
    public void Roll_ByTime_CountsFromTheFirstRecord()
    {
        using LogHarness log = Start(out _, LogHarness.DefaultConfig with { SegmentMs = 1000 });
        log.Append(Batches.At(10_000, "a"));
        log.Append(Batches.At(11_000, "b"));
        Assert.Equal(1, log.Log.SegmentCount);
        log.Append(Batches.At(11_001, "c"));
        Assert.Equal(2, log.Log.ActiveBaseOffset);
    }

    [Fact]
    public void FlushMs_AsksForASync_WhenItsTimeHasCome()
    {
        using LogHarness log = Start(out _, LogHarness.DefaultConfig with { FlushMs = 100 });
        log.Append(Batches.Of("a"));
        Assert.Equal(0, log.Log.DurableEnd);
        log.Advance(100);
        Assert.True(log.Log.NextDeadline <= log.Now);
        log.Log.Tick(log.Now, log.Ops);
        log.Run();
        Assert.Equal(1, log.Log.DurableEnd);
        Assert.Equal(Instant.Never, log.Log.NextDeadline);
    }

    [Fact]
    public void FlushMessages_SyncsAfterSoManyRecords()
    {
        using LogHarness log = Start(out _, LogHarness.DefaultConfig with { FlushMessages = 3 });
        log.Append(Batches.Of("a", "b"));
        Assert.Equal(0, log.Log.DurableEnd);
        log.Append(Batches.Of("c"));
        Assert.Equal(3, log.Log.DurableEnd);
    }

    [Fact]
    public void IdleFiles_AreClosed_AndOpenedAgainByARead()
    {
        using LogHarness log = Start(out MemoryDisk disk);
        Fill(log, 20);
        int open = disk.OpenFiles;
        log.Advance(61_000);
        log.Log.Sweep(log.Now, log.Ops);
        log.Run();
        Assert.True(disk.OpenFiles < open);
        Assert.Equal(20, log.ReadAll().Count);
    }

    [Fact]
    public void IdleLog_IsFlushed_KeepsNoFileOpen_AndTakesAppendsAgain()
    {
        using LogHarness log = Start(out MemoryDisk disk);
        Fill(log, 20);
        Assert.True(log.Log.RecoveryPoint < 20);
        log.Advance(61_000);
        log.Log.Sweep(log.Now, log.Ops);
        // What comes before the flush is done waits for it.
        log.Append(Batches.Of("amid the flush"));
        log.Run();
        Assert.Equal(20, log.Log.RecoveryPoint);
        log.Advance(61_000);
        log.Log.Sweep(log.Now, log.Ops);
        log.Run();
        Assert.Equal(21, log.Log.RecoveryPoint);
        Assert.Equal(0, disk.OpenFiles);
        log.Append(Batches.Of("later"));
        Assert.Equal(22, log.ReadAll().Count);
    }

    /// <summary>Nothing of the log stays, so nobody has written to what follows.</summary>
    [Fact]
    public void TruncateFully_ToAHigherOffset_ForgetsTheProducers()
    {
        using LogHarness harness = new(new MemoryDisk());
        harness.Open();
        harness.Append(Batches.Idempotent(7, 0, 0, count: 3));
        harness.Log.ForceRoll(harness.Now, harness.Ops);
        harness.Run();
        Assert.Equal(TruncateStatus.Accepted, harness.Log.TruncateFullyAndStartAt(10, harness.Now, harness.Ops));
        harness.Run();
        Assert.True(harness.Log.Producers.IsEmpty);
    }

    /// <summary>A batch that the offset lies within goes as a whole, and the log says so.</summary>
    [Fact]
    public void Truncate_WithinABatch_EndsWhereTheBatchBegan()
    {
        using LogHarness harness = new(new MemoryDisk());
        harness.Open();
        harness.Append(Batches.Of("a", "b"));
        harness.Append(Batches.Of("c", "d", "e"));
        Assert.Equal(TruncateStatus.Accepted, harness.Log.TruncateTo(4, harness.Now, harness.Ops));
        harness.Run();
        Assert.Equal(2, harness.Log.LogEndOffset);
        Assert.Equal(2, harness.Append(Batches.Of("f")).FirstOffset);
    }

    /// <summary>Until the flush is done the snapshot at the segment's end and the next one's name may be lost.</summary>
    [Fact]
    public void Retention_TakesNoSegmentBeforeItIsFlushed()
    {
        using LogHarness log = Start(out _, Small with { RetentionMs = 1000 });
        Fill(log, 3);
        log.Log.SetHighWatermark(3);
        log.Advance(5000);
        log.Log.Sweep(log.Now, log.Ops);
        List<DiskOp> flushes = [];
        PerformAllBut(log, "FlushSegmentJob", flushes);
        log.Log.Sweep(log.Now, log.Ops);
        PerformAllBut(log, "FlushSegmentJob", flushes);
        Assert.Equal((0, 0), (log.Log.LogStartOffset, log.Log.DurableEnd));
        log.Perform(Assert.Single(flushes));
        log.Run();
        Assert.Equal((3, 3, 1), (log.Log.LogStartOffset, log.Log.LogEndOffset, log.Log.SegmentCount));
    }

    /// <summary>What came after retention had asked for the active segment does not make it roll the next one at once.</summary>
    [Fact]
    public void Retention_OfTheActiveSegment_LeavesWhatIsAppendedMeanwhile()
    {
        using LogHarness log = Start(out _, Small with { RetentionMs = 0 });
        Fill(log, 3);
        log.Log.SetHighWatermark(3);
        log.Advance(5000);
        log.Log.Sweep(log.Now, log.Ops);
        log.Append(Batches.Of("meanwhile"), waits: false);
        log.Run();
        Assert.Equal((3, 4, 1), (log.Log.LogStartOffset, log.Log.LogEndOffset, log.Log.SegmentCount));
        Assert.Equal([(3, "meanwhile")], log.ReadAll());
    }

    [Fact]
    public void RetentionOfAll_KilledAtAnyCall_KeepsTheProducers()
    {
        int calls = 0;
        for (int at = 1; at == 1 || calls == at - 1; at++)
        {
            using LogHarness log = Start(out MemoryDisk disk, Small with { RetentionMs = 1000 });
            log.Append(Batches.Idempotent(7, 0, 0));
            log.Append(Batches.Idempotent(7, 0, 1));
            log.Log.SetHighWatermark(2);
            log.Advance(5000);
            log.Log.Sweep(log.Now, log.Ops);
            disk.CrashAt = disk.Calls + at;
            try
            {
                log.Run();
            }
            catch (CrashException)
            {
                calls = at;
            }

            using LogHarness again = new(disk.Kill(), log.Config);
            again.Open();
            Assert.Equal(2, again.Log.LogEndOffset);
            Assert.Equal(LogError.OutOfOrderSequenceNumber, again.Append(Batches.Idempotent(7, 0, 5)).Error);
        }

        Assert.True(calls > 5);
    }

    /// <summary>A loss of power kept some of the renames: what is older than a renamed segment goes too, whenever the load dies.</summary>
    [Theory]
    [InlineData(0b010)]
    [InlineData(0b100)]
    [InlineData(0b101)]
    [InlineData(0b110)]
    [InlineData(0b111)]
    public void RetentionOfWhichRenamesWereLost_IsFinished(int renamed)
    {
        int calls = 0;
        for (int at = 1; at == 1 || calls == at - 1; at++)
        {
            using LogHarness log = Start(out MemoryDisk disk);
            Fill(log, 20);
            long[] bases = [.. Bases(disk)];
            Assert.True(bases.Length > 3);
            for (int i = 0; i < 3; i++)
            {
                string path = $"{log.Folder}/{LogFileNames.Of(bases[i], LogFileNames.Log)}";
                if ((renamed & (1 << i)) != 0) disk.Rename(path, path + LogFileNames.Deleted);
            }

            MemoryDisk found = disk.Kill();
            found.CrashAt = found.Calls + at;
            try
            {
                using LogHarness dying = new(found, Small);
                dying.Open();
            }
            catch (CrashException)
            {
                calls = at;
            }

            using LogHarness again = new(found.Crash(new Prng((ulong)at)), Small);
            again.Open();
            int last = renamed >= 0b100 ? 3 : 2;
            Assert.Equal((bases[last], 20), (again.Log.LogStartOffset, again.Log.LogEndOffset));
            Assert.Equal(20 - bases[last], again.ReadAll().Count);
        }

        Assert.True(calls > 5);
    }

    /// <summary>A truncation in a folder of Kafka's renames segments too, and others may have overgrown them since.</summary>
    [Fact]
    public void RenamedSegmentWithinPresentOnes_TakesNothingAlong()
    {
        using LogHarness log = Start(out MemoryDisk disk);
        Fill(log, 20);
        long second = Bases(disk).ElementAt(1);
        byte[] whole = disk.Contents($"{log.Folder}/{LogFileNames.Of(second, LogFileNames.Log)}");
        disk.Put($"{log.Folder}/{LogFileNames.Of(second - 2, LogFileNames.Log)}{LogFileNames.Deleted}", whole);
        using LogHarness again = new(disk.Kill(), Small);
        again.Open();
        Assert.Equal((0, 20), (again.Log.LogStartOffset, again.Log.LogEndOffset));
        Assert.Equal(20, again.ReadAll().Count);
    }

    private static IEnumerable<long> Bases(MemoryDisk disk)
    {
        foreach (string path in disk.Paths)
            if (LogFileNames.TryParse(path[(path.LastIndexOf('/') + 1)..], LogFileNames.Log, out long offset)) yield return offset;
    }

    private static void PerformAllBut(LogHarness log, string held, List<DiskOp> into)
    {
        List<DiskOp> ops = [];
        for (log.TakeQueued(ops); ops.Count > 0; log.TakeQueued(ops))
        {
            DiskOp[] now = [.. ops];
            ops.Clear();
            foreach (DiskOp op in now)
            {
                if (op.GetType().Name == held) into.Add(op);
                else log.Perform(op);
            }
        }
    }
}
