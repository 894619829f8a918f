using System.Diagnostics.CodeAnalysis;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Coordination;

/// <summary>States of the classic group protocol, under Kafka's names.</summary>
internal enum ClassicGroupState
{
    Empty,
    PreparingRebalance,
    CompletingRebalance,
    Stable,
    Dead,
}

/// <summary>A classic consumer group (KIP-62, KIP-345, KIP-394): its members, generation and state. It computes;
/// <see cref="GroupShard"/> decides.</summary>
internal sealed class ClassicGroup(string id, ICoordinatorHost host)
{
    private readonly Dictionary<string, ClassicMember> _members = new(StringComparer.Ordinal);
    private readonly LinkedList<ClassicMember> _order = new();
    private readonly Dictionary<string, string> _staticIds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CoordinatorTimer> _pending = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _supporters = new(StringComparer.Ordinal);

    public string Id { get; } = id;

    public ClassicGroupState State { get; private set; } = ClassicGroupState.Empty;

    /// <summary>Wall clock of the last change of state; offset retention counts from it (KIP-211).</summary>
    public long StateChangedAtMs { get; set; } = host.Now.UnixMs;

    public int Generation { get; set; }

    /// <summary>"consumer" for consumer groups, "connect" for Connect; null while nobody said.</summary>
    public string? ProtocolType { get; set; }

    /// <summary>The protocol (assignor) chosen for the generation.</summary>
    public string? ProtocolName { get; set; }

    public string? LeaderId { get; private set; }

    /// <summary>A member arrived while the initial rebalance was being held back.</summary>
    public bool HasNewMember { get; set; }

    /// <summary>The first rebalance is being held back for more members (group.initial.rebalance.delay.ms).</summary>
    public bool IsHoldingInitialJoin { get; set; }

    public CoordinatorTimer? Join { get; set; }

    public CoordinatorTimer? Sync { get; set; }

    /// <summary>The generation whose assignment is on its way to the log; 0 when none is.</summary>
    public int WritingGeneration { get; set; }

    /// <summary>Topics the members subscribed to when the generation began, where the protocol is the consumer's and
    /// all subscriptions parse; null when that is unknown.</summary>
    public SortedSet<string>? SubscribedTopics { get; private set; }

    /// <summary>Members in the order they joined.</summary>
    public LinkedList<ClassicMember> Members => _order;

    public int MemberCount => _members.Count;

    public int PendingCount => _pending.Count;

    /// <summary>How many members wait in a JoinGroup.</summary>
    public int AwaitingJoinCount { get; private set; }

    public int PendingSyncCount { get; private set; }

    public bool HasAllMembersJoined => _pending.Count == 0 && AwaitingJoinCount == _members.Count;

    public bool IsConsumerProtocol => string.Equals(ProtocolType, "consumer", StringComparison.Ordinal);

    public bool IsPending(string memberId) => _pending.ContainsKey(memberId);

    public bool TryGet(string memberId, [NotNullWhen(true)] out ClassicMember? member) =>
        _members.TryGetValue(memberId, out member);

    public string? StaticMemberId(string instanceId) => _staticIds.GetValueOrDefault(instanceId);

    public bool IsLeader(string memberId) => string.Equals(LeaderId, memberId, StringComparison.Ordinal);

    /// <summary>Whether members read the topic: what is not known counts as read.</summary>
    public bool IsSubscribedTo(string topic) => SubscribedTopics?.Contains(topic) ?? IsConsumerProtocol;

    public void TransitionTo(ClassicGroupState state)
    {
        State = state;
        StateChangedAtMs = host.Now.UnixMs;
    }

    public void Add(ClassicMember member, string protocolType)
    {
        if (_members.Count == 0) ProtocolType = protocolType;
        _members.Add(member.Id, member);
        member.Node = _order.AddLast(member);
        CountProtocols(member, 1);
        if (member.InstanceId is { } instance) _staticIds[instance] = member.Id;
        LeaderId ??= member.Id;
    }

    public void Remove(ClassicMember member)
    {
        Verify.That(_members.Remove(member.Id) && member.Node is not null);
        _order.Remove(member.Node);
        CountProtocols(member, -1);
        if (member.AwaitingJoin is not null) AwaitingJoinCount--;
        SetPendingSync(member, false);
        member.Session?.Cancel();
        if (member.InstanceId is { } instance && StaticMemberId(instance) == member.Id) _staticIds.Remove(instance);
        if (IsLeader(member.Id)) LeaderId = _order.First?.Value.Id;
    }

    public void Update(ClassicMember member, ClassicMemberSettings settings)
    {
        CountProtocols(member, -1);
        member.Settings = settings;
        CountProtocols(member, 1);
    }

    /// <summary>A static member came back under a new member id: the new id takes its place (KIP-345). Whoever used
    /// the old id is told that it is fenced.</summary>
    public ClassicMember ReplaceStatic(string instanceId, string oldId, string newId)
    {
        Verify.That(_members.Remove(oldId, out ClassicMember? member));
        AnswerJoin(member, Failed(ErrorCode.FencedInstanceId, oldId));
        AnswerSync(member, new SyncGroupResponse { ErrorCode = (short)ErrorCode.FencedInstanceId });
        member.Id = newId;
        member.IsNew = false;
        _members.Add(newId, member);
        _staticIds[instanceId] = newId;
        if (IsLeader(oldId)) LeaderId = newId;
        return member;
    }

    /// <summary>Parks a JoinGroup. One that waits already belongs to a connection that the client gave up: it is
    /// answered, so that nothing is held for it.</summary>
    public void AwaitJoin(ClassicMember member, Action<JoinGroupResponse> done)
    {
        AnswerJoin(member, Failed(ErrorCode.RebalanceInProgress, member.Id));
        member.AwaitingJoin = done;
        AwaitingJoinCount++;
    }

    public void AnswerJoin(ClassicMember member, JoinGroupResponse response)
    {
        if (member.AwaitingJoin is not { } waiting) return;
        member.AwaitingJoin = null;
        AwaitingJoinCount--;
        waiting(response);
    }

    public static void AwaitSync(ClassicMember member, Action<SyncGroupResponse> done)
    {
        AnswerSync(member, new SyncGroupResponse { ErrorCode = (short)ErrorCode.RebalanceInProgress });
        member.AwaitingSync = done;
    }

    public static bool AnswerSync(ClassicMember member, SyncGroupResponse response)
    {
        if (member.AwaitingSync is not { } waiting) return false;
        member.AwaitingSync = null;
        waiting(response);
        return true;
    }

    public void SetPendingSync(ClassicMember member, bool isPending)
    {
        if (member.IsPendingSync == isPending) return;
        member.IsPendingSync = isPending;
        PendingSyncCount += isPending ? 1 : -1;
    }

    public void AddPending(string memberId, CoordinatorTimer timer) => _pending.Add(memberId, timer);

    public bool RemovePending(string memberId)
    {
        if (!_pending.Remove(memberId, out CoordinatorTimer? timer)) return false;
        timer.Cancel();
        return true;
    }

    /// <summary>The group is given up: nothing of it may act any more.</summary>
    public void Die()
    {
        TransitionTo(ClassicGroupState.Dead);
        Join?.Cancel();
        Sync?.Cancel();
        foreach (CoordinatorTimer timer in _pending.Values) timer.Cancel();
        _pending.Clear();
        foreach (ClassicMember member in _order) member.Session?.Cancel();
    }

    /// <summary>The longest rebalance timeout among the members, milliseconds.</summary>
    public int RebalanceTimeoutMs
    {
        get
        {
            int longest = 0;
            foreach (ClassicMember member in Members) longest = Math.Max(longest, member.Settings.RebalanceTimeoutMs);
            return longest;
        }
    }

    /// <summary>Whether a member with these protocols can join: same type, and one protocol that all support.</summary>
    public bool SupportsProtocols(string protocolType, IReadOnlyList<(string Name, byte[] Metadata)> protocols)
    {
        if (State == ClassicGroupState.Empty) return protocolType.Length > 0 && protocols.Count > 0;
        if (!string.Equals(protocolType, ProtocolType, StringComparison.Ordinal)) return false;
        foreach ((string name, _) in protocols)
            if (IsSupportedByAll(name)) return true;
        return false;
    }

    /// <summary>The protocol with most first votes among those that all support; ties go to the lesser name.</summary>
    public string SelectProtocol()
    {
        SortedDictionary<string, int> votes = new(StringComparer.Ordinal);
        foreach (ClassicMember member in _order)
            foreach ((string name, _) in member.Settings.Protocols)
            {
                if (!IsSupportedByAll(name)) continue;
                votes[name] = votes.GetValueOrDefault(name) + 1;
                break;
            }

        string best = "";
        int most = 0;
        foreach ((string name, int count) in votes)
            if (count > most) (best, most) = (name, count);
        Verify.That(most > 0);
        return best;
    }

    public void InitNextGeneration()
    {
        Generation++;
        ProtocolName = _members.Count == 0 ? null : SelectProtocol();
        FindSubscribedTopics();
        TransitionTo(_members.Count == 0 ? ClassicGroupState.Empty : ClassicGroupState.CompletingRebalance);
        ClearPendingSync();
    }

    public void ClearPendingSync()
    {
        foreach (ClassicMember member in _order) SetPendingSync(member, false);
    }

    /// <summary>Keeps the leader if it has rejoined, else elects the first that has. False: nobody has.</summary>
    public bool MaybeElectJoinedLeader()
    {
        bool isLed = LeaderId is { } leader && _members.TryGetValue(leader, out ClassicMember? current)
            && current.AwaitingJoin is not null;
        if (isLed) return true;
        foreach (ClassicMember member in _order)
        {
            if (member.AwaitingJoin is null) continue;
            LeaderId = member.Id;
            return true;
        }

        return false;
    }

    /// <summary>Ends a replay, which knows the leader and the state of the stored generation.</summary>
    public void Restore(string? leaderId, long stateChangedAtMs)
    {
        LeaderId = leaderId;
        State = _members.Count == 0 ? ClassicGroupState.Empty : ClassicGroupState.Stable;
        StateChangedAtMs = stateChangedAtMs;
        FindSubscribedTopics();
    }

    public void FindSubscribedTopics()
    {
        SubscribedTopics = null;
        if (!IsConsumerProtocol || (_members.Count > 0 && ProtocolName is null)) return;
        SortedSet<string> topics = new(StringComparer.Ordinal);
        foreach (ClassicMember member in _order)
            if (!SubscriptionParser.TryAddTopics(member.MetadataOf(ProtocolName), topics)) return;
        SubscribedTopics = topics;
    }

    public List<JoinGroupResponse.JoinGroupResponseMember> MemberList()
    {
        List<JoinGroupResponse.JoinGroupResponseMember> list = new(_order.Count);
        foreach (ClassicMember member in _order)
            list.Add(new()
            {
                MemberId = member.Id,
                GroupInstanceId = member.InstanceId,
                Metadata = member.MetadataOf(ProtocolName),
            });
        return list;
    }

    public JoinGroupResponse Joined(string memberId, bool withMembers) => new()
    {
        MemberId = memberId,
        GenerationId = Generation,
        ProtocolName = ProtocolName,
        ProtocolType = ProtocolType,
        Leader = LeaderId ?? "",
        Members = withMembers ? MemberList() : [],
    };

    public static JoinGroupResponse Failed(ErrorCode error, string memberId) =>
        new() { ErrorCode = (short)error, MemberId = memberId, GenerationId = -1, ProtocolName = null, Leader = "" };

    /// <summary>The checks that every request of a member passes.</summary>
    public ErrorCode Validate(string memberId, string? instanceId)
    {
        if (instanceId is not null)
        {
            string? current = StaticMemberId(instanceId);
            if (current is null) return ErrorCode.UnknownMemberId;
            bool isCurrent = string.Equals(current, memberId, StringComparison.Ordinal);
            return isCurrent ? ErrorCode.None : ErrorCode.FencedInstanceId;
        }

        return TryGet(memberId, out _) ? ErrorCode.None : ErrorCode.UnknownMemberId;
    }

    private bool IsSupportedByAll(string protocol) => _supporters.GetValueOrDefault(protocol) == _members.Count;

    private void CountProtocols(ClassicMember member, int by)
    {
        foreach ((string name, _) in member.Settings.Protocols)
        {
            int count = _supporters.GetValueOrDefault(name) + by;
            if (count == 0) _supporters.Remove(name);
            else _supporters[name] = count;
        }
    }
}
