using System.Collections.Immutable;
using Moldau.Base;

namespace Moldau.Metadata;

/// <summary>Which partitions a broker matters to. Immutable, like the image it belongs to, so that losing leadership
/// reverts it as well.</summary>
public sealed record PartitionIndex(
    ImmutableSortedDictionary<int, ImmutableSortedSet<TopicIdPartition>> ByIsrMember,
    ImmutableSortedDictionary<int, ImmutableSortedSet<TopicIdPartition>> ByElrMember,
    ImmutableSortedSet<TopicIdPartition> Leaderless,
    ImmutableSortedSet<TopicIdPartition> Imbalanced,
    ImmutableSortedSet<TopicIdPartition> Reassigning)
{
    public static readonly PartitionIndex Empty = new(
        ImmutableSortedDictionary<int, ImmutableSortedSet<TopicIdPartition>>.Empty,
        ImmutableSortedDictionary<int, ImmutableSortedSet<TopicIdPartition>>.Empty,
        [],
        [],
        []);

    public ImmutableSortedSet<TopicIdPartition> WithIsrMember(int broker) => ByIsrMember.GetValueOrDefault(broker, []);

    public ImmutableSortedSet<TopicIdPartition> WithElrMember(int broker) => ByElrMember.GetValueOrDefault(broker, []);

    /// <summary>The index of the image that <paramref name="delta"/> led to.</summary>
    public PartitionIndex After(MetadataDelta delta, MetadataImage next)
    {
        PartitionIndex index = this;
        foreach (TopicImage topic in delta.DeletedTopics)
        {
            for (int i = 0; i < topic.Partitions.Length; i++)
                index = index.Replace(new TopicIdPartition(topic.Id, i), topic.Partitions[i], null);
        }

        foreach (MetadataDelta.PartitionChange change in delta.PartitionChanges(next))
            index = index.Replace(new TopicIdPartition(change.Topic.Id, change.Partition), change.Old, change.New);
        return index;
    }

    private PartitionIndex Replace(TopicIdPartition id, PartitionImage? old, PartitionImage? next) => new(
        Move(ByIsrMember, id, old?.Isr ?? [], next?.Isr ?? []),
        Move(ByElrMember, id, old?.Elr ?? [], next?.Elr ?? []),
        Set(Leaderless, id, next is { HasLeader: false }),
        Set(Imbalanced, id, next is { HasPreferredLeader: false }),
        Set(Reassigning, id, next is { IsReassigning: true }));

    private static ImmutableSortedSet<TopicIdPartition> Set(ImmutableSortedSet<TopicIdPartition> set,
        TopicIdPartition id, bool isIn) =>
        isIn ? set.Add(id) : set.Remove(id);

    private static ImmutableSortedDictionary<int, ImmutableSortedSet<TopicIdPartition>> Move(
        ImmutableSortedDictionary<int, ImmutableSortedSet<TopicIdPartition>> map,
        TopicIdPartition id,
        ImmutableArray<int> old,
        ImmutableArray<int> next)
    {
        foreach (int broker in old)
        {
            if (next.Contains(broker) || !map.TryGetValue(broker, out ImmutableSortedSet<TopicIdPartition>? set))
                continue;
            set = set.Remove(id);
            map = set.IsEmpty ? map.Remove(broker) : map.SetItem(broker, set);
        }

        foreach (int broker in next)
        {
            if (!old.Contains(broker)) map = map.SetItem(broker, map.GetValueOrDefault(broker, []).Add(id));
        }

        return map;
    }
}
