using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>A broker as the cluster announces it.</summary>
public sealed record BrokerInfo(int Id, BrokerAddress Address, string? Rack);

/// <summary>A partition as the cluster announces it.</summary>
/// <param name="Partition">Its number in the topic, from 0.</param>
/// <param name="LeaderId">The leading broker, −1 where there is none now.</param>
/// <param name="LeaderEpoch">The leader's epoch, −1 from brokers that do not tell.</param>
/// <param name="Replicas">Broker ids, the preferred leader first.</param>
/// <param name="InSyncReplicas">Broker ids.</param>
/// <param name="OfflineReplicas">Broker ids.</param>
public sealed record PartitionInfo(
    int Partition,
    int LeaderId,
    int LeaderEpoch,
    ImmutableArray<int> Replicas,
    ImmutableArray<int> InSyncReplicas,
    ImmutableArray<int> OfflineReplicas);

/// <summary>A topic as the cluster announces it.</summary>
/// <param name="Name">The topic's name.</param>
/// <param name="Id">Zero from brokers before 2.8.</param>
/// <param name="IsInternal">True for Kafka's own topics.</param>
/// <param name="Partitions">In the order of their numbers, which are 0 to Length − 1.</param>
public sealed record TopicInfo(string Name, Uuid Id, bool IsInternal, ImmutableArray<PartitionInfo> Partitions);

/// <summary>What a client knows of its cluster: a snapshot that never changes.</summary>
public sealed class ClusterView
{
    internal static readonly ClusterView Empty = new(
        null, -1, [], new Dictionary<string, TopicInfo>(), new Dictionary<string, ErrorCode>());

    private readonly Dictionary<int, BrokerInfo> _brokers = [];
    private readonly Dictionary<string, TopicInfo> _topics;

    /// <param name="clusterId">Null while it is not known.</param>
    /// <param name="controllerId">−1 while it is not known.</param>
    /// <param name="brokers">In the order of their ids.</param>
    /// <param name="topics">By name; nobody changes it any more.</param>
    /// <param name="errors">By name; nobody changes it any more.</param>
    internal ClusterView(
        string? clusterId,
        int controllerId,
        BrokerInfo[] brokers,
        Dictionary<string, TopicInfo> topics,
        Dictionary<string, ErrorCode> errors)
    {
        ClusterId = clusterId;
        ControllerId = controllerId;
        foreach (BrokerInfo broker in brokers) _brokers[broker.Id] = broker;
        InOrder = brokers;
        _topics = topics;
        TopicErrors = errors;
    }

    /// <summary>The cluster's id; null while it is not known.</summary>
    public string? ClusterId { get; }

    /// <summary>The broker that takes calls for the controller; −1 while unknown.</summary>
    public int ControllerId { get; }

    /// <summary>The brokers that are there, by id.</summary>
    public IReadOnlyDictionary<int, BrokerInfo> Brokers => _brokers;

    /// <summary>The topics that were asked about and exist.</summary>
    public IReadOnlyDictionary<string, TopicInfo> Topics => _topics;

    /// <summary>The brokers in the order of their ids.</summary>
    internal BrokerInfo[] InOrder { get; }

    /// <summary>Why a topic that was asked about is not among <see cref="Topics"/>.</summary>
    internal Dictionary<string, ErrorCode> TopicErrors { get; }

    /// <summary>True where the partition is known and has a leader.</summary>
    /// <param name="partition">Which one.</param>
    /// <param name="info">What is known of it; null where nothing is.</param>
    public bool TryGetLeader(TopicPartition partition, [NotNullWhen(true)] out PartitionInfo? info)
    {
        info = null;
        if (!_topics.TryGetValue(partition.Topic, out TopicInfo? topic)) return false;
        if ((uint)partition.Partition >= (uint)topic.Partitions.Length) return false;
        info = topic.Partitions[partition.Partition];
        return info.LeaderId >= 0;
    }

    internal bool TryGetAddress(int brokerId, out BrokerAddress address)
    {
        bool isKnown = _brokers.TryGetValue(brokerId, out BrokerInfo? broker);
        address = broker?.Address ?? default;
        return isKnown;
    }
}
