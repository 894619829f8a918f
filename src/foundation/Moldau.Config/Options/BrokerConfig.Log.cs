namespace Moldau.Config;

// Partition logs: where they are, when they roll, sync and go, the cleaner, compression.
public sealed partial class BrokerConfig
{
    public int CompressionGzipLevel { get; } = values.Int("compression.gzip.level");

    public int CompressionLz4Level { get; } = values.Int("compression.lz4.level");

    public string CompressionType { get; } = values.String("compression.type");

    public int CompressionZstdLevel { get; } = values.Int("compression.zstd.level");

    public long LogCleanerBackoffMs { get; } = values.Long("log.cleaner.backoff.ms");

    public long LogCleanerDedupeBufferSize { get; } = values.Long("log.cleaner.dedupe.buffer.size");

    public long LogCleanerDeleteRetentionMs { get; } = values.Long("log.cleaner.delete.retention.ms");

    public bool LogCleanerEnable { get; } = values.Bool("log.cleaner.enable");

    public long LogCleanerMaxCompactionLagMs { get; } = values.Long("log.cleaner.max.compaction.lag.ms");

    public double LogCleanerMinCleanableRatio { get; } = values.Double("log.cleaner.min.cleanable.ratio");

    public long LogCleanerMinCompactionLagMs { get; } = values.Long("log.cleaner.min.compaction.lag.ms");

    public IReadOnlyList<string> LogCleanupPolicy { get; } = values.List("log.cleanup.policy");

    public long LogDirFailureTimeoutMs { get; } = values.Long("log.dir.failure.timeout.ms");

    public long LogFlushIntervalMessages { get; } = values.Long("log.flush.interval.messages");

    public int LogFlushOffsetCheckpointIntervalMs { get; } = values.Int("log.flush.offset.checkpoint.interval.ms");

    public long LogFlushSchedulerIntervalMs { get; } = values.Long("log.flush.scheduler.interval.ms");

    public int LogFlushStartOffsetCheckpointIntervalMs { get; } =
        values.Int("log.flush.start.offset.checkpoint.interval.ms");

    public int LogIndexIntervalBytes { get; } = values.Int("log.index.interval.bytes");

    public int LogIndexSizeMaxBytes { get; } = values.Int("log.index.size.max.bytes");

    public long LogInitialTaskDelayMs { get; } = values.Long("log.initial.task.delay.ms");

    public long LogMessageTimestampAfterMaxMs { get; } = values.Long("log.message.timestamp.after.max.ms");

    public long LogMessageTimestampBeforeMaxMs { get; } = values.Long("log.message.timestamp.before.max.ms");

    public bool LogPreallocate { get; } = values.Bool("log.preallocate");

    public long LogRetentionBytes { get; } = values.Long("log.retention.bytes");

    public long LogRetentionCheckIntervalMs { get; } = values.Long("log.retention.check.interval.ms");

    public int LogSegmentBytes { get; } = values.Int("log.segment.bytes");

    public long LogSegmentDeleteDelayMs { get; } = values.Long("log.segment.delete.delay.ms");

    public int MaxDecompressedMessageBytes { get; } = values.Int("max.decompressed.message.bytes");

    public int MessageMaxBytes { get; } = values.Int("message.max.bytes");

    public int MinInsyncReplicas { get; } = values.Int("min.insync.replicas");

    public int NumRecoveryThreadsPerDataDir { get; } = values.Int("num.recovery.threads.per.data.dir");

    public int ProducerIdExpirationCheckIntervalMs { get; } = values.Int("producer.id.expiration.check.interval.ms");

    public int ProducerIdExpirationMs { get; } = values.Int("producer.id.expiration.ms");
}
