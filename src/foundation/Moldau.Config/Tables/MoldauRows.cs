using static Moldau.Config.Rows;

namespace Moldau.Config;

/// <summary>Properties that Apache Kafka does not have. They all begin with <c>moldau.</c>.</summary>
internal static class MoldauRows
{
    public const string Prefix = "moldau.";

    public static readonly ConfigKey[] Broker =
    [
        Used("moldau.acknowledge", ConfigType.String, "page-cache", OneOf("page-cache", "fsync"), High, Cluster,
            "When an append counts as done: in the page cache, as Kafka has it, or after a sync of the disk."),
        Used("moldau.connection.max.inflight.requests", ConfigType.Int, "100", AtLeast("1"), Low, Fixed,
            "Requests of one connection that may be unanswered before the node stops reading it."),
        Used("moldau.disk.dirty.max.bytes", ConfigType.Long, "268435456", AtLeast("1048576"), Low, Fixed,
            "Bytes per log directory that may wait for the disk before producers are slowed down."),
        Used("moldau.disk.reserve.bytes", ConfigType.Long, "16777216", AtLeast("0"), Medium, Fixed,
            "Bytes that stay free on the disk of a log directory: before it is full, records for it are refused until there is room."),
        Used("moldau.disk.writeback.bytes", ConfigType.Long, "8388608", AtLeast("65536"), Low, Fixed,
            "Appended bytes after which the system is asked to begin writing them out."),
        Used("moldau.http.listeners", ConfigType.List, "", Distinct, Medium, Fixed,
            "Addresses, as host:port, that serve metrics and health over HTTP; empty for none."),
        Used("moldau.log.format", ConfigType.String, "text", OneOf("text", "json"), Low, Fixed,
            "Form of the node's own log lines."),
        Used("moldau.metrics.exclude", ConfigType.String, "", null, Low, Fixed,
            "Regular expression of metric names that are not published."),
        Used("moldau.metrics.flavor", ConfigType.List, "kafka", NotEmptyListOf("kafka", "confluent"), Low, Fixed,
            "Naming families in which metrics are published."),
        Used("moldau.metrics.granularity", ConfigType.String, "partition", OneOf("partition", "topic", "broker"), Low,
            Fixed, "Finest label that metrics carry."),
        Used("moldau.metrics.include", ConfigType.String, "", null, Low, Fixed,
            "Regular expression of the only metric names that are published; empty for all."),
        Used("moldau.shards", ConfigType.Int, "0", Between("0", "1024"), Medium, Fixed,
            "Threads that serve connections and partitions; 0 is one for each core."),
        Used("moldau.shutdown.timeout.ms", ConfigType.Long, "90000", AtLeast("0"), Low, Fixed,
            "Longest time that a clean stop may take."),
        Used("moldau.storage.auto.format", ConfigType.Boolean, "true", null, Medium, Fixed,
            "Whether a first start formats empty log directories by itself."),
        Used("moldau.turn.warn.ms", ConfigType.Int, "10", AtLeast("1"), Low, Fixed,
            "Time on a shard's thread after which one step is reported as too long."),
    ];

    public static readonly ConfigKey[] Topic =
    [
        Used("moldau.acknowledge", ConfigType.String, "page-cache", OneOf("page-cache", "fsync"), High, Cluster,
            "When an append to this topic counts as done; by default as the broker property says."),
    ];
}
