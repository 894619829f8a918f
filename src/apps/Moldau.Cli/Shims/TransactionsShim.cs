using System.Globalization;
using Moldau.Base;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-transactions.sh</c></summary>
internal static class TransactionsShim
{
    public static readonly Shim Shim = new("kafka-transactions", "bootstrap-server: command-config: h v help version", RunAsync)
    {
        Actions = ["list", "describe", "describe-producers", "abort", "find-hanging", "forceTerminateTransaction"],
        ActionOptions = new Dictionary<string, string>
        {
            ["list"] = "duration-filter: transactional-id-pattern:",
            ["describe"] = "transactional-id:",
            ["describe-producers"] = "broker-id: topic: partition:",
            ["abort"] = "topic: partition: start-offset: producer-id: producer-epoch: coordinator-epoch:",
            ["find-hanging"] = "broker-id: max-transaction-timeout: topic: partition:",
            ["forceTerminateTransaction"] = "transactionalId:",
        },
        UsageStyle = UsageStyle.OptionsThenText,
        Program = "kafka-transactions.sh",
    };

    private static readonly Dictionary<string, string[]> Required = new(StringComparer.Ordinal)
    {
        ["describe"] = ["transactional-id"],
        ["describe-producers"] = ["partition", "topic"],
        ["abort"] = ["partition", "topic"],
        ["forceTerminateTransaction"] = ["transactionalId"],
    };

    private static readonly string[] Listed = ["TransactionalId", "Coordinator", "ProducerId", "TransactionState"];

    private static readonly string[] Described =
    [
        "CoordinatorId", "TransactionalId", "ProducerId", "ProducerEpoch", "TransactionState", "TransactionTimeoutMs",
        "CurrentTransactionStartTimeMs", "TransactionDurationMs", "TopicPartitions",
    ];

    private static readonly string[] Producers =
        ["ProducerId", "ProducerEpoch", "LatestCoordinatorEpoch", "LastSequence", "LastTimestamp", "CurrentTransactionStartOffset"];

    /// <summary>A number for a cell or a line.</summary>
    public static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        if (arguments.Has("h") || arguments.Has("v"))
        {
            if (arguments.Has("v")) context.Out.WriteLine("4.4.0 (moldau)");
            else ShimHelp.Write(Shim, context.Out);
            return ExitCodes.Ok;
        }

        Validate(arguments);
        if (arguments.Value("command-config") is { } file && !File.Exists(file))
            throw TransactionQuestions.Failed("Failed to load admin client properties", file);
        context.AddPropertiesFile(arguments.Value("command-config"));
        TransactionQuestions questions = new(context);
        Task done = arguments.Action switch
        {
            "list" => ListAsync(context, questions),
            "describe" => DescribeAsync(context, questions),
            "describe-producers" => DescribeProducersAsync(context, questions),
            "abort" => TransactionsShimAbort.RunAsync(context, questions),
            "find-hanging" => TransactionsShimHanging.RunAsync(context, questions),
            _ => TerminateAsync(context, questions),
        };
        await done.ConfigureAwait(false);
        return ExitCodes.Ok;
    }

    private static void Validate(ShimArguments arguments)
    {
        string action = arguments.Action ?? throw new ShimUsageException("too few arguments");
        foreach (string option in (ReadOnlySpan<string>)["duration-filter", "start-offset", "producer-id"])
            Number(arguments, option, "Long", long.MinValue, long.MaxValue);
        foreach (string option in (ReadOnlySpan<string>)["broker-id", "partition", "coordinator-epoch", "max-transaction-timeout"])
            Number(arguments, option, "Integer", int.MinValue, int.MaxValue);
        Number(arguments, "producer-epoch", "Short", short.MinValue, short.MaxValue);
        string[] required = ["bootstrap-server", .. Required.GetValueOrDefault(action) ?? []];
        if (Array.Find(required, o => !arguments.Has(o)) is { } missing) throw new ShimUsageException($"argument --{missing} is required");
    }

    private static void Number(ShimArguments arguments, string option, string type, long min, long max)
    {
        if (arguments.Value(option) is not { } text) return;
        bool isNumber = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number);
        if (isNumber && number >= min && number <= max) return;
        // Java reads a short by way of an integer, and has two texts.
        string why = type == "Short" && isNumber && number is >= int.MinValue and <= int.MaxValue
            ? $"Value out of range. Value:\"{text}\" Radix:10"
            : $"For input string: \"{text}\"";
        throw new ShimUsageException($"argument --{option}: could not convert '{text}' to {type} ({why})");
    }

    private static async Task ListAsync(ShimContext context, TransactionQuestions questions)
    {
        TransactionFilter filter = new()
        {
            LongerThan = context.Arguments.Number("duration-filter") is { } span ? TimeSpan.FromMilliseconds(span) : null,
            IdPattern = context.Arguments.Value("transactional-id-pattern"),
        };
        const string Failure = "Failed to list transactions";
        IReadOnlyList<TransactionListing> listed = await questions.AskAsync(Failure, "listTransactions", async a =>
        {
            try
            {
                return await a.Transactions.ListAsync(filter, context.Cancel).ConfigureAwait(false);
            }
            catch (MoldauException error) when (error.Error == ErrorCode.InvalidRegularExpression)
            {
                // All brokers are asked, and the first of them is the one that is told of.
                int broker = (await a.DescribeClusterAsync(context.Cancel).ConfigureAwait(false)).Brokers[0].Id;
                throw TransactionQuestions.Failed(Failure, $"ListTransactions request sent to broker {broker} failed with an unexpected exception");
            }
        }).ConfigureAwait(false);
        ScriptTable.Write(context.Out, Listed,
            [.. listed.Select(t => (string[])[t.TransactionalId, Text(t.CoordinatorId), Text(t.ProducerId), t.State])]);
    }

    private static async Task DescribeAsync(ShimContext context, TransactionQuestions questions)
    {
        string id = context.Arguments.Require("transactional-id");
        string failure = $"Failed to describe transaction state of transactional-id `{id}`";
        var described = await questions
            .AskAsync(failure, "describeTransactions", a => a.Transactions.DescribeAsync([id], context.Cancel)).ConfigureAwait(false);
        if (described[id].Error is { } error)
        {
            throw TransactionQuestions.Failed(failure, error.Code == ErrorCode.TransactionalIdNotFound
                ? $"DescribeTransactions request for transactionalId `{id}` failed because the ID could not be found"
                : ShimErrors.TextOf(error));
        }

        TransactionDescription transaction = described[id].Value!;
        string[] times = transaction.StartedAt is { } start
            ? [Text(start.ToUnixTimeMilliseconds()), Text(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - start.ToUnixTimeMilliseconds())]
            : ["None", "None"];
        ScriptTable.Write(context.Out, Described,
        [
            [
                Text(transaction.CoordinatorId), id, Text(transaction.ProducerId), Text(transaction.ProducerEpoch), transaction.State,
                Text((long)transaction.Timeout.TotalMilliseconds), .. times, string.Join(',', JavaOrder.Of(transaction.Partitions)),
            ],
        ]);
    }

    private static async Task DescribeProducersAsync(ShimContext context, TransactionQuestions questions)
    {
        TopicPartition partition = Partition(context.Arguments);
        int? broker = (int?)context.Arguments.Number("broker-id");
        string failure = $"Failed to describe producers for partition {partition} on {(broker is null ? "leader" : $"broker {broker}")}";
        IReadOnlyList<ProducerState> producers = await ProducersAsync(context, questions, failure, partition, broker).ConfigureAwait(false);
        ScriptTable.Write(context.Out, Producers,
        [
            .. producers.Select(p => (string[])
            [
                Text(p.ProducerId), Text(p.ProducerEpoch), Text(p.CoordinatorEpoch ?? -1), Text(p.LastSequence),
                Text(p.LastWrite.ToUnixTimeMilliseconds()), p.TransactionStartOffset is { } start ? Text(start) : "None",
            ]),
        ]);
    }

    private static async Task TerminateAsync(ShimContext context, TransactionQuestions questions)
    {
        string id = context.Arguments.Require("transactionalId");
        await questions.AskAsync($"Failed to force terminate transactionalId `{id}`", "fenceProducers", async a =>
        {
            await a.Transactions.ForceTerminateAsync(id, context.Cancel).ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);
    }

    /// <summary>The partition of the options.</summary>
    public static TopicPartition Partition(ShimArguments arguments) => new(arguments.Require("topic"), (int)arguments.Number("partition")!.Value);

    /// <summary>The producers that a replica of a partition remembers; the leader's where no broker is named.</summary>
    public static async Task<IReadOnlyList<ProducerState>> ProducersAsync(
        ShimContext context, TransactionQuestions questions, string failure, TopicPartition partition, int? broker)
    {
        var described = await questions.AskAsync(
            failure, "describeProducers", a => a.Transactions.DescribeProducersAsync([partition], broker, context.Cancel)).ConfigureAwait(false);
        return described[partition] is { Error: { } error }
            ? throw TransactionQuestions.Failed(failure, TransactionQuestions.ProducersText(partition, error))
            : described[partition].Value!;
    }
}
