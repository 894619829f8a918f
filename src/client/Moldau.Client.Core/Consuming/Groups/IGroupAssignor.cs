using Moldau.Base;

namespace Moldau.Client;

/// <summary>A member of a classic group as its leader sees it.</summary>
/// <param name="MemberId">The member's id.</param>
/// <param name="InstanceId">Of a static member.</param>
/// <param name="Topics">What it subscribes to.</param>
/// <param name="Owned">What it reads now.</param>
/// <param name="Generation">The generation that gave it that, −1 where it is not told.</param>
internal sealed record GroupMember(
    string MemberId,
    string? InstanceId,
    IReadOnlyList<string> Topics,
    IReadOnlyList<TopicPartition> Owned,
    int Generation);

/// <summary>Decides on behalf of a classic group who reads what. The same members and topics give the same result in
/// every implementation of an assignor of that name, since any member may become the leader.</summary>
internal interface IGroupAssignor
{
    /// <summary>Kafka's name of the assignor.</summary>
    string Name { get; }

    /// <summary>Members keep their partitions during a rebalance and give up only what moves (KIP-429).</summary>
    bool IsCooperative { get; }

    /// <summary>What the member's subscription carries for the leader; null for nothing.</summary>
    byte[]? UserData(IReadOnlyList<TopicPartition> owned, int generation);

    /// <summary>Reads what another member's subscription carries, where it says more than the subscription itself.</summary>
    GroupMember Read(GroupMember member, byte[]? userData);

    /// <summary>The partitions of each member, by member id.</summary>
    /// <param name="partitions">The number of partitions of each topic that exists.</param>
    /// <param name="members">All members.</param>
    Dictionary<string, List<TopicPartition>> Assign(
        IReadOnlyDictionary<string, int> partitions, IReadOnlyList<GroupMember> members);
}

internal static class GroupAssignors
{
    public static IReadOnlyList<IGroupAssignor> All { get; } =
        [new RangeAssignor(), new RoundRobinAssignor(), new StickyAssignor(), new CooperativeStickyAssignor()];

    public static IGroupAssignor? Find(string name) =>
        All.FirstOrDefault(a => string.Equals(a.Name, name, StringComparison.Ordinal));

    /// <summary>Static members by their instance id, then the others by member id: the order of Kafka's
    /// assignors.</summary>
    public static List<GroupMember> InOrder(IEnumerable<GroupMember> members)
    {
        List<GroupMember> sorted = [.. members];
        sorted.Sort(static (a, b) => (a.InstanceId, b.InstanceId) switch
        {
            (not null, not null) => string.CompareOrdinal(a.InstanceId, b.InstanceId),
            (not null, null) => -1,
            (null, not null) => 1,
            _ => string.CompareOrdinal(a.MemberId, b.MemberId),
        });
        return sorted;
    }

    public static Dictionary<string, List<TopicPartition>> Empty(IEnumerable<GroupMember> members) =>
        members.ByKey(m => m.MemberId, _ => new List<TopicPartition>(), StringComparer.Ordinal);
}
