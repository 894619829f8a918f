using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class QuorumAdd
{
    public static readonly Column[] Columns = [Column.Number("node"), new("status")];

    public static readonly Command Command = new("quorum add", "ID --directory UUID --at LISTENER://HOST:PORT", "give a controller a vote", RunAsync)
    {
        Columns = Columns,
        MinOperands = 1,
        MaxOperands = 1,
        Options =
        [
            new("--directory", null, "UUID", "directory.id in meta.properties of the controller's metadata log directory"),
            new("--at", null, "LISTENER://HOST:PORT", "where it listens for controllers; may be repeated"),
            Option.Yes,
            Option.DryRun,
        ],
        Details = "The controller runs already and follows: 'moldau quorum status' shows it as an observer.",
        Example = "moldau quorum add 4 --directory 3Db5QLSqSZieL3rJBUUegA --at CONTROLLER://kafka4:9093",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        int id = NodeId(context);
        QuorumEndpoint[] endpoints = [.. context.Arguments.Values("--at").Select(Endpoint)];
        if (endpoints.Length == 0) throw new CommandException("'quorum add' needs --at LISTENER://HOST:PORT", ExitCodes.Usage);
        Uuid directory = Directory(context) ?? throw new CommandException("'quorum add' needs --directory UUID", ExitCodes.Usage);
        CommandResult plan = new(new("node"), new("directoryId"), new("endpoint"));
        plan.Add(id, directory.ToString(), string.Join(',', endpoints.Select(e => $"{e.Listener}://{e.Address}")));
        if (!context.Confirm(plan, $"Give controller {id} a vote?")) return ExitCodes.Ok;
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        await admin.Quorum.AddVoterAsync(id, directory, endpoints, cancel: context.Cancel).ConfigureAwait(false);
        return Done(context, id, "added");
    }

    public static int Done(CommandContext context, int id, string status)
    {
        CommandResult result = new(Columns);
        result.Add(id, status);
        context.Show(result);
        return ExitCodes.Ok;
    }

    public static int NodeId(CommandContext context) => Numbers.TryParse(context.Arguments.Operands[0], out int id)
        ? id
        : throw new CommandException($"'{context.Arguments.Operands[0]}' is no node id", ExitCodes.Usage);

    /// <summary>What <c>--directory</c> says; null where it is not given.</summary>
    public static Uuid? Directory(CommandContext context)
    {
        if (context.Arguments.Value("--directory") is not { } text) return null;
        return Uuid.TryParse(text, out Uuid directory)
            ? directory
            : throw new CommandException($"'--directory {text}' is no id; it has 22 letters, as in meta.properties", ExitCodes.Usage);
    }

    private static QuorumEndpoint Endpoint(string text)
    {
        int colon = text.IndexOf("://", StringComparison.Ordinal);
        try
        {
            if (colon > 0) return new QuorumEndpoint(text[..colon], BrokerAddresses.Parse(text[(colon + 3)..]).Single());
        }
        catch (Exception error) when (error is FormatException or InvalidOperationException)
        {
            // One line for both: see below.
        }

        throw new CommandException($"'--at {text}' is not of the form LISTENER://HOST:PORT", ExitCodes.Usage);
    }
}
