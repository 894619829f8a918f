using Moldau.Base;

namespace Moldau.Client;

/// <summary>Balances partitions over members so that as many as possible stay where they are: keep what is owned by
/// right, give the rest to whoever has least, then level what is still uneven.</summary>
internal sealed class StickyAssignment
{
    private readonly Dictionary<string, HashSet<string>> _topics = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<TopicPartition>> _assigned = new(StringComparer.Ordinal);
    private readonly SortedSet<(int Load, string Member)> _byLoad;

    private StickyAssignment(IReadOnlyList<GroupMember> members)
    {
        foreach (GroupMember member in members)
        {
            _topics[member.MemberId] = new HashSet<string>(member.Topics, StringComparer.Ordinal);
            _assigned[member.MemberId] = [];
        }

        _byLoad = new SortedSet<(int Load, string Member)>(Comparer<(int Load, string Member)>.Create(static (a, b) =>
            a.Load != b.Load ? a.Load.CompareTo(b.Load) : string.CompareOrdinal(a.Member, b.Member)));
        foreach (string member in _assigned.Keys) _byLoad.Add((0, member));
    }

    public static Dictionary<string, List<TopicPartition>> Make(
        IReadOnlyDictionary<string, int> partitions, IReadOnlyList<GroupMember> members)
    {
        StickyAssignment work = new(members);
        HashSet<TopicPartition> free = [];
        foreach ((string topic, int count) in partitions)
        {
            if (!work._topics.Values.Any(t => t.Contains(topic))) continue;
            for (int p = 0; p < count; p++) free.Add(new TopicPartition(topic, p));
        }

        int most = (free.Count + members.Count - 1) / Math.Max(1, members.Count);
        work.Keep(members, free, most);
        foreach (TopicPartition partition in free.Order()) work.Give(partition);
        work.Level();
        foreach (List<TopicPartition> assigned in work._assigned.Values) assigned.Sort();
        return work._assigned;
    }

    /// <summary>Two members may claim the same partition after a missed rebalance: the younger generation is
    /// right.</summary>
    private void Keep(IReadOnlyList<GroupMember> members, HashSet<TopicPartition> free, int most)
    {
        bool isUniform = _topics.Values.All(t => t.SetEquals(_topics.Values.First()));
        foreach (GroupMember member in GroupAssignors.InOrder(members).OrderByDescending(m => m.Generation))
        {
            foreach (TopicPartition partition in member.Owned.Order())
            {
                if (isUniform && _assigned[member.MemberId].Count >= most) break;
                if (_topics[member.MemberId].Contains(partition.Topic) && free.Remove(partition))
                    Add(member.MemberId, partition);
            }
        }
    }

    private void Give(TopicPartition partition)
    {
        foreach ((_, string member) in _byLoad)
        {
            if (!_topics[member].Contains(partition.Topic)) continue;
            Add(member, partition);
            return;
        }
    }

    /// <summary>Moves partitions from those with most to those with least while that levels the difference.</summary>
    private void Level()
    {
        while (true)
        {
            if (!TryFindMove(out string from, out string to, out TopicPartition partition)) return;
            Remove(from, partition);
            Add(to, partition);
        }
    }

    private bool TryFindMove(out string from, out string to, out TopicPartition partition)
    {
        foreach ((int most, string giver) in _byLoad.Reverse())
        {
            foreach ((int least, string taker) in _byLoad)
            {
                if (most - least < 2) break;
                int index = _assigned[giver].FindLastIndex(p => _topics[taker].Contains(p.Topic));
                if (index < 0) continue;
                (from, to, partition) = (giver, taker, _assigned[giver][index]);
                return true;
            }
        }

        (from, to, partition) = ("", "", default);
        return false;
    }

    private void Add(string member, TopicPartition partition)
    {
        List<TopicPartition> assigned = _assigned[member];
        _byLoad.Remove((assigned.Count, member));
        assigned.Add(partition);
        _byLoad.Add((assigned.Count, member));
    }

    private void Remove(string member, TopicPartition partition)
    {
        List<TopicPartition> assigned = _assigned[member];
        _byLoad.Remove((assigned.Count, member));
        assigned.Remove(partition);
        _byLoad.Add((assigned.Count, member));
    }
}
