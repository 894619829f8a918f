using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class UserCreate
{
    private static readonly Column[] Columns = [new("user"), new("scram"), Column.Number("iterations"), new("status")];

    public static readonly Command Command = new("user create", "NAME", "make a user with a password, or give one a new password", RunAsync)
    {
        Columns = Columns,
        MinOperands = 1,
        MaxOperands = 1,
        Options =
        [
            Scram,
            new("--password", null, "TEXT", "the password; without it the first line of standard input"),
            new("--iterations", null, "N", "how often it is hashed (4096)"),
            Option.DryRun,
        ],
        Details = "The password stays here: what is sent is salted and hashed.",
        Example = "moldau user create alice --scram sha512 < password.txt",
    };

    private const int MinIterations = 4096;

    public static Option Scram => new("--scram", null, "HASH", "sha256 or sha512 (sha256); both with a comma between");

    private static async Task<int> RunAsync(CommandContext context)
    {
        string name = context.Arguments.Operands[0];
        ScramMechanism[] mechanisms = Mechanisms(context.Arguments) ?? [ScramMechanism.Sha256];
        int iterations = context.Arguments.Number("--iterations", MinIterations) ?? MinIterations;
        CommandResult result = new(Columns);
        if (context.Arguments.Has(Option.DryRun.Name))
        {
            foreach (ScramMechanism mechanism in mechanisms) result.Add(name, NameOf(mechanism), iterations, "would be set");
            context.Show(result);
            return ExitCodes.Ok;
        }

        string password = Password(context);
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        Tally tally = new();
        foreach (ScramMechanism mechanism in mechanisms)
        {
            // Brokers refuse two changes of one user in a request.
            var altered = await admin.Users.AlterAsync(
                [new ScramPassword(name, mechanism, password) { Iterations = iterations }], null, context.Cancel).ConfigureAwait(false);
            if (tally.Take(altered[name])) result.Add(name, NameOf(mechanism), iterations, "set");
        }

        if (result.Rows.Count > 0) context.Show(result);
        return tally.ExitCode;
    }

    /// <summary>What <c>--scram</c> names; null where it is not given.</summary>
    public static ScramMechanism[]? Mechanisms(CommandLineArguments arguments) =>
        arguments.Value("--scram") is not { } text ? null : [.. text.Split(',').Select(Mechanism).Distinct()];

    public static string NameOf(ScramMechanism mechanism) => mechanism switch
    {
        ScramMechanism.Sha256 => "SCRAM-SHA-256",
        ScramMechanism.Sha512 => "SCRAM-SHA-512",
        ScramMechanism.Unknown or _ => "unknown",
    };

    private static ScramMechanism Mechanism(string text) => text.ToLowerInvariant() switch
    {
        "sha256" or "sha-256" or "scram-sha-256" => ScramMechanism.Sha256,
        "sha512" or "sha-512" or "scram-sha-512" => ScramMechanism.Sha512,
        _ => throw new CommandException($"'--scram {text}': it is sha256 or sha512", ExitCodes.Usage),
    };

    private static string Password(CommandContext context)
    {
        string? given = context.Arguments.Value("--password");
        if (given is null)
        {
            if (!Console.IsInputRedirected) Console.Error.Write("Password (it is shown): ");
            given = Console.In.ReadLine();
        }

        return given is { Length: > 0 } ? given : throw new CommandException("the password is empty", ExitCodes.Usage);
    }
}
