using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Coordination;

/// <summary>The group coordinator of one partition of <c>__consumer_offsets</c>: classic groups and committed offsets.
/// Owner: the shard that owns the log partition. It persists group metadata and offsets as Kafka's records; members'
/// sessions and pending joins are in memory only, as in Apache Kafka. Every answer that depends on state leaves when
/// what it saw is committed (<see cref="CoordinatorWrites"/>).</summary>
public sealed partial class GroupShard
{
    private readonly ICoordinatorHost _host;
    private readonly SortedDictionary<string, ClassicGroup> _groups = new(StringComparer.Ordinal);
    private readonly NewerGroups _newerGroups = new();
    private readonly CoordinatorTimer _expiry;

    public GroupShard(ICoordinatorHost host, GroupOptions options)
    {
        _host = host;
        Options = options;
        _expiry = new CoordinatorTimer(host, ExpireOffsets);
    }

    /// <summary>Replaced as a whole when a dynamic property changes.</summary>
    public GroupOptions Options { get; set; }

    public CoordinatorWrites Writes { get; } = new();

    public OffsetStore Offsets { get; } = new();

    public int GroupCount => _groups.Count;

    internal IEnumerable<ClassicGroup> ClassicGroups => _groups.Values;

    /// <summary>The log is loaded up to <paramref name="endOffset"/>: members get their sessions, requests may come.</summary>
    public void Start(long endOffset)
    {
        Writes.Reset(endOffset);
        foreach (ClassicGroup group in _groups.Values)
        {
            foreach (ClassicMember member in group.Members) RestartSession(group, member);
            // group.max.size may have been lowered: a rebalance lets the members commit before some are turned away.
            if (group.MemberCount > Options.MaxSize) PrepareRebalance(group);
        }

        _expiry.Set(Duration.FromMs(Options.OffsetsRetentionCheckIntervalMs));
    }

    /// <summary>The log is no longer ours, or failed: everybody is told to look for the coordinator again.</summary>
    public void Stop()
    {
        _expiry.Cancel();
        foreach (ClassicGroup group in _groups.Values)
        {
            // In a stable group only static members wait, for a new id that the log may never have had.
            bool isIdKnown = group.State != ClassicGroupState.Stable;
            group.Die();
            foreach (ClassicMember member in group.Members)
            {
                group.AnswerJoin(member, ClassicGroup.Failed(ErrorCode.NotCoordinator, isIdKnown ? member.Id : ""));
                ClassicGroup.AnswerSync(member, new SyncGroupResponse { ErrorCode = (short)ErrorCode.NotCoordinator });
            }
        }

        Writes.FailAll(ErrorCode.NotCoordinator);
    }

    /// <summary>Applies one record of the log. Records of later features are left as they are.</summary>
    /// <param name="producerId">Of a transactional batch, whose offsets count from its commit marker on; else −1.</param>
    public void Replay(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool isTombstone, long producerId)
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
                if (_newerGroups.Replay(type, ref keyReader, isTombstone) is { } born) _groups.Remove(born);
                break;
        }
    }

    /// <summary>A transaction that wrote offsets ended.</summary>
    public void ReplayMarker(long producerId, bool isCommit) => Offsets.ReplayMarker(producerId, isCommit);

    private void ReplayOffset(OffsetCommitKey key, ReadOnlySpan<byte> value, bool isTombstone, long producerId)
    {
        CommittedOffset? offset = null;
        if (!isTombstone && !OffsetStore.TryRead(value, out offset)) return;
        // Offsets without a group record belong to a group of their own, which has no members.
        if (offset is not null && !_newerGroups.Contains(key.Group) && !_groups.ContainsKey(key.Group))
            _groups.Add(key.Group, new ClassicGroup(key.Group, _host));
        Offsets.Replay(key.Group, new TopicPartition(key.Topic, key.Partition), offset, producerId);
    }

    private void ReplayGroup(string id, ReadOnlySpan<byte> value, bool isTombstone)
    {
        if (isTombstone)
        {
            _groups.Remove(id);
            return;
        }

        KafkaReader reader = new(value);
        short version = reader.ReadInt16();
        if (version < 0 || version > GroupMetadataValue.HighestVersion) return;
        GroupMetadataValue stored = GroupMetadataValue.Read(ref reader, version);
        if (reader.Failed) return;
        ClassicGroup group = new(id, _host)
        {
            Generation = stored.Generation,
            ProtocolType = stored.ProtocolType.Length == 0 ? null : stored.ProtocolType,
            ProtocolName = stored.Protocol,
        };
        foreach (GroupMetadataValue.MemberMetadata m in stored.Members)
            if (!group.TryGet(m.MemberId, out _)) group.Add(Restored(m, stored.Protocol), stored.ProtocolType);
        group.Restore(stored.Leader, stored.CurrentStateTimestamp);
        _groups[id] = group;
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

    /// <summary>Writes the group as it will be with these assignments (member id → bytes).</summary>
    private bool TryWriteGroup(ClassicGroup group, Func<ClassicMember, byte[]> assignment, Action<ErrorCode> done)
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

        return TryWrite([GroupRecords.GroupMetadata(group.Id, value)], done);
    }

    /// <summary>Appends records; <paramref name="done"/> runs when they are committed or lost.</summary>
    private bool TryWrite(IReadOnlyList<CoordinatorRecord> records, Action<ErrorCode> done)
    {
        if (Writes.HasFailed || !_host.TryAppend(records, out long endOffset)) return false;
        Writes.Decided(endOffset, done);
        return true;
    }

    private static ErrorCode ForClient(ErrorCode logError) =>
        logError == ErrorCode.None ? ErrorCode.None : ErrorCode.NotCoordinator;
}
