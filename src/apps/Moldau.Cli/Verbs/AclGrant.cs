using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class AclGrant
{
    public static readonly Command Command = new("acl grant", "--user NAME --topic NAME --op OP,…", "make rules that allow something, or deny it", RunAsync)
    {
        Columns = AclOptions.Columns,
        MaxOperands = 0,
        Options =
        [
            .. AclOptions.Who, .. AclOptions.What, AclOptions.Operations, AclOptions.Prefix, AclOptions.Host,
            new("--deny", null, null, "deny it, whatever else allows it"),
            Option.DryRun,
        ],
        Details = AclOptions.OperationNames,
        Example = "moldau acl grant --user alice --topic orders- --prefix --op read,describe",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        AclPermission permission = context.Arguments.Has("--deny") ? AclPermission.Deny : AclPermission.Allow;
        List<AclBinding> bindings = AclOptions.Bindings(context.Arguments, "acl grant", permission);
        CommandResult table = AclOptions.Table();
        if (context.Arguments.Has(Option.DryRun.Name))
        {
            foreach (AclBinding binding in AclOptions.Ordered(bindings)) AclOptions.Add(table, binding);
            context.Show(table);
            return ExitCodes.Ok;
        }

        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        var made = await admin.Acls.CreateAsync(bindings, context.Cancel).ConfigureAwait(false);
        Tally tally = new();
        foreach (AclBinding binding in AclOptions.Ordered(made.Keys))
            if (tally.Take(made[binding])) AclOptions.Add(table, binding);
        if (table.Rows.Count > 0) context.Show(table);
        return tally.ExitCode;
    }
}
