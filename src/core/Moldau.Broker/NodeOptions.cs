using Moldau.Base;
using Moldau.Config;
using Moldau.Metadata;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>What a node's machines are made from. Immutable; shared by all of them.</summary>
public sealed record NodeOptions
{
    /// <summary>From server.properties, environment and flags; dynamic configuration comes with the metadata.</summary>
    public required BrokerConfig Config { get; init; }

    /// <summary>The properties that <see cref="Config"/> was built from.</summary>
    public required IReadOnlyDictionary<string, string> StaticProperties { get; init; }

    public required string ClusterId { get; init; }

    /// <summary>Log directories that are online, with what was found in them.</summary>
    public required IReadOnlyList<BootedDirectory> Directories { get; init; }

    /// <summary>Log directories of the configuration that the start could not use. Nothing is made elsewhere in place of what
    /// may be in them.</summary>
    public required IReadOnlyList<BrokenDirectory> BrokenDirectories { get; init; }

    /// <summary>Shards of this node, at least one.</summary>
    public required int ShardCount { get; init; }

    public required LogAreas Log { get; init; }

    /// <summary>Bytes of requests that one connection may have under way before its socket is no longer read.</summary>
    public long MaxHeldBytesPerConnection { get; init; } = 64 * 1024 * 1024;

    /// <summary>Requests that may wait on one machine behind others of their connections before connections that add to
    /// them are no longer read (queued.max.requests, divided among the shards).</summary>
    public int MaxWaitingRequests => Math.Max(1, Config.QueuedMaxRequests / ShardCount);

    /// <summary>What only the shell can say of a configuration that is to be: why it cannot (a key store that cannot be
    /// read), or null. Asked on a shard's thread, when administrators change the broker's configuration.</summary>
    public Func<BrokerConfig, string?>? ConfigVeto { get; init; }

    /// <summary>How often what metrics show is brought up to date.</summary>
    public Duration GaugeInterval { get; init; } = Duration.FromSeconds(1);

    /// <summary>How often logs are looked at for what is due by time (flush.ms), unless log.flush.scheduler.interval.ms is
    /// shorter.</summary>
    public Duration LongestTick { get; init; } = Duration.FromSeconds(1);

    public int NodeId => Config.NodeId;

    /// <summary>Under which this broker's own dynamic configuration is kept.</summary>
    public ConfigResource BrokerResource => new(ConfigResourceType.Broker, NodeId.ToString());
}

/// <summary>A log directory that the start could not use.</summary>
/// <param name="Path">Absolute path.</param>
/// <param name="Reason">What failed, in words.</param>
public sealed record BrokenDirectory(string Path, string Reason);

/// <summary>A log directory as the start found it.</summary>
/// <param name="Path">Absolute path.</param>
/// <param name="DirectoryId">directory.id of its meta.properties.</param>
/// <param name="Folders">Names of the partition folders in it.</param>
/// <param name="IsClean">The last node to use it closed all logs: nothing needs recovery.</param>
/// <param name="PreviousBrokerEpoch">From the clean-shutdown file; −1 without one (KIP-966).</param>
/// <param name="RecoveryPoints">recovery-point-offset-checkpoint.</param>
/// <param name="LogStartOffsets">log-start-offset-checkpoint.</param>
/// <param name="HighWatermarks">replication-offset-checkpoint.</param>
public sealed record BootedDirectory(
    string Path,
    Uuid DirectoryId,
    IReadOnlyList<string> Folders,
    bool IsClean,
    long PreviousBrokerEpoch,
    IReadOnlyDictionary<TopicPartition, long> RecoveryPoints,
    IReadOnlyDictionary<TopicPartition, long> LogStartOffsets,
    IReadOnlyDictionary<TopicPartition, long> HighWatermarks);
