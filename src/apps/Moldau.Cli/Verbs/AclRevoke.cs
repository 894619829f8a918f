using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class AclRevoke
{
    public static readonly Command Command = new("acl revoke", "[--user NAME] [--topic NAME] [--op OP,…]", "delete access rules; the plan is shown first", RunAsync)
    {
        Columns = AclOptions.Columns,
        MaxOperands = 0,
        Options =
        [
            .. AclOptions.Who, .. AclOptions.What, AclOptions.Operations, AclOptions.Prefix, AclOptions.Host,
            new("--all", null, null, "all rules, where nothing else is named"),
            Option.Yes,
            Option.DryRun,
        ],
        Details = "What is not named stands for each: '--user alice' alone means all her rules, those that deny too.",
        Example = "moldau acl revoke --user alice --topic orders",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        if (AclOptions.Filters(context.Arguments) is [var only] && only == new AclFilter() && !context.Arguments.Has("--all"))
            throw new CommandException("'acl revoke' needs --user, --topic or another name; --all means all rules", ExitCodes.Usage);
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        List<AclBinding> found = await AclList.FindAsync(context, admin).ConfigureAwait(false);
        if (found.Count == 0) throw new CommandException("there is no such rule; 'moldau acl list' shows what there is", ExitCodes.NotFound);
        CommandResult plan = AclOptions.Table();
        foreach (AclBinding binding in found) AclOptions.Add(plan, binding);
        if (!context.Confirm(plan, $"Delete {Words.Count(found.Count, "rule")}?")) return ExitCodes.Ok;
        var deleted = await admin.Acls.DeleteAsync([.. found.Select(AclFilter.Of)], context.Cancel).ConfigureAwait(false);
        Tally tally = new();
        CommandResult result = AclOptions.Table();
        foreach (Outcome<IReadOnlyList<AclDeletion>> outcome in deleted)
        {
            if (outcome.Error is { } error) tally.Fail(error);
            foreach (AclDeletion deletion in outcome.Value ?? [])
                if (tally.Take(deletion.Error)) AclOptions.Add(result, deletion.Binding);
        }

        if (result.Rows.Count > 0) context.Show(result);
        return tally.ExitCode;
    }
}
