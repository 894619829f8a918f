using Moldau.Base;

namespace Moldau.Storage.Tests;

public sealed class ProducerStateTests
{
    private static LogHarness Start(out MemoryDisk disk, LogConfig? config = null)
    {
        disk = new MemoryDisk();
        disk.CreateDirectory(LogHarness.Directory);
        LogHarness log = new(disk, config);
        log.Open();
        return log;
    }

    [Fact]
    public void Sequence_Continues_AndAGapIsRefused()
    {
        using LogHarness log = Start(out _);
        Assert.Equal(0, log.Append(Batches.Idempotent(7, 0, 0, 3)).FirstOffset);
        Assert.Equal(3, log.Append(Batches.Idempotent(7, 0, 3, 2)).FirstOffset);
        Assert.Equal(LogError.OutOfOrderSequenceNumber, log.Append(Batches.Idempotent(7, 0, 6)).Error);
        Assert.Equal(LogError.OutOfOrderSequenceNumber, log.Append(Batches.Idempotent(7, 0, 4)).Error);
        Assert.Equal(5, log.Log.LogEndOffset);
        Assert.Equal(0, log.Pool.Outstanding);
    }

    [Fact]
    public void Retry_OfEachOfTheLastFiveBatches_IsADuplicateWithTheFirstOffsets()
    {
        using LogHarness log = Start(out _);
        for (int i = 0; i < 6; i++) log.Append(Batches.Idempotent(7, 0, i * 2, 2, timestamp: Batches.BaseTime + i));
        for (int i = 1; i < 6; i++)
        {
            AppendOutcome again = log.Append(Batches.Idempotent(7, 0, i * 2, 2));
            Assert.True(again.IsDuplicate);
            Assert.Equal((i * 2L, (i * 2L) + 1), (again.FirstOffset, again.LastOffset));
            Assert.Equal(Batches.BaseTime + i, again.LogAppendTime);
        }

        // The sixth from the end is forgotten.
        Assert.Equal(LogError.OutOfOrderSequenceNumber, log.Append(Batches.Idempotent(7, 0, 0, 2)).Error);
        Assert.Equal(12, log.Log.LogEndOffset);
    }

    /// <summary>A node that stops may have written batches whose answers never arrived; it sees their retries
    /// when it is back.</summary>
    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public void Retry_OfEachOfTheLastFiveBatches_IsADuplicateAfterARestartFromASnapshot(bool isClean, bool rolls)
    {
        using LogHarness log = Start(out MemoryDisk disk, LogHarness.DefaultConfig with { IndexIntervalBytes = 100 });
        for (int i = 0; i < 8; i++)
        {
            log.Append(Batches.Idempotent(7, 2, i * 2, 2));
            log.Append(Batches.Idempotent(8, 0, i));
        }

        if (rolls) log.Log.ForceRoll(log.Now, log.Ops);
        log.Run();
        if (isClean) log.Log.Close(log.Now, log.Ops);
        log.Run();
        long end = log.Log.LogEndOffset;
        Assert.True(disk.FileExists($"{log.Folder}/{end:D20}.snapshot"));

        using LogHarness again = new(disk.Kill(), log.Config);
        again.Open(isClean, log.Log.RecoveryPoint);
        for (int i = 3; i < 8; i++)
        {
            AppendOutcome retry = again.Append(Batches.Idempotent(7, 2, i * 2, 2));
            Assert.True(retry.IsDuplicate, $"batch {i}: {retry.Error}");
            Assert.Equal(i * 3L, retry.FirstOffset);
            Assert.True(again.Append(Batches.Idempotent(8, 0, i)).IsDuplicate);
        }

        Assert.Equal(LogError.OutOfOrderSequenceNumber, again.Append(Batches.Idempotent(7, 2, 4, 2)).Error);
        Assert.Equal(end, again.Append(Batches.Idempotent(7, 2, 16)).FirstOffset);
    }

    /// <summary>What is looked at is bounded, and begins at a batch wherever the bound falls.</summary>
    [Fact]
    public void RestartFromASnapshot_OfALargeSegment_LooksBackFarEnough()
    {
        using LogHarness log = Start(out MemoryDisk disk);
        log.Append(Batches.Idempotent(7, 0, 0));
        for (int i = 0; i < 40; i++) log.Append(Batches.Sized(50_000));
        for (int i = 1; i < 4; i++) log.Append(Batches.Idempotent(7, 0, i));
        log.Log.Close(log.Now, log.Ops);
        log.Run();
        using LogHarness again = new(disk.Kill(), log.Config);
        again.Open(isClean: true);
        for (int i = 1; i < 4; i++) Assert.Equal(40L + i, again.Append(Batches.Idempotent(7, 0, i)).FirstOffset);
        Assert.Equal(LogError.OutOfOrderSequenceNumber, again.Append(Batches.Idempotent(7, 0, 0)).Error);
    }

    [Fact]
    public void UnknownProducer_MayBeginAtAnySequence()
    {
        using LogHarness log = Start(out _);
        Assert.True(log.Append(Batches.Idempotent(9, 3, 41)).IsAccepted);
        Assert.True(log.Append(Batches.Idempotent(9, 3, 42)).IsAccepted);
    }

    [Fact]
    public void NewEpoch_BeginsAtZero_AndTheOldOneIsFenced()
    {
        using LogHarness log = Start(out _);
        log.Append(Batches.Idempotent(7, 1, 0));
        Assert.Equal(LogError.OutOfOrderSequenceNumber, log.Append(Batches.Idempotent(7, 2, 1)).Error);
        Assert.True(log.Append(Batches.Idempotent(7, 2, 0)).IsAccepted);
        Assert.Equal(LogError.InvalidProducerEpoch, log.Append(Batches.Idempotent(7, 1, 1)).Error);
    }

    [Fact]
    public void Sequence_WrapsFromTheLargestIntToZero()
    {
        using LogHarness log = Start(out _);
        Assert.True(log.Append(Batches.Idempotent(7, 0, int.MaxValue)).IsAccepted);
        Assert.True(log.Append(Batches.Idempotent(7, 0, 0)).IsAccepted);
        Assert.True(log.Append(Batches.Idempotent(8, 0, int.MaxValue - 1, 4)).IsAccepted);
        Assert.True(log.Append(Batches.Idempotent(8, 0, int.MaxValue - 1, 4)).IsDuplicate);
        Assert.True(log.Append(Batches.Idempotent(8, 0, 2)).IsAccepted);
    }

    [Fact]
    public void Transaction_HoldsTheLastStableOffset_UntilItsMarkerIsReplicated()
    {
        using LogHarness log = Start(out _);
        log.Append(Batches.Idempotent(1, 0, 0, 2, isTransactional: true));
        log.Append(Batches.Idempotent(2, 0, 0, 2, isTransactional: true));
        log.Append(Batches.Of("plain"));
        log.Log.SetHighWatermark(log.Log.WrittenEnd);
        Assert.Equal(0, log.Log.LastStableOffset);
        log.Append(Batches.Marker(1, 0, isCommit: false), LogAppendOrigin.Coordinator);
        Assert.Equal(0, log.Log.LastStableOffset);
        log.Log.SetHighWatermark(log.Log.WrittenEnd);
        Assert.Equal(2, log.Log.LastStableOffset);
        log.Append(Batches.Marker(2, 0, isCommit: true), LogAppendOrigin.Coordinator);
        log.Log.SetHighWatermark(log.Log.WrittenEnd);
        Assert.Equal(7, log.Log.LastStableOffset);
        List<AbortedTransaction> aborted = [];
        log.Log.CollectAborted(0, 7, aborted);
        Assert.Equal([new AbortedTransaction(1, 0, 5, 2)], aborted);
    }

    [Fact]
    public void Marker_OfAnOlderCoordinator_IsFenced()
    {
        using LogHarness log = Start(out _);
        log.Append(Batches.Idempotent(1, 0, 0, 1, isTransactional: true));
        Assert.True(log.Append(Batches.Marker(1, 0, true, coordinatorEpoch: 5), LogAppendOrigin.Coordinator).IsAccepted);
        Assert.Equal(
            LogError.TransactionCoordinatorFenced,
            log.Append(Batches.Marker(1, 0, true, coordinatorEpoch: 4), LogAppendOrigin.Coordinator).Error);
    }

    [Fact]
    public void PlainBatch_InAnOpenTransaction_IsRefused()
    {
        using LogHarness log = Start(out _);
        log.Append(Batches.Idempotent(1, 0, 0, 1, isTransactional: true));
        Assert.Equal(LogError.InvalidTransactionState, log.Append(Batches.Idempotent(1, 0, 1)).Error);
    }

    [Fact]
    public void Producer_IsForgottenAfterItsTime_ButNotWithAnOpenTransaction()
    {
        using LogHarness log = Start(out _, LogHarness.DefaultConfig with { ProducerIdExpirationMs = 1000 });
        log.Append(Batches.Idempotent(1, 0, 0));
        log.Append(Batches.Idempotent(2, 0, 0, 1, isTransactional: true));
        log.Advance(1001);
        log.Log.Sweep(log.Now, log.Ops);
        Assert.Equal([2L], log.Log.Producers.Producers.Select(p => p.ProducerId));
        Assert.True(log.Append(Batches.Idempotent(1, 0, 55)).IsAccepted);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ProducerState_SurvivesReopening(bool isClean)
    {
        LogConfig config = LogHarness.DefaultConfig with { SegmentBytes = 600 };
        using LogHarness log = Start(out MemoryDisk disk, config);
        for (int i = 0; i < 20; i++) log.Append(Batches.Idempotent(7, 0, i));
        log.Append(Batches.Idempotent(8, 4, 0, 2, isTransactional: true));
        log.Append(Batches.Marker(8, 4, isCommit: false, 3), LogAppendOrigin.Coordinator);
        log.Append(Batches.Idempotent(8, 4, 2, 1, isTransactional: true));
        if (isClean)
        {
            log.Log.Close(log.Now, log.Ops);
            log.Run();
        }

        using LogHarness again = new(disk.Kill(), config);
        again.Open(isClean, log.Log.RecoveryPoint);
        Assert.True(again.Append(Batches.Idempotent(7, 0, 19)).IsDuplicate);
        Assert.True(again.Append(Batches.Idempotent(7, 0, 20)).IsAccepted);
        Assert.True(again.Log.Producers.TryGet(8, out ProducerEntry entry));
        Assert.Equal(((short)4, 3, (long?)23), (entry.Epoch, entry.CoordinatorEpoch, entry.CurrentTransactionFirstOffset));
        again.Log.SetHighWatermark(again.Log.WrittenEnd);
        Assert.Equal(23, again.Log.LastStableOffset);
        List<AbortedTransaction> aborted = [];
        again.Log.CollectAborted(0, 24, aborted);
        Assert.Equal(new AbortedTransaction(8, 20, 22, 23), Assert.Single(aborted));
    }

    [Fact]
    public void Snapshot_RoundTrips_AndEveryFlippedByteIsNoticed()
    {
        ProducerEntry entry = new(42);
        entry.AddBatch(3, new ProducerBatch(17, 100, 4, 5_000));
        entry.CurrentTransactionFirstOffset = 96;
        entry.CoordinatorEpoch = 9;
        byte[] bytes = ProducerSnapshotFile.Encode([entry, new ProducerEntry(7)]);
        List<ProducerEntry>? back = ProducerSnapshotFile.TryDecode(bytes);
        Assert.NotNull(back);
        Assert.Equal([7L, 42L], back.Select(e => e.ProducerId));
        Assert.Equal(((short)3, 17, 100L, 4, (long?)96, 9),
            (back[1].Epoch, back[1].LastSequence, back[1].LastDataOffset, back[1].LastOffsetDelta,
            back[1].CurrentTransactionFirstOffset, back[1].CoordinatorEpoch));
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 0x40;
            Assert.Null(ProducerSnapshotFile.TryDecode(bytes));
            bytes[i] ^= 0x40;
        }
    }
}
