using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Coordination;

/// <summary>The rebalance of a classic group: from the wish for one through the gathering of its members to the next
/// generation, and the timers that drop who does not answer.</summary>
internal sealed class ClassicRebalance(GroupShardState shard)
{
    /// <summary>The groups are loaded: their members get their sessions.</summary>
    public void Start()
    {
        foreach (ClassicGroup group in shard.Groups.Values)
        {
            foreach (ClassicMember member in group.Members) RestartSession(group, member);
            // group.max.size may have been lowered: a rebalance lets the members commit before some are turned away.
            if (group.MemberCount > shard.Options.MaxSize) PrepareRebalance(group);
        }
    }

    /// <summary>Nothing of the groups may act any more; who waits is told to look for the coordinator again.</summary>
    public void Stop()
    {
        foreach (ClassicGroup group in shard.Groups.Values)
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
    }

    public void MaybePrepareRebalance(ClassicGroup group)
    {
        if (group.State == ClassicGroupState.PreparingRebalance) MaybeCompleteJoin(group);
        else PrepareRebalance(group);
    }

    public void PrepareRebalance(ClassicGroup group)
    {
        if (group.State == ClassicGroupState.CompletingRebalance) FailSyncs(group, ErrorCode.RebalanceInProgress);
        group.Sync?.Cancel();
        group.ClearPendingSync();
        bool isFirst = group.State == ClassicGroupState.Empty;
        group.TransitionTo(ClassicGroupState.PreparingRebalance);
        if (!isFirst)
        {
            if (group.HasAllMembersJoined) CompleteJoin(group);
            else SetJoinTimer(group, group.RebalanceTimeoutMs, () => CompleteJoin(group));
            return;
        }

        // The first rebalance waits a little for the other members of a group that is starting up (KIP-134).
        int delay = shard.Options.InitialRebalanceDelayMs;
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

            int next = Math.Min(shard.Options.InitialRebalanceDelayMs, remainingMs);
            HoldInitialJoin(group, next, Math.Max(remainingMs - next, 0));
        }, isInitial: true);
    }

    private void SetJoinTimer(ClassicGroup group, int delayMs, Action onExpired, bool isInitial = false)
    {
        group.Join?.Cancel();
        group.IsHoldingInitialJoin = isInitial;
        group.Join = new CoordinatorTimer(shard.Host, onExpired);
        group.Join.Set(Duration.FromMs(delayMs));
    }

    public void MaybeCompleteJoin(ClassicGroup group)
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
            shard.AppendGroup(group, _ => [], _ => { });
            return;
        }

        foreach (ClassicMember member in group.Members)
        {
            if (member.AwaitingJoin is not null)
                group.AnswerJoin(member, group.Joined(member.Id, group.IsLeader(member.Id)));
            member.IsNew = false;
            group.SetPendingSync(member, true);
            RestartSession(group, member);
        }

        group.Sync?.Cancel();
        group.Sync = new CoordinatorTimer(shard.Host, () => SyncExpired(group, group.Generation));
        group.Sync.Set(Duration.FromMs(group.RebalanceTimeoutMs));
    }

    private static void DropMembersThatDidNotRejoin(ClassicGroup group) =>
        Drop(group, member => member.AwaitingJoin is null && member.InstanceId is null);

    /// <summary>Members that joined but did not ask for their assignment in time are dropped, and the group
    /// rebalances.</summary>
    private void SyncExpired(ClassicGroup group, int generation)
    {
        if (group.Generation != generation || group.PendingSyncCount == 0) return;
        if (group.State is not (ClassicGroupState.CompletingRebalance or ClassicGroupState.Stable)) return;
        Drop(group, member => member.IsPendingSync);
        PrepareRebalance(group);
    }

    private static void Drop(ClassicGroup group, Predicate<ClassicMember> isDropped)
    {
        LinkedListNode<ClassicMember>? node = group.Members.First;
        while (node is not null)
        {
            LinkedListNode<ClassicMember>? next = node.Next;
            if (isDropped(node.Value)) TakeOut(group, node.Value);
            node = next;
        }
    }

    public void PendingExpired(ClassicGroup group, string memberId)
    {
        if (!group.RemovePending(memberId)) return;
        if (group.State == ClassicGroupState.PreparingRebalance && group.HasAllMembersJoined) CompleteJoin(group);
    }

    public void RestartSession(ClassicGroup group, ClassicMember member) =>
        SetSession(group, member, member.Settings.SessionTimeoutMs);

    public void SetSession(ClassicGroup group, ClassicMember member, int timeoutMs)
    {
        member.Session ??= NewSession(group, member);
        member.Session.Set(Duration.FromMs(timeoutMs));
    }

    // Apart from its caller, which would otherwise allocate the closure at every heartbeat.
    private CoordinatorTimer NewSession(ClassicGroup group, ClassicMember member) =>
        new(shard.Host, () => SessionExpired(group, member));

    private void SessionExpired(ClassicGroup group, ClassicMember member)
    {
        bool isMember = group.TryGet(member.Id, out ClassicMember? current) && current == member;
        if (group.State == ClassicGroupState.Dead || !isMember) return;
        if (member.IsWaitingOnUs)
        {
            RestartSession(group, member);
            return;
        }

        TakeOut(group, member);
        if (group.State is ClassicGroupState.Stable or ClassicGroupState.CompletingRebalance) PrepareRebalance(group);
        else if (group.State == ClassicGroupState.PreparingRebalance && group.HasAllMembersJoined) CompleteJoin(group);
    }

    /// <summary>The member left or is taken for dead. What it waits for is answered so that it joins anew if it
    /// lives.</summary>
    public static void TakeOut(ClassicGroup group, ClassicMember member)
    {
        group.AnswerJoin(member, ClassicGroup.Failed(ErrorCode.UnknownMemberId, ""));
        ClassicGroup.AnswerSync(member, new SyncGroupResponse { ErrorCode = (short)ErrorCode.UnknownMemberId });
        group.Remove(member);
    }

    public void FailSyncs(ClassicGroup group, ErrorCode error)
    {
        foreach (ClassicMember member in group.Members)
        {
            member.Assignment = [];
            bool hasWaited = ClassicGroup.AnswerSync(member, new SyncGroupResponse { ErrorCode = (short)error });
            if (hasWaited) RestartSession(group, member);
        }
    }
}
