using Moldau.Base;

namespace Moldau.Storage.Tests;

public sealed class LogDirTests
{
    private static readonly TopicPartition A0 = new("a", 0);
    private static readonly TopicPartition A1 = new("a", 1);

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
    public void Scan_TakesTheMark_AndReadsCheckpointsAndFolders()
    {
        MemoryDisk disk = new();
        disk.CreateDirectory("/data");
        Write(disk, [new PartitionCheckpoint(A0, 17, 3, 16)], [new PartitionCheckpoint(A1, 5, null, 4)]);
        WriteFileJob mark = new()
        {
            LogDirectory = "/data",
            Path = "/data/.kafka_cleanshutdown",
            Contents = CleanShutdownFile.Encode(99),
        };
        mark.Execute(disk);
        disk.CreateDirectory("/data/a-0");
        disk.CreateDirectory("/data/a-1");
        disk.CreateDirectory("/data/something");
        MemoryDisk later = disk.Crash(new Prng(1));
        LogDirScan scan = LogDirScan.Run(later, "/data");
        Assert.True(scan.HadCleanShutdown);
        Assert.Equal(99, scan.CleanBrokerEpoch);
        Assert.Equal((17, 16, 3), (scan.RecoveryPoints[A0], scan.HighWatermarks[A0], scan.LogStartOffsets[A0]));
        Assert.Equal((5, 4, false), (scan.RecoveryPoints[A1], scan.HighWatermarks[A1], scan.LogStartOffsets.ContainsKey(A1)));
        Assert.Equal([A0, A1], scan.Partitions.Select(p => p.Partition));
        Assert.False(LogDirScan.Run(later.Crash(new Prng(2)), "/data").HadCleanShutdown);
    }

    [Fact]
    public void Checkpoints_AreWrittenWhereTheyChanged_AndADamagedOneIsIgnored()
    {
        MemoryDisk disk = new();
        disk.CreateDirectory("/data");
        disk.CreateDirectory("/data/a-0");
        Write(disk, [new PartitionCheckpoint(A0, 17, null, 16)]);
        long calls = disk.Calls;
        Write(disk, [new PartitionCheckpoint(A0, 17, null, 16)]);
        Assert.Equal(calls, disk.Calls);
        Write(disk, [new PartitionCheckpoint(A0, 17, null, 17)]);
        Assert.InRange(disk.Calls - calls, 1, 5); // one file of the three
        disk.Put("/data/recovery-point-offset-checkpoint", "0\n7\na 0 17\n"u8);
        LogDirScan scan = LogDirScan.Run(disk, "/data");
        Assert.Empty(scan.RecoveryPoints);
        Assert.Equal(17, scan.HighWatermarks[A0]);
        Assert.Single(scan.Notes);
    }

    [Fact]
    public void Checkpoints_OfFoldersThatAreGone_AreForgotten()
    {
        MemoryDisk disk = new();
        disk.CreateDirectory("/data");
        disk.CreateDirectory("/data/a-1");
        Write(disk, [new PartitionCheckpoint(A0, 17, 3, 16), new PartitionCheckpoint(A1, 5, 2, 4)]);
        Assert.Equal([A1], LogDirScan.Run(disk, "/data").RecoveryPoints.Keys);
        disk.CreateDirectory("/data/a-0");
        Assert.Equal([A1], LogDirScan.Run(disk, "/data").LogStartOffsets.Keys);
    }

    private static void Write(MemoryDisk disk, params PartitionCheckpoint[][] parts)
    {
        WriteCheckpointsJob job = new() { LogDirectory = "/data", Partitions = parts };
        job.Execute(disk);
        Assert.True(job.Error == DiskError.None, job.ErrorText);
    }
}
