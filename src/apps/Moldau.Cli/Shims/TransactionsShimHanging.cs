using Moldau.Base;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-transactions.sh find-hanging</c>: transactions that a partition has open and that no coordinator will end.</summary>
internal static class TransactionsShimHanging
{
    private const int BatchSize = 500;

    private static readonly string[] Headers =
        ["Topic", "Partition", "ProducerId", "ProducerEpoch", "CoordinatorEpoch", "StartOffset", "LastTimestamp", "Duration(min)"];

    private sealed record Open(TopicPartition Partition, ProducerState Producer);

    public static async Task RunAsync(ShimContext context, TransactionQuestions questions)
    {
        ShimArguments arguments = context.Arguments;
        int? broker = (int?)arguments.Number("broker-id");
        if (!arguments.Has("topic") && broker is null)
            throw new ShimFailedException("The `find-hanging` command requires either --topic or --broker-id to limit the scope of the search");
        if (arguments.Has("partition") && !arguments.Has("topic"))
            throw new ShimFailedException("The --partition argument requires --topic to be provided");
        var atLeast = TimeSpan.FromMinutes(arguments.Number("max-transaction-timeout") ?? 15);
        IReadOnlyList<TopicPartition> partitions = await PartitionsAsync(context, questions, broker).ConfigureAwait(false);
        List<Open> open = [];
        foreach (TopicPartition[] batch in partitions.Chunk(BatchSize))
            open.AddRange(await OpenAsync(context, questions, batch, broker, atLeast).ConfigureAwait(false));
        IReadOnlyList<Open> hanging = open.Count == 0 ? open : await HangingAsync(context, questions, open).ConfigureAwait(false);
        ScriptTable.Write(context.Out, Headers,
        [
            .. hanging.Select(o => (string[])
            [
                o.Partition.Topic, TransactionsShim.Text(o.Partition.Partition), TransactionsShim.Text(o.Producer.ProducerId),
                TransactionsShim.Text(o.Producer.ProducerEpoch), TransactionsShim.Text(o.Producer.CoordinatorEpoch ?? -1),
                TransactionsShim.Text(o.Producer.TransactionStartOffset ?? -1),
                TransactionsShim.Text(o.Producer.LastWrite.ToUnixTimeMilliseconds()),
                TransactionsShim.Text((long)(DateTimeOffset.UtcNow - o.Producer.LastWrite).TotalMinutes),
            ]),
        ]);
    }

    /// <summary>Where to look: the named partition, those of the named topic, or those of all topics that the broker has.</summary>
    private static async Task<IReadOnlyList<TopicPartition>> PartitionsAsync(
        ShimContext context, TransactionQuestions questions, int? broker)
    {
        ShimArguments arguments = context.Arguments;
        if (arguments.Has("partition")) return [TransactionsShim.Partition(arguments)];
        IReadOnlyList<TopicInfo> topics;
        if (arguments.Value("topic") is { } name)
        {
            const string Failure = "Failed to describe 1 topics";
            var described = await questions
                .AskAsync(Failure, "describeTopics", a => a.DescribeTopicsAsync([name], context.Cancel)).ConfigureAwait(false);
            if (described[name].Error is { } error) throw TransactionQuestions.Failed(Failure, ShimErrors.TextOf(error));
            topics = [described[name].Value!];
        }
        else topics = await questions.AskAsync("Failed to list topics", "listTopics", a => a.ListTopicsAsync(context.Cancel)).ConfigureAwait(false);

        return
        [
            .. JavaOrder.Of(topics.Select(t => t.Name)).Select(n => topics.First(t => t.Name == n)).SelectMany(t => t.Partitions
                .Where(p => broker is null || p.Replicas.Contains(broker.Value)).Select(p => new TopicPartition(t.Name, p.Partition))),
        ];
    }

    /// <summary>What partitions have open for longer than a time.</summary>
    private static async Task<List<Open>> OpenAsync(
        ShimContext context, TransactionQuestions questions, TopicPartition[] partitions, int? broker, TimeSpan atLeast)
    {
        string failure = $"Failed to describe producers for {partitions.Length} partitions on broker {(broker is null ? "Optional.empty" : $"Optional[{broker}]")}";
        var described = await questions.AskAsync(
            failure, "describeProducers", a => a.Transactions.DescribeProducersAsync(partitions, broker, context.Cancel)).ConfigureAwait(false);
        List<Open> open = [];
        foreach (TopicPartition partition in JavaOrder.Of(partitions))
        {
            if (described[partition].Error is { } error)
                throw TransactionQuestions.Failed(failure, TransactionQuestions.ProducersText(partition, error));
            open.AddRange(described[partition].Value!
                .Where(p => p.TransactionStartOffset is not null && DateTimeOffset.UtcNow - p.LastWrite > atLeast)
                .Select(p => new Open(partition, p)));
        }

        return open;
    }

    /// <summary>Those that no coordinator knows of.</summary>
    private static async Task<IReadOnlyList<Open>> HangingAsync(ShimContext context, TransactionQuestions questions, List<Open> open)
    {
        IReadOnlyList<long> producers = JavaOrder.Of(open.Select(o => o.Producer.ProducerId));
        var listed = await questions.AskAsync(
            $"Failed to list transactions for {producers.Count} producers", "listTransactions",
            a => a.Transactions.ListAsync(new TransactionFilter { ProducerIds = [.. producers] }, context.Cancel)).ConfigureAwait(false);
        Dictionary<long, string> ids = [];
        foreach (TransactionListing transaction in listed) ids[transaction.ProducerId] = transaction.TransactionalId;
        string failure = $"Failed to describe {ids.Count} transactions";
        var described = await questions
            .AskAsync(failure, "describeTransactions", a => a.Transactions.DescribeAsync(ids.Values, context.Cancel)).ConfigureAwait(false);
        ClientError? error = described.Values.Select(d => d.Error)
            .FirstOrDefault(e => e is not null && e.Code != ErrorCode.TransactionalIdNotFound);
        if (error is not null) throw TransactionQuestions.Failed(failure, ShimErrors.TextOf(error));
        return [.. producers.SelectMany(p => open.Where(o => o.Producer.ProducerId == p)).Where(o => !IsKnown(o))];

        bool IsKnown(Open one) => ids.TryGetValue(one.Producer.ProducerId, out string? id)
            && described[id].Value?.Partitions.Contains(one.Partition) == true;
    }
}
