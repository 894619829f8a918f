using Moldau.Base;

namespace Moldau.Storage.Tests;

/// <summary>Index and checkpoint files: what a mapped file of a killed process looks like, and bytes that mean nothing.</summary>
public sealed class FormatTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(50)]
    public void PaddedIndexes_EndWhereTheirEntriesEnd(int entries)
    {
        OffsetIndex offsets = new(1000);
        TimeIndex times = new(1000);
        for (int i = 0; i < entries; i++)
        {
            offsets.Append(1000 + (i * 10) + 5, (i * 5000) + 4100);
            times.AppendIfLater(7_000 + i, 1000 + (i * 10));
        }

        byte[] paddedOffsets = [.. offsets.Encode(), .. new byte[10_000]];
        byte[] paddedTimes = [.. times.Encode(), .. new byte[12_000]];
        OffsetIndex? offsetsBack = OffsetIndex.TryDecode(1000, paddedOffsets, long.MaxValue);
        TimeIndex? timesBack = TimeIndex.TryDecode(1000, paddedTimes);
        Assert.Equal(entries, offsetsBack?.Count);
        Assert.Equal(entries, timesBack?.Count);
        Assert.Equal(offsets.Encode(), offsetsBack!.Encode());
        Assert.Equal(times.Last, timesBack!.Last);
        Assert.Equal(entries == 0 ? 1000 : 1000 + ((entries - 1) * 10) + 5, offsetsBack.LastOffset);
    }

    [Fact]
    public void OffsetIndex_FindsTheLastEntryAtOrBelow()
    {
        OffsetIndex index = new(100);
        index.Append(110, 500);
        index.Append(120, 900);
        Assert.Equal(new OffsetPosition(100, 0), index.Lookup(109));
        Assert.Equal(new OffsetPosition(110, 500), index.Lookup(110));
        Assert.Equal(new OffsetPosition(110, 500), index.Lookup(119));
        Assert.Equal(new OffsetPosition(120, 900), index.Lookup(long.MaxValue));
        OffsetIndex snapshot = index.Snapshot();
        index.TruncateToPosition(900);
        index.Append(119, 901);
        Assert.Equal(new OffsetPosition(120, 900), snapshot.Lookup(120));
    }

    [Fact]
    public void DamagedFiles_AreRefusedAsAWhole_WhateverTheyHold()
    {
        Prng random = new(5);
        for (int round = 0; round < 20_000; round++)
        {
            byte[] bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            if (round % 3 == 0) bytes.AsSpan(random.Next(bytes.Length + 1)).Clear();
            _ = OffsetIndex.TryDecode(random.NextInt64() & long.MaxValue >> 2, bytes, 1 << 20);
            _ = TimeIndex.TryDecode(random.NextInt64() & long.MaxValue >> 2, bytes);
            _ = TransactionIndex.TryDecode(0, bytes);
            Assert.Null(ProducerSnapshotFile.TryDecode(bytes));
            _ = LeaderEpochCache.TryDecode(bytes);
            _ = OffsetCheckpoint.TryDecode(bytes);
            _ = MetaProperties.TryDecode(bytes, out _);
            _ = CleanShutdownFile.TryDecode(bytes);
            Assert.Null(PartitionMetadataFile.TryDecode(bytes));
        }

        Assert.Null(OffsetIndex.TryDecode(0, [0, 0, 0, 5, 0, 0, 0, 9, 0, 0, 0, 4, 0, 0, 0, 10], 100));
        Assert.Null(OffsetIndex.TryDecode(0, [0, 0, 0, 5, 0, 0, 0, 9], 9));
        Assert.Null(LeaderEpochCache.TryDecode("0\n2\n0 0\n"u8));
        Assert.NotNull(LeaderEpochCache.TryDecode("0\n1\n0 0\n"u8));
    }

    [Fact]
    public void Epochs_FollowKafkasRules()
    {
        LeaderEpochCache cache = new();
        Assert.True(cache.Assign(2, 10));
        Assert.False(cache.Assign(2, 15));
        Assert.True(cache.Assign(4, 20));
        Assert.True(cache.Assign(7, 30));
        Assert.Equal(EpochEndOffset.Undefined, cache.EndOffsetFor(-1, 40));
        Assert.Equal(new EpochEndOffset(1, 10), cache.EndOffsetFor(1, 40));
        Assert.Equal(new EpochEndOffset(2, 20), cache.EndOffsetFor(3, 40));
        Assert.Equal(new EpochEndOffset(7, 40), cache.EndOffsetFor(7, 40));
        Assert.Equal(EpochEndOffset.Undefined, cache.EndOffsetFor(8, 40));
        Assert.Equal(4, cache.EpochForOffset(29));
        Assert.Null(cache.EpochForOffset(9));
        Assert.True(cache.TruncateFromStart(25));
        Assert.Equal([new EpochEntry(4, 25), new EpochEntry(7, 30)], cache.Entries);
        Assert.True(cache.TruncateFromEnd(30));
        Assert.Equal([new EpochEntry(4, 25)], cache.Entries);
        // An entry that contradicts older ones replaces them.
        Assert.True(cache.Assign(3, 20));
        Assert.Equal([new EpochEntry(3, 20)], cache.Entries);
    }

    /// <summary>Found by the fuzzer: the blank behind a backslash was the value's, and written again it was none.</summary>
    [Theory]
    [InlineData("key=\\ ", "key", "")]
    [InlineData("key= \\ a\\ ", "key", "a")]
    [InlineData("  key =a b ", "key", "a b")]
    [InlineData("key=a=b", "key", "a=b")]
    public void MetaProperties_ForeignLines_ComeBackTheSame(string line, string key, string value)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes($"version=1\nnode.id=3\n{line}\n");
        MetaProperties first = MetaProperties.TryDecode(bytes, out string? problem)!;
        Assert.Null(problem);
        Assert.Equal([new KeyValuePair<string, string>(key, value)], first.Others);
        MetaProperties again = MetaProperties.TryDecode(first.Encode(), out problem)!;
        Assert.Null(problem);
        Assert.Equal(3, again.NodeId);
        Assert.Equal(first.Others, again.Others);
    }

    [Theory]
    [InlineData("version=2", "meta.properties has the unknown version 2")]
    [InlineData("node.id=-1", "meta.properties has an unreadable node.id: -1")]
    [InlineData("node.id=", "meta.properties has an unreadable node.id: ")]
    [InlineData("broker.id=2147483648", "meta.properties has an unreadable broker.id: 2147483648")]
    [InlineData("directory.id=AAAAAAAAAAA!AAAAAAAAAQ", "meta.properties has an unreadable directory.id: AAAAAAAAAAA!AAAAAAAAAQ")]
    public void MetaProperties_WithAKnownValueThatCannotBeRead_AreRefusedWithTheReason(string line, string expected)
    {
        Assert.Null(MetaProperties.TryDecode(System.Text.Encoding.UTF8.GetBytes(line), out string? problem));
        Assert.Equal(expected, problem);
    }

    /// <summary>Such a file once ended the node at its start.</summary>
    [Fact]
    public void PartitionMetadata_WithAnIdThatIsNone_IsDamaged() =>
        Assert.Null(PartitionMetadataFile.TryDecode("version: 0\ntopic_id: AAAAAAAAAAA!AAAAAAAAAQ\n"u8));

    [Fact]
    public void Indexes_WithPartOfAnEntry_AreDamaged()
    {
        OffsetIndex offsets = new(1000);
        TimeIndex times = new(1000);
        offsets.Append(1005, 10);
        times.AppendIfLater(5, 1005);
        Assert.Null(OffsetIndex.TryDecode(1000, [.. offsets.Encode(), 7], long.MaxValue));
        Assert.Null(TimeIndex.TryDecode(1000, [.. times.Encode(), 0, 7]));
    }

    [Fact]
    public void ClosedSegment_WithoutIndexAndWithAWildOffset_IsReadWithoutHarm()
    {
        MemoryDisk disk = new();
        using LogHarness harness = new(disk, LogHarness.DefaultConfig with { IndexIntervalBytes = 16 });
        disk.CreateDirectory(harness.Folder);
        byte[] wild = Batches.Placed(0x3E00_0000_0000_0000, 0, "wild");
        byte[] rest = [.. wild, .. Batches.Placed(1, 0, "b"), .. Batches.Placed(2, 0, "c")];
        DiskFiles.WriteDurably(disk, LogFileNames.PathOf(harness.Folder, 0, LogFileNames.Log), rest);
        DiskFiles.WriteDurably(disk, LogFileNames.PathOf(harness.Folder, 4, LogFileNames.Log), Batches.Placed(4, 0, "d"));
        harness.Open(isClean: true, recoveryPoint: 5);
        Assert.NotEqual(ReadStatus.NeedsJob, harness.Read(1).Status);
        Assert.Equal((4, "d"), harness.ReadAll(4).Single());
    }
}
