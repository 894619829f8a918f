using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class UserDelete
{
    private static readonly Column[] Columns = [new("user"), new("scram"), new("status")];

    public static readonly Command Command = new("user delete", "NAME…", "take users' passwords away", RunAsync)
    {
        Columns = Columns,
        MinOperands = 1,
        Options = [UserCreate.Scram with { Help = "only this one: sha256 or sha512 (all that there are)" }, Option.Yes, Option.DryRun],
        Details = "Access rules and quotas of the user stay: see 'moldau acl revoke' and 'moldau quota clear'.",
        Example = "moldau user delete alice",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        ScramMechanism[]? only = UserCreate.Mechanisms(context.Arguments);
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        var described = await admin.Users.DescribeAsync(context.Arguments.Operands, context.Cancel).ConfigureAwait(false);
        Tally missing = new();
        List<ScramDeletion> deletions = [];
        CommandResult plan = new(new("user"), new("scram"), new("iterations"));
        foreach ((string name, Outcome<IReadOnlyList<ScramCredential>> outcome) in described.OrderBy(d => d.Key, StringComparer.Ordinal))
        {
            if (!missing.Take(outcome.Error)) continue;
            foreach (ScramCredential credential in outcome.Value!
                .Where(c => only?.Contains(c.Mechanism) != false).OrderBy(c => c.Mechanism))
            {
                plan.Add(name, UserCreate.NameOf(credential.Mechanism), credential.Iterations);
                deletions.Add(new ScramDeletion(name, credential.Mechanism));
            }
        }

        if (deletions.Count == 0 && missing.ExitCode == ExitCodes.Ok)
            throw new CommandException("there is no such password; 'moldau user list' shows what there is", ExitCodes.NotFound);
        if (deletions.Count == 0) return missing.ExitCode;
        if (!context.Confirm(plan, $"Take {Words.Count(deletions.Count, "password")} away?")) return missing.ExitCode;
        Tally tally = new();
        CommandResult result = new(Columns);
        foreach (ScramDeletion deletion in deletions)
        {
            // Brokers refuse two changes of one user in a request.
            var altered = await admin.Users.AlterAsync([], [deletion], context.Cancel).ConfigureAwait(false);
            if (tally.Take(altered[deletion.User])) result.Add(deletion.User, UserCreate.NameOf(deletion.Mechanism), "deleted");
        }

        if (result.Rows.Count > 0) context.Show(result);
        return tally.ExitCode == ExitCodes.Ok && missing.ExitCode != ExitCodes.Ok ? ExitCodes.PartlyDone : tally.ExitCode;
    }
}
