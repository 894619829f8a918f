using System.Collections.Immutable;
using Moldau.Base;

namespace Moldau.Metadata;

/// <summary>A topic with its partitions, which Kafka numbers from 0 without gaps.</summary>
public sealed record TopicImage(string Name, Uuid Id, ImmutableArray<PartitionImage> Partitions)
{
    public PartitionImage? Partition(int id) => (uint)id < (uint)Partitions.Length ? Partitions[id] : null;

    public bool Equals(TopicImage? other) => other is not null && Name == other.Name && Id == other.Id
        && Partitions.AsSpan().SequenceEqual(other.Partitions.AsSpan());

    public override int GetHashCode() => Id.GetHashCode();

    public void WriteTo(List<MetadataRecord> records, MetadataVersion version)
    {
        records.Add(new MetadataRecord(new Protocol.TopicRecord { Name = Name, TopicId = Id }, 0));
        for (int i = 0; i < Partitions.Length; i++) records.Add(Partitions[i].ToRecord(Id, i, version));
    }
}

/// <summary>All topics, in the order of their ids and of their names (ordinal).</summary>
public sealed record TopicsImage(
    ImmutableSortedDictionary<Uuid, TopicImage> ById,
    ImmutableSortedDictionary<string, TopicImage> ByName)
{
    public static readonly TopicsImage Empty = new(
        ImmutableSortedDictionary<Uuid, TopicImage>.Empty,
        ImmutableSortedDictionary.Create<string, TopicImage>(StringComparer.Ordinal));

    public int Count => ById.Count;

    public TopicImage? Find(string name) => ByName.GetValueOrDefault(name);

    public TopicImage? Find(Uuid id) => ById.GetValueOrDefault(id);

    public PartitionImage? Partition(TopicIdPartition partition) =>
        Find(partition.TopicId)?.Partition(partition.Partition);

    public PartitionImage? Partition(string topic, int partition) => Find(topic)?.Partition(partition);

    public void WriteTo(List<MetadataRecord> records, MetadataVersion version)
    {
        foreach ((_, TopicImage topic) in ById) topic.WriteTo(records, version);
    }

    public bool Equals(TopicsImage? other) => other is not null
        && (ReferenceEquals(ById, other.ById) || ById.SequenceEqual(other.ById));

    public override int GetHashCode() => ById.Count;
}
