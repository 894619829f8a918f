// Copies a topic in upper case, exactly once: what is written and how far was read become visible together, or not at all.
// Stop it with Ctrl+C, or kill it: started again it goes on behind the last commit, and nothing is there twice.
// TransactionalCopy HOST:PORT FROM TO [ABORT], where a batch that contains the text ABORT is aborted once, to show that it can.
using System.Runtime.InteropServices;
using Moldau.Base;
using Moldau.Client;

if (args.Length < 3)
{
    Console.Error.WriteLine("usage: TransactionalCopy HOST:PORT FROM TO [ABORT]");
    return 2;
}

const string Group = "transactional-copy";
using CancellationTokenSource stop = new();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

Topic<string, string> from = new(args[1], Serde.Utf8, Serde.Utf8);
Topic<string, string> to = new(args[2], Serde.Utf8, Serde.Utf8);
string? abortAt = args.Length > 3 ? args[3] : null;

await using MoldauClient client = new(args[0]);
await using Producer producer = client.CreateProducer(new ProducerOptions { TransactionalId = $"{Group}-{from.Name}" });
await using Consumer<string, string> consumer = client.CreateConsumer(from, new ConsumerOptions
{
    GroupId = Group,
    OffsetReset = OffsetReset.Earliest,
    IsolationLevel = IsolationLevel.ReadCommitted,
    EnableAutoCommit = false, // the transaction commits the offsets
});

try
{
    await foreach (ConsumedBatch<string, string> batch in consumer.ReadBatchesAsync(stop.Token))
    {
        await using Transaction transaction = await producer.BeginTransactionAsync(stop.Token);
        int copied = 0;
        bool isToBeAborted = false;
        long first = -1;
        foreach (ConsumedRecord<string, string> record in batch)
        {
            first = first < 0 ? record.Offset : first;
            isToBeAborted |= abortAt is not null && record.Value!.Contains(abortAt, StringComparison.Ordinal);
            await transaction.EnqueueAsync(to, record.Key, record.Value?.ToUpperInvariant(), stop.Token);
            copied++;
        }

        if (isToBeAborted)
        {
            abortAt = null;
            await transaction.AbortAsync(stop.Token);
            consumer.Seek(batch.TopicPartition, first);
            Console.WriteLine($"aborted {copied} records of {batch.TopicPartition}");
            continue;
        }

        Dictionary<TopicPartition, long> offsets = new() { [batch.TopicPartition] = batch.NextOffset };
        await transaction.AddOffsetsAsync(offsets, new ConsumerGroupMetadata(Group), stop.Token);
        await transaction.CommitAsync(stop.Token);
        Console.WriteLine($"copied {copied} records of {batch.TopicPartition}");
    }
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    Console.WriteLine("stopped");
}

return 0;

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}
