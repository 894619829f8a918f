using Moldau.Base;

namespace Moldau.Client;

/// <summary>All partitions of all topics, dealt out one by one to the members in turn; who does not read a topic is passed
/// over.</summary>
internal sealed class RoundRobinAssignor : IGroupAssignor
{
    public string Name => "roundrobin";

    public bool IsCooperative => false;

    public byte[]? UserData(IReadOnlyList<TopicPartition> owned, int generation) => null;

    public GroupMember Read(GroupMember member, byte[]? userData) => member;

    public Dictionary<string, List<TopicPartition>> Assign(
        IReadOnlyDictionary<string, int> partitions, IReadOnlyList<GroupMember> members)
    {
        Dictionary<string, List<TopicPartition>> result = GroupAssignors.Empty(members);
        List<GroupMember> sorted = GroupAssignors.InOrder(members);
        int turn = 0;
        foreach ((string topic, int count) in partitions.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            if (!sorted.Any(m => m.Topics.Contains(topic))) continue;
            for (int p = 0; p < count; p++)
            {
                while (!sorted[turn % sorted.Count].Topics.Contains(topic)) turn++;
                result[sorted[turn++ % sorted.Count].MemberId].Add(new TopicPartition(topic, p));
            }
        }

        return result;
    }
}
