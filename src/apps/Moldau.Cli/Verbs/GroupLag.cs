using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class GroupLag
{
    private static readonly Column[] Columns =
    [
        new("group"), new("topic"), Column.Number("partitions"), Column.Number("lag"), Column.Number("worst"),
    ];

    public static readonly Command Command = new("group lag", "[GROUP…]", "how many records groups have not read yet, by topic", RunAsync)
    {
        Columns = Columns,
        Details = "Without a name: of all groups. PARTITIONS are those with a committed offset.",
        Example = "moldau group lag billing",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        Tally tally = new();
        IReadOnlyCollection<string> names = context.Arguments.Operands;
        if (names.Count == 0)
            names = [.. (await admin.ListGroupsAsync(context.Cancel).ConfigureAwait(false))
                .Where(g => g.ProtocolType is "consumer" or "").Select(g => g.GroupId)];
        List<GroupState> groups = await Groups.FindAsync(context, admin, names, tally).ConfigureAwait(false);
        var ends = await Groups.EndsAsync(context, admin, groups).ConfigureAwait(false);
        CommandResult result = new(Columns);
        foreach (GroupState group in groups)
        {
            foreach (IGrouping<string, TopicPartition> topic in group.Partitions.GroupBy(p => p.Topic, StringComparer.Ordinal))
            {
                long[] lags = [.. topic.Select(p => group.Lag(p, ends)).Where(l => l is not null).Select(l => l!.Value)];
                bool isKnown = lags.Length > 0;
                result.Add(group.GroupId, topic.Key, lags.Length, isKnown ? lags.Sum() : null, isKnown ? lags.Max() : null);
            }
        }

        if (names.Count == 0 || groups.Count > 0) context.Show(result);
        return tally.ExitCode;
    }
}
