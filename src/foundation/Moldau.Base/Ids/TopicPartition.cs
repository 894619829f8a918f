namespace Moldau.Base;

/// <summary>A partition by topic name.</summary>
public readonly record struct TopicPartition(string Topic, int Partition) : IComparable<TopicPartition>
{
    /// <summary>The name of the partition's folder in a log directory.</summary>
    public override string ToString() => $"{Topic}-{Partition}";

    public int CompareTo(TopicPartition other)
    {
        int topic = string.CompareOrdinal(Topic, other.Topic);
        return topic != 0 ? topic : Partition.CompareTo(other.Partition);
    }
}

/// <summary>A partition by topic id: what survives deletion and re-creation of a name.</summary>
public readonly record struct TopicIdPartition(Uuid TopicId, int Partition) : IComparable<TopicIdPartition>
{
    public override string ToString() => $"{TopicId}:{Partition}";

    public int CompareTo(TopicIdPartition other)
    {
        int topic = TopicId.CompareTo(other.TopicId);
        return topic != 0 ? topic : Partition.CompareTo(other.Partition);
    }

    public override int GetHashCode() => TopicId.GetHashCode() * 31 + Partition;
}

/// <summary>A producer id with the epoch that fences its older incarnations (KIP-98). Id −1: no producer.</summary>
public readonly record struct ProducerIdAndEpoch(long Id, short Epoch)
{
    public static readonly ProducerIdAndEpoch None = new(-1, -1);
}
