using Moldau.Base;
using Moldau.Metadata;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>The state of one shard at one time, for the publisher of metrics.</summary>
public sealed record ShardGauges
{
    public static readonly ShardGauges Empty = new();

    /// <summary>In no order: sorting is left to the publisher's thread.</summary>
    public IReadOnlyList<PartitionGauges> Partitions { get; init; } = [];

    public IReadOnlyList<TopicCounts> Topics { get; init; } = [];

    public int OfflineReplicas { get; init; }

    public int ProducerIds { get; init; }

    public int Groups { get; init; }

    public int FetchSessions { get; init; }

    public int FetchSessionPartitions { get; init; }

    public long FetchSessionEvictions { get; init; }

    public int WaitingFetches { get; init; }

    public int WaitingProduces { get; init; }

    internal static ShardGauges Of(ShardMachine shard)
    {
        List<PartitionGauges> partitions = new(shard.Replicas.Count);
        int offline = 0;
        int producers = 0;
        int waiting = 0;
        foreach (Partition partition in shard.Replicas.All)
        {
            if (partition.IsOffline) offline++;
            waiting += partition.WaitingAcks;
            if (partition.Log is not { } log || partition.State is not { } state) continue;
            producers += log.Producers.Count;
            partitions.Add(new PartitionGauges(partition.Topic, partition.Index)
            {
                Size = log.SizeInBytes,
                LogStartOffset = log.LogStartOffset,
                LogEndOffset = log.LogEndOffset,
                LastStableOffsetLag = log.HighWatermark - log.LastStableOffset,
                IsLeader = partition.IsLeader,
                Replicas = state.Replicas.Length,
                InSync = state.Isr.Length,
                MinInSync = partition.MinInSyncReplicas,
            });
        }

        return new ShardGauges
        {
            Partitions = partitions,
            Topics = shard.Metrics.LiveTopics(shard.Image.Topics),
            OfflineReplicas = offline,
            ProducerIds = producers,
            Groups = shard.Coordinators.GroupCount,
            FetchSessions = shard.Sessions.Count,
            FetchSessionPartitions = shard.Sessions.PartitionCount,
            FetchSessionEvictions = shard.Sessions.Evictions,
            WaitingFetches = shard.Fetches.ParkedCount,
            WaitingProduces = waiting,
        };
    }
}

/// <summary>A replica on this node.</summary>
public readonly record struct PartitionGauges(string Topic, int Partition)
{
    public long Size { get; init; }

    public long LogStartOffset { get; init; }

    public long LogEndOffset { get; init; }

    public long LastStableOffsetLag { get; init; }

    public bool IsLeader { get; init; }

    public int Replicas { get; init; }

    public int InSync { get; init; }

    public int MinInSync { get; init; }

    public bool IsUnderReplicated => IsLeader && InSync < Replicas;

    public bool IsUnderMinIsr => IsLeader && InSync < MinInSync;

    public bool IsAtMinIsr => IsLeader && InSync == MinInSync;
}

/// <summary>What the control machine shows. Written by its thread, read by the publisher.</summary>
public sealed class ControlMetrics : RequestMetrics
{
    private MetadataImage? _counted;

    /// <summary>At most a second old. Replaced as a whole; never changed.</summary>
    public ControlGauges Gauges { get; private set; } = new();

    internal void Publish(ControlMachine machine)
    {
        ControlGauges gauges = ReferenceEquals(_counted, machine.Image) ? Gauges : Count(machine.Image);
        _counted = machine.Image;
        Gauges = gauges with
        {
            IsActiveController = machine.Controller.IsActive,
            LeaderId = machine.Controller.IsActive ? machine.Options.NodeId : -1,
            Epoch = machine.Quorum.Epoch,
            HighWatermark = machine.Quorum.HighWatermark,
            LogEndOffset = machine.Quorum.EndOffset,
            OfflineLogDirectories = machine.Broker.OfflineDirectories,
        };
    }

    private static ControlGauges Count(MetadataImage image)
    {
        int partitions = 0;
        int offline = 0;
        int imbalanced = 0;
        foreach (TopicImage topic in image.Topics.ById.Values)
        {
            partitions += topic.Partitions.Length;
            foreach (PartitionImage partition in topic.Partitions)
            {
                if (!partition.HasLeader) offline++;
                if (!partition.HasPreferredLeader) imbalanced++;
            }
        }

        int fenced = 0;
        foreach (BrokerRegistration broker in image.Cluster.Brokers.Values)
            if (broker.IsFenced) fenced++;
        return new ControlGauges
        {
            Topics = image.Topics.Count,
            Partitions = partitions,
            OfflinePartitions = offline,
            PreferredReplicaImbalance = imbalanced,
            ActiveBrokers = image.Cluster.Brokers.Count - fenced,
            FencedBrokers = fenced,
            LastAppliedOffset = image.Provenance.Offset,
        };
    }
}

/// <summary>The state of controller and quorum at one time.</summary>
public sealed record ControlGauges
{
    public bool IsActiveController { get; init; }

    public int Topics { get; init; }

    public int Partitions { get; init; }

    public int OfflinePartitions { get; init; }

    public int PreferredReplicaImbalance { get; init; }

    public int ActiveBrokers { get; init; }

    public int FencedBrokers { get; init; }

    public long LastAppliedOffset { get; init; } = -1;

    public int LeaderId { get; init; } = -1;

    public int Epoch { get; init; }

    public long HighWatermark { get; init; }

    public long LogEndOffset { get; init; }

    public int OfflineLogDirectories { get; init; }
}
