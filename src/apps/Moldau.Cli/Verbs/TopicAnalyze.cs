using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;

namespace Moldau.Cli.Verbs;

internal static class TopicAnalyze
{
    private static readonly Column[] Columns =
    [
        new("topic"), Column.Number("partition"), Column.Number("records"), Column.Number("bytes"), Column.Decimal("share"),
        Column.Decimal("meanBytes"), Column.Number("maxBytes"), Column.Decimal("recordsPerSecond"), Column.Number("keys"),
        Column.Decimal("topKeyShare"), Column.Number("withoutKey", true), Column.Number("tombstones"), Column.Number("withHeaders", true),
        Column.Number("firstTimestamp", true), Column.Number("lastTimestamp", true), new("schemaIds", true),
    ];

    public static readonly Command Command = new("topic analyze", "NAME…", "sizes, rates, keys and their skew, by partition", RunAsync)
    {
        MinOperands = 1,
        Columns = Columns,
        Options =
        [
            new("--offset", "-o", "WHERE", "where to begin: " + ConsumeStart.Help + " (-10000)"),
            new("--partition", "-p", "N", "only this partition; may be repeated"),
        ],
        Details = "Reads the last 10,000 records of each partition unless -o says otherwise ('-o start' reads all). BYTES are of keys and\n"
            + "values. SHARE is of all that was read; TOP-KEY-SHARE is of the key that comes most often; KEYS counts at most 1,000,000.\n"
            + "RECORDS-PER-SECOND goes by the records' own times. SCHEMA-IDS are those of the registry's wire format.",
        Example = "moldau topic analyze orders -o wide",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        string start = context.Arguments.Value("--offset") is { Length: > 0 } given ? given : "-10000";
        ConsumeStart.Check(start);
        MoldauClient client = await context.ConnectAsync().ConfigureAwait(false);
        List<TopicInfo> topics = await Topics.MatchAsync(context, client.Admin, context.Arguments.Operands).ConfigureAwait(false);
        List<TopicPartition> partitions = PartitionOption.Choose(context, topics);
        var ends = await Topics.OffsetsAsync(context, client.Admin, partitions, OffsetSpec.Latest).ConfigureAwait(false);
        var starts = await ConsumeStart.ResolveAsync(context, client.Admin, start, partitions).ConfigureAwait(false);
        Dictionary<TopicPartition, PartitionSample> samples = partitions.ToDictionary(p => p, _ => new PartitionSample());
        var consumer = client.CreateConsumer(Serde.Bytes, Serde.Bytes, context.Properties.Consumer(null, OffsetReset.Earliest));
        bool wasInterrupted;
        await using (consumer.ConfigureAwait(false))
        {
            TopicPartition[] left = [.. partitions.Where(p => starts.GetValueOrDefault(p) < ends.GetValueOrDefault(p))];
            consumer.Assign(left);
            foreach (TopicPartition partition in left) consumer.Seek(partition, starts[partition]);
            BoundedRun run = new(consumer, ends, record =>
            {
                samples[record.TopicPartition].Add(record);
                return ValueTask.FromResult(true);
            });
            wasInterrupted = await run.RunAsync(context.Cancel).ConfigureAwait(false);
        }

        Show(context, samples);
        return wasInterrupted ? ExitCodes.Interrupted : ExitCodes.Ok;
    }

    private static void Show(CommandContext context, Dictionary<TopicPartition, PartitionSample> samples)
    {
        CommandResult result = new(Columns);
        long all = Math.Max(1, samples.Values.Sum(s => s.Records));
        foreach ((TopicPartition partition, PartitionSample sample) in samples.OrderBy(s => s.Key))
        {
            bool isEmpty = sample.Records == 0;
            result.Add(
                partition.Topic, partition.Partition, sample.Records, sample.Bytes, Rounded((double)sample.Records / all),
                isEmpty ? null : Rounded((double)sample.Bytes / sample.Records), isEmpty ? null : sample.MaxBytes,
                sample.RecordsPerSecond is { } rate ? Rounded(rate) : null, sample.Keys,
                sample.TopKeyShare is { } top ? Rounded(top) : null, sample.WithoutKey, sample.Tombstones, sample.WithHeaders,
                isEmpty ? null : sample.FirstMs, isEmpty ? null : sample.LastMs, sample.SchemaIds);
        }

        context.Show(result);
    }

    private static double Rounded(double value) => Math.Round(value, 3);
}
