using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class ShareDelete
{
    private static readonly Column[] Columns = [new("group"), new("status")];

    public static readonly Command Command = new("share delete", "GROUP…", "delete share groups without members, or what they know of topics", RunAsync)
    {
        Columns = Columns,
        MinOperands = 1,
        Options =
        [
            new("--topic", null, "TOPIC", "only what they know of this topic; may be repeated"),
            Option.Yes,
            Option.DryRun,
        ],
        Example = "moldau share delete mailers -y",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        string[] topics = [.. context.Arguments.Values("--topic").Distinct()];
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        Tally missing = new();
        List<ShareState> groups = await Shares.FindAsync(context, admin, context.Arguments.Operands, missing).ConfigureAwait(false);
        if (groups.Count == 0) return missing.ExitCode;
        CommandResult plan = new(new("group"), new("state"), new("members"), new("offsets"));
        foreach (ShareState group in groups)
            plan.Add(
                group.GroupId, group.Description.State, group.Description.Members.Count,
                group.Offsets.Keys.Count(p => topics.Length == 0 || topics.Contains(p.Topic)));
        string question = topics.Length == 0
            ? $"Delete {Words.Count(groups.Count, "group")}?"
            : $"Forget {string.Join(", ", topics)} in {Words.Count(groups.Count, "group")}?";
        if (!context.Confirm(plan, question)) return missing.ExitCode;
        Tally tally = new();
        CommandResult result = topics.Length == 0 ? new(Columns) : new(new("group"), new("topic"), new("status"));
        foreach (ShareState group in groups)
        {
            try
            {
                await DeleteAsync(context, admin, group.GroupId, topics, tally, result).ConfigureAwait(false);
            }
            catch (MoldauException error)
            {
                tally.Fail(ErrorText.Of(error.Error, error.Message), ErrorText.ExitCode(error.Error));
            }
        }

        if (result.Rows.Count > 0) context.Show(result);
        return tally.ExitCode == ExitCodes.Ok && missing.ExitCode != ExitCodes.Ok ? ExitCodes.PartlyDone : tally.ExitCode;
    }

    private static async Task DeleteAsync(
        CommandContext context, AdminClient admin, string groupId, string[] topics, Tally tally, CommandResult result)
    {
        if (topics.Length == 0)
        {
            await admin.DeleteGroupAsync(groupId, context.Cancel).ConfigureAwait(false);
            tally.Succeed();
            result.Add(groupId, "deleted");
            return;
        }

        var forgotten = await admin.ShareGroups.DeleteOffsetsAsync(groupId, topics, context.Cancel).ConfigureAwait(false);
        foreach (string topic in topics)
            if (tally.Take(forgotten[topic])) result.Add(groupId, topic, "forgotten");
    }
}
