using Moldau.Base;
using Moldau.Records;

namespace Moldau.Storage.Tests;

/// <summary>Bytes that have changed on the disk without anybody having written them.</summary>
public sealed class DamageTests
{
    private static readonly LogConfig Small = LogHarness.DefaultConfig with { SegmentBytes = 400, IndexIntervalBytes = 1 };

    /// <summary>The length of a batch in a closed segment is wrong: what lies behind it is damaged, and not passed over.</summary>
    [Theory]
    [InlineData(RecordBatchLayout.Length)]
    [InlineData(RecordBatchLayout.Magic - 1)]
    [InlineData(0)]
    public void Read_BehindADamagedHeader_SaysSo_AndPassesNothingOver(int at)
    {
        MemoryDisk disk = new();
        using LogHarness harness = new(disk, Small);
        harness.Open();
        for (int i = 0; i < 20; i++) harness.Append(Batches.Of($"value {i:d2} of a record"));
        Assert.True(harness.Log.SegmentCount > 2);
        Flip(disk, $"{harness.Folder}/{LogFileNames.Of(0, LogFileNames.Log)}", at + 1);
        ReadResult read = harness.Read(0, maxBytes: 1);
        Assert.Equal(ReadStatus.Damaged, read.Status);
    }

    /// <summary>Each byte of an offset index, one after the other: no read may lead astray.</summary>
    [Fact]
    public void Read_WithAnyByteOfTheIndexFlipped_FindsTheRightBatch()
    {
        for (int at = 0; at < 16; at++)
        {
            MemoryDisk disk = new();
            using LogHarness harness = new(disk, Small);
            harness.Open();
            for (int i = 0; i < 20; i++) harness.Append(Batches.Of($"value {i:d2} of a record"));
            harness.Log.Close(harness.Now, harness.Ops);
            harness.Run();
            Flip(disk, $"{harness.Folder}/{LogFileNames.Of(0, LogFileNames.OffsetIndex)}", at);
            harness.Open(isClean: true);
            for (int offset = 0; offset < 20; offset++)
            {
                byte[] bytes = harness.ReadBytes(offset, maxBytes: 1);
                Assert.True(RecordBatchView.TryRead(bytes, out RecordBatchView batch) == BatchReadStatus.Ok);
                Assert.Equal(offset, batch.BaseOffset);
            }
        }
    }

    /// <summary>The same of lookups by time: the first record that is late enough, and the latest, whatever byte has flipped.</summary>
    [Fact]
    public void LookUp_WithAnyByteOfTheIndexFlipped_FindsTheRightRecord()
    {
        const int Records = 20;
        for (int at = 0; at < 16; at++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                MemoryDisk disk = new();
                using LogHarness harness = new(disk, Small);
                harness.Open();
                for (int i = 0; i < Records; i++) harness.Append(Batches.At(Batches.BaseTime + i, $"value {i:d2} of a record"));
                harness.Log.Close(harness.Now, harness.Ops);
                harness.Run();
                Flip(disk, $"{harness.Folder}/{LogFileNames.Of(0, LogFileNames.OffsetIndex)}", at, (byte)(1 << bit));
                harness.Open(isClean: true);
                for (int i = 0; i < Records; i++)
                {
                    TimestampLookupJob job = harness.Log.LookUp(Batches.BaseTime + i);
                    job.Execute(disk);
                    Assert.True(job is { IsDamaged: false, Result.Offset: var offset } && offset == i, $"byte {at}, bit {bit}, record {i}: {job.Result} {job.IsDamaged}");
                }

                TimestampLookupJob largest = harness.Log.LookUp(TimestampLookupJob.MaxTimestamp);
                largest.Execute(disk);
                Assert.Equal((false, Records - 1), (largest.IsDamaged, largest.Result?.Offset));
            }
        }
    }

    [Fact]
    public void TopicId_OfCharactersThatAreNone_IsNoTopicId() =>
        Assert.Null(PartitionMetadataFile.TryDecode("version: 0\ntopic_id: AAAAAAAAAAA\0AAAAAAAAAA"u8));

    [Fact]
    public void Checkpoint_WithZerosBehindADigit_IsDamaged() =>
        Assert.Null(OffsetCheckpoint.TryDecode("0\n1\nt 0 12\0"u8));

    private static void Flip(MemoryDisk disk, string path, int at, byte bits = 0x40)
    {
        using IDiskFile file = disk.Open(path, DiskOpenMode.ReadWrite);
        Span<byte> one = stackalloc byte[1];
        if (file.Read(at, one) == 0) return;
        one[0] ^= bits;
        file.Write(at, one);
    }

    /// <summary>A clean end is not scanned; but its checkpoint says where it was.</summary>
    [Fact]
    public void CleanEnd_WhoseLastBatchSaysThatItIsShorter_IsRecovered()
    {
        MemoryDisk disk = new();
        using LogHarness harness = new(disk);
        harness.Open();
        harness.Append(Batches.Of("a"));
        harness.Append(Batches.Of("b", "c", "d"));
        harness.Log.Close(harness.Now, harness.Ops);
        harness.Run();
        string path = $"{harness.Folder}/{LogFileNames.Of(0, LogFileNames.Log)}";
        RecordBatchView.TryRead(disk.Contents(path), out RecordBatchView first);
        Put(disk, path, first.SizeInBytes + RecordBatchLayout.LastOffsetDelta, [0, 0, 0, 0]);
        LoadLogJob load = harness.Open(isClean: true, recoveryPoint: 4);
        Assert.Equal(1, harness.Log.LogEndOffset);
        Assert.NotEmpty(load.Notes);
    }

    /// <summary>The sum leaves the base offset out: that a batch is not where it says shows by the one behind it.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(30)]
    public void Recovery_AtABaseOffsetThatRotted_CutsThere(byte offset)
    {
        MemoryDisk disk = WithRottenOffset(out string path, offset);
        using LogHarness harness = new(disk);
        LoadLogJob load = harness.Open();
        Assert.Equal(1, harness.Log.LogEndOffset);
        Assert.NotEmpty(load.Notes);
        Assert.Equal([(0, "a")], harness.ReadAll());
        Assert.NotEmpty(disk.Contents(path));
    }

    /// <summary>A replica never keeps a hole, and never ends below its segment: its leader has the rest.</summary>
    [Theory]
    [InlineData(3, 3)]
    [InlineData(3, 30)]
    [InlineData(3, 255)]
    [InlineData(1, 30)]
    public void Truncate_BehindABaseOffsetThatRotted_EndsBeforeIt(long to, byte offset)
    {
        MemoryDisk disk = new();
        using LogHarness harness = new(disk);
        harness.Open();
        Fill(harness);
        Rot(disk, $"{harness.Folder}/{LogFileNames.Of(0, LogFileNames.Log)}", offset);
        Assert.Equal(TruncateStatus.Accepted, harness.Log.TruncateTo(to, harness.Now, harness.Ops));
        harness.Run();
        Assert.Equal((0, 1, 1), (harness.Log.LogStartOffset, harness.Log.LogEndOffset, harness.Log.WrittenEnd));
        Assert.Equal([(0, "a")], harness.ReadAll());
        Assert.Equal(1, harness.Append(Batches.Of("next")).FirstOffset);
    }

    /// <summary>What the log had cut away with the damage it may be given again.</summary>
    [Fact]
    public void Truncate_ThatEndsBelowItsOffset_ForgetsTheTransactionsBehind()
    {
        MemoryDisk disk = new();
        using LogHarness harness = new(disk);
        harness.Open();
        harness.Append(Batches.Idempotent(7, 0, 0, count: 3, isTransactional: true));
        harness.Append(Batches.Marker(7, 0, isCommit: false), LogAppendOrigin.Coordinator);
        harness.Append(Batches.Of("e"));
        Put(disk, $"{harness.Folder}/{LogFileNames.Of(0, LogFileNames.Log)}", RecordBatchLayout.LastOffsetDelta, [0, 0, 0, 0]);
        Assert.Equal(TruncateStatus.Accepted, harness.Log.TruncateTo(4, harness.Now, harness.Ops));
        harness.Run();
        Assert.Equal(0, harness.Log.LogEndOffset);
        List<AbortedTransaction> aborted = [];
        harness.Log.CollectAborted(0, 10, aborted);
        Assert.Empty(aborted);
        harness.Append(Batches.Idempotent(7, 0, 0, count: 3, isTransactional: true));
        harness.Append(Batches.Marker(7, 0, isCommit: false), LogAppendOrigin.Coordinator);
        harness.Log.CollectAborted(0, 10, aborted);
        Assert.Equal((0, 3), (Assert.Single(aborted).FirstOffset, aborted[0].LastOffset));
    }

    /// <summary>The second batch says that it ends sooner, or that it begins sooner; the index leads right to it.</summary>
    [Theory]
    [InlineData(RecordBatchLayout.LastOffsetDelta + 3, 2, 0)]
    [InlineData(7, 1, 0)]
    public void Read_OfABatchThatSaysOtherOffsets_PassesNothingOver(int at, long offset, byte value)
    {
        MemoryDisk disk = new();
        using LogHarness harness = new(disk, Small with { SegmentBytes = 10_000 });
        harness.Open();
        Fill(harness);
        harness.Log.Close(harness.Now, harness.Ops);
        harness.Run();
        string path = $"{harness.Folder}/{LogFileNames.Of(0, LogFileNames.Log)}";
        RecordBatchView.TryRead(disk.Contents(path), out RecordBatchView first);
        harness.Open(isClean: true, recoveryPoint: 5);
        Assert.Equal(ReadStatus.Ok, harness.Read(offset, maxBytes: 1).Status);
        Put(disk, path, first.SizeInBytes + at, [value]);
        harness.Open(isClean: true, recoveryPoint: 5);
        ReadResult read = harness.Read(at == 7 ? 2 : offset, maxBytes: 1);
        Assert.Equal(ReadStatus.Damaged, read.Status);
    }

    private static MemoryDisk WithRottenOffset(out string path, byte offset)
    {
        MemoryDisk disk = new();
        using LogHarness harness = new(disk);
        harness.Open();
        Fill(harness);
        path = $"{harness.Folder}/{LogFileNames.Of(0, LogFileNames.Log)}";
        Rot(disk, path, (byte)(offset + 1));
        return disk;
    }

    private static void Fill(LogHarness harness)
    {
        harness.Append(Batches.Of("a"));
        harness.Append(Batches.Of("b", "c"));
        harness.Append(Batches.Of("d"));
        harness.Append(Batches.Of("e"));
    }

    // The second batch says another base offset: below 255 that one, else one below zero.
    private static void Rot(MemoryDisk disk, string path, byte offset)
    {
        RecordBatchView.TryRead(disk.Contents(path), out RecordBatchView first);
        byte[] bytes = offset == 255 ? [255, 0, 0, 0, 0, 0, 0, 0] : [0, 0, 0, 0, 0, 0, 0, offset];
        Put(disk, path, first.SizeInBytes, bytes);
    }

    private static void Put(MemoryDisk disk, string path, long position, byte[] bytes)
    {
        using IDiskFile file = disk.Open(path, DiskOpenMode.ReadWrite);
        file.Write(position, bytes);
    }
}
