using System.Collections.Immutable;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Metadata;

public sealed partial class MetadataDelta
{
    /// <summary>What happens to one topic while records are applied.</summary>
    private sealed class TopicBuilder(string name, Uuid id, TopicImage? old)
    {
        public string Name { get; } = name;

        public Uuid Id { get; } = id;

        public TopicImage? Old { get; } = old;

        public bool IsDeleted { get; set; }

        /// <summary>Null until a partition changes.</summary>
        public List<PartitionImage>? Partitions { get; private set; }

        public List<PartitionImage> Mutable() => Partitions ??= [.. Old?.Partitions ?? []];

        public PartitionImage? Partition(int id)
        {
            if (Partitions is null) return Old?.Partition(id);
            return (uint)id < (uint)Partitions.Count ? Partitions[id] : null;
        }
    }

    /// <summary>A partition whose state is not what it was.</summary>
    /// <param name="Topic">The topic in the new image.</param>
    /// <param name="Partition">Its number.</param>
    /// <param name="Old">Null where the partition is new.</param>
    /// <param name="New">The state in the new image.</param>
    public readonly record struct PartitionChange(TopicImage Topic, int Partition, PartitionImage? Old,
        PartitionImage New);

    /// <summary>The partitions that changed, of the topics in the order in which they were first touched.
    /// <paramref name="next"/> is what <see cref="Apply"/> gave.</summary>
    public IEnumerable<PartitionChange> PartitionChanges(MetadataImage next)
    {
        foreach (TopicBuilder builder in _topics.Values)
        {
            if (builder.IsDeleted || builder.Partitions is null) continue;
            TopicImage? topic = next.Topics.Find(builder.Id);
            if (topic is null) continue;
            for (int i = 0; i < topic.Partitions.Length; i++)
            {
                PartitionImage? old = builder.Old?.Partition(i);
                if (!ReferenceEquals(old, topic.Partitions[i]))
                    yield return new PartitionChange(topic, i, old, topic.Partitions[i]);
            }
        }
    }

    private TopicBuilder? FindTopic(Uuid id)
    {
        if (_topics.TryGetValue(id, out TopicBuilder? builder)) return builder.IsDeleted ? null : builder;
        TopicImage? old = _topicsBase.Find(id);
        if (old is null) return null;
        builder = new TopicBuilder(old.Name, id, old);
        _topics.Add(id, builder);
        return builder;
    }

    private string? ReplayTopic(TopicRecord record)
    {
        if (FindTopic(record.TopicId) is not null) return $"topic id {record.TopicId} is already there";
        if (_topics.ContainsKey(record.TopicId)) return $"topic id {record.TopicId} was deleted";
        _topics.Add(record.TopicId, new TopicBuilder(record.Name, record.TopicId, null));
        return null;
    }

    private string? ReplayPartition(PartitionRecord record)
    {
        TopicBuilder? topic = FindTopic(record.TopicId);
        if (topic is null) return $"no topic {record.TopicId} for a partition";
        List<PartitionImage> partitions = topic.Mutable();
        var partition = PartitionImage.From(record);
        if (record.PartitionId == partitions.Count) partitions.Add(partition);
        else if ((uint)record.PartitionId < (uint)partitions.Count) partitions[record.PartitionId] = partition;
        else return $"partition {record.PartitionId} of {topic.Name} leaves a gap";
        return null;
    }

    private string? ReplayPartitionChange(PartitionChangeRecord record)
    {
        TopicBuilder? topic = FindTopic(record.TopicId);
        PartitionImage? partition = topic?.Partition(record.PartitionId);
        if (topic is null || partition is null) return $"no partition {record.TopicId}:{record.PartitionId} to change";
        topic.Mutable()[record.PartitionId] = partition.Merge(record);
        return null;
    }

    private string? ReplayRemoveTopic(RemoveTopicRecord record)
    {
        TopicBuilder? topic = FindTopic(record.TopicId);
        if (topic is null) return $"no topic {record.TopicId} to remove";
        topic.IsDeleted = true;
        var resource = ConfigResource.Topic(topic.Name);
        if (_configs.ByResource.ContainsKey(resource))
        {
            _configs = _configs.Without(resource);
            _changedConfigs.Add(resource);
        }

        return null;
    }

    private string? ReplayClearElr(ClearElrRecord record)
    {
        // An empty name means all topics.
        if (record.TopicName.Length > 0)
        {
            TopicBuilder? topic = _topics.Values.FirstOrDefault(t => !t.IsDeleted && t.Name == record.TopicName);
            if (topic is null && _topicsBase.Find(record.TopicName) is { } found) topic = FindTopic(found.Id);
            if (topic is null) return $"no topic {record.TopicName} to clear";
            ClearElr(topic);
            return null;
        }

        foreach (Uuid id in _topicsBase.ById.Keys) FindTopic(id);
        foreach (TopicBuilder topic in _topics.Values) ClearElr(topic);
        return null;
    }

    private static void ClearElr(TopicBuilder topic)
    {
        int count = topic.Partitions?.Count ?? topic.Old?.Partitions.Length ?? 0;
        for (int i = 0; i < count; i++)
        {
            PartitionImage old = topic.Partition(i)!; // i is below the count
            PartitionImage cleared = old.WithoutElr();
            if (!ReferenceEquals(old, cleared)) topic.Mutable()[i] = cleared;
        }
    }

    private TopicsImage ApplyTopics()
    {
        if (_topics.Count == 0) return _topicsBase;
        ImmutableSortedDictionary<Uuid, TopicImage>.Builder byId = _topicsBase.ById.ToBuilder();
        ImmutableSortedDictionary<string, TopicImage>.Builder byName = _topicsBase.ByName.ToBuilder();
        // Deletions first: a name may have been deleted and created again.
        foreach (TopicBuilder topic in _topics.Values.Where(static t => t is { IsDeleted: true, Old: not null }))
        {
            byId.Remove(topic.Id);
            byName.Remove(topic.Name);
        }

        foreach (TopicBuilder topic in _topics.Values)
        {
            if (topic.IsDeleted || (topic.Partitions is null && topic.Old is not null)) continue;
            var next = new TopicImage(topic.Name, topic.Id, [.. topic.Partitions ?? []]);
            byId[topic.Id] = next;
            byName[topic.Name] = next;
        }

        return new TopicsImage(byId.ToImmutable(), byName.ToImmutable());
    }
}
