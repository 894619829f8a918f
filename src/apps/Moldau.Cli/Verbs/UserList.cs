using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class UserList
{
    private static readonly Column[] Columns = [new("user"), new("scram"), Column.Number("iterations")];

    public static readonly Command Command = new("user list", "[NAME…]", "users with passwords", RunAsync)
    {
        Columns = Columns,
        Example = "moldau user list",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        IReadOnlyList<string> names = context.Arguments.Operands;
        var described = await admin.Users.DescribeAsync(names.Count > 0 ? names : null, context.Cancel).ConfigureAwait(false);
        Tally tally = new();
        CommandResult result = new(Columns);
        foreach ((string name, Outcome<IReadOnlyList<ScramCredential>> outcome) in described.OrderBy(d => d.Key, StringComparer.Ordinal))
        {
            if (!tally.Take(outcome.Error)) continue;
            foreach (ScramCredential credential in outcome.Value!.OrderBy(c => c.Mechanism))
                result.Add(name, UserCreate.NameOf(credential.Mechanism), credential.Iterations);
        }

        if (names.Count == 0 || result.Rows.Count > 0) context.Show(result);
        return tally.ExitCode;
    }
}
