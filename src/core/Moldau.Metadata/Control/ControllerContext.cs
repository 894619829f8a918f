using Moldau.Base;
using Moldau.Config;
using Moldau.Protocol;

namespace Moldau.Metadata;

/// <summary>The state that decisions are made from: the latest image, appended but perhaps not committed, with its
/// index.</summary>
public sealed record ControllerState(MetadataImage Image, PartitionIndex Index)
{
    public static readonly ControllerState Empty = new(MetadataImage.Empty, PartitionIndex.Empty);
}

/// <summary>What the control areas share. Owned by the controller's thread.</summary>
internal sealed class ControllerContext(ControllerOptions options, Prng random)
{
    public const int MaxRecordsPerOperation = 10_000;

    public ControllerOptions Options { get; } = options;

    public Prng Random { get; } = random;

    public BrokerSessions Sessions { get; } = new(options.SessionTimeout);

    public ControllerState State { get; set; } = ControllerState.Empty;

    /// <summary>The offset that the next appended record gets; a new broker's epoch.</summary>
    public long NextOffset { get; set; }

    /// <summary>The level of kraft.version, which is in the quorum's own records and not in the image.</summary>
    public short KRaftVersion { get; set; }

    public MetadataImage Image => State.Image;

    public MetadataVersion Version => State.Image.Features.Version;

    public bool IsActive(int broker) => Image.Cluster.Broker(broker) is { IsActive: true };

    /// <summary>Whether the broker may lead a partition: alive, and the replica's directory online.</summary>
    public bool MayLead(PartitionImage partition, int broker) =>
        Image.Cluster.Broker(broker) is { } registration && registration.IsActive
        && registration.HasOnlineDirectory(partition.DirectoryOf(broker));

    /// <summary>The directory for a new replica: the only one of the broker, else the broker decides.</summary>
    public Uuid DefaultDirectory(int broker)
    {
        BrokerRegistration? registration = Image.Cluster.Broker(broker);
        if (registration is null || registration.Directories.IsEmpty) return DirectoryIds.Migrating;
        return registration.Directories.Length == 1 ? registration.Directories[0] : DirectoryIds.Unassigned;
    }

    public ControllerError CheckBrokerEpoch(int broker, long epoch)
    {
        BrokerRegistration? registration = Image.Cluster.Broker(broker);
        if (registration is null)
            return new ControllerError(ErrorCode.StaleBrokerEpoch,
                $"No broker registration found for broker id {broker}");
        return registration.Epoch == epoch
            ? ControllerError.None
            : new ControllerError(
                ErrorCode.StaleBrokerEpoch,
                    $"Expected broker epoch {registration.Epoch}, but got broker epoch {epoch}");
    }

    /// <summary>A topic's configuration: its own, this node's, the cluster's default, the configured value.</summary>
    public string? TopicConfig(string topic, string name) =>
        Image.Configs.Value(ConfigResource.Topic(topic), name)
        ?? Image.Configs.Value(
            new ConfigResource(ConfigResourceType.Broker,
                Options.NodeId.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            name)
        ?? Image.Configs.Value(ConfigResource.ClusterDefault, name);

    public int EffectiveMinIsr(TopicImage topic)
    {
        int minIsr = int.TryParse(TopicConfig(topic.Name, "min.insync.replicas"), out int value) ? value
            : Options.MinInSyncReplicas;
        int replicas = topic.Partitions.IsEmpty ? 1 : topic.Partitions[0].Replicas.Length;
        return Math.Min(minIsr, replicas);
    }

    public bool IsUncleanElectionEnabled(string topic) =>
        TopicConfig(topic, "unclean.leader.election.enable") is { } value
            ? value.Equals("true", StringComparison.OrdinalIgnoreCase)
            : Options.IsUncleanElectionEnabled;
}
