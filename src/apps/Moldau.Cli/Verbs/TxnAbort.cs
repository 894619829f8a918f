using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class TxnAbort
{
    private static readonly Column[] Columns = [new("id"), new("status")];

    public static readonly Command Command = new("txn abort", "ID | TOPIC/N --start OFFSET", "abort a transaction that its producer does not end", RunAsync)
    {
        Columns = Columns,
        MinOperands = 1,
        MaxOperands = 1,
        Options =
        [
            new("--start", null, "OFFSET", "the hanging transaction that begins there, as 'txn hanging' shows it"),
            Option.Yes,
            Option.DryRun,
        ],
        Details = "ID: the transactional id is taken over; what it has open is aborted and its producer is fenced.\n"
            + "TOPIC/N --start: the mark is written to that partition alone, past any coordinator. Only for what 'txn hanging' lists.",
        Example = "moldau txn abort order-copier",
    };

    private static Task<int> RunAsync(CommandContext context) =>
        context.Arguments.Value("--start") is { } start ? AbortMarkAsync(context, start) : TerminateAsync(context);

    private static async Task<int> TerminateAsync(CommandContext context)
    {
        string id = context.Arguments.Operands[0];
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        Outcome<TransactionDescription> outcome = (await admin.Transactions.DescribeAsync([id], context.Cancel).ConfigureAwait(false))[id];
        if (outcome.Error is { } error) throw new MoldauException(error);
        TransactionDescription transaction = outcome.Value!;
        CommandResult plan = new(new("id"), new("state"), new("producerId"), new("epoch"), new("partitions"));
        plan.Add(
            id, transaction.State, transaction.ProducerId, (int)transaction.ProducerEpoch,
            transaction.Partitions.Count == 0 ? null : string.Join(',', transaction.Partitions.Select(PartitionNames.Of)));
        if (!context.Confirm(plan, $"Abort what '{id}' has open, and fence its producer?")) return ExitCodes.Ok;
        await admin.Transactions.ForceTerminateAsync(id, context.Cancel).ConfigureAwait(false);
        CommandResult result = new(Columns);
        result.Add(id, "aborted");
        context.Show(result);
        return ExitCodes.Ok;
    }

    private static async Task<int> AbortMarkAsync(CommandContext context, string start)
    {
        TopicPartition partition = PartitionNames.Parse(context.Arguments.Operands[0]);
        if (!Numbers.TryParse(start, out long offset)) throw new CommandException($"'--start {start}' is no offset", ExitCodes.Usage);
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        await PartitionNames.FindAsync(context, admin, [partition]).ConfigureAwait(false);
        var described = (await admin.Transactions
            .DescribeProducersAsync([partition], null, context.Cancel).ConfigureAwait(false))[partition];
        if (described.Error is { } error) throw new MoldauException(error);
        ProducerState state = described.Value!.FirstOrDefault(s => s.TransactionStartOffset == offset)
            ?? throw new CommandException(
                $"no open transaction of {PartitionNames.Of(partition)} begins at {offset}; 'moldau txn hanging' shows what there is",
                ExitCodes.NotFound);
        CommandResult plan = new(new("partition"), new("start"), new("producerId"), new("epoch"), new("lastWrite"));
        plan.Add(PartitionNames.Of(partition), offset, state.ProducerId, state.ProducerEpoch, TxnDescribe.Time(state.LastWrite));
        if (!context.Confirm(plan, "Abort it in this partition?")) return ExitCodes.Ok;
        await admin.Transactions.AbortAsync(
            partition, state.ProducerId, (short)state.ProducerEpoch, state.CoordinatorEpoch ?? 0, context.Cancel).ConfigureAwait(false);
        CommandResult result = new(new("partition"), new("start"), new("status"));
        result.Add(PartitionNames.Of(partition), offset, "aborted");
        context.Show(result);
        return ExitCodes.Ok;
    }
}
