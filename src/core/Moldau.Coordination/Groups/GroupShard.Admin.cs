using Moldau.Protocol;

namespace Moldau.Coordination;

public sealed partial class GroupShard
{
    /// <summary>The groups of this shard that pass the filters (KIP-518, KIP-848); empty filters pass all.</summary>
    public void List(IReadOnlyList<string> states, IReadOnlyList<string> types, Action<List<ListGroupsResponse.ListedGroup>> done)
    {
        Writes.AfterDecided(_ =>
        {
            List<ListGroupsResponse.ListedGroup> listed = [];
            if (types.Count > 0 && !types.Contains("classic", StringComparer.OrdinalIgnoreCase))
            {
                done(listed);
                return;
            }

            foreach (ClassicGroup group in _groups.Values)
            {
                string state = StateName(group);
                if (states.Count > 0 && !states.Contains(state, StringComparer.OrdinalIgnoreCase)) continue;
                listed.Add(new()
                {
                    GroupId = group.Id,
                    ProtocolType = group.ProtocolType ?? "",
                    GroupState = state,
                    GroupType = "classic",
                });
            }

            done(listed);
        });
    }

    public void Describe(string groupId, short version, Action<DescribeGroupsResponse.DescribedGroup> done)
    {
        Writes.AfterDecided(_ =>
        {
            if (!_groups.TryGetValue(groupId, out ClassicGroup? group))
            {
                done(NotFound(groupId, version));
                return;
            }

            bool isStable = group.State == ClassicGroupState.Stable;
            DescribeGroupsResponse.DescribedGroup described = new()
            {
                GroupId = groupId,
                GroupState = StateName(group),
                ProtocolType = group.ProtocolType ?? "",
                ProtocolData = isStable ? group.ProtocolName ?? "" : "",
            };
            foreach (ClassicMember member in group.Members)
            {
                described.Members.Add(new()
                {
                    MemberId = member.Id,
                    GroupInstanceId = member.InstanceId,
                    ClientId = member.ClientId,
                    ClientHost = member.ClientHost,
                    MemberMetadata = isStable ? member.MetadataOf(group.ProtocolName) : [],
                    MemberAssignment = member.Assignment,
                });
            }

            done(described);
        });
    }

    /// <summary>Deletes an empty group with its offsets.</summary>
    public void Delete(string groupId, Action<ErrorCode> done)
    {
        bool hasGroup = _groups.TryGetValue(groupId, out ClassicGroup? group);
        if (Offsets.IsNewerGroup(groupId))
        {
            done(ErrorCode.NonEmptyGroup);
            return;
        }

        if (!hasGroup && !Offsets.HasOffsets(groupId) || group?.State == ClassicGroupState.Dead)
        {
            done(ErrorCode.GroupIdNotFound);
            return;
        }

        if (group is not null && (group.State != ClassicGroupState.Empty || group.PendingCount > 0))
        {
            done(ErrorCode.NonEmptyGroup);
            return;
        }

        List<CoordinatorRecord> records = [];
        foreach (Base.TopicPartition p in Offsets.Of(groupId).Keys)
            records.Add(GroupRecords.OffsetTombstone(groupId, p.Topic, p.Partition));
        if (group is not null) records.Add(GroupRecords.GroupTombstone(groupId));
        WriteThen(records, () =>
        {
            foreach (Base.TopicPartition p in Offsets.Of(groupId).Keys.ToArray()) Offsets.Remove(groupId, p);
            _groups.Remove(groupId);
        }, done);
    }

    private static DescribeGroupsResponse.DescribedGroup NotFound(string groupId, short version) => new()
    {
        GroupId = groupId,
        GroupState = "Dead",
        ErrorCode = version >= 6 ? (short)ErrorCode.GroupIdNotFound : (short)ErrorCode.None,
        ErrorMessage = version >= 6 ? $"Group {groupId} not found." : null,
    };

    private static string StateName(ClassicGroup group) => group.State switch
    {
        ClassicGroupState.Empty => "Empty",
        ClassicGroupState.PreparingRebalance => "PreparingRebalance",
        ClassicGroupState.CompletingRebalance => "CompletingRebalance",
        ClassicGroupState.Stable => "Stable",
        _ => "Dead",
    };
}
