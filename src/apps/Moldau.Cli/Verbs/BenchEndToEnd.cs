using System.Buffers.Binary;
using System.Diagnostics;
using Moldau.Base;
using Moldau.Cli.Bench;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

/// <summary>The way of a record from producer to consumer, both in this process, so that one clock measures.</summary>
internal static class BenchEndToEnd
{
    private const int DefaultRecords = 10_000;
    private const int DefaultBytes = 1024;
    private const double DefaultRate = 1000;
    private const int StampBytes = 16;

    public static readonly Command Command = new("bench e2e", "[TOPIC]", "how long records take from the producer to the consumer", RunAsync)
    {
        MaxOperands = 1,
        Writes = true,
        Columns = BenchResult.Columns,
        Options =
        [
            new("--count", "-n", "N", "so many records (10000)"),
            new("--size", "-s", "BYTES", "the value of each, at least 16 bytes (1024)"),
            new("--rate", null, "RATE", "so many a second (1k)"),
            new("--partitions", "-p", "N", "of the topic, where it has to be made (6)"),
        ],
        Details = "Measured from the moment at which each record was due (open loop), with linger.ms=0 unless -X says otherwise.",
        Example = "moldau bench e2e -n 5000 --rate 500",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        string topic = BenchTopic.NameOf(context);
        int count = context.Arguments.Number("--count", 1) ?? DefaultRecords;
        int size = context.Arguments.Number("--size", StampBytes) ?? DefaultBytes;
        double rate = Pace.Of(context, "--rate") is > 0 and var given ? given : DefaultRate;
        ProducerOptions options = context.Properties.Producer(TimeSpan.FromMinutes(2), null);
        if (!context.Arguments.Pairs("--property").ContainsKey("linger.ms")) options = options with { Linger = Duration.Zero };
        MoldauClient client = await context.ConnectAsync().ConfigureAwait(false);
        List<TopicPartition> partitions = await BenchTopic.EnsureAsync(context, client.Admin, topic).ConfigureAwait(false);
        var ends = await Topics.OffsetsAsync(context, client.Admin, partitions, OffsetSpec.Latest).ConfigureAwait(false);
        var consumer = client.CreateConsumer(Serde.Bytes, Serde.Bytes, context.Properties.Consumer(null, OffsetReset.Latest));
        Producer producer = client.CreateProducer(options);
        await using (consumer.ConfigureAwait(false))
        await using (producer.ConfigureAwait(false))
        {
            consumer.Assign(partitions);
            foreach (TopicPartition partition in partitions) consumer.Seek(partition, ends[partition]);
            using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(context.Cancel);
            LatencyHistogram times = new();
            long mark = Stopwatch.GetTimestamp();
            long began = mark;
            Task reading = ReadAsync(consumer, times, mark, count, stop.Token);
            bool wasInterrupted = false;
            try
            {
                await SendAsync(producer, topic, mark, count, size, rate, context.Cancel).ConfigureAwait(false);
                await producer.FlushAsync(context.Cancel).ConfigureAwait(false);
                await reading.WaitAsync(context.Timeout, context.Cancel).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (context.Cancel.IsCancellationRequested)
            {
                wasInterrupted = true;
            }
            catch (TimeoutException)
            {
                throw new CommandException($"only {times.Count} of {count} records came back in time", ExitCodes.Unreachable);
            }

            await stop.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            CommandResult result = new(BenchResult.Columns);
            BenchResult.Add(result, "e2e", times.Count, times.Count * size, Stopwatch.GetElapsedTime(began), times);
            context.Show(result);
            return wasInterrupted ? ExitCodes.Interrupted : ExitCodes.Ok;
        }
    }

    private static async Task SendAsync(
        Producer producer, string topic, long mark, int count, int size, double rate, CancellationToken cancel)
    {
        Pace pace = new(rate);
        byte[] value = BenchProduce.Payload(size);
        for (int i = 0; i < count; i++)
        {
            long due = pace.Due;
            await pace.NextAsync(cancel).ConfigureAwait(false);
            // The mark tells this run's records from those of another on the same topic.
            BinaryPrimitives.WriteInt64LittleEndian(value, mark);
            BinaryPrimitives.WriteInt64LittleEndian(value.AsSpan(8), due);
            await producer.EnqueueAsync(topic, default, value, cancel).ConfigureAwait(false);
        }
    }

    private static async Task ReadAsync(
        Consumer<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> consumer,
        LatencyHistogram times, long mark, int count, CancellationToken cancel)
    {
        await foreach (var batch in consumer.ReadBatchesAsync(cancel).ConfigureAwait(false))
        {
            foreach (var record in batch)
            {
                long now = Stopwatch.GetTimestamp();
                if (record.RawValue is not { Length: >= StampBytes } value) continue;
                if (BinaryPrimitives.ReadInt64LittleEndian(value.Span) != mark) continue;
                times.Record((now - BinaryPrimitives.ReadInt64LittleEndian(value.Span[8..])) * 1_000_000 / Stopwatch.Frequency);
            }

            if (times.Count >= count) return;
        }
    }
}
