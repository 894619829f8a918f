using System.Diagnostics;
using Moldau.Cli.Bench;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class BenchProduce
{
    private const int DefaultRecords = 1_000_000;
    private const int DefaultBytes = 1024;

    public static readonly Command Command = new("bench produce", "[TOPIC]", "how fast records are taken, and how long each waits", RunAsync)
    {
        MaxOperands = 1,
        Writes = true,
        Columns = BenchResult.Columns,
        Options =
        [
            new("--count", "-n", "N", "so many records (1000000)"),
            new("--size", "-s", "BYTES", "the value of each, in bytes (1024)"),
            new("--rate", null, "RATE", "so many a second, such as 10k; else as fast as it goes"),
            new("--partitions", "-p", "N", "of the topic, where it has to be made (6)"),
            new("--compression", "-z", "CODEC", "none|gzip|snappy|lz4|zstd"),
        ],
        Details = "The topic is 'bench' unless another is named; it is made where it is not there. With a rate, the times are measured\n"
            + "from the moment at which each record was due. On standard error: the line of Kafka's own producer test.",
        Example = "moldau bench produce -n 100000 -s 100 --rate 20k -o json",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        string topic = BenchTopic.NameOf(context);
        int count = context.Arguments.Number("--count", 1) ?? DefaultRecords;
        int size = context.Arguments.Number("--size", 0) ?? DefaultBytes;
        double rate = Pace.Of(context, "--rate");
        ProducerOptions options = context.Properties.Producer(TimeSpan.FromMinutes(2), context.Arguments.Value("--compression"));
        MoldauClient client = await context.ConnectAsync().ConfigureAwait(false);
        await BenchTopic.EnsureAsync(context, client.Admin, topic).ConfigureAwait(false);
        Producer producer = client.CreateProducer(options);
        await using (producer.ConfigureAwait(false))
        {
            BenchDeliveries deliveries = new();
            byte[] value = Payload(size);
            bool wasInterrupted = false;
            long began = Stopwatch.GetTimestamp();
            try
            {
                Pace pace = new(rate);
                for (int i = 0; i < count && deliveries.Error is null; i++)
                {
                    long due = pace.Due;
                    await pace.NextAsync(context.Cancel).ConfigureAwait(false);
                    RawRecord record = new(null, value);
                    await producer.EnqueueAsync(topic, record, deliveries.For(due), context.Cancel).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (context.Cancel.IsCancellationRequested)
            {
                wasInterrupted = true;
            }

            await producer.FlushAsync().ConfigureAwait(false);
            await deliveries.Drained.ConfigureAwait(false);
            if (deliveries.Error is { } error) throw new MoldauException(error);
            TimeSpan took = Stopwatch.GetElapsedTime(began, deliveries.LastAt);
            CommandResult result = new(BenchResult.Columns);
            long bytes = deliveries.Times.Count * size;
            BenchResult.Add(result, "produce", deliveries.Times.Count, bytes, took, deliveries.Times);
            context.Show(result);
            context.Say(BenchResult.ProducerLine(deliveries.Times.Count, bytes, took, deliveries.Times));
            return wasInterrupted ? ExitCodes.Interrupted : ExitCodes.Ok;
        }
    }

    /// <summary>Letters by chance, always the same: what does not compress away to nothing.</summary>
    internal static byte[] Payload(int size)
    {
        const int Seed = 7;
        Random random = new(Seed);
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) bytes[i] = (byte)('A' + random.Next(26));
        return bytes;
    }
}
