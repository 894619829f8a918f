using System.Buffers.Binary;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Balanced like round robin, and moves as few partitions as that allows (KIP-54). Members give up all and get
/// most of it back.</summary>
internal sealed class StickyAssignor : IGroupAssignor
{
    private const int GenerationBytes = 4;

    public string Name => "sticky";

    public bool IsCooperative => false;

    /// <summary>Topics with their partitions, then the generation: Kafka's form, written by hand because it is no
    /// message of the protocol.</summary>
    public byte[]? UserData(IReadOnlyList<TopicPartition> owned, int generation)
    {
        KafkaWriter counter = KafkaWriter.Counter();
        Write(ref counter, owned, generation);
        byte[] bytes = new byte[counter.Position];
        KafkaWriter writer = new(bytes);
        Write(ref writer, owned, generation);
        return bytes;
    }

    public GroupMember Read(GroupMember member, byte[]? userData)
    {
        if (userData is null) return member;
        KafkaReader reader = new(userData);
        List<TopicPartition> owned = [];
        for (int topics = reader.ReadArrayLength(false); topics > 0 && !reader.Failed; topics--)
        {
            string topic = reader.ReadString(false);
            for (int count = reader.ReadArrayLength(false); count > 0 && !reader.Failed; count--)
                owned.Add(new TopicPartition(topic, reader.ReadInt32()));
        }

        if (reader.Failed) return member;
        int generation = reader.Remaining >= GenerationBytes ? reader.ReadInt32() : -1;
        return member with { Owned = owned, Generation = generation };
    }

    public Dictionary<string, List<TopicPartition>> Assign(
        IReadOnlyDictionary<string, int> partitions, IReadOnlyList<GroupMember> members) =>
        StickyAssignment.Make(partitions, members);

    private static void Write(ref KafkaWriter writer, IReadOnlyList<TopicPartition> owned, int generation)
    {
        var topics = owned.Order().GroupBy(p => p.Topic, StringComparer.Ordinal).ToArray();
        writer.WriteArrayLength(topics.Length, false);
        foreach (var topic in topics)
        {
            writer.WriteString(topic.Key, false);
            writer.WriteArrayLength(topic.Count(), false);
            foreach (TopicPartition partition in topic) writer.WriteInt32(partition.Partition);
        }

        writer.WriteInt32(generation);
    }
}

/// <summary>As <see cref="StickyAssignor"/>, and members go on reading what stays theirs: a partition that moves is free for
/// its new owner only after the old one gave it up, in a rebalance that follows at once (KIP-429).</summary>
internal sealed class CooperativeStickyAssignor : IGroupAssignor
{
    public string Name => "cooperative-sticky";

    public bool IsCooperative => true;

    /// <summary>The generation: the partitions themselves stand in the subscription.</summary>
    public byte[]? UserData(IReadOnlyList<TopicPartition> owned, int generation)
    {
        byte[] bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, generation);
        return bytes;
    }

    public GroupMember Read(GroupMember member, byte[]? userData) =>
        member.Generation < 0 && userData is { Length: >= sizeof(int) }
            ? member with { Generation = BinaryPrimitives.ReadInt32BigEndian(userData) }
            : member;

    public Dictionary<string, List<TopicPartition>> Assign(
        IReadOnlyDictionary<string, int> partitions, IReadOnlyList<GroupMember> members)
    {
        Dictionary<string, List<TopicPartition>> result = StickyAssignment.Make(partitions, members);
        Dictionary<TopicPartition, string> owners = [];
        foreach (GroupMember member in members)
            foreach (TopicPartition partition in member.Owned) owners.TryAdd(partition, member.MemberId);
        foreach ((string memberId, List<TopicPartition> assigned) in result)
            assigned.RemoveAll(p => owners.TryGetValue(p, out string? owner) && owner != memberId);
        return result;
    }
}
