using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Coordination;

public sealed partial class GroupShard
{
    private void MaybePrepareRebalance(ClassicGroup group)
    {
        if (group.State == ClassicGroupState.PreparingRebalance) MaybeCompleteJoin(group);
        else PrepareRebalance(group);
    }

    private void PrepareRebalance(ClassicGroup group)
    {
        if (group.State == ClassicGroupState.CompletingRebalance) FailSyncs(group, ErrorCode.RebalanceInProgress);
        group.Sync?.Cancel();
        bool isFirst = group.State == ClassicGroupState.Empty;
        group.TransitionTo(ClassicGroupState.PreparingRebalance);
        if (!isFirst)
        {
            if (group.HasAllMembersJoined) CompleteJoin(group);
            else SetJoinTimer(group, group.RebalanceTimeoutMs, () => CompleteJoin(group));
            return;
        }

        // The first rebalance waits a little for the other members of a group that is starting up (KIP-134).
        int delay = Math.Min(Options.InitialRebalanceDelayMs, Math.Max(group.RebalanceTimeoutMs, 0));
        HoldInitialJoin(group, delay, Math.Max(group.RebalanceTimeoutMs - delay, 0));
    }

    private void HoldInitialJoin(ClassicGroup group, int delayMs, int remainingMs)
    {
        group.HasNewMember = false;
        SetJoinTimer(group, delayMs, () =>
        {
            if (!group.HasNewMember || remainingMs == 0)
            {
                CompleteJoin(group);
                return;
            }

            int next = Math.Min(Options.InitialRebalanceDelayMs, remainingMs);
            HoldInitialJoin(group, next, Math.Max(remainingMs - next, 0));
        }, isInitial: true);
    }

    private void SetJoinTimer(ClassicGroup group, int delayMs, Action onExpired, bool isInitial = false)
    {
        group.Join?.Cancel();
        group.IsHoldingInitialJoin = isInitial;
        group.Join = new CoordinatorTimer(_host, onExpired);
        group.Join.Set(Duration.FromMs(delayMs));
    }

    private void MaybeCompleteJoin(ClassicGroup group)
    {
        // During the initial delay a complete set of members does not end the wait: others may be on their way.
        if (group.State != ClassicGroupState.PreparingRebalance || group.IsHoldingInitialJoin) return;
        if (group.HasAllMembersJoined) CompleteJoin(group);
    }

    private void CompleteJoin(ClassicGroup group)
    {
        group.Join?.Cancel();
        group.IsHoldingInitialJoin = false;
        if (group.State == ClassicGroupState.Dead) return;
        DropMembersThatDidNotRejoin(group);
        if (group.MemberCount > 0 && !group.MaybeElectJoinedLeader())
        {
            // Only static members are left and none is back yet: wait until they are, or their sessions end.
            SetJoinTimer(group, group.RebalanceTimeoutMs, () => CompleteJoin(group));
            return;
        }

        group.InitNextGeneration();
        if (group.State == ClassicGroupState.Empty)
        {
            // Nobody waits for this record: if it is lost, an older generation is loaded and its members expire.
            TryWriteGroup(group, _ => [], _ => { });
            return;
        }

        foreach (ClassicMember member in group.Members.ToArray())
        {
            Take(member, m => m.AwaitingJoin, m => m.AwaitingJoin = null)
                ?.Invoke(Joined(group, member.Id, group.IsLeader(member.Id)));
            member.IsNew = false;
            group.AddPendingSync(member.Id);
            RestartSession(group, member);
        }

        group.Sync?.Cancel();
        group.Sync = new CoordinatorTimer(_host, () => SyncExpired(group, group.Generation));
        group.Sync.Set(Duration.FromMs(group.RebalanceTimeoutMs));
    }

    private static void DropMembersThatDidNotRejoin(ClassicGroup group)
    {
        foreach (ClassicMember member in group.Members.ToArray())
            if (member.AwaitingJoin is null && member.InstanceId is null) group.Remove(member.Id);
    }

    /// <summary>Members that joined but did not ask for their assignment in time are dropped, and the group rebalances.</summary>
    private void SyncExpired(ClassicGroup group, int generation)
    {
        if (group.Generation != generation || group.PendingSync.Count == 0) return;
        if (group.State is not (ClassicGroupState.CompletingRebalance or ClassicGroupState.Stable)) return;
        foreach (string memberId in group.PendingSync.ToArray()) group.Remove(memberId);
        PrepareRebalance(group);
    }

    private void PendingExpired(ClassicGroup group, string memberId)
    {
        if (!group.RemovePending(memberId)) return;
        MaybeCompleteJoin(group);
        if (group is { MemberCount: 0, PendingCount: 0, Generation: 0 } && !Offsets.HasOffsets(group.Id)) _groups.Remove(group.Id);
    }

    private void RestartSession(ClassicGroup group, ClassicMember member) => SetSession(group, member, member.SessionTimeoutMs);

    private void SetSession(ClassicGroup group, ClassicMember member, int timeoutMs)
    {
        member.Session ??= new CoordinatorTimer(_host, () => SessionExpired(group, member));
        member.Session.Set(Duration.FromMs(timeoutMs));
    }

    private void SessionExpired(ClassicGroup group, ClassicMember member)
    {
        if (group.State == ClassicGroupState.Dead || !group.TryGet(member.Id, out ClassicMember? current) || current != member) return;
        if (member.IsWaitingOnUs)
        {
            RestartSession(group, member);
            return;
        }

        RemoveMember(group, member);
    }

    /// <summary>The member left or is taken for dead.</summary>
    private void RemoveMember(ClassicGroup group, ClassicMember member)
    {
        Take(member, m => m.AwaitingJoin, m => m.AwaitingJoin = null)
            ?.Invoke(ClassicGroup.Failed(ErrorCode.UnknownMemberId, ""));
        Take(member, m => m.AwaitingSync, m => m.AwaitingSync = null)
            ?.Invoke(new SyncGroupResponse { ErrorCode = (short)ErrorCode.UnknownMemberId });
        group.Remove(member.Id);
        switch (group.State)
        {
            case ClassicGroupState.Stable:
            case ClassicGroupState.CompletingRebalance:
                PrepareRebalance(group);
                break;
            case ClassicGroupState.PreparingRebalance:
                MaybeCompleteJoin(group);
                break;
        }
    }

    private static void FailSyncs(ClassicGroup group, ErrorCode error)
    {
        foreach (ClassicMember member in group.Members)
        {
            member.Assignment = [];
            Take(member, m => m.AwaitingSync, m => m.AwaitingSync = null)
                ?.Invoke(new SyncGroupResponse { ErrorCode = (short)error });
        }
    }

    /// <summary>The checks that every request of a member passes.</summary>
    private static ErrorCode ValidateMember(ClassicGroup group, string memberId, string? instanceId)
    {
        if (instanceId is not null)
        {
            string? current = group.StaticMemberId(instanceId);
            if (current is null) return ErrorCode.UnknownMemberId;
            return string.Equals(current, memberId, StringComparison.Ordinal) ? ErrorCode.None : ErrorCode.FencedInstanceId;
        }

        return group.TryGet(memberId, out _) ? ErrorCode.None : ErrorCode.UnknownMemberId;
    }
}
