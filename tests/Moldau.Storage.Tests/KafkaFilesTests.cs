using Moldau.Base;

namespace Moldau.Storage.Tests;

/// <summary>A partition folder that Apache Kafka 4.4.0 wrote: six rounds of two transactional producers (of which x aborts
/// each second round and y each third), an idempotent one between them, and a third transaction left open.</summary>
public sealed class KafkaFilesTests
{
    private static readonly string Fixtures = Path.Combine(AppContext.BaseDirectory, "Fixtures", "kafka-4.4.0");

    // The fixture is as old as it is; its producers must not be expired by today's clock.
    private const long SoonAfterMs = 1_795_239_927_264;

    private static LogHarness Open(bool isClean, out MemoryDisk disk)
    {
        disk = new MemoryDisk();
        disk.CreateDirectory(LogHarness.Directory);
        foreach (string file in Directory.GetFiles(Path.Combine(Fixtures, "mix-0")))
            disk.Put($"{LogHarness.Directory}/mix-0/{Path.GetFileName(file)}", File.ReadAllBytes(file));
        LogHarness log = new(disk, startMs: SoonAfterMs) { Partition = new TopicPartition("mix", 0) };
        log.Open(isClean, isClean ? 104 : 0);
        return log;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void KafkasFolder_IsReadWhole(bool isClean)
    {
        using LogHarness log = Open(isClean, out _);
        Assert.Equal((0, 104), (log.Log.LogStartOffset, log.Log.LogEndOffset));
        Assert.Equal(new EpochEntry(0, 0), Assert.Single(log.Log.Epochs.Entries));
        Assert.NotNull(log.Log.TopicId);
        var records = log.ReadAll();
        Assert.Equal(92, records.Count);
        Assert.Equal("open", records[^2].Value);
        Assert.Equal("after", records[^1].Value);

        log.Log.SetHighWatermark(104);
        Assert.Equal(102, log.Log.LastStableOffset);
        List<AbortedTransaction> aborted = [];
        log.Log.CollectAborted(0, 104, aborted);
        Assert.Equal(
            [new(3, 0, 15, 1), new(4, 1, 16, 17), new(3, 34, 49, 35), new(4, 52, 67, 68), new(3, 68, 83, 69)], aborted);
        Assert.Equal([2L, 3, 4, 5], log.Log.Producers.Producers.Select(p => p.ProducerId).Order());
    }

    [Fact]
    public void EverythingDerived_IsByteForByteWhatKafkaDerived()
    {
        using LogHarness log = Open(isClean: false, out MemoryDisk disk);
        foreach (string suffix in new[] { ".index", ".timeindex", ".txnindex" })
        {
            string name = $"{0:D20}{suffix}";
            byte[] kafkas = File.ReadAllBytes(Path.Combine(Fixtures, "mix-0", name));
            Assert.Equal(Convert.ToHexString(kafkas), Convert.ToHexString(disk.Contents($"{log.Folder}/{name}")));
        }

        byte[] snapshot = File.ReadAllBytes(Path.Combine(Fixtures, "mix-0", $"{104:D20}.snapshot"));
        Assert.Equal(
            Convert.ToHexString(snapshot), Convert.ToHexString(ProducerSnapshotFile.Encode(log.Log.Producers.Producers)));
        Uuid id = log.Log.TopicId!.Value; // KafkasFolder_IsReadWhole asserts it
        Assert.Equal(File.ReadAllBytes(Path.Combine(Fixtures, "mix-0", "partition.metadata")), PartitionMetadataFile.Encode(id));
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(Fixtures, "mix-0", "leader-epoch-checkpoint")), log.Log.Epochs.Encode());
    }

    [Fact]
    public void DirectoryFiles_AreReadAndWrittenAsKafkaDoes()
    {
        byte[] clean = File.ReadAllBytes(Path.Combine(Fixtures, ".kafka_cleanshutdown"));
        Assert.Equal(13, CleanShutdownFile.TryDecode(clean));
        Assert.Equal(clean, CleanShutdownFile.Encode(13));
        Assert.Null(CleanShutdownFile.TryDecode([]));
        Assert.Null(CleanShutdownFile.TryDecode("{\"version\":"u8));

        MetaProperties? meta =
            MetaProperties.TryDecode(File.ReadAllBytes(Path.Combine(Fixtures, "meta.properties")), out string? problem);
        Assert.Null(problem);
        Assert.NotNull(meta);
        Assert.Equal(("avqKxEnwQkKY51jFcKR84g", 1, "reHscZIyTWWH36y3JKZ2cw"),
            (meta.ClusterId, meta.NodeId, meta.DirectoryId?.ToString()));
        Assert.Equal(meta with { Others = [] }, MetaProperties.TryDecode(meta.Encode(), out _)! with { Others = [] });

        byte[] points = File.ReadAllBytes(Path.Combine(Fixtures, "recovery-point-offset-checkpoint"));
        var offsets = OffsetCheckpoint.TryDecode(points);
        Assert.NotNull(offsets);
        Assert.Equal(104, offsets[new TopicPartition("mix", 0)]);
        Assert.Equal(55, offsets.Count);
        Assert.Equal(offsets, OffsetCheckpoint.TryDecode(OffsetCheckpoint.Encode(offsets)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    [InlineData(103)]
    public void LookupByTime_FindsTheFirstRecordAtOrAfter(long offset)
    {
        using LogHarness log = Open(isClean: true, out MemoryDisk disk);
        // The oracle: all records with their times, by reading.
        List<(long Offset, long Time)> records = [];
        foreach (Records.RecordBatchView batch in new Records.RecordBatchEnumerator(log.ReadBytes(0)))
        {
            Records.RecordEnumerator read = batch.ReadRecords();
            while (read.MoveNext()) records.Add((read.Current.Offset, read.Current.Timestamp));
        }

        long target = records.First(r => r.Offset == offset).Time;
        TimestampLookupJob job = log.Log.LookUp(target);
        job.Execute(disk);
        (long Offset, long Time) expected = records.First(r => r.Time >= target);
        Assert.Equal(new TimestampLookupResult(expected.Offset, expected.Time, 0), job.Result);

        TimestampLookupJob beyond = log.Log.LookUp(records.Max(r => r.Time) + 1);
        beyond.Execute(disk);
        Assert.Null(beyond.Result);

        TimestampLookupJob largest = log.Log.LookUp(TimestampLookupJob.MaxTimestamp);
        largest.Execute(disk);
        long max = records.Max(r => r.Time);
        Assert.Equal(new TimestampLookupResult(records.First(r => r.Time == max).Offset, max, 0), largest.Result);
    }
}
