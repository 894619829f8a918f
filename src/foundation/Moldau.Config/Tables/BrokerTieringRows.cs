using static Moldau.Config.Rows;

namespace Moldau.Config;

/// <summary>Broker properties. Tiered storage.</summary>
internal static class BrokerTieringRows
{
    public static readonly ConfigKey[] Keys =
    [
        Known("follower.fetch.last.tiered.offset.enable", ConfigType.Boolean, "false", null, Medium, Cluster),
        Known("log.local.retention.bytes", ConfigType.Long, "-2", AtLeast("-2"), Medium, Cluster),
        Known("log.local.retention.ms", ConfigType.Long, "-2", AtLeast("-2"), Medium, Cluster),
        Known("log.remote.copy.lag.bytes", ConfigType.Long, "-1", AtLeast("-1"), Medium, Cluster),
        Known("log.remote.copy.lag.ms", ConfigType.Long, "0", AtLeast("-1"), Medium, Cluster),
        Known("remote.fetch.max.wait.ms", ConfigType.Int, "500", AtLeast("1"), Medium, Cluster),
        Known("remote.list.offsets.request.timeout.ms", ConfigType.Long, "30000", AtLeast("1"), Medium, Cluster),
        Known("remote.log.index.file.cache.total.size.bytes", ConfigType.Long, "1073741824", AtLeast("1"), Low,
            Cluster),
        Known("remote.log.index.file.cache.ttl.ms", ConfigType.Long, "900000", AtLeast("-1"), Low, Fixed).AsInternal(),
        Known("remote.log.manager.copier.thread.pool.size", ConfigType.Int, "10", AtLeast("1"), Medium, Cluster),
        Known("remote.log.manager.copy.max.bytes.per.second", ConfigType.Long, "9223372036854775807", AtLeast("1"),
            Medium, Cluster),
        Known("remote.log.manager.copy.quota.window.num", ConfigType.Int, "11", AtLeast("1"), Medium, Fixed),
        Known("remote.log.manager.copy.quota.window.size.seconds", ConfigType.Int, "1", AtLeast("1"), Medium, Fixed),
        Known("remote.log.manager.expiration.thread.pool.size", ConfigType.Int, "10", AtLeast("1"), Medium, Cluster),
        Known("remote.log.manager.fetch.max.bytes.per.second", ConfigType.Long, "9223372036854775807", AtLeast("1"),
            Medium, Cluster),
        Known("remote.log.manager.fetch.quota.window.num", ConfigType.Int, "11", AtLeast("1"), Medium, Fixed),
        Known("remote.log.manager.fetch.quota.window.size.seconds", ConfigType.Int, "1", AtLeast("1"), Medium, Fixed),
        Known("remote.log.manager.follower.thread.pool.size", ConfigType.Int, "2", AtLeast("1"), Medium, Cluster),
        Known("remote.log.manager.task.interval.ms", ConfigType.Long, "30000", AtLeast("1"), Low, Fixed),
        Known("remote.log.manager.task.retry.backoff.max.ms", ConfigType.Long, "30000", AtLeast("1"), Low,
            Fixed).AsInternal(),
        Known("remote.log.manager.task.retry.backoff.ms", ConfigType.Long, "500", AtLeast("1"), Low,
            Fixed).AsInternal(),
        Known("remote.log.manager.task.retry.jitter", ConfigType.Double, "0.2", Between("0", "0.5"), Low,
            Fixed).AsInternal(),
        Known("remote.log.manager.thread.pool.size", ConfigType.Int, "2", AtLeast("1"), Medium, Fixed),
        Known("remote.log.metadata.custom.metadata.max.bytes", ConfigType.Int, "128", AtLeast("0"), Low, Fixed),
        Known("remote.log.metadata.manager.class.name", ConfigType.String,
            "org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager", NonEmpty, Medium,
            Fixed),
        Known("remote.log.metadata.manager.class.path", ConfigType.String, null, null, Medium, Fixed),
        Known("remote.log.metadata.manager.impl.prefix", ConfigType.String, "rlmm.config.", NonEmpty, Medium, Fixed),
        Known("remote.log.metadata.manager.listener.name", ConfigType.String, null, NonEmpty, Medium, Fixed),
        Known("remote.log.reader.max.pending.tasks", ConfigType.Int, "100", AtLeast("1"), Medium, Fixed),
        Known("remote.log.reader.threads", ConfigType.Int, "10", AtLeast("1"), Medium, Cluster),
        Known("remote.log.storage.manager.class.name", ConfigType.String, null, NonEmpty, Medium, Fixed),
        Known("remote.log.storage.manager.class.path", ConfigType.String, null, null, Medium, Fixed),
        Known("remote.log.storage.manager.impl.prefix", ConfigType.String, "rsm.config.", NonEmpty, Medium, Fixed),
        Known("remote.log.storage.system.enable", ConfigType.Boolean, "false", null, Medium, Fixed),
    ];
}
