using Moldau.Base;
using Moldau.Coordination;
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

    public GroupCounts Groups { get; init; }

    /// <summary>Partitions of the groups' topic whose groups are known, and those whose are being read.</summary>
    public int LoadedCoordinators { get; init; }

    public int LoadingCoordinators { get; init; }

    public IReadOnlyList<ClientCount> Clients { get; init; } = [];

    /// <summary>Requests behind others of their connections.</summary>
    public int WaitingRequests { get; init; }

    /// <summary>Partitions led here whose replicas are being moved.</summary>
    public int ReassigningPartitions { get; init; }

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
        int reassigning = 0;
        foreach (Partition partition in shard.Replicas.All)
        {
            if (partition.IsOffline) offline++;
            waiting += partition.WaitingAcks;
            if (partition.Log is not { } log || partition.State is not { } state) continue;
            producers += log.Producers.Count;
            if (partition.IsLeader && state.AddingReplicas.Length + state.RemovingReplicas.Length > 0) reassigning++;
            partitions.Add(new PartitionGauges(partition.Topic, partition.Index)
            {
                Size = log.SizeInBytes,
                LogStartOffset = log.LogStartOffset,
                LogEndOffset = log.LogEndOffset,
                LastStableOffsetLag = log.HighWatermark - log.LastStableOffset,
                Segments = log.SegmentCount,
                RetentionPercent = log.Config.RetentionBytes > 0 ? log.SizeInBytes * 100 / log.Config.RetentionBytes : 0,
                IsLeader = partition.IsLeader,
                Replicas = state.Replicas.Length,
                InSync = state.Isr.Length,
                MinInSync = partition.EffectiveMinIsr,
            });
        }

        return new ShardGauges
        {
            Partitions = partitions,
            Topics = shard.Metrics.LiveTopics(shard.Image.Topics),
            OfflineReplicas = offline,
            ProducerIds = producers,
            Groups = shard.Coordinators.Count(),
            LoadedCoordinators = shard.Coordinators.LoadedCount,
            LoadingCoordinators = shard.Coordinators.LoadingCount,
            Clients = shard.CountClients(),
            WaitingRequests = shard.WaitingRequests,
            ReassigningPartitions = reassigning,
            FetchSessions = shard.Sessions.Count,
            FetchSessionPartitions = shard.Sessions.PartitionCount,
            FetchSessionEvictions = shard.Sessions.Evictions,
            WaitingFetches = shard.Fetches.WaitingCount,
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

    public int Segments { get; init; }

    /// <summary>Size in hundredths of retention.bytes; 0 without a limit.</summary>
    public long RetentionPercent { get; init; }

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
    // Over which the rate of appended records is taken.
    private static readonly Duration RateWindow = Duration.FromSeconds(30);

    private readonly Queue<(long Offset, Instant At)> _uncommitted = new();
    private MetadataImage? _counted;
    private (Instant At, long Records) _windowStart;

    /// <summary>At most a second old. Replaced as a whole; never changed.</summary>
    public ControlGauges Gauges { get; private set; } = new();

    /// <summary>From appending records to the metadata log to their being committed, in nanoseconds.</summary>
    public MetricHistogram CommitLatencyNs { get; } = new();

    public MetricCell AppendedRecords { get; } = new();

    /// <summary>Times that this node became the controller.</summary>
    public MetricCell Activations { get; } = new();

    /// <summary>Leaders elected from outside the in-sync replicas.</summary>
    public MetricCell UncleanElections { get; } = new();

    /// <summary>Operations that the controller has worked on.</summary>
    public MetricCell Operations { get; } = new();

    internal void Appended(int records, long endOffset, Instant now)
    {
        AppendedRecords.Add(records);
        _uncommitted.Enqueue((endOffset, now));
    }

    internal void CommittedTo(long highWatermark, Instant now)
    {
        while (_uncommitted.TryPeek(out (long Offset, Instant At) next) && next.Offset <= highWatermark)
        {
            _uncommitted.Dequeue();
            CommitLatencyNs.Record((now - next.At).Ns);
        }
    }

    /// <summary>Looks at a committed batch before it is applied to the image.</summary>
    internal void Committed(MetadataBatch batch, MetadataImage before)
    {
        foreach (MetadataRecord record in batch.Records)
        {
            if (record.Message is not Protocol.PartitionChangeRecord { Leader: >= 0 } change) continue;
            PartitionImage? partition = before.Topics.Partition(new TopicIdPartition(change.TopicId, change.PartitionId));
            if (partition is null || partition.Isr.Contains(change.Leader) || partition.Elr.Contains(change.Leader)) continue;
            UncleanElections.Increment();
        }
    }

    internal void Publish(ControlMachine machine)
    {
        ControlGauges gauges = ReferenceEquals(_counted, machine.Image) ? Gauges : Count(machine.Image);
        _counted = machine.Image;
        Gauges = gauges with
        {
            Clients = machine.CountClients(),
            State = machine.Quorum.StateName,
            VotedFor = machine.Quorum.VotedFor,
            Voters = machine.Quorum.VoterCount,
            LastAppliedTimestampMs = machine.Image.Provenance.TimestampMs,
            LastAppliedEpoch = machine.Image.Provenance.Epoch,
            Features = machine.Image.Features.Finalized,
            AppendRate = AppendRate(machine.Now),
            IsActiveController = machine.Controller.IsActive,
            LeaderId = machine.Controller.IsActive ? machine.Options.NodeId : -1,
            Epoch = machine.Quorum.Epoch,
            HighWatermark = machine.Quorum.HighWatermark,
            LogEndOffset = machine.Quorum.EndOffset,
            OfflineLogDirectories = machine.Broker.OfflineDirectories,
        };
    }

    /// <summary>Records a second, since the newest window began, or in the last one while that is young.</summary>
    private double AppendRate(Instant now)
    {
        double seconds = (now - _windowStart.At).Ns * 1e-9;
        if (seconds < 1) return Gauges.AppendRate;
        double rate = (AppendedRecords.Value - _windowStart.Records) / seconds;
        if (now - _windowStart.At >= RateWindow)
        {
            _windowStart = (now, AppendedRecords.Value);
            CommitLatencyNs.Rotate();
        }

        return rate;
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

    public IReadOnlyList<ClientCount> Clients { get; init; } = [];

    /// <summary>Raft's name of what the node is in its epoch.</summary>
    public string State { get; init; } = "";

    /// <summary>-1: nobody.</summary>
    public int VotedFor { get; init; } = -1;

    public int Voters { get; init; }

    public long LastAppliedTimestampMs { get; init; } = -1;

    public int LastAppliedEpoch { get; init; } = -1;

    /// <summary>Finalized levels by feature.</summary>
    public IReadOnlyDictionary<string, short> Features { get; init; } = new Dictionary<string, short>();

    /// <summary>Records appended to the metadata log a second.</summary>
    public double AppendRate { get; init; }

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
