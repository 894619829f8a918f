using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class GroupList
{
    private const string Lagging = "--lagging";

    private static readonly Column[] Columns = [new("group"), new("type"), new("state"), new("protocolType", true)];

    public static readonly Command Command = new("group list", "[PATTERN…]", "the groups, by id", RunAsync)
    {
        Columns = Columns,
        Options =
        [
            new(Lagging, null, null, "only groups that have records left to read, and how many (LAG)"),
            NameOption.AsExpressions,
        ],
        Details = "PATTERN is an id with * for any letters and ? for any one.",
        Example = "moldau group list -o name",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        Tally tally = new();
        List<GroupListing> groups = [.. await admin.ListGroupsAsync(context.Cancel).ConfigureAwait(false)];
        HashSet<string> chosen = [.. NameOption.Choose(context, [.. groups.Select(g => g.GroupId)], "group", tally)];
        groups.RemoveAll(g => !chosen.Contains(g.GroupId));
        bool isLagging = context.Arguments.Has(Lagging);
        Dictionary<string, long> lags = isLagging ? await LagsAsync(context, admin, groups, tally).ConfigureAwait(false) : [];
        CommandResult result = new(isLagging ? [.. Columns, Column.Number("lag")] : Columns);
        foreach (GroupListing group in groups)
        {
            object?[] row =
                [group.GroupId, Groups.Known(group.Type.ToLowerInvariant()), Groups.Known(group.State), Groups.Known(group.ProtocolType)];
            if (!isLagging) result.Add(row);
            else if (lags.GetValueOrDefault(group.GroupId) is > 0 and var lag) result.Add([.. row, lag]);
        }

        if (tally.ExitCode == ExitCodes.Ok || groups.Count > 0) context.Show(result);
        return tally.ExitCode;
    }

    private static async Task<Dictionary<string, long>> LagsAsync(
        CommandContext context, AdminClient admin, List<GroupListing> groups, Tally tally)
    {
        string[] names = [.. groups.Where(g => g.ProtocolType is "consumer" or "").Select(g => g.GroupId)];
        List<GroupState> states = await Groups.FindAsync(context, admin, names, tally).ConfigureAwait(false);
        var ends = await Groups.EndsAsync(context, admin, states).ConfigureAwait(false);
        return states.ToDictionary(s => s.GroupId, s => s.Partitions.Sum(p => s.Lag(p, ends) ?? 0), StringComparer.Ordinal);
    }
}
