namespace Moldau.Config;

// Group, share and streams coordinators and their topics.
public sealed partial class BrokerConfig
{
    public int GroupConsumerAssignmentIntervalMs { get; } = values.Int("group.consumer.assignment.interval.ms");

    public int GroupConsumerHeartbeatIntervalMs { get; } = values.Int("group.consumer.heartbeat.interval.ms");

    public int GroupConsumerSessionTimeoutMs { get; } = values.Int("group.consumer.session.timeout.ms");

    public IReadOnlyList<string> GroupCoordinatorRebalanceProtocols { get; } =
        values.List("group.coordinator.rebalance.protocols");

    public int GroupInitialRebalanceDelayMs { get; } = values.Int("group.initial.rebalance.delay.ms");

    public int GroupMaxSessionTimeoutMs { get; } = values.Int("group.max.session.timeout.ms");

    public int GroupMaxSize { get; } = values.Int("group.max.size");

    public int GroupMinSessionTimeoutMs { get; } = values.Int("group.min.session.timeout.ms");

    public int OffsetMetadataMaxBytes { get; } = values.Int("offset.metadata.max.bytes");

    public int OffsetsCommitTimeoutMs { get; } = values.Int("offsets.commit.timeout.ms");

    public int OffsetsLoadBufferSize { get; } = values.Int("offsets.load.buffer.size");

    public long OffsetsRetentionCheckIntervalMs { get; } = values.Long("offsets.retention.check.interval.ms");

    public int OffsetsRetentionMinutes { get; } = values.Int("offsets.retention.minutes");

    public int OffsetsTopicNumPartitions { get; } = values.Int("offsets.topic.num.partitions");

    public short OffsetsTopicReplicationFactor { get; } = values.Short("offsets.topic.replication.factor");

    public int OffsetsTopicSegmentBytes { get; } = values.Int("offsets.topic.segment.bytes");
}
