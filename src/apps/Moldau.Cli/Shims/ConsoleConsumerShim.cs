using System.Buffers;
using System.Globalization;
using System.Text;
using Moldau.Base;
using Moldau.Cli.Output;
using Moldau.Cli.Verbs;
using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-console-consumer.sh</c></summary>
internal static class ConsoleConsumerShim
{
    public static readonly Shim Shim = new(
        "kafka-console-consumer",
        "bootstrap-server: topic: include: partition: offset: from-beginning max-messages: timeout-ms: group: isolation-level: "
        + "property: formatter: formatter-property: formatter-config: consumer-property: consumer.config: command-property: command-config: "
        + "key-deserializer: value-deserializer: skip-message-on-error enable-systest-events help version",
        RunAsync);

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        if (arguments.Has("topic") == arguments.Has("include"))
            throw new ShimUsageException("Exactly one of the following arguments is required: [topic], [include]");
        string bootstrap = arguments.Require("bootstrap-server");
        if (arguments.Has("partition") && !arguments.Has("topic")) throw new ShimUsageException("The topic is required when partition is specified.");
        if (arguments.Has("offset") && !arguments.Has("partition")) throw new ShimUsageException("The partition is required when offset is specified.");
        if (arguments.Has("from-beginning") && arguments.Has("offset"))
            throw new ShimUsageException("The options from-beginning and offset cannot be specified together.");
        if (arguments.Has("property"))
            context.Out.WriteLine("Option --property is deprecated and will be removed in a future version. Use --formatter-property instead.");
        context.Out.Flush();
        RecordFormatter formatter = RecordFormatter.Of(arguments);
        context.AddPropertiesFile(arguments.Value("consumer.config") ?? arguments.Value("command-config"));
        Dictionary<string, string> properties = ShimArguments.Pairs([.. arguments.Values("consumer-property"), .. arguments.Values("command-property")]);
        if (arguments.Value("isolation-level") is { } isolation) properties["isolation.level"] = isolation;
        string? group = arguments.Value("group") ?? properties.GetValueOrDefault("group.id");
        context.AddProperties(properties);
        context.Connect(bootstrap, "metadata");

        OffsetReset reset = arguments.Has("from-beginning") ? OffsetReset.Earliest : OffsetReset.Latest;
        // Without a group of its own the script makes one up; nobody can tell, so none is left behind here.
        ConsumerOptions options = context.Consumer(group, reset) with { AllowAutoCreateTopics = true };
        bool isShort = group is null && arguments.Number("max-messages") is >= 0 and <= Consume.MostOfShort;
        var consumer = (isShort ? context.Asking : context.Client).CreateConsumer(Serde.Bytes, Serde.Bytes, options);
        await using (consumer.ConfigureAwait(false))
        {
            await AssignAsync(context, consumer, group, reset).ConfigureAwait(false);
            long? printed = await ReadAsync(context, consumer, formatter).ConfigureAwait(false);
            if (printed is null) return ExitCodes.Failed;
            context.Error.WriteLine($"Processed a total of {printed} messages");
            return ExitCodes.Ok;
        }
    }

    private static async Task AssignAsync(
        ShimContext context, Consumer<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> consumer, string? group, OffsetReset reset)
    {
        ShimArguments arguments = context.Arguments;
        string? topic = arguments.Value("topic");
        if (group is not null && !arguments.Has("partition"))
        {
            if (topic is not null) consumer.Subscribe(topic);
            else consumer.Subscribe(new System.Text.RegularExpressions.Regex($"^(?:{arguments.Value("include")})$"));
            return;
        }

        var all = await context.Admin.ListTopicsAsync(context.Cancel).ConfigureAwait(false);
        List<TopicPartition> partitions = Topics.Partitions(all.Where(t => topic is not null ? t.Name == topic : TopicsShim.Fits(arguments.Value("include")!, t.Name)));
        if (arguments.Number("partition") is { } partition) partitions = [new TopicPartition(topic!, (int)partition)];
        string where = arguments.Value("offset") ?? (reset == OffsetReset.Earliest ? "earliest" : "latest");
        consumer.Assign(partitions);
        foreach (TopicPartition at in partitions)
        {
            if (where == "earliest") consumer.SeekToBeginning(at);
            else if (where == "latest") consumer.SeekToEnd(at);
            else if (long.TryParse(where, NumberStyles.None, CultureInfo.InvariantCulture, out long offset)) consumer.Seek(at, offset);
            else throw new ShimUsageException($"The provided offset value '{where}' is incorrect. Valid values are 'earliest', 'latest', or a non-negative long.");
        }
    }

    /// <summary>False where the record cannot be read as it was said to be.</summary>
    private static bool TryWrite(
        ShimContext context,
        RecordFormatter formatter,
        in ConsumedRecord<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> record,
        ArrayBufferWriter<byte> buffer)
    {
        try
        {
            formatter.Write(FormattedRecord.Of(record, formatter.WantsHeaders), buffer);
            return true;
        }
        catch (ShimDeserializationException error)
        {
            context.Error.WriteLine(context.Arguments.Has("skip-message-on-error")
                ? "ERROR Error processing message, skipping this message: "
                : "ERROR Unknown error when running consumer: ");
            context.Error.WriteLine($"org.apache.kafka.common.errors.SerializationException: {error.Message}");
            return false;
        }
    }

    /// <summary>How many records there were; null where one could not be read.</summary>
    private static async Task<long?> ReadAsync(
        ShimContext context, Consumer<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> consumer, RecordFormatter formatter)
    {
        long most = context.Arguments.Number("max-messages") is { } max and >= 0 ? max : long.MaxValue;
        TimeSpan? patience = context.Arguments.Number("timeout-ms") is { } ms and >= 0 ? TimeSpan.FromMilliseconds(ms) : null;
        long printed = 0;
        if (most == 0) return 0;
        ArrayBufferWriter<byte> buffer = new();
        Stream output = StandardOutput.Open();
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(context.Cancel);
        if (patience is { } first) limit.CancelAfter(first);
        try
        {
            await foreach (var batch in consumer.ReadBatchesAsync(limit.Token).ConfigureAwait(false))
            {
                foreach (var record in batch)
                {
                    if (printed == most)
                    {
                        // The original goes back to the first record that it did not print, so that its commit has no epoch.
                        if (consumer.Assignment.Contains(batch.TopicPartition)) consumer.Seek(batch.TopicPartition, record.Offset);
                        break;
                    }

                    bool isWritten = TryWrite(context, formatter, record, buffer);
                    if (isWritten || context.Arguments.Has("skip-message-on-error")) record.Done();
                    if (!isWritten && !context.Arguments.Has("skip-message-on-error"))
                    {
                        await output.WriteAsync(buffer.WrittenMemory, CancellationToken.None).ConfigureAwait(false);
                        // The original counts the one that it did not print.
                        context.Error.WriteLine($"Processed a total of {printed + 1} messages");
                        return null;
                    }

                    printed++;
                }

                output.Write(buffer.WrittenSpan);
                buffer.ResetWrittenCount();
                if (printed >= most) break;
                if (patience is { } again) limit.CancelAfter(again);
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            if (!context.Cancel.IsCancellationRequested) await TellTimeoutAsync(context).ConfigureAwait(false);
        }
        catch (IOException) when (Console.IsOutputRedirected)
        {
            context.Error.WriteLine("Unable to write to standard out, closing consumer.");
        }

        return printed;
    }

    private static async Task TellTimeoutAsync(ShimContext context)
    {
        await context.Error.WriteLineAsync("ERROR Error processing message, terminating consumer process: ").ConfigureAwait(false);
        await context.Error.WriteLineAsync("org.apache.kafka.common.errors.TimeoutException").ConfigureAwait(false);
    }
}
