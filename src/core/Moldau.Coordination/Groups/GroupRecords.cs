using System.Buffers.Binary;
using Moldau.Protocol;

namespace Moldau.Coordination;

/// <summary>Records of <c>__consumer_offsets</c> as Apache Kafka 4.4 writes them: version, then fields. The versions
/// are Kafka's: group metadata 3; offset commit 4, which carries the topic id, or 1 where an old client asked for an
/// expiry, which no later version can hold.</summary>
internal static class GroupRecords
{
    private const short OffsetKeyVersion = 1;
    private const short GroupKeyVersion = 2;
    private const short GroupValueVersion = 3;
    private const short OffsetValueVersion = 4;
    private const short OffsetValueVersionWithExpiry = 1;

    public static CoordinatorRecord GroupMetadata(string group, GroupMetadataValue value) =>
        new(GroupKey(group), Bytes(GroupValueVersion, GroupValueVersion, value));

    /// <summary>The group as it will be with these assignments.</summary>
    public static CoordinatorRecord GroupMetadata(ClassicGroup group, Func<ClassicMember, byte[]> assignment)
    {
        GroupMetadataValue value = new()
        {
            ProtocolType = group.ProtocolType ?? "",
            Generation = group.Generation,
            Protocol = group.ProtocolName,
            Leader = group.LeaderId,
            CurrentStateTimestamp = group.StateChangedAtMs,
        };
        foreach (ClassicMember member in group.Members)
        {
            value.Members.Add(new()
            {
                MemberId = member.Id,
                GroupInstanceId = member.InstanceId,
                ClientId = member.ClientId,
                ClientHost = member.ClientHost,
                RebalanceTimeout = member.Settings.RebalanceTimeoutMs,
                SessionTimeout = member.Settings.SessionTimeoutMs,
                Subscription = member.MetadataOf(group.ProtocolName),
                Assignment = assignment(member),
            });
        }

        return GroupMetadata(group.Id, value);
    }

    public static CoordinatorRecord GroupTombstone(string group) => new(GroupKey(group), null);

    public static CoordinatorRecord Offset(string group, string topic, int partition, CommittedOffset offset)
    {
        short version = offset.ExpireTimestampMs >= 0 ? OffsetValueVersionWithExpiry : OffsetValueVersion;
        OffsetCommitValue value = new()
        {
            Offset = offset.Offset,
            LeaderEpoch = offset.LeaderEpoch,
            Metadata = offset.Metadata,
            CommitTimestamp = offset.CommitTimestampMs,
            ExpireTimestamp = offset.ExpireTimestampMs,
            TopicId = offset.TopicId,
        };
        return new(OffsetKey(group, topic, partition), Bytes(version, version, value));
    }

    public static CoordinatorRecord OffsetTombstone(string group, string topic, int partition) =>
        new(OffsetKey(group, topic, partition), null);

    private static byte[] GroupKey(string group) => Bytes(GroupKeyVersion, 0, new GroupMetadataKey { Group = group });

    private static byte[] OffsetKey(string group, string topic, int partition) =>
        Bytes(OffsetKeyVersion, 0, new OffsetCommitKey { Group = group, Topic = topic, Partition = partition });

    private static byte[] Bytes(short prefix, short version, IMessage message)
    {
        byte[] bytes = new byte[2 + message.Size(version)];
        BinaryPrimitives.WriteInt16BigEndian(bytes, prefix);
        KafkaWriter writer = new(bytes.AsSpan(2));
        message.Write(ref writer, version);
        return bytes;
    }
}
