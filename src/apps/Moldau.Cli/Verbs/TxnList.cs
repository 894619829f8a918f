using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class TxnList
{
    private static readonly Column[] Columns =
    [
        new("id"), new("state"), Column.Number("producerId"), Column.Number("coordinator"),
    ];

    public static readonly Command Command = new("txn list", "", "the transactional ids, by name", RunAsync)
    {
        Columns = Columns,
        MaxOperands = 0,
        Options =
        [
            new("--state", null, "STATE", "only in this state, such as Ongoing; may be repeated"),
            new("--longer-than", null, "TIME", "only what goes on for longer, such as 5m"),
            new("--producer-id", null, "N", "only of this producer; may be repeated"),
            new("--pattern", null, "REGEX", "only ids that it fits"),
        ],
        Example = "moldau txn list --longer-than 5m",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        CommandLineArguments arguments = context.Arguments;
        TransactionFilter filter = new()
        {
            States = arguments.Values("--state"),
            ProducerIds = [.. arguments.Values("--producer-id").Select(ProducerId)],
            LongerThan = Span(arguments, "--longer-than"),
            IdPattern = arguments.Value("--pattern"),
        };
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        CommandResult result = new(Columns);
        foreach (TransactionListing listing in (await admin.Transactions.ListAsync(filter, context.Cancel).ConfigureAwait(false))
            .OrderBy(t => t.TransactionalId, StringComparer.Ordinal))
            result.Add(listing.TransactionalId, listing.State, listing.ProducerId, listing.CoordinatorId);
        context.Show(result);
        return ExitCodes.Ok;
    }

    /// <summary>A time that an option gives, or null.</summary>
    public static TimeSpan? Span(CommandLineArguments arguments, string option)
    {
        if (arguments.Value(option) is not { } text) return null;
        return Numbers.TryParseSpan(text, out TimeSpan span)
            ? span
            : throw new CommandException($"'{option} {text}' is no time; write 30s, 5m or 2h", ExitCodes.Usage);
    }

    private static long ProducerId(string text) => Numbers.TryParse(text, out long id)
        ? id
        : throw new CommandException($"'--producer-id {text}' is no number", ExitCodes.Usage);
}
