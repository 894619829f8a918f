using System.Buffers.Binary;
using Moldau.Base;
using Moldau.Records;

namespace Moldau.Storage.Tests;

public sealed class LifeTests
{
    private static MemoryDisk NewDisk()
    {
        MemoryDisk disk = new();
        disk.CreateDirectory(LogHarness.Directory);
        return disk;
    }

    [Fact]
    public void CleanIdleLog_OpensWithFewCalls_AndKeepsNoFileOpen()
    {
        MemoryDisk disk = NewDisk();
        using LogHarness log = new(disk);
        log.Open(topicId: new Uuid(1, 1));
        for (int i = 0; i < 500; i++) log.Append(Batches.Idempotent(3, 0, i));
        log.Log.Close(log.Now, log.Ops);
        log.Run();
        MemoryDisk later = disk.Kill();
        using LogHarness again = new(later);
        LoadLogJob load = again.Open(isClean: true, recoveryPoint: 500);
        Assert.Equal((500, 0, 0), (again.Log.LogEndOffset, load.RecoveredBytes, later.OpenFiles));
        // A folder listing or three and a handful of small reads: this is what 10,000 partitions are paid with.
        Assert.InRange(later.AllCalls, 1, 30);
        Assert.Equal(0, later.Calls);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(500)]
    public void IdleLog_OpensAfterAKill_WithoutAWriteOrASync(int records)
    {
        MemoryDisk disk = NewDisk();
        using LogHarness log = new(disk);
        log.Open(topicId: new Uuid(1, 1));
        for (int i = 0; i < records; i++) log.Append(Batches.Idempotent(3, 0, i));
        log.Log.Close(log.Now, log.Ops);
        log.Run();
        MemoryDisk later = disk.Kill();
        using LogHarness again = new(later);
        LoadLogJob load = again.Open(recoveryPoint: records);
        Assert.Equal((records, 0, 0), (again.Log.LogEndOffset, load.RecoveredBytes, later.OpenFiles));
        Assert.InRange(later.AllCalls, 1, 30);
        Assert.Equal(0, later.Calls);
    }

    [Fact]
    public void ElectionWithoutRecords_IsNotWritten()
    {
        MemoryDisk disk = NewDisk();
        using LogHarness log = new(disk);
        log.Open(topicId: new Uuid(1, 1));
        log.Append(Batches.Of("one"), epoch: 3);
        log.Log.Close(log.Now, log.Ops);
        log.Run();
        for (int start = 0; start < 3; start++)
        {
            MemoryDisk later = disk.Kill();
            using LogHarness again = new(later);
            again.Open(isClean: true, recoveryPoint: 1);
            again.Log.Epochs.Assign(5 + start, 1);
            again.Log.Close(again.Now, again.Ops);
            again.Run();
            Assert.Equal(0, later.Calls);
            Assert.Equal([new EpochEntry(3, 0), new EpochEntry(5 + start, 1)], again.Log.Epochs.Entries);
        }
    }

    [Fact]
    public void EpochThatLostItsRecords_IsGoneFromTheFile_BeforeOthersTakeTheirOffsets()
    {
        MemoryDisk disk = NewDisk();
        using LogHarness log = new(disk);
        log.Open();
        log.Append(Batches.Of("one"), epoch: 3);
        // An election that was written down but has no record yet.
        log.Log.AssignEpoch(4, 1, log.Now, log.Ops);
        log.Run();
        MemoryDisk later = disk.Kill();
        using LogHarness again = new(later);
        again.Open();
        again.Append(Batches.Of("two"), epoch: 3);
        again.Append(Batches.Of("three"), epoch: 3);
        using LogHarness last = new(later.Kill());
        last.Open(isClean: true, recoveryPoint: 3);
        Assert.Equal([new EpochEntry(3, 0)], last.Log.Epochs.Entries);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void UncleanLog_IsRecoveredFromTheRecoveryPointOn_WithinItsSegment(int torn)
    {
        MemoryDisk disk = NewDisk();
        LogConfig config = LogHarness.DefaultConfig with { IndexIntervalBytes = 1000 };
        using LogHarness log = new(disk, config);
        log.Open(topicId: new Uuid(1, 1));
        for (int i = 0; i < 500; i++) log.Append(Batches.Idempotent(3, 0, i));
        log.Log.Close(log.Now, log.Ops);
        log.Run();
        MemoryDisk later = disk.Kill();
        using LogHarness more = new(later, config);
        more.Open(isClean: true, recoveryPoint: 500);
        for (int i = 500; i < 520; i++) more.Append(Batches.Idempotent(3, 0, i));
        MemoryDisk killed = later.Kill();
        string file = $"{log.Folder}/{0:D20}.log";
        byte[] whole = DiskFiles.ReadWhole(killed, file)!; // it was written
        if (torn > 0) killed.Put(file, whole[..^torn]);

        using LogHarness again = new(killed, config);
        LoadLogJob load = again.Open(recoveryPoint: 500);
        int end = torn > 0 ? 519 : 520;
        Assert.Equal((end, end), (again.Log.LogEndOffset, again.Log.RecoveryPoint));
        Assert.InRange(load.RecoveredBytes, 1, whole.Length / 20);
        Assert.Equal(end - 1, again.Log.Producers.Producers.Single().LastSequence);
        Assert.Equal(end, again.ReadAll().Count);

        // All of it read instead: the same indexes, but for the entry that a clean end adds.
        MemoryDisk same = later.Kill();
        if (torn > 0) same.Put(file, whole[..^torn]);
        using LogHarness full = new(same, config);
        full.Open(recoveryPoint: 0);
        Assert.Equal(
            DiskFiles.ReadWhole(same, $"{log.Folder}/{0:D20}.index"),
            DiskFiles.ReadWhole(killed, $"{log.Folder}/{0:D20}.index"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    public void EntriesOfBatchesThatAPowerLossTook_DoNotOutliveTheRecovery(int flushed)
    {
        MemoryDisk disk = NewDisk();
        LogConfig config = LogHarness.DefaultConfig with { IndexIntervalBytes = 100 };
        using LogHarness log = new(disk, config);
        log.Open(topicId: new Uuid(1, 1));
        for (int i = 0; i < flushed; i++) log.Append(Batches.Of($"{i}"));
        string file = $"{log.Folder}/{0:D20}";
        byte[] kept = DiskFiles.ReadWhole(disk, file + LogFileNames.Log) ?? [];
        for (int i = 0; i < 40; i++) log.Append(Batches.Of($"lost {i}"));
        log.Log.Close(log.Now, log.Ops);
        log.Run();

        // The disk got the indexes and the first batches: log and index are written apart.
        MemoryDisk later = disk.Kill();
        later.Put(file + LogFileNames.Log, kept);
        using LogHarness again = new(later, config);
        again.Open(recoveryPoint: flushed);
        Assert.Equal(flushed, again.Log.LogEndOffset);
        OffsetIndex offsets = OffsetIndex.TryDecode(0, later.Contents(file + LogFileNames.OffsetIndex), Math.Max(1, kept.Length))!;
        Assert.True(offsets.Count == 0 || offsets.LastOffset < flushed);
        TimeIndex times = TimeIndex.TryDecode(0, later.Contents(file + LogFileNames.TimeIndex))!;
        Assert.True(times.Count == 0 || times.Last.Offset < flushed);
    }

    [Fact]
    public void RecoveryPointBehindTheEnd_IsNotBelieved()
    {
        MemoryDisk disk = NewDisk();
        using LogHarness log = new(disk);
        log.Open(topicId: new Uuid(1, 1));
        for (int i = 0; i < 10; i++) log.Append(Batches.Of($"{i}"));
        log.Log.Close(log.Now, log.Ops);
        log.Run();
        // A recovery point within a batch or behind the end says nothing of this file.
        using LogHarness behind = new(disk.Kill());
        Assert.NotEqual(0, behind.Open(recoveryPoint: 12).RecoveredBytes);
        Assert.Equal((10, 10), (behind.Log.LogEndOffset, behind.Log.RecoveryPoint));
    }

    [Fact]
    public void UncleanLog_ReadsOnlyTheSegmentsBehindTheRecoveryPoint()
    {
        MemoryDisk disk = NewDisk();
        LogConfig config = LogHarness.DefaultConfig with { SegmentBytes = 10_000 };
        using LogHarness log = new(disk, config);
        log.Open();
        for (int i = 0; i < 1000; i++) log.Append(Batches.Sized(200));
        Assert.True(log.Log.SegmentCount > 20);
        using LogHarness again = new(disk.Kill(), config);
        LoadLogJob load = again.Open(recoveryPoint: log.Log.RecoveryPoint);
        Assert.InRange(load.RecoveredBytes, 1, 10_000);
        Assert.Equal(1000, again.Log.LogEndOffset);
    }

    [Fact]
    public void LostIndexes_AreBuiltAgain_WhenTheSegmentIsOpened()
    {
        MemoryDisk disk = NewDisk();
        LogConfig config = LogHarness.DefaultConfig with { SegmentBytes = 100_000, IndexIntervalBytes = 1000 };
        using LogHarness log = new(disk, config);
        log.Open();
        for (int i = 0; i < 1000; i++) log.Append(Batches.At(Batches.BaseTime + i, $"{i} {new string('x', 150)}"));
        log.Log.Close(log.Now, log.Ops);
        log.Run();
        MemoryDisk later = disk.Kill();
        foreach (string path in later.Paths.Where(p => p.EndsWith("index", StringComparison.Ordinal)).ToArray())
        {
            if (path.EndsWith(".timeindex", StringComparison.Ordinal)) later.Delete(path);
            else later.Put(path, [0, 0, 0, 1, 255, 255, 255, 255]);
        }

        using LogHarness again = new(later, config);
        again.Open(isClean: true, recoveryPoint: 1000);
        Assert.Equal(1000, again.Log.LogEndOffset);
        Assert.Equal(log.Log.LogStartOffset, again.Log.LogStartOffset);
        Assert.Equal("777", again.ReadAll(777)[0].Value[..3]);
        TimestampLookupJob job = again.Log.LookUp(Batches.BaseTime + 555);
        job.Execute(later);
        Assert.Equal(555, job.Result?.Offset);
    }

    [Fact]
    public void DiscardedLog_GivesEverythingBack_WhateverIsOut()
    {
        MemoryDisk disk = NewDisk();
        using LogHarness log = new(disk, LogHarness.DefaultConfig with { SegmentBytes = 1000 });
        log.Open();
        log.Append(Batches.Sized(600));
        log.Append(Batches.Sized(600), waits: false);
        log.Append(Batches.Sized(600), waits: false);
        log.Log.Discard();
        log.Run();
        Assert.True(log.Changes.HasFlag(LogChanges.Closed));
        Assert.Equal((0, 0), (log.Pool.Outstanding, disk.OpenFiles));
        RenameFolderJob rename = log.Log.MakeDeleteJob(new Uuid(7, 8));
        rename.Execute(disk);
        Assert.Equal(DiskError.None, rename.Error);
        RemoveFolderJob remove = new() { LogDirectory = LogHarness.Directory, Folder = rename.To };
        remove.Execute(disk);
        Assert.Empty(disk.Paths);
        Assert.Equal(LogError.KafkaStorageError, log.Append(Batches.Of("late")).Error);
    }

    [Fact]
    public void LegacyMessages_InOldSegments_AreReadRecoveredAndFoundByTime()
    {
        MemoryDisk disk = NewDisk();
        byte[] segment = [.. Legacy(0, 1, 5_000, "old one"), .. Legacy(1, 0, 0, "older"), .. Legacy(2, 1, 6_000, "old two")];
        disk.Put($"{LogHarness.Directory}/topic-0/{0:D20}.log", segment);
        using LogHarness log = new(disk);
        log.Open();
        Assert.Equal(3, log.Log.LogEndOffset);
        Assert.Equal([(0, "old one"), (1, "older"), (2, "old two")], log.ReadAll());
        Assert.Empty(log.Log.Epochs.Entries);
        TimestampLookupJob job = log.Log.LookUp(5_001);
        job.Execute(disk);
        Assert.Equal(new TimestampLookupResult(2, 6_000, null), job.Result);
        Assert.Equal(3, log.Append(Batches.Of("new"), epoch: 4).FirstOffset);
        Assert.Equal(4, log.ReadAll().Count);
        Assert.Equal(LogError.InvalidRecord, log.Append(Legacy(0, 1, 1, "refused")).Error);
    }

    [Fact]
    public void InterruptedSwap_IsFinished_AndUnfinishedCleaningIsRemoved()
    {
        MemoryDisk disk = NewDisk();
        LogConfig config = LogHarness.DefaultConfig with { SegmentBytes = 1000 };
        using LogHarness log = new(disk, config);
        log.Open();
        for (int i = 0; i < 10; i++) log.Append(Batches.Of($"{i} {new string('x', 250)}"));
        log.Log.Close(log.Now, log.Ops);
        log.Run();
        MemoryDisk later = disk.Kill();
        string folder = log.Folder;
        // The cleaner kept only offset 4 of the first two segments.
        later.Put($"{folder}/{0:D20}.log.swap", Batches.Placed(4, 0, "kept"));
        later.Put($"{folder}/{6:D20}.log.cleaned", Batches.Placed(6, 0, "unfinished"));
        later.Put($"{folder}/{3:D20}.log.deleted", [1, 2, 3]);
        using LogHarness again = new(later, config);
        LoadLogJob load = again.Open(isClean: true, recoveryPoint: 10);
        Assert.NotEmpty(load.Notes);
        Assert.Equal("kept", again.ReadAll()[0].Value);
        Assert.Equal(4, again.ReadAll()[0].Offset);
        Assert.Equal(10, again.Log.LogEndOffset);
        Assert.DoesNotContain(later.Paths, p => p.EndsWith(".swap", StringComparison.Ordinal)
            || p.EndsWith(".cleaned", StringComparison.Ordinal) || p.EndsWith(".deleted", StringComparison.Ordinal));
    }

    [Fact]
    public void LogThatEndsBelowItsStart_BeginsAnewThere()
    {
        MemoryDisk disk = NewDisk();
        using LogHarness log = new(disk);
        log.Open();
        for (int i = 0; i < 5; i++) log.Append(Batches.Idempotent(3, 0, i), epoch: 2);
        log.Log.Close(log.Now, log.Ops);
        log.Run();
        using LogHarness again = new(disk.Kill());
        LoadLogJob load = again.Open(isClean: true, recoveryPoint: 5, logStart: 90);
        Assert.NotEmpty(load.Notes);
        Assert.Equal((90, 90, 1), (again.Log.LogStartOffset, again.Log.LogEndOffset, again.Log.SegmentCount));
        Assert.Empty(again.Log.Epochs.Entries);
        Assert.True(again.Log.Producers.IsEmpty);
        Assert.Equal(90, again.Append(Batches.Of("new"), epoch: 3).FirstOffset);
        Assert.Equal([(90, "new")], again.ReadAll());
    }

    [Fact]
    public void Replica_TakesWholeBatches_InOrder_UpToItsEpoch()
    {
        using LogHarness log = new(NewDisk());
        log.Open();
        byte[] one = Batches.Placed(0, 1, "a", "b");
        byte[] two = Batches.Placed(2, 1, "c");
        byte[] three = Batches.Placed(3, 2, "d");
        AppendOutcome outcome = log.Append([.. one, .. two, .. three], LogAppendOrigin.Replica, epoch: 1);
        Assert.Equal((LogError.None, 2L), (outcome.Error, outcome.LastOffset));
        Assert.Equal(3, log.Log.LogEndOffset);
        outcome = log.Append(two, LogAppendOrigin.Replica, epoch: 1);
        Assert.Equal((LogError.UnexpectedAppendOffset, 2L, 2L), (outcome.Error, outcome.FirstOffset, outcome.LastOffset));
        three[^1] ^= 1;
        Assert.Equal(LogError.CorruptMessage, log.Append(three, LogAppendOrigin.Replica, epoch: 2).Error);
        Assert.Equal(LogError.InvalidRecord, log.Append(Batches.Placed(3, 2, "x"), LogAppendOrigin.RaftLeader, 3).Error);
        Assert.True(log.Append(Batches.Placed(3, 3, "x"), LogAppendOrigin.RaftLeader, 3).IsAccepted);
        Assert.Equal([new EpochEntry(1, 0), new EpochEntry(3, 3)], log.Log.Epochs.Entries);
        log.Log.AssignEpoch(5, 4, log.Now, log.Ops);
        log.Run();
        Assert.Equal(new EpochEndOffset(3, 4), log.Log.EndOffsetForEpoch(4));
        Assert.Equal(log.Log.Epochs.Encode(), ((MemoryDisk)log.Disk).Contents($"{log.Folder}/leader-epoch-checkpoint"));
        // However an epoch came into the cache, it is in the file before a record of it is in the log.
        log.Log.Epochs.Assign(6, 4);
        log.Append(Batches.Of("y"), epoch: 6);
        Assert.Equal(log.Log.Epochs.Encode(), ((MemoryDisk)log.Disk).Contents($"{log.Folder}/leader-epoch-checkpoint"));
    }

    [Fact]
    public void Read_StopsAtTheBound_AndCutsByBytes()
    {
        using LogHarness log = new(NewDisk());
        log.Open();
        for (int i = 0; i < 10; i++) log.Append(Batches.Of("one", "two"));
        int size = log.ReadBytes(18).Length;
        Assert.Equal(4 * size, log.ReadBytes(3, upTo: 10).Length);
        Assert.Empty(log.ReadBytes(3, upTo: 3));
        Assert.Empty(log.ReadBytes(20));
        Assert.Equal(size, log.ReadBytes(0, maxBytes: 1).Length);
        Assert.Equal(size + 7, log.ReadBytes(0, maxBytes: size + 7).Length);
        ReadResult none = log.Read(0, maxBytes: size - 1, minOne: false);
        Assert.True(none.IsFirstBatchTooLarge);
        Assert.Null(none.Slice);
        ReadResult cut = log.Read(0, maxBytes: size + 10, minOne: false);
        Assert.Equal(size + 10, cut.Slice?.Length);
        using BufferPool pool = new();
        BufferLease data = pool.Rent(4096);
        ReadSliceJob job = new() { LogDirectory = LogHarness.Directory, Slice = cut.Slice!.Value, Data = data };
        job.Execute(log.Disk);
        Assert.Equal(size + 10, job.BytesRead);
        cut.Slice.Value.Release();
        data.Release();
        Assert.Equal(ReadStatus.OutOfRange, log.Read(21).Status);
        Assert.Equal(ReadStatus.OutOfRange, log.Read(-1).Status);
    }

    [Fact]
    public void RefusedBatch_LeavesNothingBehind()
    {
        using LogHarness log = new(NewDisk(), LogHarness.DefaultConfig with { MaxMessageBytes = 500 });
        log.Open();
        Assert.Equal(LogError.MessageTooLarge, log.Append(Batches.Sized(600)).Error);
        byte[] corrupt = Batches.Of("a");
        corrupt[^1] ^= 1;
        Assert.Equal(LogError.CorruptMessage, log.Append(corrupt).Error);
        Assert.Equal((0L, 0L, 0L), (log.Log.LogEndOffset, log.Log.SizeInBytes, log.Pool.Outstanding));
        Assert.Empty(log.Log.Epochs.Entries);
    }

    private static byte[] Legacy(long offset, byte magic, long timestamp, string value)
    {
        byte[] text = System.Text.Encoding.UTF8.GetBytes(value);
        int head = magic == 0 ? 18 : 26;
        byte[] bytes = new byte[head + 8 + text.Length];
        BinaryPrimitives.WriteInt64BigEndian(bytes, offset);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(8), bytes.Length - 12);
        bytes[16] = magic;
        if (magic == 1) BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(18), timestamp);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(head), -1);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(head + 4), text.Length);
        text.CopyTo(bytes, head + 8);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(12), Crc32.Compute(bytes.AsSpan(16)));
        return bytes;
    }
}
