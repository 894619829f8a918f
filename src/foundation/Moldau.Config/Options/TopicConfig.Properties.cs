namespace Moldau.Config;

// One property for each of the table, as set or inherited.
public sealed partial class TopicConfig
{
    public int CompressionGzipLevel { get; } = values.Int("compression.gzip.level");

    public int CompressionLz4Level { get; } = values.Int("compression.lz4.level");

    public string CompressionType { get; } = values.String("compression.type");

    public int CompressionZstdLevel { get; } = values.Int("compression.zstd.level");

    public long DeleteRetentionMs { get; } = values.Long("delete.retention.ms");

    public bool ErrorsDeadletterqueueGroupEnable { get; } = values.Bool("errors.deadletterqueue.group.enable");

    public long FileDeleteDelayMs { get; } = values.Long("file.delete.delay.ms");

    public long FlushMessages { get; } = values.Long("flush.messages");

    public long FlushMs { get; } = values.Long("flush.ms");

    public IReadOnlyList<string> FollowerReplicationThrottledReplicas { get; } =
        values.List("follower.replication.throttled.replicas");

    public int IndexIntervalBytes { get; } = values.Int("index.interval.bytes");

    public IReadOnlyList<string> LeaderReplicationThrottledReplicas { get; } =
        values.List("leader.replication.throttled.replicas");

    public long LocalRetentionBytes { get; } = values.Long("local.retention.bytes");

    public long LocalRetentionMs { get; } = values.Long("local.retention.ms");

    public long MaxCompactionLagMs { get; } = values.Long("max.compaction.lag.ms");

    public int MaxDecompressedMessageBytes { get; } = values.Int("max.decompressed.message.bytes");

    public int MaxMessageBytes { get; } = values.Int("max.message.bytes");

    public long MessageTimestampAfterMaxMs { get; } = values.Long("message.timestamp.after.max.ms");

    public long MessageTimestampBeforeMaxMs { get; } = values.Long("message.timestamp.before.max.ms");

    public double MinCleanableDirtyRatio { get; } = values.Double("min.cleanable.dirty.ratio");

    public long MinCompactionLagMs { get; } = values.Long("min.compaction.lag.ms");

    public int MinInsyncReplicas { get; } = values.Int("min.insync.replicas");

    public bool Preallocate { get; } = values.Bool("preallocate");

    public long RemoteCopyLagBytes { get; } = values.Long("remote.copy.lag.bytes");

    public long RemoteCopyLagMs { get; } = values.Long("remote.copy.lag.ms");

    public bool RemoteLogCopyDisable { get; } = values.Bool("remote.log.copy.disable");

    public bool RemoteLogDeleteOnDisable { get; } = values.Bool("remote.log.delete.on.disable");

    public bool RemoteStorageEnable { get; } = values.Bool("remote.storage.enable");

    public long RetentionBytes { get; } = values.Long("retention.bytes");

    public long RetentionMs { get; } = values.Long("retention.ms");

    public int SegmentIndexBytes { get; } = values.Int("segment.index.bytes");

    public long SegmentJitterMs { get; } = values.Long("segment.jitter.ms");

    public long SegmentMs { get; } = values.Long("segment.ms");

    public bool UncleanLeaderElectionEnable { get; } = values.Bool("unclean.leader.election.enable");
}
