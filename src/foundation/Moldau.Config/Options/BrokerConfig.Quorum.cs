namespace Moldau.Config;

// Roles, the metadata quorum and its log, heartbeats and fencing.
public sealed partial class BrokerConfig
{
    public int BrokerHeartbeatIntervalMs { get; } = values.Int("broker.heartbeat.interval.ms");

    public string? BrokerRack { get; } = values.StringOrNull("broker.rack");

    public int BrokerSessionTimeoutMs { get; } = values.Int("broker.session.timeout.ms");

    public bool ControlledShutdownEnable { get; } = values.Bool("controlled.shutdown.enable");

    public int ControllerQuorumAppendLingerMs { get; } = values.Int("controller.quorum.append.linger.ms");

    public int ControllerQuorumElectionBackoffMaxMs { get; } = values.Int("controller.quorum.election.backoff.max.ms");

    public int ControllerQuorumElectionTimeoutMs { get; } = values.Int("controller.quorum.election.timeout.ms");

    public int ControllerQuorumFetchMaxBytes { get; } = values.Int("controller.quorum.fetch.max.bytes");

    public int ControllerQuorumFetchSnapshotMaxBytes { get; } =
        values.Int("controller.quorum.fetch.snapshot.max.bytes");

    public int ControllerQuorumFetchTimeoutMs { get; } = values.Int("controller.quorum.fetch.timeout.ms");

    public int ControllerQuorumRequestTimeoutMs { get; } = values.Int("controller.quorum.request.timeout.ms");

    public int ControllerQuorumRetryBackoffMs { get; } = values.Int("controller.quorum.retry.backoff.ms");

    public int InitialBrokerRegistrationTimeoutMs { get; } = values.Int("initial.broker.registration.timeout.ms");

    public long InternalMetadataDeleteDelayMillis { get; } = values.Long("internal.metadata.delete.delay.millis");

    public int InternalMetadataMaxBatchSizeInBytes { get; } = values.Int("internal.metadata.max.batch.size.in.bytes");

    public long LeaderImbalanceCheckIntervalSeconds { get; } = values.Long("leader.imbalance.check.interval.seconds");

    public long MetadataLogMaxRecordBytesBetweenSnapshots { get; } =
        values.Long("metadata.log.max.record.bytes.between.snapshots");

    public long MetadataLogMaxSnapshotIntervalMs { get; } = values.Long("metadata.log.max.snapshot.interval.ms");

    public long MetadataLogSegmentMs { get; } = values.Long("metadata.log.segment.ms");

    public int MetadataMaxIdleIntervalMs { get; } = values.Int("metadata.max.idle.interval.ms");

    public long MetadataMaxRetentionBytes { get; } = values.Long("metadata.max.retention.bytes");

    public long MetadataMaxRetentionMs { get; } = values.Long("metadata.max.retention.ms");

    public long ServerMaxStartupTimeMs { get; } = values.Long("server.max.startup.time.ms");

    public bool UncleanLeaderElectionEnable { get; } = values.Bool("unclean.leader.election.enable");

    public bool UnstableApiVersionsEnable { get; } = values.Bool("unstable.api.versions.enable");

    public bool UnstableFeatureVersionsEnable { get; } = values.Bool("unstable.feature.versions.enable");
}
