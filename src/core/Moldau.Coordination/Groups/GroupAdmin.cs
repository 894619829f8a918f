using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Coordination;

/// <summary>What administrators ask of groups: ListGroups, DescribeGroups, DeleteGroups.</summary>
internal sealed class GroupAdmin(GroupShardState shard, OffsetRemovals offsetRemovals)
{
    /// <summary>The groups of this shard that pass the filters (KIP-518, KIP-848); empty filters pass all.</summary>
    public void List(
        IReadOnlyList<string> states,
        IReadOnlyList<string> types,
        Action<ErrorCode, List<ListGroupsResponse.ListedGroup>> done)
    {
        shard.Writes.AfterDecided(error =>
        {
            List<ListGroupsResponse.ListedGroup> listed = [];
            if (error != ErrorCode.None)
            {
                done(CoordinatorErrors.ForClient(error), listed);
                return;
            }

            foreach (ClassicGroup group in shard.Groups.Values)
                listed.Add(new()
                {
                    GroupId = group.Id,
                    ProtocolType = group.ProtocolType ?? "",
                    GroupState = StateName(group),
                    GroupType = "classic",
                });
            listed.AddRange(shard.Newer.Listed());
            listed.RemoveAll(g =>
                !Passes(states, g.GroupState, isTrimmed: true) || !Passes(types, g.GroupType, isTrimmed: false));
            done(ErrorCode.None, listed);
        });
    }

    /// <summary>Kafka trims names of states and not those of types.</summary>
    private static bool Passes(IReadOnlyList<string> filter, string value, bool isTrimmed)
    {
        if (filter.Count == 0) return true;
        foreach (string wanted in filter)
        {
            string name = isTrimmed ? wanted.Trim() : wanted;
            if (string.Equals(name, value, StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }

    public void Describe(string groupId, short version, Action<DescribeGroupsResponse.DescribedGroup> done)
    {
        shard.Writes.AfterDecided(error =>
        {
            if (error != ErrorCode.None)
            {
                done(new() { GroupId = groupId, ErrorCode = (short)CoordinatorErrors.ForClient(error) });
                return;
            }

            if (!shard.Groups.TryGetValue(groupId, out ClassicGroup? group))
            {
                string reason = shard.Newer.Contains(groupId) ? "is not a classic group" : "not found";
                done(NotFound(groupId, version, reason));
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
        // A newer group is kept even if it is empty: we could not give it back its state.
        shard.Groups.TryGetValue(groupId, out ClassicGroup? group);
        ErrorCode error = shard.Newer.Contains(groupId) ? ErrorCode.NonEmptyGroup
            : group is null or { State: ClassicGroupState.Dead } ? ErrorCode.GroupIdNotFound
            : group.State != ClassicGroupState.Empty ? ErrorCode.NonEmptyGroup
            : ErrorCode.None;
        if (error != ErrorCode.None)
        {
            done(error);
            return;
        }

        List<OffsetRemoval> removals = [];
        foreach (TopicPartition p in shard.Offsets.PartitionsOf(groupId)) removals.Add(new(groupId, p));
        foreach (TopicPartition p in shard.Offsets.UnstableOnly(groupId)) removals.Add(new(groupId, p));
        removals.Add(new(groupId, null));
        offsetRemovals.Remove(removals, done);
    }

    private static DescribeGroupsResponse.DescribedGroup NotFound(string groupId, short version, string reason) => new()
    {
        GroupId = groupId,
        GroupState = "Dead",
        ErrorCode = version >= 6 ? (short)ErrorCode.GroupIdNotFound : (short)ErrorCode.None,
        ErrorMessage = version >= 6 ? $"Group {groupId} {reason}." : null,
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
