namespace Moldau.Config;

// One property for each of the table, as set or inherited.
public sealed partial class GroupConfig
{
    public int ConsumerAssignmentIntervalMs { get; } = values.Int("consumer.assignment.interval.ms");

    public bool ConsumerAssignorOffloadEnable { get; } = values.Bool("consumer.assignor.offload.enable");

    public int ConsumerHeartbeatIntervalMs { get; } = values.Int("consumer.heartbeat.interval.ms");

    public int ConsumerSessionTimeoutMs { get; } = values.Int("consumer.session.timeout.ms");

    public bool ErrorsDeadletterqueueCopyRecordEnable { get; } =
        values.Bool("errors.deadletterqueue.copy.record.enable");

    public string ErrorsDeadletterqueueTopicName { get; } = values.String("errors.deadletterqueue.topic.name");

    public int ShareAssignmentIntervalMs { get; } = values.Int("share.assignment.interval.ms");

    public bool ShareAssignorOffloadEnable { get; } = values.Bool("share.assignor.offload.enable");

    public string ShareAutoOffsetReset { get; } = values.String("share.auto.offset.reset");

    public int ShareDeliveryCountLimit { get; } = values.Int("share.delivery.count.limit");

    public int ShareHeartbeatIntervalMs { get; } = values.Int("share.heartbeat.interval.ms");

    public string ShareIsolationLevel { get; } = values.String("share.isolation.level");

    public int SharePartitionMaxRecordLocks { get; } = values.Int("share.partition.max.record.locks");

    public int ShareRecordLockDurationMs { get; } = values.Int("share.record.lock.duration.ms");

    public bool ShareRenewAcknowledgeEnable { get; } = values.Bool("share.renew.acknowledge.enable");

    public int ShareSessionTimeoutMs { get; } = values.Int("share.session.timeout.ms");

    public long StreamsAcceptableRecoveryLag { get; } = values.Long("streams.acceptable.recovery.lag");

    public int StreamsAssignmentIntervalMs { get; } = values.Int("streams.assignment.interval.ms");

    public string? StreamsAssignorName { get; } = values.StringOrNull("streams.assignor.name");

    public bool StreamsAssignorOffloadEnable { get; } = values.Bool("streams.assignor.offload.enable");

    public int StreamsHeartbeatIntervalMs { get; } = values.Int("streams.heartbeat.interval.ms");

    public int StreamsInitialRebalanceDelayMs { get; } = values.Int("streams.initial.rebalance.delay.ms");

    public int StreamsNumStandbyReplicas { get; } = values.Int("streams.num.standby.replicas");

    public int StreamsNumWarmupReplicas { get; } = values.Int("streams.num.warmup.replicas");

    public IReadOnlyList<string> StreamsRackAwareAssignmentTags { get; } =
        values.List("streams.rack.aware.assignment.tags");

    public int StreamsSessionTimeoutMs { get; } = values.Int("streams.session.timeout.ms");

    public int StreamsTaskOffsetIntervalMs { get; } = values.Int("streams.task.offset.interval.ms");
}
