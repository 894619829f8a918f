using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Coordination;

public sealed partial class GroupShard
{
    /// <summary>SyncGroup: the leader brings the assignment, everybody gets their part when it is committed.</summary>
    public void Sync(SyncGroupRequest request, Action<SyncGroupResponse> done)
    {
        ErrorCode error = ValidateSync(request, out ClassicGroup? group);
        if (error != ErrorCode.None)
        {
            done(new SyncGroupResponse { ErrorCode = (short)error });
            return;
        }

        Verify.That(group!.TryGet(request.MemberId, out ClassicMember? member));
        group.RemovePendingSync(member.Id);
        RestartSession(group, member);
        if (group.State == ClassicGroupState.Stable)
        {
            done(Synced(group, member));
            return;
        }

        member.AwaitingSync = done;
        if (!group.IsLeader(member.Id)) return;
        Dictionary<string, byte[]> assignments = new(StringComparer.Ordinal);
        foreach (SyncGroupRequest.SyncGroupRequestAssignment a in request.Assignments) assignments[a.MemberId] = a.Assignment;
        int generation = group.Generation;
        bool isWritten = TryWriteGroup(group, m => assignments.GetValueOrDefault(m.Id, []), e => AssignmentWritten(group, generation, assignments, e));
        if (!isWritten) AssignmentWritten(group, generation, assignments, ErrorCode.NotLeaderOrFollower);
    }

    public void Heartbeat(HeartbeatRequest request, Action<HeartbeatResponse> done) =>
        done(new HeartbeatResponse { ErrorCode = (short)CheckHeartbeat(request) });

    /// <summary>LeaveGroup: several members at once from version 3 on. Versions before have the error at the top.</summary>
    public void Leave(LeaveGroupRequest request, short version, Action<LeaveGroupResponse> done)
    {
        if (request.GroupId.Length == 0)
        {
            done(new LeaveGroupResponse { ErrorCode = (short)ErrorCode.InvalidGroupId });
            return;
        }

        LeaveGroupResponse response = new();
        List<LeaveGroupRequest.MemberIdentity> leaving =
            version < 3 ? [new LeaveGroupRequest.MemberIdentity { MemberId = request.MemberId }] : request.Members;
        foreach (LeaveGroupRequest.MemberIdentity member in leaving)
        {
            ErrorCode error = _groups.TryGetValue(request.GroupId, out ClassicGroup? group)
                ? LeaveOne(group, member)
                : ErrorCode.UnknownMemberId;
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

        done(response);
    }

    private ErrorCode ValidateSync(SyncGroupRequest request, out ClassicGroup? group)
    {
        group = null;
        if (request.GroupId.Length == 0) return ErrorCode.InvalidGroupId;
        if (!_groups.TryGetValue(request.GroupId, out group)) return ErrorCode.UnknownMemberId;
        if (group.State == ClassicGroupState.Dead) return ErrorCode.CoordinatorNotAvailable;
        ErrorCode error = ValidateMember(group, request.MemberId, request.GroupInstanceId);
        if (error != ErrorCode.None) return error;
        if (request.GenerationId != group.Generation) return ErrorCode.IllegalGeneration;
        if (request.ProtocolType is not null && request.ProtocolType != group.ProtocolType) return ErrorCode.InconsistentGroupProtocol;
        if (request.ProtocolName is not null && request.ProtocolName != group.ProtocolName) return ErrorCode.InconsistentGroupProtocol;
        return group.State switch
        {
            ClassicGroupState.Empty => ErrorCode.UnknownMemberId,
            ClassicGroupState.PreparingRebalance => ErrorCode.RebalanceInProgress,
            _ => ErrorCode.None,
        };
    }

    private void AssignmentWritten(ClassicGroup group, int generation, Dictionary<string, byte[]> assignments, ErrorCode error)
    {
        // Another generation may have begun while this one was being written.
        if (group.State != ClassicGroupState.CompletingRebalance || group.Generation != generation) return;
        if (error != ErrorCode.None)
        {
            FailSyncs(group, ErrorCode.NotCoordinator);
            PrepareRebalance(group);
            return;
        }

        group.TransitionTo(ClassicGroupState.Stable);
        foreach (ClassicMember member in group.Members)
        {
            member.Assignment = assignments.GetValueOrDefault(member.Id, []);
            Action<SyncGroupResponse>? waiting = Take(member, m => m.AwaitingSync, m => m.AwaitingSync = null);
            if (waiting is null) continue;
            RestartSession(group, member);
            waiting(Synced(group, member));
        }
    }

    private static SyncGroupResponse Synced(ClassicGroup group, ClassicMember member) =>
        new() { ProtocolType = group.ProtocolType, ProtocolName = group.ProtocolName, Assignment = member.Assignment };

    private ErrorCode CheckHeartbeat(HeartbeatRequest request)
    {
        if (request.GroupId.Length == 0) return ErrorCode.InvalidGroupId;
        if (!_groups.TryGetValue(request.GroupId, out ClassicGroup? group)) return ErrorCode.UnknownMemberId;
        if (group.State == ClassicGroupState.Dead) return ErrorCode.CoordinatorNotAvailable;
        ErrorCode error = ValidateMember(group, request.MemberId, request.GroupInstanceId);
        if (error != ErrorCode.None) return error;
        if (request.GenerationId != group.Generation) return ErrorCode.IllegalGeneration;
        if (group.State == ClassicGroupState.Empty) return ErrorCode.UnknownMemberId;
        Verify.That(group.TryGet(request.MemberId, out ClassicMember? member));
        RestartSession(group, member);
        return group.State == ClassicGroupState.PreparingRebalance ? ErrorCode.RebalanceInProgress : ErrorCode.None;
    }

    private ErrorCode LeaveOne(ClassicGroup group, LeaveGroupRequest.MemberIdentity leaving)
    {
        string memberId = leaving.MemberId;
        if (leaving.GroupInstanceId is { } instance)
        {
            // An administrator removes a static member by its instance id alone.
            string? current = group.StaticMemberId(instance);
            if (current is null) return ErrorCode.UnknownMemberId;
            if (memberId.Length > 0 && memberId != current) return ErrorCode.FencedInstanceId;
            memberId = current;
        }

        if (group.RemovePending(memberId))
        {
            MaybeCompleteJoin(group);
            return ErrorCode.None;
        }

        if (!group.TryGet(memberId, out ClassicMember? member)) return ErrorCode.UnknownMemberId;
        RemoveMember(group, member);
        return ErrorCode.None;
    }
}
