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
    private readonly List<string> _order = [];
    private readonly SortedDictionary<string, string> _staticIds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CoordinatorTimer> _pending = new(StringComparer.Ordinal);
    private readonly HashSet<string> _pendingSync = new(StringComparer.Ordinal);

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

    /// <summary>Members in the order they joined.</summary>
    public IEnumerable<ClassicMember> Members
    {
        get
        {
            foreach (string id in _order) yield return _members[id];
        }
    }

    public int MemberCount => _members.Count;

    public int PendingCount => _pending.Count;

    public IReadOnlyCollection<string> PendingSync => _pendingSync;

    public bool IsPending(string memberId) => _pending.ContainsKey(memberId);

    public bool TryGet(string memberId, [NotNullWhen(true)] out ClassicMember? member) =>
        _members.TryGetValue(memberId, out member);

    public string? StaticMemberId(string instanceId) => _staticIds.GetValueOrDefault(instanceId);

    public bool IsLeader(string memberId) => string.Equals(LeaderId, memberId, StringComparison.Ordinal);

    public void TransitionTo(ClassicGroupState state)
    {
        State = state;
        StateChangedAtMs = host.Now.UnixMs;
    }

    public void Add(ClassicMember member, string protocolType)
    {
        if (_members.Count == 0) ProtocolType = protocolType;
        _members.Add(member.Id, member);
        _order.Add(member.Id);
        if (member.InstanceId is { } instance) _staticIds[instance] = member.Id;
        LeaderId ??= member.Id;
    }

    public void Remove(string memberId)
    {
        if (!_members.Remove(memberId, out ClassicMember? member)) return;
        _order.Remove(memberId);
        _pendingSync.Remove(memberId);
        member.Session?.Cancel();
        if (member.InstanceId is { } instance && _staticIds.GetValueOrDefault(instance) == memberId)
            _staticIds.Remove(instance);
        if (IsLeader(memberId)) LeaderId = _order.Count > 0 ? _order[0] : null;
    }

    /// <summary>A static member came back under a new member id: the new id takes its place (KIP-345).</summary>
    public ClassicMember ReplaceStatic(string instanceId, string oldId, string newId)
    {
        Verify.That(_members.Remove(oldId, out ClassicMember? member));
        member.AwaitingJoin?.Invoke(Failed(ErrorCode.FencedInstanceId, oldId));
        member.AwaitingSync?.Invoke(new SyncGroupResponse { ErrorCode = (short)ErrorCode.FencedInstanceId });
        member.AwaitingJoin = null;
        member.AwaitingSync = null;
        member.Session?.Cancel();
        member.Session = null;
        member.Id = newId;
        _members.Add(newId, member);
        _order[_order.IndexOf(oldId)] = newId;
        _staticIds[instanceId] = newId;
        if (_pendingSync.Remove(oldId)) _pendingSync.Add(newId);
        if (IsLeader(oldId)) LeaderId = newId;
        return member;
    }

    public void AddPending(string memberId, CoordinatorTimer timer) => _pending.Add(memberId, timer);

    public bool RemovePending(string memberId)
    {
        if (!_pending.Remove(memberId, out CoordinatorTimer? timer)) return false;
        timer.Cancel();
        return true;
    }

    public void ClearPendingSync() => _pendingSync.Clear();

    public void AddPendingSync(string memberId) => _pendingSync.Add(memberId);

    public void RemovePendingSync(string memberId) => _pendingSync.Remove(memberId);

    public bool HasAllMembersJoined
    {
        get
        {
            if (_pending.Count > 0) return false;
            foreach (ClassicMember member in Members)
                if (member.AwaitingJoin is null) return false;
            return true;
        }
    }

    /// <summary>The longest rebalance timeout among the members, milliseconds.</summary>
    public int RebalanceTimeoutMs
    {
        get
        {
            int longest = 0;
            foreach (ClassicMember member in Members) longest = Math.Max(longest, member.RebalanceTimeoutMs);
            return longest;
        }
    }

    /// <summary>Whether a member with these protocols can join: same type, and one protocol that all support.</summary>
    public bool SupportsProtocols(string protocolType, IReadOnlyList<(string Name, byte[] Metadata)> protocols)
    {
        if (State == ClassicGroupState.Empty) return protocolType.Length > 0 && protocols.Count > 0;
        if (!string.Equals(protocolType, ProtocolType, StringComparison.Ordinal)) return false;
        foreach ((string name, _) in protocols)
            if (SupportedByAll(name)) return true;
        return false;
    }

    /// <summary>The protocol with most first votes among those that all support; ties go to the lesser name.</summary>
    public string SelectProtocol()
    {
        SortedDictionary<string, int> votes = new(StringComparer.Ordinal);
        foreach (ClassicMember member in Members)
            foreach ((string name, _) in member.Protocols)
            {
                if (!SupportedByAll(name)) continue;
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
        if (_members.Count == 0)
        {
            ProtocolName = null;
            TransitionTo(ClassicGroupState.Empty);
        }
        else
        {
            ProtocolName = SelectProtocol();
            TransitionTo(ClassicGroupState.CompletingRebalance);
        }

        ClearPendingSync();
    }

    /// <summary>Keeps the leader if it has rejoined, else elects the first that has. False: nobody has.</summary>
    public bool MaybeElectJoinedLeader()
    {
        if (LeaderId is { } leader && _members.TryGetValue(leader, out ClassicMember? current) && current.AwaitingJoin is not null)
            return true;
        foreach (ClassicMember member in Members)
        {
            if (member.AwaitingJoin is null) continue;
            LeaderId = member.Id;
            return true;
        }

        return false;
    }

    /// <summary>Set by replay, which knows the leader of the stored generation.</summary>
    public void RestoreLeader(string? leaderId) => LeaderId = leaderId;

    public List<JoinGroupResponse.JoinGroupResponseMember> MemberList()
    {
        List<JoinGroupResponse.JoinGroupResponseMember> list = [];
        foreach (ClassicMember member in Members)
            list.Add(new() { MemberId = member.Id, GroupInstanceId = member.InstanceId, Metadata = member.MetadataOf(ProtocolName) });
        return list;
    }

    /// <summary>Topics the members subscribe to, where the protocol is the consumer's and all subscriptions parse;
    /// null when that is unknown.</summary>
    public SortedSet<string>? SubscribedTopics()
    {
        if (!string.Equals(ProtocolType, "consumer", StringComparison.Ordinal) || ProtocolName is null) return null;
        SortedSet<string> topics = new(StringComparer.Ordinal);
        foreach (ClassicMember member in Members)
            if (!SubscriptionParser.TryAddTopics(member.MetadataOf(ProtocolName), topics)) return null;
        return topics;
    }

    public static JoinGroupResponse Failed(ErrorCode error, string memberId) =>
        new() { ErrorCode = (short)error, MemberId = memberId, GenerationId = -1, ProtocolName = "", Leader = "" };

    private bool SupportedByAll(string protocol)
    {
        foreach (ClassicMember member in Members)
            if (!member.Supports(protocol)) return false;
        return true;
    }
}
