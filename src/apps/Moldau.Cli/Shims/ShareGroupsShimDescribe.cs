using System.Globalization;
using Moldau.Base;
using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-share-groups.sh --describe</c></summary>
internal static class ShareGroupsShimDescribe
{
    private const string Unknown = "-";
    private const int CoordinatorWidth = 25;

    public static async Task RunAsync(ShimContext context)
    {
        IReadOnlyList<string> names = await GroupShims.NamedAsync(context, "share").ConfigureAwait(false);
        var described = await context.Admin.ShareGroups.DescribeAsync(names, cancel: context.Cancel).ConfigureAwait(false);
        ShareGroupDescription[] groups =
        [
            .. names.Order(StringComparer.Ordinal).Select(n =>
                described[n].Error is { } error ? throw new MoldauException(error) : described[n].Value!),
        ];
        if (context.Arguments.Has("members")) Members(context, groups);
        else if (context.Arguments.Has("state")) await StatesAsync(context, groups).ConfigureAwait(false);
        else await OffsetsAsync(context, groups).ConfigureAwait(false);
    }

    private static async Task OffsetsAsync(ShimContext context, ShareGroupDescription[] groups)
    {
        var offsets = await context.Admin.ShareGroups.ListOffsetsAsync(
            groups.ToDictionary(g => g.GroupId, _ => (IReadOnlyList<TopicPartition>?)null, StringComparer.Ordinal), context.Cancel)
            .ConfigureAwait(false);
        bool isVerbose = context.Arguments.Has("verbose");
        foreach (ShareGroupDescription group in groups)
        {
            if (offsets[group.GroupId].Error is { } error) throw new MoldauException(error);
            var known = offsets[group.GroupId].Value!.OrderBy(o => o.Key).ToArray();
            if (known.Length == 0)
            {
                context.Out.WriteLine($"\nShare group '{group.GroupId}' has no offset information.");
                continue;
            }

            int first = Math.Max(GroupShims.Narrow, group.GroupId.Length);
            int second = known.Select(o => o.Key.Topic.Length).Append(GroupShims.Narrow).Max();
            Row("GROUP", "TOPIC", "PARTITION", "LEADER-EPOCH", "START-OFFSET", "LAG");
            foreach ((TopicPartition partition, Outcome<ShareOffset> at) in known)
            {
                // Where the group has not begun, nothing else is known.
                ShareOffset shown = at.Value.StartOffset is null ? default : at.Value;
                Row(
                    group.GroupId, partition.Topic, Text(partition.Partition),
                    Text(shown.LeaderEpoch), Text(shown.StartOffset), Text(shown.Lag));
            }

            context.Out.WriteLine();

            void Row(string name, string topic, string partition, string epoch, string start, string lag) => context.Out.Write(
                $"\n{name.PadRight(first)} {topic.PadRight(second)} {partition,-10} {(isVerbose ? $"{epoch,-13} " : "")}{start,-13} {lag}");
        }
    }

    private static async Task StatesAsync(ShimContext context, ShareGroupDescription[] groups)
    {
        Func<int, string> coordinators = await GroupShims.CoordinatorsAsync(context).ConfigureAwait(false);
        bool isVerbose = context.Arguments.Has("verbose");
        foreach (ShareGroupDescription group in groups)
        {
            TellState(context, group);
            string at = coordinators(group.CoordinatorId);
            int first = Math.Max(GroupShims.Narrow, group.GroupId.Length);
            int second = Math.Max(CoordinatorWidth, at.Length);
            Row("GROUP", "COORDINATOR (ID)", "STATE", "GROUP-EPOCH", "ASSIGNMENT-EPOCH", "#MEMBERS");
            Row(group.GroupId, at, group.State, Text(group.GroupEpoch), Text(group.AssignmentEpoch), Text(group.Members.Count));
            context.Out.WriteLine();

            void Row(string name, string where, string state, string epoch, string assignment, string members) => context.Out.Write(
                $"\n{name.PadRight(first)} {where.PadRight(second)} {state,-15} {(isVerbose ? $"{epoch,-12} {assignment,-17} " : "")}{members}");
        }
    }

    private static void Members(ShimContext context, ShareGroupDescription[] groups)
    {
        bool isVerbose = context.Arguments.Has("verbose");
        foreach (ShareGroupDescription group in groups)
        {
            TellState(context, group);
            if (group.State == "Dead" || group.Members.Count == 0) continue;
            int first = Math.Max(GroupShims.Narrow, group.GroupId.Length);
            int second = Width(m => m.MemberId);
            int third = Width(m => m.ClientHost);
            int fourth = Width(m => m.ClientId);
            Row("GROUP", "CONSUMER-ID", "HOST", "CLIENT-ID", "#PARTITIONS", "MEMBER-EPOCH", "ASSIGNMENT");
            foreach (ShareGroupMember member in group.Members)
                Row(
                    group.GroupId, member.MemberId, member.ClientHost, member.ClientId, Text(member.Assignment.Count),
                    Text(member.MemberEpoch), Assignment(member));
            context.Out.WriteLine();

            int Width(Func<ShareGroupMember, string> of) => group.Members.Select(m => of(m).Length).Append(GroupShims.Narrow).Max();

            void Row(string name, string member, string host, string client, string count, string epoch, string assignment) =>
                context.Out.Write(
                $"\n{name.PadRight(first)} {member.PadRight(second)} {host.PadRight(third)} {client.PadRight(fourth)} {count,-12} "
                + (isVerbose ? $"{epoch,-13} " : "") + assignment);
        }
    }

    private static string Assignment(ShareGroupMember member) => string.Join(';', member.Assignment.GroupBy(p => p.Topic)
        .Select(t => $"{t.Key}:{string.Join(',', t.Select(p => p.Partition).Order())}").Order(StringComparer.Ordinal));

    private static void TellState(ShimContext context, ShareGroupDescription group)
    {
        if (group.State == "Dead") GroupShims.Complain(context, $"Share group '{group.GroupId}' does not exist.");
        else if (group.State == "Empty") context.Error.WriteLine($"\nShare group '{group.GroupId}' has no active members.");
    }

    private static string Text(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? Unknown;
}
