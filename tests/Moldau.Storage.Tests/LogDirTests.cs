using Moldau.Base;

namespace Moldau.Storage.Tests;

public sealed class LogDirTests
{
    private static readonly TopicPartition A0 = new("a", 0);

    [Theory]
    [InlineData("topic-0", "topic", 0, PartitionFolderKind.Current)]
    [InlineData("my-topic.with-dashes-12", "my-topic.with-dashes", 12, PartitionFolderKind.Current)]
    [InlineData("topic-3.0123456789abcdef0123456789abcdef-delete", "topic", 3, PartitionFolderKind.Deleted)]
    [InlineData("a.b-3.0123456789abcdef0123456789abcdef-future", "a.b", 3, PartitionFolderKind.Future)]
    [InlineData("t-1.0123456789abcdef0123456789abcdef-stray", "t", 1, PartitionFolderKind.Stray)]
    [InlineData("__cluster_metadata-0", "__cluster_metadata", 0, PartitionFolderKind.Current)]
    public void FolderNames_AreKafkas(string name, string topic, int partition, PartitionFolderKind kind)
    {
        Assert.True(PartitionFolder.TryParse(name, out PartitionFolder folder));
        Assert.Equal(new PartitionFolder(name, new TopicPartition(topic, partition), kind), folder);
    }

    [Theory]
    [InlineData("topic")]
    [InlineData("-0")]
    [InlineData("topic-")]
    [InlineData("topic-x")]
    [InlineData("lost+found")]
    [InlineData("topic-delete")]
    public void OtherFolders_AreNotPartitions(string name) => Assert.False(PartitionFolder.TryParse(name, out _));

    [Fact]
    public void DeleteFolderName_FitsAFileSystem()
    {
        TopicPartition longest = new(new string('t', 249), 12);
        string name = LogFileNames.DeleteFolderOf(longest, new Uuid(1, 2));
        Assert.Equal(255, name.Length);
        Assert.True(PartitionFolder.TryParse(name, out PartitionFolder folder));
        Assert.Equal((12, PartitionFolderKind.Deleted), (folder.Partition.Partition, folder.Kind));
    }

    [Fact]
    public void Scan_TakesTheLock_TheMark_AndTheCheckpoints()
    {
        MemoryDisk disk = new();
        LogDir dir = new("/data", new Uuid(5, 6));
        EffectList<DiskOp> ops = new();
        Assert.Null(Scan(disk).Meta);
        dir.SetRecoveryPoint(A0, 17);
        dir.SetHighWatermark(A0, 16);
        dir.SetLogStartOffset(A0, 3);
        dir.WriteCheckpoints(ops);
        ops.Add(dir.MakeMetaPropertiesJob(new MetaProperties("cluster", 1, dir.DirectoryId)));
        ops.Add(dir.MakeCleanShutdownJob(99));
        foreach (DiskOp op in ops.Span)
        {
            op.Execute(disk);
            Assert.Equal(DiskError.None, op.Error);
        }

        disk.CreateDirectory("/data/a-0");
        disk.CreateDirectory("/data/something");
        MemoryDisk later = disk.Crash(new Prng(1));
        LogDirScan scan = Scan(later);
        Assert.Equal(new Uuid(5, 6), scan.Meta?.DirectoryId);
        Assert.True(scan.HadCleanShutdown);
        Assert.Equal(99, scan.CleanBrokerEpoch);
        Assert.Equal((17, 16, 3), (scan.RecoveryPoints[A0], scan.HighWatermarks[A0], scan.LogStartOffsets[A0]));
        LoadLogRequest request = scan.RequestFor(
            new PartitionFolder("a-0", A0, PartitionFolderKind.Current), LogHarness.DefaultConfig, null, 0);
        Assert.Equal(("/data/a-0", 17, 3, true),
            (request.Folder, request.RecoveryPoint, request.LogStartOffset, request.HadCleanShutdown));

        ScanLogDirJob second = new("/data") { LogDirectory = "/data" };
        second.Execute(later);
        Assert.True(second.IsLockedByOther);
        scan.Dispose();
        Assert.False(Scan(later.Crash(new Prng(2))).HadCleanShutdown);
    }

    [Fact]
    public void Checkpoints_AreWrittenWhenTheyChanged_AndADamagedOneIsIgnored()
    {
        MemoryDisk disk = new();
        disk.CreateDirectory("/data");
        LogDir dir = new("/data", new Uuid(5, 6));
        EffectList<DiskOp> ops = new();
        dir.SetRecoveryPoint(A0, 17);
        dir.WriteCheckpoints(ops);
        dir.WriteCheckpoints(ops);
        dir.SetRecoveryPoint(A0, 17);
        dir.WriteCheckpoints(ops);
        Assert.Equal(1, ops.Count);
        dir.Forget(A0);
        dir.WriteCheckpoints(ops);
        Assert.Equal(2, ops.Count);
        disk.Put("/data/recovery-point-offset-checkpoint", "0\n7\na 0 17\n"u8);
        LogDirScan scan = Scan(disk);
        Assert.Empty(scan.RecoveryPoints);
        Assert.Single(scan.Notes);
    }

    [Fact]
    public void NewPartitions_GoWhereFewestAre_NeverToADirectoryOffline()
    {
        LogDir a = new("/a", new Uuid(1, 1)) { PartitionCount = 3 };
        LogDir b = new("/b", new Uuid(2, 2)) { PartitionCount = 1 };
        LogDirSet set = new([a, b]);
        Assert.Same(b, set.Choose());
        Assert.True(b.TakeOffline("broken"));
        Assert.False(b.TakeOffline("again"));
        Assert.Same(a, set.Choose());
        a.TakeOffline("broken too");
        Assert.Null(set.Choose());
        Assert.Same(b, set.Find(new Uuid(2, 2)));
    }

    private static LogDirScan Scan(MemoryDisk disk)
    {
        ScanLogDirJob job = new("/data") { LogDirectory = "/data" };
        job.Execute(disk);
        Assert.True(job.Error == DiskError.None, job.ErrorText);
        Assert.NotNull(job.Scan);
        return job.Scan;
    }
}
