using System.Text;

namespace Moldau.Coordination.Tests;

/// <summary>The state of a shard that the log must be able to bring back, as text.</summary>
internal static class Fingerprint
{
    public static string OfOffsets(GroupShard shard, IEnumerable<string> groups)
    {
        StringBuilder text = new();
        foreach (string group in groups)
        {
            foreach (var (partition, offset) in shard.Offsets.Of(group)) text.Append($"{group} {partition} {offset}\n");
            foreach (var partition in shard.Offsets.UnstableOnly(group)) text.Append($"{group} {partition} unstable\n");
        }

        return text.ToString();
    }

    /// <summary>Null while the group is between two generations, which only memory knows.</summary>
    public static string? OfGroup(ClassicGroup group)
    {
        if (group.State is not (ClassicGroupState.Empty or ClassicGroupState.Stable)) return null;
        StringBuilder text = new();
        text.Append($"{group.Id} {group.State} {group.Generation} type={group.ProtocolType} name={group.ProtocolName}");
        text.Append($" leader={group.LeaderId} topics={string.Join(',', group.SubscribedTopics ?? [])}");
        // The record of an assignment is written before the group becomes stable and says when it was last unstable.
        // A group that only ever held offsets has no record at all.
        if (group is { State: ClassicGroupState.Empty, Generation: > 0 }) text.Append($" since={group.StateChangedAtMs}");
        text.Append('\n');
        foreach (ClassicMember member in group.Members)
        {
            text.Append($"  {member.Id} {member.InstanceId} {member.ClientId} {member.ClientHost}");
            text.Append($" {member.Settings.SessionTimeoutMs} {member.Settings.RebalanceTimeoutMs}");
            text.Append($" {Convert.ToHexString(member.MetadataOf(group.ProtocolName))} {Convert.ToHexString(member.Assignment)}\n");
        }

        return text.ToString();
    }
}
