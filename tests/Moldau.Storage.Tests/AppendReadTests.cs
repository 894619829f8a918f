using System.Buffers.Binary;
using Moldau.Base;

namespace Moldau.Storage.Tests;

public sealed class AppendReadTests
{
    [Fact]
    public void Append_GivesOffsets_AndReadReturnsTheSameBytes()
    {
        MemoryDisk disk = new();
        disk.CreateDirectory(LogHarness.Directory);
        using LogHarness log = new(disk);
        log.Open();
        AppendOutcome first = log.Append(Batches.Of("a", "b"), epoch: 3);
        AppendOutcome second = log.Append(Batches.Of("c"), epoch: 3);
        Assert.Equal((0L, 1L), (first.FirstOffset, first.LastOffset));
        Assert.Equal((2L, 2L), (second.FirstOffset, second.LastOffset));
        Assert.Equal(3, log.Log.WrittenEnd);
        Assert.Equal([(0, "a"), (1, "b"), (2, "c")], log.ReadAll());
        Assert.Equal([(2, "c")], log.ReadAll(2));
        Assert.Equal(new EpochEntry(3, 0), Assert.Single(log.Log.Epochs.Entries));
        Assert.Equal("0\n1\n3 0\n"u8.ToArray(), disk.Contents($"{log.Folder}/leader-epoch-checkpoint"));
        Assert.Equal(0, log.Pool.Outstanding);
    }

    [Fact]
    public void OlderRecords_AreFoundWithoutAJob_WhereTheirPagesAreInMemory()
    {
        MemoryDisk disk = new();
        disk.CreateDirectory(LogHarness.Directory);
        using LogHarness log = new(disk, LogHarness.DefaultConfig with { SegmentBytes = 10_000 });
        log.Open();
        for (int i = 0; i < 100; i++) log.Append(Batches.Sized(1000));
        Assert.Equal(ReadStatus.NeedsJob, log.Log.Read(3, 1 << 20, log.Log.WrittenEnd, true, log.Now).Status);
        disk.IsCached = true;
        for (long offset = 0; offset < 100; offset++)
        {
            ReadResult read = log.Log.Read(offset, 1 << 20, log.Log.WrittenEnd, true, log.Now);
            Assert.Equal(ReadStatus.Ok, read.Status);
            Assert.NotNull(read.Slice);
            byte[] start = new byte[8];
            read.Slice.Value.File.Read(read.Slice.Value.Position, start);
            Assert.Equal(offset, BinaryPrimitives.ReadInt64BigEndian(start));
            read.Slice.Value.Release();
        }
    }

    [Fact]
    public void Log_SurvivesRollsAndReopening()
    {
        MemoryDisk disk = new();
        disk.CreateDirectory(LogHarness.Directory);
        LogConfig config = LogHarness.DefaultConfig with { SegmentBytes = 20_000, IndexIntervalBytes = 500 };
        using LogHarness log = new(disk, config);
        log.Open();
        for (int i = 0; i < 200; i++) Assert.True(log.Append(Batches.Of($"value {i} {new string('x', 300)}")).IsAccepted);
        Assert.True(log.Log.SegmentCount > 3);
        var expected = log.ReadAll();
        Assert.Equal(200, expected.Count);
        Assert.Equal(log.Log.ActiveBaseOffset, log.Log.RecoveryPoint);
        log.Log.Close(log.Now, log.Ops);
        log.Run();
        Assert.True(log.Changes.HasFlag(LogChanges.Closed));
        Assert.Equal(0, disk.OpenFiles);

        using LogHarness again = new(disk.Kill(), config);
        LoadLogJob load = again.Open(isClean: true, recoveryPoint: log.Log.RecoveryPoint);
        Assert.Empty(load.Notes);
        Assert.Equal(0, load.RecoveredBytes);
        Assert.Equal(200, again.Log.LogEndOffset);
        Assert.Equal(0, ((MemoryDisk)again.Disk).OpenFiles);
        Assert.Equal(expected, again.ReadAll());
        Assert.Equal(200, again.Append(Batches.Of("more")).FirstOffset);
        Assert.Equal(201, again.ReadAll().Count);
    }

    [Fact]
    public void Log_AfterKill_HasEveryWrittenRecord()
    {
        MemoryDisk disk = new();
        disk.CreateDirectory(LogHarness.Directory);
        LogConfig config = LogHarness.DefaultConfig with { SegmentBytes = 20_000, IndexIntervalBytes = 500 };
        using LogHarness log = new(disk, config);
        log.Open();
        for (int i = 0; i < 100; i++) log.Append(Batches.Of($"value {i} {new string('x', 300)}"));
        using LogHarness again = new(disk.Kill(), config);
        LoadLogJob load = again.Open(recoveryPoint: log.Log.RecoveryPoint);
        Assert.Equal(log.ReadAll(), again.ReadAll());
        Assert.InRange(load.RecoveredBytes, 1, 20_000);
    }
}
