using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Parsing;
using Moldau.Client;
using Moldau.Records;

namespace Moldau.Cli.Verbs;

internal static class TopicCopy
{
    private static readonly Column[] Columns = Produce.Columns;

    public static readonly Command Command = new("topic copy", "FROM TO", "copy the records of a topic to another", RunAsync)
    {
        MinOperands = 2,
        MaxOperands = 2,
        Writes = true,
        Columns = Columns,
        Options =
        [
            new("--to-bootstrap", null, "HOST:PORT,…", "the cluster of TO, where it is another"),
            new("--offset", "-o", "WHERE", "where to begin: " + ConsumeStart.Help + " (start)"),
            new("--count", "-n", "N", "at most so many records"),
            new("--rehash", null, null, "let the key choose the partition anew; else records stay in theirs"),
            new("--compression", "-z", "CODEC", "none|gzip|snappy|lz4|zstd"),
        ],
        Details = "What is there when the command starts is copied: keys, values, headers and timestamps. TO is made like FROM, with its\n"
            + "partitions and properties, where it is not there. Where TO has fewer partitions, the key chooses.",
        Example = "moldau topic copy orders orders-backup",
    };

    private static async Task<int> RunAsync(CommandContext context)
    {
        CommandLineArguments arguments = context.Arguments;
        (string from, string to) = (arguments.Operands[0], arguments.Operands[1]);
        string start = arguments.Value("--offset") is { Length: > 0 } given ? given : "start";
        ConsumeStart.Check(start);
        long count = arguments.Number("--count", 1) ?? long.MaxValue;
        ProducerOptions options = context.Properties.Producer(context.Timeout, arguments.Value("--compression"));
        MoldauClient source = await context.ConnectAsync().ConfigureAwait(false);
        string? elsewhere = arguments.Value("--to-bootstrap");
        if (elsewhere is null && from == to) throw new CommandException("'topic copy' copies to another topic", ExitCodes.Usage);
        MoldauClient? other = elsewhere is null ? null : new MoldauClient(context.Properties.Client(Addresses(elsewhere), context.Timeout));
        try
        {
            MoldauClient target = other ?? source;
            TopicInfo topic = (await Topics.RequireAsync(context, source.Admin, [from]).ConfigureAwait(false))[0];
            int partitions = await EnsureAsync(context, source.Admin, target.Admin, topic, to).ConfigureAwait(false);
            bool keeps = !arguments.Has("--rehash") && partitions >= topic.Partitions.Length;
            ProduceReport report = new(isShort: false);
            Producer producer = target.CreateProducer(options);
            await using (producer.ConfigureAwait(false))
            {
                await CopyAsync(context, source, topic, start, async record =>
                {
                    await report.SendAsync(producer, to, Copy(record, keeps)).ConfigureAwait(false);
                    return --count > 0 && !report.HasFailed;
                }, report).ConfigureAwait(false);
                await report.EndAsync(producer).ConfigureAwait(false);
                return report.Finish(context, to, null);
            }
        }
        finally
        {
            if (other is not null) await other.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>How many partitions the target has.</summary>
    private static async Task<int> EnsureAsync(CommandContext context, AdminClient source, AdminClient target, TopicInfo from, string to)
    {
        var found = (await target.DescribeTopicsAsync([to], context.Cancel).ConfigureAwait(false))[to];
        if (found.IsSuccess) return found.Value!.Partitions.Length;
        if (found.Error!.Code != Protocol.ErrorCode.UnknownTopicOrPartition) throw new MoldauException(found.Error);
        ConfigResource resource = new(ConfigResourceKind.Topic, from.Name);
        var configs = await source.DescribeConfigAsync(resource, context.Cancel).ConfigureAwait(false);
        await target.CreateTopicAsync(
            new NewTopic(to, from.Partitions.Length)
            {
                Configs = configs
                    .Where(c => c.Source == ConfigSource.TopicConfig && c.Value is not null)
                    .ToDictionary(c => c.Name, c => c.Value!),
            },
            context.Cancel).ConfigureAwait(false);
        context.Say($"moldau: made topic '{to}' with {Words.Count(from.Partitions.Length, "partition")}");
        return from.Partitions.Length;
    }

    private static RawRecord Copy(in ConsumedRecord<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> record, bool keepsPartition) =>
        new(record.RawKey, record.RawValue)
        {
            Headers = record.HeaderCount == 0 ? default : record.Headers.Select(h => new RecordHeader(h.Key, h.Value)).ToArray(),
            Timestamp = record.UnixTimeMilliseconds < 0 ? null : record.Timestamp,
            Partition = keepsPartition ? record.Partition : null,
        };

    private static async Task CopyAsync(
        CommandContext context,
        MoldauClient source,
        TopicInfo topic,
        string start,
        Func<ConsumedRecord<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>, ValueTask<bool>> take,
        ProduceReport report)
    {
        List<TopicPartition> partitions = Topics.Partitions([topic]);
        var ends = await Topics.OffsetsAsync(context, source.Admin, partitions, OffsetSpec.Latest).ConfigureAwait(false);
        var starts = await ConsumeStart.ResolveAsync(context, source.Admin, start, partitions).ConfigureAwait(false);
        var consumer = source.CreateConsumer(Serde.Bytes, Serde.Bytes, context.Properties.Consumer(null, OffsetReset.Earliest));
        await using (consumer.ConfigureAwait(false))
        {
            TopicPartition[] left = [.. partitions.Where(p => starts.GetValueOrDefault(p) < ends.GetValueOrDefault(p))];
            consumer.Assign(left);
            foreach (TopicPartition partition in left) consumer.Seek(partition, starts[partition]);
            BoundedRun run = new(consumer, ends, take);
            report.IsInterrupted = await run.RunAsync(context.Cancel).ConfigureAwait(false);
        }
    }

    private static IReadOnlyList<BrokerAddress> Addresses(string text)
    {
        try
        {
            return BrokerAddresses.Parse(text);
        }
        catch (FormatException error)
        {
            throw new CommandException($"{error.Message}; write --to-bootstrap localhost:9092", ExitCodes.Usage);
        }
    }
}
