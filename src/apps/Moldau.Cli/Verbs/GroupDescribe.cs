using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class GroupDescribe
{
    private const string SummaryView = "--summary";

    private static readonly Column[] Columns =
    [
        new("group"), new("state"), new("topic"), Column.Number("partition"), Column.Number("offset"), Column.Number("end"),
        Column.Number("lag"), new("member"), new("client", true), new("host", true), new("instance", true),
        new("assignor", true), Column.Number("coordinator", true),
    ];

    public static readonly Command Command = new("group describe", "GROUP…", "members, offsets and lag of groups, by partition", RunAsync)
    {
        Columns = Columns,
        MinOperands = 1,
        Options = [new(SummaryView, null, null, "a row for each group"), NameOption.AsExpressions],
        Details = "OFFSET is the committed one, END the one of the next record to be written. A member without partitions has a row too.\n"
            + "A GROUP may have * for any letters and ? for any one.",
        Example = "moldau group describe billing -o wide",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        Tally tally = new();
        List<GroupState> groups = await Groups.ChosenAsync(context, admin, tally).ConfigureAwait(false);
        var ends = await Groups.EndsAsync(context, admin, groups).ConfigureAwait(false);
        if (context.Arguments.Has(SummaryView))
        {
            if (groups.Count > 0) context.Show(Summary(groups, ends));
            return tally.ExitCode;
        }

        CommandResult result = new(Columns);
        foreach (GroupState group in groups)
        {
            Dictionary<TopicPartition, GroupMemberDescription> owners = [];
            foreach (GroupMemberDescription member in group.Description.Members)
                foreach (TopicPartition partition in member.Assignment) owners[partition] = member;
            foreach (TopicPartition partition in group.Partitions)
                Add(result, group, partition, owners.GetValueOrDefault(partition), ends);
            foreach (GroupMemberDescription member in group.Description.Members.Where(m => m.Assignment.Count == 0))
                Add(result, group, null, member, ends);
            if (!result.Rows.Any(r => r[0] as string == group.GroupId)) Add(result, group, null, null, ends);
        }

        if (groups.Count > 0) context.Show(result);
        return tally.ExitCode;
    }

    private static CommandResult Summary(List<GroupState> groups, Dictionary<TopicPartition, long> ends)
    {
        CommandResult result = new(
            new("group"), new("state"), Column.Number("members"), Column.Number("topics"), Column.Number("partitions"), Column.Number("lag"),
            Column.Number("coordinator"));
        foreach (GroupState group in groups)
        {
            TopicPartition[] partitions = [.. group.Partitions];
            long[] lags = [.. partitions.Select(p => group.Lag(p, ends)).Where(l => l is not null).Select(l => l!.Value)];
            result.Add(
                group.GroupId, group.Description.State, group.Description.Members.Count, partitions.Select(p => p.Topic).Distinct().Count(),
                partitions.Length, lags.Length > 0 ? lags.Sum() : null, group.Description.CoordinatorId);
        }

        return result;
    }

    private static void Add(
        CommandResult result,
        GroupState group,
        TopicPartition? partition,
        GroupMemberDescription? member,
        Dictionary<TopicPartition, long> ends)
    {
        TopicPartition at = partition ?? default;
        bool isRead = partition is not null;
        result.Add(
            group.GroupId, group.Description.State, isRead ? at.Topic : null, isRead ? at.Partition : null,
            isRead && group.Committed.TryGetValue(at, out CommittedOffset committed) ? committed.Offset : null,
            isRead && ends.TryGetValue(at, out long end) ? end : null,
            isRead ? group.Lag(at, ends) : null,
            member?.MemberId, member?.ClientId, member?.ClientHost, member?.InstanceId,
            Groups.Known(group.Description.Assignor), group.Description.CoordinatorId);
    }
}
