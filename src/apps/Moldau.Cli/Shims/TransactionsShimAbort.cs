using Moldau.Base;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-transactions.sh abort</c>: ends what a producer has open in one partition, past its coordinator.</summary>
internal static class TransactionsShimAbort
{
    public static async Task RunAsync(ShimContext context, TransactionQuestions questions)
    {
        ShimArguments arguments = context.Arguments;
        TopicPartition partition = TransactionsShim.Partition(arguments);
        long? start = arguments.Number("start-offset");
        if (start is null && !arguments.Has("producer-id"))
        {
            throw new ShimFailedException(
                "The transaction to abort must be identified either with --start-offset (for brokers on 3.0 or above) or with "
                + "--producer-id, --producer-epoch, and --coordinator-epoch (for older brokers)");
        }

        (long id, short epoch, int coordinator) = start is { } offset
            ? await FindAsync(context, questions, partition, offset).ConfigureAwait(false)
            : Given(arguments);
        string spec = $"AbortTransactionSpec(topicPartition={partition}, producerId={id}, producerEpoch={epoch}, coordinatorEpoch={coordinator})";
        string failure = $"Failed to abort transaction {spec}";
        await questions.AskAsync(failure, "writeTxnMarkers", async a =>
        {
            try
            {
                await a.Transactions.AbortAsync(partition, id, epoch, coordinator, context.Cancel).ConfigureAwait(false);
                return true;
            }
            catch (MoldauException error) when (Told(error.Error, spec, coordinator) is { } told)
            {
                throw TransactionQuestions.Failed(failure, told);
            }
        }).ConfigureAwait(false);
    }

    private static (long Id, short Epoch, int Coordinator) Given(ShimArguments arguments)
    {
        long epoch = arguments.Number("producer-epoch") ?? throw new ShimFailedException("Missing required argument --producer-epoch");
        long coordinator = arguments.Number("coordinator-epoch") ?? throw new ShimFailedException("Missing required argument --coordinator-epoch");
        // Where no transaction of the producer has ended yet the epoch is told as -1, which no marker may have.
        return (arguments.Number("producer-id")!.Value, (short)epoch, (int)Math.Max(0, coordinator));
    }

    private static async Task<(long Id, short Epoch, int Coordinator)> FindAsync(
        ShimContext context, TransactionQuestions questions, TopicPartition partition, long start)
    {
        IReadOnlyList<ProducerState> producers = await TransactionsShim.ProducersAsync(
            context, questions, $"Failed to validate producer state for partition {partition}", partition, null).ConfigureAwait(false);
        return producers.FirstOrDefault(p => p.TransactionStartOffset == start) is { } producer
            ? (producer.ProducerId, (short)producer.ProducerEpoch, producer.CoordinatorEpoch ?? 0)
            : throw new ShimFailedException($"Could not find any open transactions starting at offset {start} on partition {partition}");
    }

    private static string? Told(ErrorCode code, string spec, int coordinator) => code switch
    {
        ErrorCode.ClusterAuthorizationFailed => $"WriteTxnMarkers request with {spec} failed due to cluster authorization error",
        ErrorCode.InvalidProducerEpoch => $"WriteTxnMarkers request with {spec} failed due an invalid producer epoch",
        ErrorCode.TransactionCoordinatorFenced => $"WriteTxnMarkers request with {spec} failed since the provided coordinator epoch "
            + $"{coordinator} has been fenced by the active coordinator",
        ErrorCode.UnknownServerError => $"WriteTxnMarkers request with {spec} failed due to unexpected error: "
            + "The server experienced an unexpected error when processing the request.",
        _ => null,
    };
}
