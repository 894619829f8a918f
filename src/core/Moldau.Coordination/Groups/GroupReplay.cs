using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Coordination;

/// <summary>Brings back the state of a shard from the records of its log.</summary>
internal sealed class GroupReplay(GroupShardState shard)
{
    /// <summary>Applies one record of the log. Records of later features are left as they are.</summary>
    /// <param name="producerId">Of a transactional batch, whose offsets count from its commit marker on; else
    /// −1.</param>
    public void Apply(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool isTombstone, long producerId)
    {
        KafkaReader keyReader = new(key);
        short type = keyReader.ReadInt16();
        if (keyReader.Failed) return;
        switch (type)
        {
            case 0:
            case 1:
                OffsetCommitKey offsetKey = OffsetCommitKey.Read(ref keyReader, 0);
                if (!keyReader.Failed) ReplayOffset(offsetKey, value, isTombstone, producerId);
                break;
            case 2:
                GroupMetadataKey groupKey = GroupMetadataKey.Read(ref keyReader, 0);
                if (!keyReader.Failed) ReplayGroup(groupKey.Group, value, isTombstone);
                break;
            default:
                // A classic group that only held offsets gives way to the group it was all along.
                if (shard.Newer.Replay(type, ref keyReader, isTombstone) is { } born) shard.Groups.Remove(born);
                break;
        }
    }


    private void ReplayOffset(OffsetCommitKey key, ReadOnlySpan<byte> value, bool isTombstone, long producerId)
    {
        CommittedOffset? offset = null;
        if (!isTombstone && !OffsetStore.TryRead(value, out offset)) return;
        // Offsets without a group record belong to a group of their own, which has no members.
        if (offset is not null && !shard.Newer.Contains(key.Group) && !shard.Groups.ContainsKey(key.Group))
            shard.Groups.Add(key.Group, new ClassicGroup(key.Group, shard.Host));
        shard.Offsets.Replay(key.Group, new TopicPartition(key.Topic, key.Partition), offset, producerId);
    }

    private void ReplayGroup(string id, ReadOnlySpan<byte> value, bool isTombstone)
    {
        if (isTombstone)
        {
            shard.Groups.Remove(id);
            return;
        }

        KafkaReader reader = new(value);
        short version = reader.ReadInt16();
        if (version < 0 || version > GroupMetadataValue.HighestVersion) return;
        GroupMetadataValue stored = GroupMetadataValue.Read(ref reader, version);
        if (reader.Failed) return;
        ClassicGroup group = new(id, shard.Host)
        {
            Generation = stored.Generation,
            ProtocolType = stored.ProtocolType.Length == 0 ? null : stored.ProtocolType,
            ProtocolName = stored.Protocol,
        };
        foreach (GroupMetadataValue.MemberMetadata m in stored.Members)
            if (!group.TryGet(m.MemberId, out _)) group.Add(Restored(m, stored.Protocol), stored.ProtocolType);
        group.Restore(stored.Leader, stored.CurrentStateTimestamp);
        shard.Groups[id] = group;
    }

    private static ClassicMember Restored(GroupMetadataValue.MemberMetadata m, string? protocol) => new()
    {
        Id = m.MemberId,
        InstanceId = m.GroupInstanceId,
        ClientId = m.ClientId,
        ClientHost = m.ClientHost,
        Settings = new(
            m.SessionTimeout,
            m.RebalanceTimeout == -1 ? m.SessionTimeout : m.RebalanceTimeout,
            [(protocol ?? "", m.Subscription)]),
        Assignment = m.Assignment,
    };
}
