using System.Diagnostics;
using Moldau.Base;
using Moldau.Cli.Bench;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class BenchConsume
{
    public static readonly Command Command = new("bench consume", "[TOPIC]", "how fast records are read", RunAsync)
    {
        MaxOperands = 1,
        Columns = BenchResult.Columns,
        Options = [new("--count", "-n", "N", "stop after so many records (all that are there now)")],
        Details = "From the first record on. On standard error: the lines of Kafka's own consumer test.",
        Example = "moldau bench consume -o json",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        string topic = BenchTopic.NameOf(context);
        long count = context.Arguments.Number("--count", 1) ?? long.MaxValue;
        MoldauClient client = await context.ConnectAsync().ConfigureAwait(false);
        List<TopicInfo> topics = await Topics.RequireAsync(context, client.Admin, [topic]).ConfigureAwait(false);
        List<TopicPartition> partitions = Topics.Partitions(topics);
        var starts = await Topics.OffsetsAsync(context, client.Admin, partitions, OffsetSpec.Earliest).ConfigureAwait(false);
        var ends = await Topics.OffsetsAsync(context, client.Admin, partitions, OffsetSpec.Latest).ConfigureAwait(false);
        count = Math.Min(count, partitions.Sum(p => ends.GetValueOrDefault(p) - starts.GetValueOrDefault(p)));
        if (count == 0) throw new CommandException($"topic '{topic}' is empty; 'moldau bench produce {topic}' fills it", ExitCodes.NotFound);

        var consumer = client.CreateConsumer(Serde.Bytes, Serde.Bytes, context.Properties.Consumer(null, OffsetReset.Earliest));
        await using (consumer.ConfigureAwait(false))
        {
            consumer.Assign(partitions);
            foreach (TopicPartition partition in partitions) consumer.SeekToBeginning(partition);
            DateTimeOffset start = DateTimeOffset.Now;
            long began = Stopwatch.GetTimestamp();
            (long records, long bytes, bool wasInterrupted) = await ReadAsync(consumer, ends, count, context.Cancel).ConfigureAwait(false);
            TimeSpan took = Stopwatch.GetElapsedTime(began);
            CommandResult result = new(BenchResult.Columns);
            BenchResult.Add(result, "consume", records, bytes, took, new LatencyHistogram());
            context.Show(result);
            context.Say(BenchResult.ConsumerLines(records, bytes, start, start + took));
            return wasInterrupted ? ExitCodes.Interrupted : ExitCodes.Ok;
        }
    }

    private static async Task<(long Records, long Bytes, bool WasInterrupted)> ReadAsync(
        Consumer<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> consumer,
        Dictionary<TopicPartition, long> ends, long count, CancellationToken cancel)
    {
        long records = 0;
        long bytes = 0;
        HashSet<TopicPartition> open = [.. ends.Where(e => e.Value > 0).Select(e => e.Key)];
        try
        {
            await foreach (var batch in consumer.ReadBatchesAsync(cancel).ConfigureAwait(false))
            {
                foreach (var record in batch)
                {
                    bytes += record.RawKey.GetValueOrDefault().Length + record.RawValue.GetValueOrDefault().Length;
                    if (++records >= count) return (records, bytes, false);
                }

                // Control records and what compaction took leave fewer records than offsets.
                if (batch.NextOffset >= ends.GetValueOrDefault(batch.TopicPartition)) open.Remove(batch.TopicPartition);
                if (open.Count == 0) return (records, bytes, false);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return (records, bytes, true);
        }

        return (records, bytes, false);
    }
}
