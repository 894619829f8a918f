using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Coordination;

/// <summary>JoinGroup of classic groups: who is let in, under which id, and when the answer leaves.</summary>
internal sealed class ClassicJoin(GroupShardState shard, ClassicRebalance rebalances)
{
    /// <summary>JoinGroup: the answer comes when the rebalance has gathered its members.</summary>
    public void Join(JoinGroupRequest request, short version, GroupCaller caller, Action<JoinGroupResponse> done)
    {
        if (request.GroupId.Length == 0)
        {
            done(ClassicGroup.Failed(ErrorCode.InvalidGroupId, request.MemberId));
            return;
        }

        GroupOptions options = shard.Options;
        int sessionMs = request.SessionTimeoutMs;
        if (sessionMs < options.MinSessionTimeoutMs || sessionMs > options.MaxSessionTimeoutMs)
        {
            done(ClassicGroup.Failed(ErrorCode.InvalidSessionTimeout, request.MemberId));
            return;
        }

        if (shard.Newer.Contains(request.GroupId))
        {
            done(ClassicGroup.Failed(ErrorCode.InconsistentGroupProtocol, ""));
            return;
        }

        bool isUnknownMember = request.MemberId.Length == 0;
        if (!shard.Groups.TryGetValue(request.GroupId, out ClassicGroup? group))
        {
            if (!isUnknownMember)
            {
                done(ClassicGroup.Failed(ErrorCode.UnknownMemberId, request.MemberId));
                return;
            }

            // A group exists from its first join on, whatever becomes of that: its first record is an empty one.
            group = new ClassicGroup(request.GroupId, shard.Host);
            ErrorCode refused = shard.AppendGroup(group, _ => [], _ => { });
            if (refused != ErrorCode.None)
            {
                done(ClassicGroup.Failed(CoordinatorErrors.ForClient(refused), ""));
                return;
            }

            shard.Groups.Add(group.Id, group);
        }

        JoinCall join = new(group, request, version, caller, Settings(request, version), done);
        if (!AcceptsMember(group, request.MemberId))
        {
            bool isMember = group.TryGet(request.MemberId, out ClassicMember? turnedAway);
            if (isMember) ClassicRebalance.TakeOut(group, turnedAway!); // found, as checked
            else group.RemovePending(request.MemberId);
            done(ClassicGroup.Failed(ErrorCode.GroupMaxSizeReached, ""));
        }
        else if (group.State == ClassicGroupState.Dead)
            done(ClassicGroup.Failed(ErrorCode.CoordinatorNotAvailable, request.MemberId));
        else if (!group.SupportsProtocols(request.ProtocolType, join.Settings.Protocols))
            done(ClassicGroup.Failed(ErrorCode.InconsistentGroupProtocol, request.MemberId));
        else if (isUnknownMember) JoinNew(join);
        else JoinKnown(join);
    }

    /// <summary>Version 0 has no rebalance timeout: the session timeout stands in.</summary>
    private static ClassicMemberSettings Settings(JoinGroupRequest request, short version) => new(
        request.SessionTimeoutMs,
        version == 0 ? request.SessionTimeoutMs : request.RebalanceTimeoutMs,
        Protocols(request));

    /// <summary>The request's protocols, each name once.</summary>
    private static List<(string Name, byte[] Metadata)> Protocols(JoinGroupRequest request)
    {
        List<(string, byte[])> protocols = new(request.Protocols.Count);
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (JoinGroupRequest.JoinGroupRequestProtocol p in request.Protocols)
            if (names.Add(p.Name)) protocols.Add((p.Name, p.Metadata));
        return protocols;
    }

    /// <summary>group.max.size counts members that wait in a join where a rebalance is on, else members.</summary>
    private bool AcceptsMember(ClassicGroup group, string memberId)
    {
        switch (group.State)
        {
            case ClassicGroupState.Empty:
            case ClassicGroupState.Dead:
                return true;
            case ClassicGroupState.PreparingRebalance:
                if (group.TryGet(memberId, out ClassicMember? member) && member.AwaitingJoin is not null) return true;
                return group.AwaitingJoinCount < shard.Options.MaxSize;
            default:
                return group.TryGet(memberId, out _) || group.MemberCount < shard.Options.MaxSize;
        }
    }

    private void JoinNew(in JoinCall join)
    {
        string? instance = join.Request.GroupInstanceId;
        string memberId = $"{instance ?? join.Caller.ClientId}-{NewGuid()}";
        if (instance is not null && join.Group.StaticMemberId(instance) is { } oldId)
        {
            RejoinStatic(join, oldId, memberId);
        }
        else if (instance is null && join.Version >= 4)
        {
            // KIP-394: a dynamic member must come back with its id, so that a lost answer leaves no ghost behind.
            ClassicGroup group = join.Group;
            CoordinatorTimer timer = new(shard.Host, () => rebalances.PendingExpired(group, memberId));
            group.AddPending(memberId, timer);
            timer.Set(Duration.FromMs(join.Request.SessionTimeoutMs));
            join.Done(ClassicGroup.Failed(ErrorCode.MemberIdRequired, memberId));
        }
        else
        {
            AddMember(join, memberId);
        }
    }

    private void JoinKnown(in JoinCall join)
    {
        ClassicGroup group = join.Group;
        string memberId = join.Request.MemberId;
        if (group.IsPending(memberId) && join.Request.GroupInstanceId is null)
        {
            AddMember(join, memberId);
            return;
        }

        ErrorCode error = group.Validate(memberId, join.Request.GroupInstanceId);
        if (error != ErrorCode.None)
        {
            join.Done(ClassicGroup.Failed(error, memberId));
            return;
        }

        Verify.That(group.TryGet(memberId, out ClassicMember? member));
        bool isUnchanged = member.Matches(join.Settings.Protocols);
        switch (group.State)
        {
            case ClassicGroupState.PreparingRebalance:
                UpdateMember(join, member);
                break;
            case ClassicGroupState.CompletingRebalance when isUnchanged:
                // The member missed the answer to its join; it is given again.
                join.Done(group.Joined(memberId, group.IsLeader(memberId)));
                break;
            case ClassicGroupState.Stable when isUnchanged && !group.IsLeader(memberId):
                join.Done(group.Joined(memberId, withMembers: false));
                break;
            case ClassicGroupState.CompletingRebalance:
            case ClassicGroupState.Stable:
                UpdateMember(join, member);
                break;
            default:
                join.Done(ClassicGroup.Failed(ErrorCode.UnknownMemberId, memberId));
                break;
        }
    }

    private void AddMember(in JoinCall join, string memberId)
    {
        ClassicGroup group = join.Group;
        JoinGroupRequest request = join.Request;
        ClassicMember member = new()
        {
            Id = memberId,
            InstanceId = request.GroupInstanceId,
            ClientId = join.Caller.ClientId,
            ClientHost = join.Caller.ClientHost,
            Settings = join.Settings,
            IsNew = true,
        };
        if (group.State == ClassicGroupState.PreparingRebalance) group.HasNewMember = true;
        group.RemovePending(memberId);
        group.Add(member, request.ProtocolType);
        group.AwaitJoin(member, join.Done);
        // Until its first generation is complete the member cannot heartbeat; it is given up after a longer while.
        rebalances.SetSession(group, member, shard.Options.NewMemberJoinTimeoutMs);
        rebalances.MaybePrepareRebalance(group);
    }

    private void UpdateMember(in JoinCall join, ClassicMember member)
    {
        join.Group.Update(member, join.Settings);
        join.Group.AwaitJoin(member, join.Done);
        rebalances.MaybePrepareRebalance(join.Group);
    }

    private void RejoinStatic(JoinCall join, string oldId, string newId)
    {
        ClassicGroup group = join.Group;
        string instance = join.Request.GroupInstanceId!; // a static member has one
        string? leaderBefore = group.LeaderId;
        ClassicMember member = group.ReplaceStatic(instance, oldId, newId);
        ClassicMemberSettings before = member.Settings;
        group.Update(member, join.Settings);
        rebalances.RestartSession(group, member);
        if (group.State != ClassicGroupState.Stable || group.SelectProtocol() != group.ProtocolName)
        {
            group.AwaitJoin(member, join.Done);
            if (group.State == ClassicGroupState.PreparingRebalance) rebalances.MaybeCompleteJoin(group);
            else rebalances.PrepareRebalance(group);
            return;
        }

        // The new id must survive us before the member learns it: a coordinator that forgot it would fence the member.
        ErrorCode refused = shard.AppendGroup(
            group, m => m.Assignment, e => StaticWritten(join, member, newId, leaderBefore, e));
        if (refused == ErrorCode.None)
        {
            group.FindSubscribedTopics();
            group.AwaitJoin(member, join.Done);
            return;
        }

        group.ReplaceStatic(instance, newId, oldId);
        group.Update(member, before);
        rebalances.RestartSession(group, member);
        join.Done(ClassicGroup.Failed(CoordinatorErrors.ForClient(refused), ""));
    }

    private static void StaticWritten(
        JoinCall join, ClassicMember member, string newId, string? leaderBefore, ErrorCode error)
    {
        // Where a rebalance began meanwhile, it answers the join; where the member was replaced again, it is answered.
        ClassicGroup group = join.Group;
        if (group.State != ClassicGroupState.Stable || !ReferenceEquals(member.AwaitingJoin, join.Done)) return;
        bool canSkip = join.Version >= 9;
        bool isLeader = group.IsLeader(newId);
        JoinGroupResponse response = group.Joined(newId, withMembers: isLeader && canSkip);
        if (canSkip) response.SkipAssignment = isLeader;
        // Earlier clients cannot skip it: told the id that led before, a leader that came back does not assign anew.
        else response.Leader = leaderBefore ?? "";
        if (error != ErrorCode.None) response = ClassicGroup.Failed(CoordinatorErrors.ForClient(error), "");
        group.AnswerJoin(member, response);
    }

    private string NewGuid()
    {
        Uuid id = shard.Host.Prng.NextUuid();
        string hex = $"{(ulong)id.High:x16}{(ulong)id.Low:x16}";
        return $"{hex[..8]}-{hex[8..12]}-{hex[12..16]}-{hex[16..20]}-{hex[20..]}";
    }

    /// <summary>A join under way.</summary>
    private readonly record struct JoinCall(
        ClassicGroup Group,
        JoinGroupRequest Request,
        short Version,
        GroupCaller Caller,
        ClassicMemberSettings Settings,
        Action<JoinGroupResponse> Done);
}
