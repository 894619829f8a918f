using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class ShareList
{
    private static readonly Column[] Columns = [new("group"), new("state")];

    public static readonly Command Command = new("share list", "", "the share groups, by id", RunAsync)
    {
        Columns = Columns,
        MaxOperands = 0,
        Example = "moldau share list",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        CommandResult result = new(Columns);
        foreach (GroupListing group in await admin.ListGroupsAsync(new GroupFilter { Types = ["share"] }, context.Cancel).ConfigureAwait(false))
            result.Add(group.GroupId, Groups.Known(group.State));
        context.Show(result);
        return ExitCodes.Ok;
    }
}
