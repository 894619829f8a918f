namespace Moldau.Config;

// Replication, transactions, topic defaults, quotas, threads.
public sealed partial class BrokerConfig
{
    public bool AutoCreateTopicsEnable { get; } = values.Bool("auto.create.topics.enable");

    public bool AutoLeaderRebalanceEnable { get; } = values.Bool("auto.leader.rebalance.enable");

    public int DefaultReplicationFactor { get; } = values.Int("default.replication.factor");

    public bool DeleteTopicEnable { get; } = values.Bool("delete.topic.enable");

    public int NumIoThreads { get; } = values.Int("num.io.threads");

    public int NumNetworkThreads { get; } = values.Int("num.network.threads");

    public int NumPartitions { get; } = values.Int("num.partitions");

    public int ReplicaFetchBackoffMs { get; } = values.Int("replica.fetch.backoff.ms");

    public int ReplicaFetchMaxBytes { get; } = values.Int("replica.fetch.max.bytes");

    public int ReplicaFetchMinBytes { get; } = values.Int("replica.fetch.min.bytes");

    public int ReplicaFetchResponseMaxBytes { get; } = values.Int("replica.fetch.response.max.bytes");

    public int ReplicaFetchWaitMaxMs { get; } = values.Int("replica.fetch.wait.max.ms");

    public long ReplicaHighWatermarkCheckpointIntervalMs { get; } =
        values.Long("replica.high.watermark.checkpoint.interval.ms");

    public long ReplicaLagTimeMaxMs { get; } = values.Long("replica.lag.time.max.ms");

    public int ReplicaSocketTimeoutMs { get; } = values.Int("replica.socket.timeout.ms");

    public int TransactionMaxTimeoutMs { get; } = values.Int("transaction.max.timeout.ms");
}
