using Moldau.Base;
using Moldau.Config;

namespace Moldau.Metadata;

/// <summary>What the controller takes from the node's configuration.</summary>
public sealed record ControllerOptions
{
    public required int NodeId { get; init; }

    /// <summary><c>num.partitions</c>.</summary>
    public int DefaultPartitions { get; init; } = 1;

    /// <summary><c>default.replication.factor</c>.</summary>
    public short DefaultReplicationFactor { get; init; } = 1;

    /// <summary><c>broker.session.timeout.ms</c>.</summary>
    public Duration SessionTimeout { get; init; } = Duration.FromMs(9_000);

    /// <summary><c>leader.imbalance.check.interval.seconds</c>; null where <c>auto.leader.rebalance.enable</c> is
    /// off.</summary>
    public Duration? LeaderImbalanceCheckInterval { get; init; } = Duration.FromSeconds(300);

    /// <summary><c>unclean.leader.election.interval.ms</c>.</summary>
    public Duration UncleanElectionInterval { get; init; } = Duration.FromMs(300_000);

    /// <summary>The configured (static) value of <c>min.insync.replicas</c>.</summary>
    public int MinInSyncReplicas { get; init; } = 1;

    /// <summary>The configured (static) value of <c>unclean.leader.election.enable</c>.</summary>
    public bool IsUncleanElectionEnabled { get; init; }

    public required IConfigSchema Schema { get; init; }

    /// <summary>What the bootstrap snapshot says; written to the log when it is empty.</summary>
    public IReadOnlyList<MetadataRecord> BootstrapRecords { get; init; } = [];
}

/// <summary>One configuration of a topic as CreateTopics answers it.</summary>
public sealed record EffectiveConfig(string Name, string? Value, bool IsReadOnly, sbyte Source, bool IsSensitive);

/// <summary>What the controller must know of configuration keys; answered from the tables of Moldau.Config.</summary>
public interface IConfigSchema
{
    /// <summary>Null, or why this may not be all of a resource's configuration.</summary>
    ControllerError Validate(
        ConfigResource resource, IReadOnlyDictionary<string, string> all, IReadOnlyDictionary<string, string> existing);

    /// <summary>Whether the value is a list, which can be appended to.</summary>
    bool IsList(ConfigResourceType type, string name);

    string? Default(ConfigResourceType type, string name);

    /// <summary>All configurations of a topic made with these overrides, in the order of their names.</summary>
    IEnumerable<EffectiveConfig> EffectiveTopicConfigs(
        IReadOnlyDictionary<string, string> overrides, MetadataImage image, int nodeId);
}
