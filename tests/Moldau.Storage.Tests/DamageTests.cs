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

    [Fact]
    public void TopicId_OfCharactersThatAreNone_IsNoTopicId() =>
        Assert.Null(PartitionMetadataFile.TryDecode("version: 0\ntopic_id: AAAAAAAAAAA\0AAAAAAAAAA"u8));

    [Fact]
    public void Checkpoint_WithZerosBehindADigit_IsDamaged() =>
        Assert.Null(OffsetCheckpoint.TryDecode("0\n1\nt 0 12\0"u8));

    private static void Flip(MemoryDisk disk, string path, int at)
    {
        using IDiskFile file = disk.Open(path, DiskOpenMode.ReadWrite);
        Span<byte> one = stackalloc byte[1];
        if (file.Read(at, one) == 0) return;
        one[0] ^= 0x40;
        file.Write(at, one);
    }
}
