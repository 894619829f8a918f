using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class GroupList
{
    private static readonly Column[] Columns = [new("group"), new("type"), new("state"), new("protocolType", true)];

    public static readonly Command Command = new("group list", "", "the groups, by id", RunAsync)
    {
        Columns = Columns,
        MaxOperands = 0,
        Example = "moldau group list -o name",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        CommandResult result = new(Columns);
        foreach (GroupListing group in await admin.ListGroupsAsync(context.Cancel).ConfigureAwait(false))
            result.Add(
                group.GroupId, Groups.Known(group.Type.ToLowerInvariant()), Groups.Known(group.State),
                Groups.Known(group.ProtocolType));
        context.Show(result);
        return ExitCodes.Ok;
    }
}
