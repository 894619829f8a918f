using Moldau.Config;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>How topics that come into being by being used are made.</summary>
internal static class AutoCreatedTopics
{
    public static CreateTopicsRequest.CreatableTopic Describe(string name, BrokerConfig config)
    {
        // −1: the controller's defaults (num.partitions, default.replication.factor).
        CreateTopicsRequest.CreatableTopic topic = new() { Name = name, NumPartitions = -1, ReplicationFactor = -1 };
        if (name != InternalTopics.ConsumerOffsets) return topic;
        topic.NumPartitions = config.OffsetsTopicNumPartitions;
        topic.ReplicationFactor = config.OffsetsTopicReplicationFactor;
        topic.Configs.Add(new() { Name = "cleanup.policy", Value = "compact" });
        topic.Configs.Add(new() { Name = "segment.bytes", Value = config.OffsetsTopicSegmentBytes.ToString() });
        topic.Configs.Add(new() { Name = "compression.type", Value = "producer" });
        return topic;
    }
}
