using Moldau.Protocol;

namespace Moldau.Coordination;

/// <summary>Kinds of groups that the log may hold and that are not served yet.</summary>
internal enum NewerGroupKind
{
    Consumer,
    Share,
    Streams,
}

/// <summary>The groups of later kinds (KIP-848, KIP-932, KIP-1071) that the log holds, so that nobody deletes them or
/// takes them over. Only who they are and whether they have members is kept.</summary>
internal sealed class NewerGroups
{
    private readonly SortedDictionary<string, NewerGroup> _groups = new(StringComparer.Ordinal);

    public bool Contains(string group) => _groups.ContainsKey(group);

    public bool IsOfKind(string group, NewerGroupKind kind) =>
        _groups.TryGetValue(group, out NewerGroup? found) && found.Kind == kind;

    public bool IsEmpty(string group) => _groups.TryGetValue(group, out NewerGroup? found) && found.Members.Count == 0;

    /// <summary>Takes one record; returns the id of a group that it brought into being, else null.</summary>
    public string? Replay(short type, ref KafkaReader key, bool isTombstone)
    {
        (NewerGroupKind Kind, bool IsMember)? meaning = type switch
        {
            3 => (NewerGroupKind.Consumer, false),
            5 => (NewerGroupKind.Consumer, true),
            10 => (NewerGroupKind.Share, true),
            11 => (NewerGroupKind.Share, false),
            17 => (NewerGroupKind.Streams, false),
            19 => (NewerGroupKind.Streams, true),
            _ => null,
        };
        if (meaning is not { } record) return null;
        string group = key.ReadString(flexible: false);
        string member = record.IsMember ? key.ReadString(flexible: false) : "";
        if (key.Failed) return null;
        if (!record.IsMember) return ReplayGroup(group, record.Kind, isTombstone);
        // A member's record may stand before its group's after compaction.
        if (isTombstone) return RemoveMember(group, member);
        bool isNew = !_groups.ContainsKey(group);
        GetOrAdd(group, record.Kind).Members.Add(member);
        return isNew ? group : null;
    }

    public IEnumerable<ListGroupsResponse.ListedGroup> Listed()
    {
        foreach ((string id, NewerGroup group) in _groups)
        {
            string kind = group.Kind switch
            {
                NewerGroupKind.Consumer => "consumer",
                NewerGroupKind.Share => "share",
                _ => "streams",
            };
            // A share group with members is stable by definition; of the others only their coordinator would know.
            string state = group.Members.Count == 0 ? "Empty"
                : group.Kind == NewerGroupKind.Share ? "Stable"
                : "Unknown";
            yield return new() { GroupId = id, ProtocolType = kind, GroupState = state, GroupType = kind };
        }
    }

    private string? ReplayGroup(string group, NewerGroupKind kind, bool isTombstone)
    {
        if (isTombstone)
        {
            _groups.Remove(group);
            return null;
        }

        bool isNew = !_groups.ContainsKey(group);
        GetOrAdd(group, kind);
        return isNew ? group : null;
    }

    private string? RemoveMember(string group, string member)
    {
        if (_groups.TryGetValue(group, out NewerGroup? found)) found.Members.Remove(member);
        return null;
    }

    private NewerGroup GetOrAdd(string group, NewerGroupKind kind)
    {
        if (!_groups.TryGetValue(group, out NewerGroup? found) || found.Kind != kind)
            _groups[group] = found = new(kind);
        return found;
    }

    private sealed class NewerGroup(NewerGroupKind kind)
    {
        public NewerGroupKind Kind => kind;

        public HashSet<string> Members { get; } = new(StringComparer.Ordinal);
    }
}
