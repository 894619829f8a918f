using System.Buffers.Binary;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>The bytes that members of a classic group exchange through the coordinator: a version, then the
/// message.</summary>
internal static class GroupProtocolBytes
{
    /// <summary>Members of all ages read the assignment's first version.</summary>
    private const short AssignmentVersion = 0;

    public static byte[] Write(IMessage message, short version)
    {
        byte[] bytes = new byte[sizeof(short) + message.Size(version)];
        BinaryPrimitives.WriteInt16BigEndian(bytes, version);
        KafkaWriter writer = new(bytes.AsSpan(sizeof(short)));
        message.Write(ref writer, version);
        return bytes;
    }

    public static byte[] WriteAssignment(IEnumerable<TopicPartition> partitions)
    {
        ConsumerProtocolAssignment assignment = new();
        foreach (var topic in partitions.Order().GroupBy(p => p.Topic, StringComparer.Ordinal))
        {
            assignment.AssignedPartitions.Add(new ConsumerProtocolAssignment.TopicPartition
            {
                Topic = topic.Key,
                Partitions = [.. topic.Select(p => p.Partition)],
            });
        }

        return Write(assignment, AssignmentVersion);
    }

    public static List<TopicPartition> ReadAssignment(byte[] bytes)
    {
        if (bytes.Length < sizeof(short)) return [];
        short version = Math.Min(BinaryPrimitives.ReadInt16BigEndian(bytes), ConsumerProtocolAssignment.HighestVersion);
        KafkaReader reader = new(bytes.AsSpan(sizeof(short)));
        ConsumerProtocolAssignment assignment = ConsumerProtocolAssignment.Read(ref reader, Math.Max((short)0, version));
        return [.. assignment.AssignedPartitions
            .SelectMany(t => t.Partitions.Select(p => new TopicPartition(t.Topic, p)))];
    }

    public static GroupMember ReadMember(JoinGroupResponse.JoinGroupResponseMember member, IGroupAssignor assignor)
    {
        byte[] bytes = member.Metadata;
        GroupMember nobody = new(member.MemberId, member.GroupInstanceId, [], [], -1);
        if (bytes.Length < sizeof(short)) return nobody;

        // A newer member's subscription begins with the fields that we know.
        short version = Math.Min(BinaryPrimitives.ReadInt16BigEndian(bytes), ConsumerProtocolSubscription.HighestVersion);
        KafkaReader reader = new(bytes.AsSpan(sizeof(short)));
        ConsumerProtocolSubscription subscription =
            ConsumerProtocolSubscription.Read(ref reader, Math.Max((short)0, version));
        if (reader.Failed) return nobody;
        GroupMember read = nobody with
        {
            Topics = subscription.Topics,
            Owned = [.. subscription.OwnedPartitions
                .SelectMany(t => t.Partitions.Select(p => new TopicPartition(t.Topic, p)))],
            Generation = subscription.GenerationId,
        };
        return assignor.Read(read, subscription.UserData);
    }
}
