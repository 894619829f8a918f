using Moldau.Base;

namespace Moldau.Broker;

/// <summary>Which shard owns a partition: fixed by its id for the life of the process, so that every machine computes
/// it alone.</summary>
internal readonly record struct ShardMap(int Shards)
{
    public MachineId OwnerOf(TopicIdPartition partition) => OwnerOf(partition.TopicId, partition.Partition);

    /// <summary>The partitions of one topic go round the shards, from a start that the topic's id decides.</summary>
    public MachineId OwnerOf(Uuid topicId, int partition)
    {
        if (Shards == 1) return MachineId.Shard(0);
        ulong mixed = (ulong)(topicId.High ^ topicId.Low) * 0x9E3779B97F4A7C15;
        return MachineId.Shard((int)(((mixed >> 33) + (uint)partition) % (uint)Shards));
    }
}
