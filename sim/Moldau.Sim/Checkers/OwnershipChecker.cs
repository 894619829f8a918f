using Moldau.Base;
using Moldau.Coordination;
using Moldau.Protocol;

namespace Moldau.Sim;

/// <summary>G1, of every classic consumer group, when a generation becomes stable: no partition has two members, each that
/// was there when the work began has one, and generations only rise.</summary>
/// <param name="world">Where failures go.</param>
/// <param name="due">Partitions of which each has an owner in a group that subscribes to its topic.</param>
internal sealed class OwnershipChecker(SimWorld world, IReadOnlyCollection<TopicPartition> due)
{
    private readonly Dictionary<string, int> _generations = new(StringComparer.Ordinal);
    private readonly HashSet<string> _stable = new(StringComparer.Ordinal);

    public void Died()
    {
        _generations.Clear();
        _stable.Clear();
    }

    public void Look(ClassicGroup group)
    {
        int known = _generations.GetValueOrDefault(group.Id, -1);
        if (group.Generation < known) world.Fail($"[G1] group {group.Id} went from generation {known} to {group.Generation}");
        _generations[group.Id] = group.Generation;
        if (group.State != ClassicGroupState.Stable || !group.IsConsumerProtocol) _stable.Remove(group.Id);
        else if (_stable.Add(group.Id) || group.Generation != known) Check(group);
    }

    private void Check(ClassicGroup group)
    {
        world.Coverage.Hit(SimMark.Rebalanced);
        Dictionary<TopicPartition, string> owners = [];
        foreach (ClassicMember member in group.Members)
        {
            if (member.Assignment.Length == 0) continue;
            KafkaReader reader = new(member.Assignment);
            ConsumerProtocolAssignment assignment = ConsumerProtocolAssignment.Read(ref reader, reader.ReadInt16());
            foreach (ConsumerProtocolAssignment.TopicPartition topic in assignment.AssignedPartitions)
                foreach (int index in topic.Partitions)
                {
                    TopicPartition partition = new(topic.Topic, index);
                    if (owners.TryAdd(partition, member.Id)) continue;
                    string both = $"{owners[partition]} and {member.Id}";
                    world.Fail($"[G1] group {group.Id}, generation {group.Generation}: {partition} has {both}");
                }
        }

        foreach (TopicPartition partition in due)
            if (group.SubscribedTopics?.Contains(partition.Topic) == true && !owners.ContainsKey(partition))
                world.Fail($"[G1] group {group.Id}, generation {group.Generation}: nobody has {partition}");
    }
}
