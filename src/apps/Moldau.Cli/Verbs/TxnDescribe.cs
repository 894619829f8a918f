using System.Globalization;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class TxnDescribe
{
    private static readonly Column[] Columns =
    [
        new("id"), new("state"), Column.Number("producerId"), Column.Number("epoch"), new("started"), new("partitions"),
        Column.Number("timeoutMs", isWide: true), Column.Number("coordinator", isWide: true),
    ];

    public static readonly Command Command = new("txn describe", "ID…", "transactional ids and what they have open", RunAsync)
    {
        Columns = Columns,
        MinOperands = 1,
        Details = "STARTED and PARTITIONS are those of the transaction that goes on.",
        Example = "moldau txn describe order-copier -o json",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        string[] ids = [.. context.Arguments.Operands.Distinct(StringComparer.Ordinal)];
        var described = await admin.Transactions.DescribeAsync(ids, context.Cancel).ConfigureAwait(false);
        Tally tally = new();
        CommandResult result = new(Columns);
        foreach (string id in ids)
        {
            Outcome<TransactionDescription> outcome = described[id];
            if (!tally.Take(outcome.Error)) continue;
            TransactionDescription transaction = outcome.Value!;
            result.Add(
                id, transaction.State, transaction.ProducerId, (int)transaction.ProducerEpoch, Time(transaction.StartedAt),
                transaction.Partitions.Count == 0 ? null : string.Join(',', transaction.Partitions.Select(PartitionNames.Of)),
                (long)transaction.Timeout.TotalMilliseconds, transaction.CoordinatorId);
        }

        if (result.Rows.Count > 0) context.Show(result);
        return tally.ExitCode;
    }

    /// <summary>ISO 8601 in UTC, with milliseconds.</summary>
    public static string? Time(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
