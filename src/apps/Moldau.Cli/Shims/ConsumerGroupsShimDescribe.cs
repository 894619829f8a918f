using System.Globalization;
using Moldau.Base;
using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-consumer-groups.sh --describe</c></summary>
internal static class ConsumerGroupsShimDescribe
{
    private const int Narrow = 15;
    private const string Unknown = "-";

    public static async Task RunAsync(ShimContext context, IReadOnlyList<string> names)
    {
        foreach (string name in names)
        {
            GroupDescription group = await context.Admin.DescribeGroupAsync(name, context.Cancel).ConfigureAwait(false);
            if (group.State == "Dead")
            {
                ConsumerGroupsShim.Fail(context, $"org.apache.kafka.common.errors.GroupIdNotFoundException: Group {name} not found.");
                continue;
            }

            await TellStateAsync(context, group).ConfigureAwait(false);
            if (context.Arguments.Has("members")) Members(context, group);
            else if (context.Arguments.Has("state")) await StateAsync(context, group).ConfigureAwait(false);
            else await OffsetsAsync(context, group).ConfigureAwait(false);
        }
    }

    private static Task TellStateAsync(ShimContext context, GroupDescription group) => group.State switch
    {
        "Empty" => context.Error.WriteLineAsync($"\nConsumer group '{group.GroupId}' has no active members."),
        "PreparingRebalance" or "CompletingRebalance" or "Assigning" or "Reconciling" =>
            context.Error.WriteLineAsync($"\nWarning: Consumer group '{group.GroupId}' is rebalancing."),
        _ => Task.CompletedTask,
    };

    private static async Task OffsetsAsync(ShimContext context, GroupDescription group)
    {
        var committed = await context.Admin.ListGroupOffsetsAsync(group.GroupId, context.Cancel).ConfigureAwait(false);
        Dictionary<TopicPartition, GroupMemberDescription> owners = [];
        foreach (GroupMemberDescription member in group.Members)
            foreach (TopicPartition partition in member.Assignment) owners[partition] = member;
        TopicPartition[] partitions = [.. committed.Keys.Union(owners.Keys).Order()];
        if (partitions.Length == 0 && group.Members.Count == 0) return;
        var ends = partitions.Length == 0 ? null : await context.Admin.ListOffsetsAsync(
            partitions.ToDictionary(p => p, _ => OffsetSpec.Latest), cancel: context.Cancel).ConfigureAwait(false);
        bool isVerbose = context.Arguments.Has("verbose");
        List<string[]> rows = [];
        foreach (TopicPartition partition in partitions)
        {
            GroupMemberDescription? owner = owners.GetValueOrDefault(partition);
            long? at = committed.TryGetValue(partition, out CommittedOffset offset) ? offset.Offset : null;
            long? end = ends![partition] is { IsSuccess: true } found ? found.Value.Offset : null;
            rows.Add(
            [
                group.GroupId, partition.Topic, Text(partition.Partition),
                at is not null && offset.LeaderEpoch >= 0 ? Text(offset.LeaderEpoch) : Unknown,
                Text(at), Text(end), Text(at is { } a && end is { } e ? e - a : null),
                owner?.MemberId ?? Unknown, owner?.ClientHost ?? Unknown,
                owner?.ClientId ?? Unknown,
            ]);
        }

        foreach (GroupMemberDescription idle in group.Members.Where(m => m.Assignment.Count == 0))
            rows.Add([group.GroupId, Unknown, Unknown, Unknown, Unknown, Unknown, Unknown, idle.MemberId, idle.ClientHost, idle.ClientId]);
        string[] head = ["GROUP", "TOPIC", "PARTITION", "LEADER-EPOCH", "CURRENT-OFFSET", "LOG-END-OFFSET", "LAG", "CONSUMER-ID", "HOST", "CLIENT-ID"];
        int[] widths = [Width(rows, 0), Width(rows, 1), 10, 15, 15, 15, 15, Width(rows, 7), Width(rows, 8), 0];
        context.Out.WriteLine();
        foreach (string[] row in rows.Prepend(head))
        {
            IEnumerable<string> cells = row.Select((c, i) => c.PadRight(widths[i])).Where((_, i) => i != 3 || isVerbose);
            context.Out.WriteLine(string.Join(' ', cells));
        }
    }

    private static void Members(ShimContext context, GroupDescription group)
    {
        bool isVerbose = context.Arguments.Has("verbose");
        bool hasInstances = group.Members.Any(m => m.InstanceId is not null);
        List<string[]> rows = [.. group.Members.Select(m => new[]
        {
            group.GroupId, m.MemberId, m.InstanceId ?? Unknown, m.ClientHost, m.ClientId,
            Text(m.Assignment.Count), Unknown, Assignment(m), Unknown, Unknown,
        })];
        string[] head =
        [
            "GROUP", "CONSUMER-ID", "GROUP-INSTANCE-ID", "HOST", "CLIENT-ID", "#PARTITIONS", "CURRENT-EPOCH", "CURRENT-ASSIGNMENT", "TARGET-EPOCH",
            "TARGET-ASSIGNMENT",
        ];
        int[] widths =
        [
            Width(rows, 0), Width(rows, 1), Math.Max(17, Width(rows, 2)), Width(rows, 3), Width(rows, 4),
            15, 15, Math.Max(20, Width(rows, 7)), 15, 20,
        ];
        context.Out.WriteLine();
        foreach (string[] row in rows.Prepend(head))
        {
            IEnumerable<string> cells = row.Select((c, i) => c.PadRight(widths[i])).Where((_, i) => i switch
            {
                2 => hasInstances,
                > 5 => isVerbose,
                _ => true,
            });
            context.Out.WriteLine(string.Join(' ', cells) + (isVerbose ? "" : " "));
        }
    }

    private static string Assignment(GroupMemberDescription member) => member.Assignment.Count == 0
        ? Unknown
        : string.Join(';', member.Assignment.GroupBy(p => p.Topic).OrderBy(t => t.Key, StringComparer.Ordinal)
            .Select(t => $"{t.Key}:{string.Join(',', t.Select(p => p.Partition).Order())}"));

    private static async Task StateAsync(ShimContext context, GroupDescription group)
    {
        ClusterDescription cluster = await context.Admin.DescribeClusterAsync(context.Cancel).ConfigureAwait(false);
        BrokerInfo? at = cluster.Brokers.FirstOrDefault(b => b.Id == group.CoordinatorId);
        string coordinator = $"{at?.Address.Host}:{at?.Address.Port}  ({group.CoordinatorId})";
        int width = Math.Max(25, coordinator.Length);
        int first = Math.Max(Narrow, group.GroupId.Length);
        string strategy = group.Assignor.Length > 0 ? group.Assignor : Unknown;
        context.Out.WriteLine();
        Row("GROUP", "COORDINATOR (ID)", "ASSIGNMENT-STRATEGY", "STATE", "#MEMBERS");
        Row(group.GroupId, coordinator, strategy, group.State, Text(group.Members.Count));

        void Row(string name, string where, string how, string state, string members) =>
            context.Out.WriteLine($"{name.PadRight(first)} {where.PadRight(width)} {how,-20} {state,-20} {members}");
    }

    private static int Width(List<string[]> rows, int column) => rows.Select(r => r[column].Length).Append(Narrow).Max();

    private static string Text(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? Unknown;
}
