using Moldau.Base;

namespace Moldau.Client;

/// <summary>Each topic on its own: its partitions in order are cut into ranges of nearly equal length, the longer ones
/// first.</summary>
internal sealed class RangeAssignor : IGroupAssignor
{
    public string Name => "range";

    public bool IsCooperative => false;

    public byte[]? UserData(IReadOnlyList<TopicPartition> owned, int generation) => null;

    public GroupMember Read(GroupMember member, byte[]? userData) => member;

    public Dictionary<string, List<TopicPartition>> Assign(
        IReadOnlyDictionary<string, int> partitions, IReadOnlyList<GroupMember> members)
    {
        Dictionary<string, List<TopicPartition>> result = GroupAssignors.Empty(members);
        List<GroupMember> sorted = GroupAssignors.InOrder(members);
        foreach ((string topic, int count) in partitions.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            GroupMember[] readers = [.. sorted.Where(m => m.Topics.Contains(topic))];
            int next = 0;
            for (int i = 0; i < readers.Length; i++)
            {
                int length = (count / readers.Length) + (i < count % readers.Length ? 1 : 0);
                for (int p = 0; p < length; p++) result[readers[i].MemberId].Add(new TopicPartition(topic, next++));
            }
        }

        return result;
    }
}
