using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class AclList
{
    public static readonly Command Command = new("acl list", "", "the access rules", RunAsync)
    {
        Columns = AclOptions.Columns,
        MaxOperands = 0,
        Options = [.. AclOptions.Who, .. AclOptions.What, AclOptions.Operations, AclOptions.Prefix, AclOptions.Host],
        Details = "With a name of a resource: the rules of just that name. 'moldau acl check' says what holds for somebody.",
        Example = "moldau acl list --user alice",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        CommandResult table = AclOptions.Table();
        foreach (AclBinding binding in await FindAsync(context, admin).ConfigureAwait(false)) AclOptions.Add(table, binding);
        context.Show(table);
        return ExitCodes.Ok;
    }

    /// <summary>The rules that the options mean, in order.</summary>
    public static async Task<List<AclBinding>> FindAsync(CommandContext context, AdminClient admin)
    {
        HashSet<AclBinding> found = [];
        foreach (AclFilter filter in AclOptions.Filters(context.Arguments))
            found.UnionWith(await admin.Acls.DescribeAsync(filter, context.Cancel).ConfigureAwait(false));
        return [.. AclOptions.Ordered(found)];
    }
}
