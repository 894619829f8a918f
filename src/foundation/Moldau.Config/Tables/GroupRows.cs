using static Moldau.Config.Rows;

namespace Moldau.Config;

/// <summary>Group properties.</summary>
internal static class GroupRows
{
    public static readonly ConfigKey[] Keys =
    [
        Known("consumer.assignment.interval.ms", ConfigType.Int, "1000", AtLeast("0"), Medium, Cluster),
        Known("consumer.assignor.offload.enable", ConfigType.Boolean, "true", null, Medium, Cluster).AsInternal(),
        Known("consumer.heartbeat.interval.ms", ConfigType.Int, "5000", AtLeast("1"), Medium, Cluster),
        Known("consumer.session.timeout.ms", ConfigType.Int, "45000", AtLeast("1"), Medium, Cluster),
        Known("errors.deadletterqueue.copy.record.enable", ConfigType.Boolean, "false", null, Medium, Cluster),
        Known("errors.deadletterqueue.topic.name", ConfigType.String, "", null, Medium, Cluster),
        Known("share.assignment.interval.ms", ConfigType.Int, "1000", AtLeast("0"), Medium, Cluster),
        Known("share.assignor.offload.enable", ConfigType.Boolean, "true", null, Medium, Cluster).AsInternal(),
        Known("share.auto.offset.reset", ConfigType.String, "latest", OffsetReset, Medium, Cluster),
        Known("share.delivery.count.limit", ConfigType.Int, "5", AtLeast("2"), Medium, Cluster),
        Known("share.heartbeat.interval.ms", ConfigType.Int, "5000", AtLeast("1"), Medium, Cluster),
        Known("share.isolation.level", ConfigType.String, "read_uncommitted",
            OneOf("read_committed", "read_uncommitted"), Medium, Cluster),
        Known("share.partition.max.record.locks", ConfigType.Int, "2000", AtLeast("100"), Medium, Cluster),
        Known("share.record.lock.duration.ms", ConfigType.Int, "30000", AtLeast("1000"), Medium, Cluster),
        Known("share.renew.acknowledge.enable", ConfigType.Boolean, "true", null, Medium, Cluster),
        Known("share.session.timeout.ms", ConfigType.Int, "45000", AtLeast("1"), Medium, Cluster),
        Known("streams.acceptable.recovery.lag", ConfigType.Long, "10000", AtLeast("0"), Medium, Cluster).AsInternal(),
        Known("streams.assignment.interval.ms", ConfigType.Int, "1000", AtLeast("0"), Medium, Cluster),
        Known("streams.assignor.name", ConfigType.String, null, null, Medium, Cluster),
        Known("streams.assignor.offload.enable", ConfigType.Boolean, "true", null, Medium, Cluster).AsInternal(),
        Known("streams.heartbeat.interval.ms", ConfigType.Int, "5000", AtLeast("1"), Medium, Cluster),
        Known("streams.initial.rebalance.delay.ms", ConfigType.Int, "3000", AtLeast("0"), Medium, Cluster),
        Known("streams.num.standby.replicas", ConfigType.Int, "0", AtLeast("0"), Medium, Cluster),
        Known("streams.num.warmup.replicas", ConfigType.Int, "2", AtLeast("0"), Medium, Cluster).AsInternal(),
        Known("streams.rack.aware.assignment.tags", ConfigType.List, "", Distinct, Low, Cluster),
        Known("streams.session.timeout.ms", ConfigType.Int, "45000", AtLeast("1"), Medium, Cluster),
        Known("streams.task.offset.interval.ms", ConfigType.Int, "60000", AtLeast("1"), Medium, Cluster).AsInternal(),
    ];
}
