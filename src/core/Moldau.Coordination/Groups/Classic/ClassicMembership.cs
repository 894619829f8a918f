using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Coordination;

/// <summary>What the members of a classic group do between their joins: SyncGroup, Heartbeat, LeaveGroup.</summary>
internal sealed class ClassicMembership(GroupShardState shard, ClassicRebalance rebalances)
{
    /// <summary>SyncGroup: the leader brings the assignment, everybody gets their part when it is committed.</summary>
    public void Sync(SyncGroupRequest request, short version, Action<SyncGroupResponse> done)
    {
        ErrorCode error = ValidateSync(request, version, out ClassicGroup? group);
        if (error != ErrorCode.None)
        {
            done(new SyncGroupResponse { ErrorCode = (short)error });
            return;
        }

        Verify.That(group!.TryGet(request.MemberId, out ClassicMember? member));
        group.SetPendingSync(member, false);
        if (group.PendingSyncCount == 0) group.Sync?.Cancel();
        if (group.State == ClassicGroupState.Stable)
        {
            done(Synced(group, member));
            return;
        }

        ClassicGroup.AwaitSync(member, done);
        // One assignment a generation: were a repeated request written as well, the log would end with another
        // assignment than the one that members were given.
        if (!group.IsLeader(member.Id) || group.WritingGeneration == group.Generation) return;
        Dictionary<string, byte[]> assignments = new(StringComparer.Ordinal);
        foreach (SyncGroupRequest.SyncGroupRequestAssignment a in request.Assignments)
            assignments[a.MemberId] = a.Assignment;
        int generation = group.Generation;
        ErrorCode refused = shard.AppendGroup(
            group,
            m => assignments.GetValueOrDefault(m.Id, []),
            e => AssignmentWritten(group, generation, assignments, e));
        if (refused == ErrorCode.None) group.WritingGeneration = generation;
        else AssignmentWritten(group, generation, assignments, refused);
    }

    public void Heartbeat(HeartbeatRequest request, Action<HeartbeatResponse> done) =>
        done(new HeartbeatResponse { ErrorCode = (short)CheckHeartbeat(request) });

    /// <summary>LeaveGroup: several members at once from version 3 on. Versions before have the error at the
    /// top.</summary>
    public void Leave(LeaveGroupRequest request, short version, Action<LeaveGroupResponse> done)
    {
        if (request.GroupId.Length == 0)
        {
            done(new LeaveGroupResponse { ErrorCode = (short)ErrorCode.InvalidGroupId });
            return;
        }

        shard.Groups.TryGetValue(request.GroupId, out ClassicGroup? group);
        if (group?.State == ClassicGroupState.Dead)
        {
            done(new LeaveGroupResponse { ErrorCode = (short)ErrorCode.CoordinatorNotAvailable });
            return;
        }

        LeaveGroupResponse response = new();
        List<LeaveGroupRequest.MemberIdentity> leaving =
            version < 3 ? [new LeaveGroupRequest.MemberIdentity { MemberId = request.MemberId }] : request.Members;
        bool hasLeft = false;
        foreach (LeaveGroupRequest.MemberIdentity member in leaving)
        {
            ErrorCode error = group is null ? ErrorCode.UnknownMemberId : LeaveOne(group, member);
            hasLeft |= error == ErrorCode.None;
            response.Members.Add(new()
            {
                MemberId = member.MemberId,
                GroupInstanceId = member.GroupInstanceId,
                ErrorCode = (short)error,
            });
        }

        if (version < 3)
        {
            response.ErrorCode = response.Members[0].ErrorCode;
            response.Members = [];
        }

        long decidedBefore = shard.Writes.DecidedEnd;
        if (hasLeft) AfterLeave(group!); // only a member of a group can have left it
        if (shard.Writes.DecidedEnd == decidedBefore) done(response);
        else shard.Writes.AfterDecided(e => done(
            e == ErrorCode.None ? response : new() { ErrorCode = (short)CoordinatorErrors.ForClient(e) }));
    }

    private void AfterLeave(ClassicGroup group)
    {
        bool isSettled = group.State is ClassicGroupState.Stable or ClassicGroupState.CompletingRebalance;
        if (isSettled) rebalances.PrepareRebalance(group);
        else rebalances.MaybeCompleteJoin(group);
    }

    private ErrorCode ValidateSync(SyncGroupRequest request, short version, out ClassicGroup? group)
    {
        group = null;
        // From version 5 on the protocol must be said (KIP-559).
        if (version >= 5 && (request.ProtocolType is null || request.ProtocolName is null))
            return ErrorCode.InconsistentGroupProtocol;
        if (request.GroupId.Length == 0) return ErrorCode.InvalidGroupId;
        if (!shard.Groups.TryGetValue(request.GroupId, out group)) return ErrorCode.UnknownMemberId;
        if (group.State == ClassicGroupState.Dead) return ErrorCode.CoordinatorNotAvailable;
        ErrorCode error = group.Validate(request.MemberId, request.GroupInstanceId);
        if (error != ErrorCode.None) return error;
        if (request.GenerationId != group.Generation) return ErrorCode.IllegalGeneration;
        bool isOtherType = request.ProtocolType is not null && request.ProtocolType != group.ProtocolType;
        bool isOtherName = request.ProtocolName is not null && request.ProtocolName != group.ProtocolName;
        if (isOtherType || isOtherName) return ErrorCode.InconsistentGroupProtocol;
        return group.State switch
        {
            ClassicGroupState.Empty => ErrorCode.UnknownMemberId,
            ClassicGroupState.PreparingRebalance => ErrorCode.RebalanceInProgress,
            _ => ErrorCode.None,
        };
    }

    private void AssignmentWritten(
        ClassicGroup group, int generation, Dictionary<string, byte[]> assignments, ErrorCode error)
    {
        // Another generation may have begun while this one was being written.
        if (group.State != ClassicGroupState.CompletingRebalance || group.Generation != generation) return;
        if (error != ErrorCode.None)
        {
            rebalances.FailSyncs(group, CoordinatorErrors.ForClient(error));
            rebalances.PrepareRebalance(group);
            return;
        }

        group.TransitionTo(ClassicGroupState.Stable);
        foreach (ClassicMember member in group.Members)
        {
            member.Assignment = assignments.GetValueOrDefault(member.Id, []);
            if (member.AwaitingSync is null) continue;
            rebalances.RestartSession(group, member);
            ClassicGroup.AnswerSync(member, Synced(group, member));
        }
    }

    private static SyncGroupResponse Synced(ClassicGroup group, ClassicMember member) =>
        new() { ProtocolType = group.ProtocolType, ProtocolName = group.ProtocolName, Assignment = member.Assignment };

    private ErrorCode CheckHeartbeat(HeartbeatRequest request)
    {
        if (request.GroupId.Length == 0) return ErrorCode.InvalidGroupId;
        if (!shard.Groups.TryGetValue(request.GroupId, out ClassicGroup? group)) return ErrorCode.UnknownMemberId;
        if (group.State == ClassicGroupState.Dead) return ErrorCode.CoordinatorNotAvailable;
        ErrorCode error = group.Validate(request.MemberId, request.GroupInstanceId);
        if (error != ErrorCode.None) return error;
        if (request.GenerationId != group.Generation) return ErrorCode.IllegalGeneration;
        if (group.State == ClassicGroupState.Empty) return ErrorCode.UnknownMemberId;
        Verify.That(group.TryGet(request.MemberId, out ClassicMember? member));
        rebalances.RestartSession(group, member);
        return group.State == ClassicGroupState.PreparingRebalance ? ErrorCode.RebalanceInProgress : ErrorCode.None;
    }

    private ErrorCode LeaveOne(ClassicGroup group, LeaveGroupRequest.MemberIdentity leaving)
    {
        string memberId = leaving.MemberId;
        if (memberId.Length == 0)
        {
            // An administrator removes a static member by its instance id alone.
            if (leaving.GroupInstanceId is not { } instance || group.StaticMemberId(instance) is not { } current)
                return ErrorCode.UnknownMemberId;
            memberId = current;
        }
        else
        {
            if (group.RemovePending(memberId)) return ErrorCode.None;
            ErrorCode error = group.Validate(memberId, leaving.GroupInstanceId);
            if (error != ErrorCode.None) return error;
        }

        Verify.That(group.TryGet(memberId, out ClassicMember? member));
        ClassicRebalance.TakeOut(group, member);
        return ErrorCode.None;
    }
}
