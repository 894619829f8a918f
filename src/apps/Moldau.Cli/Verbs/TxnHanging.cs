using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class TxnHanging
{
    /// <summary>What brokers allow a transaction at most by default, and five minutes on top for clocks that differ.</summary>
    private static readonly TimeSpan DefaultAge = TimeSpan.FromMinutes(20);

    private static readonly Column[] Columns =
    [
        new("partition"), Column.Number("start"), Column.Number("producerId"), Column.Number("epoch"), new("lastWrite"),
        new("id"), Column.Number("coordinatorEpoch", isWide: true),
    ];

    public static readonly Command Command = new("txn hanging", "[TOPIC…]", "open transactions that no coordinator will end", RunAsync)
    {
        Columns = Columns,
        Options = [new("--longer-than", null, "TIME", "only those without a write for longer (20m)")],
        Details = "A partition has it open, and no coordinator knows of it: read_committed consumers stop there. Without a name: in all\n"
            + "topics. 'moldau txn abort TOPIC/N --start OFFSET' ends one. Exit code 7 where there is any.",
        Example = "moldau txn hanging orders",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        TimeSpan age = TxnList.Span(context.Arguments, "--longer-than") ?? DefaultAge;
        AdminClient admin = await context.AdminAsync().ConfigureAwait(false);
        IReadOnlyList<TopicInfo> topics = context.Arguments.Operands.Count > 0
            ? await Topics.RequireAsync(context, admin, context.Arguments.Operands).ConfigureAwait(false)
            : await admin.ListTopicsAsync(context.Cancel).ConfigureAwait(false);
        List<(TopicPartition Partition, ProducerState State)> open = [];
        var described = await admin.Transactions
            .DescribeProducersAsync(Topics.Partitions(topics), null, context.Cancel).ConfigureAwait(false);
        foreach ((TopicPartition partition, Outcome<IReadOnlyList<ProducerState>> outcome) in described.OrderBy(d => d.Key))
        {
            if (outcome.Error is { } error) throw new MoldauException(error);
            open.AddRange(outcome.Value!
                .Where(s => s.TransactionStartOffset is not null && DateTimeOffset.UtcNow - s.LastWrite > age)
                .Select(s => (partition, s)));
        }

        var known = await KnownAsync(context, admin, open.Select(o => o.State.ProducerId)).ConfigureAwait(false);
        CommandResult result = new(Columns);
        foreach ((TopicPartition partition, ProducerState state) in open)
        {
            TransactionDescription? transaction = known.GetValueOrDefault(state.ProducerId);
            if (transaction?.Partitions.Contains(partition) == true) continue;
            result.Add(
                PartitionNames.Of(partition), state.TransactionStartOffset, state.ProducerId, state.ProducerEpoch,
                TxnDescribe.Time(state.LastWrite), transaction?.TransactionalId, state.CoordinatorEpoch);
        }

        context.Show(result);
        return result.Rows.Count == 0 ? ExitCodes.Ok : ExitCodes.CheckFailed;
    }

    /// <summary>What the coordinators know of these producers, by producer id.</summary>
    private static async Task<Dictionary<long, TransactionDescription>> KnownAsync(
        CommandContext context, AdminClient admin, IEnumerable<long> producerIds)
    {
        long[] ids = [.. producerIds.Distinct()];
        if (ids.Length == 0) return [];
        var listed = await admin.Transactions
            .ListAsync(new TransactionFilter { ProducerIds = ids }, context.Cancel).ConfigureAwait(false);
        var described = await admin.Transactions
            .DescribeAsync([.. listed.Select(l => l.TransactionalId)], context.Cancel).ConfigureAwait(false);
        return described.Values.Where(d => d.IsSuccess).ToDictionary(d => d.Value!.ProducerId, d => d.Value!);
    }
}
