using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class GroupDelete
{
    private static readonly Column[] Columns = [new("group"), new("status")];

    public static readonly Command Command = new("group delete", "GROUP…", "delete groups without members, and their offsets", RunAsync)
    {
        Columns = Columns,
        MinOperands = 1,
        Options = [Option.Yes, Option.DryRun],
        Example = "moldau group delete billing -y",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        Tally missing = new();
        List<GroupState> groups = await Groups.FindAsync(context, admin, context.Arguments.Operands, missing).ConfigureAwait(false);
        if (groups.Count == 0) return missing.ExitCode;
        CommandResult plan = new(new("group"), new("state"), new("members"), new("offsets"));
        foreach (GroupState group in groups)
            plan.Add(group.GroupId, group.Description.State, group.Description.Members.Count, group.Committed.Count);
        if (!context.Confirm(plan, $"Delete {Words.Count(groups.Count, "group")}?")) return missing.ExitCode;

        CommandResult result = new(Columns);
        Tally tally = new();
        foreach (GroupState group in groups)
        {
            try
            {
                await admin.DeleteGroupAsync(group.GroupId, context.Cancel).ConfigureAwait(false);
                tally.Succeed();
                result.Add(group.GroupId, "deleted");
            }
            catch (MoldauException error)
            {
                tally.Fail(ErrorText.Of(error.Error, error.Message), ErrorText.ExitCode(error.Error));
            }
        }

        if (result.Rows.Count > 0) context.Show(result);
        return tally.ExitCode == ExitCodes.Ok ? missing.ExitCode : tally.ExitCode;
    }
}
