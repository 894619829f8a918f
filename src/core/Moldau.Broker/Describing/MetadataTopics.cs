using Moldau.Metadata;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>What clients are told of topics and partitions.</summary>
internal static class MetadataTopics
{
    /// <summary>Clients send administrative requests here; any live broker forwards them, so the lowest is named.</summary>
    public static int ControllerFor(MetadataImage image, string listener)
    {
        foreach ((int id, BrokerRegistration broker) in image.Cluster.Brokers)
            if (!broker.IsFenced && broker.Listener(listener) is not null) return id;
        return -1;
    }

    public static MetadataResponse.MetadataResponseTopic Describe(TopicImage topic, MetadataImage image, string listener, short version)
    {
        MetadataResponse.MetadataResponseTopic answer = new()
        {
            Name = topic.Name,
            TopicId = topic.Id,
            IsInternal = InternalTopics.Contains(topic.Name),
        };
        for (int i = 0; i < topic.Partitions.Length; i++)
        {
            PartitionImage state = topic.Partitions[i];
            (ErrorCode error, int leader) = LeaderFor(state, image, listener, version);
            answer.Partitions.Add(new()
            {
                PartitionIndex = i,
                ErrorCode = (short)error,
                LeaderId = leader,
                LeaderEpoch = state.LeaderEpoch,
                ReplicaNodes = [.. state.Replicas],
                IsrNodes = [.. state.Isr],
                OfflineReplicas = OfflineReplicas(state, image, listener),
            });
        }

        return answer;
    }

    /// <summary>Version 0 knew no leader that is alive but out of reach of the listener.</summary>
    public static (ErrorCode Error, int Leader) LeaderFor(PartitionImage state, MetadataImage image, string listener, short version)
    {
        BrokerRegistration? leader = state.HasLeader ? image.Cluster.Broker(state.Leader) : null;
        if (leader is null || leader.IsFenced) return (ErrorCode.LeaderNotAvailable, LeaderConstants.NoLeader);
        if (leader.Listener(listener) is not null) return (ErrorCode.None, state.Leader);
        return (version >= 6 ? ErrorCode.ListenerNotFound : ErrorCode.LeaderNotAvailable, LeaderConstants.NoLeader);
    }

    public static List<int> OfflineReplicas(PartitionImage state, MetadataImage image, string listener)
    {
        List<int> offline = [];
        foreach (int id in state.Replicas)
        {
            BrokerRegistration? broker = image.Cluster.Broker(id);
            if (broker is null || broker.IsFenced || broker.Listener(listener) is null || !broker.HasOnlineDirectory(state.DirectoryOf(id)))
                offline.Add(id);
        }

        return offline;
    }
}

/// <summary>Bits of what a caller may do, where no authorizer restricts it.</summary>
internal static class AuthorizedOperations
{
    public const int OfTopic = (1 << 3) | (1 << 4) | (1 << 5) | (1 << 6) | (1 << 7) | (1 << 8) | (1 << 10) | (1 << 11);

    public const int OfGroup = (1 << 3) | (1 << 6) | (1 << 8) | (1 << 10) | (1 << 11);

    public const int OfCluster = (1 << 5) | (1 << 7) | (1 << 8) | (1 << 9) | (1 << 10) | (1 << 11) | (1 << 12);
}
