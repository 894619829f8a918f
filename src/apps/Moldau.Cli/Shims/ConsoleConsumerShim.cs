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

    /// <summary>Not one of Kafka's properties: nothing is printed.</summary>
    private const string Silent = "moldau.silent";

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
        RecordFormatter formatter = new(FormatterOf(context));
        context.AddPropertiesFile(arguments.Value("consumer.config") ?? arguments.Value("command-config"));
        Dictionary<string, string> properties = ShimArguments.Pairs([.. arguments.Values("consumer-property"), .. arguments.Values("command-property")]);
        if (arguments.Value("isolation-level") is { } isolation) properties["isolation.level"] = isolation;
        string? group = arguments.Value("group") ?? properties.GetValueOrDefault("group.id");
        context.AddProperties(properties);
        context.Connect(bootstrap, "metadata");

        OffsetReset reset = arguments.Has("from-beginning") ? OffsetReset.Earliest : OffsetReset.Latest;
        // Without a group of its own the script makes one up; nobody can tell, so none is left behind here.
        ConsumerOptions options = context.Consumer(group, reset) with { AllowAutoCreateTopics = true };
        var consumer = context.Client.CreateConsumer(Serde.Bytes, Serde.Bytes, options);
        await using (consumer.ConfigureAwait(false))
        {
            await AssignAsync(context, consumer, group, reset).ConfigureAwait(false);
            long? printed = await ReadAsync(context, consumer, formatter).ConfigureAwait(false);
            if (printed is null) return ExitCodes.Failed;
            context.Error.WriteLine($"Processed a total of {printed} messages");
            return ExitCodes.Ok;
        }
    }

    /// <summary>The formatter's properties: of a file, then of the command line.</summary>
    private static Dictionary<string, string> FormatterOf(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        Dictionary<string, string> properties = arguments.Value("formatter-config") is { } file
            ? ShimContext.ReadProperties(file)
            : new(StringComparer.Ordinal);
        foreach ((string key, string value) in ShimArguments.Pairs([.. arguments.Values("property"), .. arguments.Values("formatter-property")]))
            properties[key] = value;
        if (arguments.Value("key-deserializer") is { } ofKeys) properties["key.deserializer"] = ofKeys;
        if (arguments.Value("value-deserializer") is { } ofValues) properties["value.deserializer"] = ofValues;
        string formatter = arguments.Value("formatter") ?? "DefaultMessageFormatter";
        string name = formatter[(formatter.LastIndexOf('.') + 1)..];
        if (name is "NoOpMessageFormatter") properties[Silent] = "true";
        else if (name is not "DefaultMessageFormatter") throw new ShimUsageException(formatter);
        return properties;
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
            formatter.Write(record, buffer);
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

                await output.WriteAsync(buffer.WrittenMemory, CancellationToken.None).ConfigureAwait(false);
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

    /// <summary>What Kafka's default formatter writes.</summary>
    private sealed class RecordFormatter(Dictionary<string, string> properties)
    {
        private readonly bool _time = Is(properties, "print.timestamp");
        private readonly bool _partition = Is(properties, "print.partition");
        private readonly bool _offset = Is(properties, "print.offset");
        private readonly bool _epoch = Is(properties, "print.epoch");
        private readonly bool _headers = Is(properties, "print.headers");
        private readonly bool _key = Is(properties, "print.key");
        private readonly bool _value = properties.GetValueOrDefault("print.value", "true") == "true";
        private readonly string _fieldEnd = Unescaped(properties.GetValueOrDefault("key.separator", "\t"));
        private readonly string _lineEnd = Unescaped(properties.GetValueOrDefault("line.separator", "\n"));
        private readonly string _headersEnd = Unescaped(properties.GetValueOrDefault("headers.separator", ","));
        private readonly string _null = properties.GetValueOrDefault("null.literal", "null");
        private readonly bool _isSilent = Is(properties, Silent);
        private readonly Func<ReadOnlyMemory<byte>, string>? _readsKey = JavaDeserializers.Of(properties.GetValueOrDefault("key.deserializer"));
        private readonly Func<ReadOnlyMemory<byte>, string>? _readsValue = JavaDeserializers.Of(properties.GetValueOrDefault("value.deserializer"));
        private readonly Func<ReadOnlyMemory<byte>, string>? _readsHeaders =
            JavaDeserializers.Of(properties.GetValueOrDefault("headers.deserializer"));

        public void Write(in ConsumedRecord<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> record, IBufferWriter<byte> output)
        {
            if (_isSilent) return;
            List<string> fields = [];
            if (_time)
            {
                fields.Add(record.UnixTimeMilliseconds < 0
                    ? "NO_TIMESTAMP"
                    : string.Create(CultureInfo.InvariantCulture, $"{TimeName(record.TimestampType)}:{record.UnixTimeMilliseconds}"));
            }
            if (_partition) fields.Add(string.Create(CultureInfo.InvariantCulture, $"Partition:{record.Partition}"));
            if (_offset) fields.Add(string.Create(CultureInfo.InvariantCulture, $"Offset:{record.Offset}"));
            if (_epoch) fields.Add(string.Create(CultureInfo.InvariantCulture, $"Epoch:{record.LeaderEpoch}"));
            if (_headers) fields.Add(HeadersOf(record));
            Encoding.UTF8.GetBytes(string.Concat(fields.Select((f, i) => i == 0 ? f : _fieldEnd + f)), output);
            bool isFirst = fields.Count == 0;
            if (_key) Field(record.RawKey, _readsKey, ref isFirst, output);
            if (_value) Field(record.RawValue, _readsValue, ref isFirst, output);
            Encoding.UTF8.GetBytes(_lineEnd, output);
        }

        private void Field(
            ReadOnlyMemory<byte>? bytes, Func<ReadOnlyMemory<byte>, string>? reads, ref bool isFirst, IBufferWriter<byte> output)
        {
            if (!isFirst) Encoding.UTF8.GetBytes(_fieldEnd, output);
            isFirst = false;
            if (bytes is not { } known) Encoding.UTF8.GetBytes(_null, output);
            else if (reads is null) output.Write(known.Span);
            else Encoding.UTF8.GetBytes(reads(known), output);
        }

        private string HeadersOf(in ConsumedRecord<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> record) => record.HeaderCount == 0
            ? "NO_HEADERS"
            : string.Join(_headersEnd, record.Headers.Select(h => $"{h.Key}:{(h.Value is null ? _null : _readsHeaders is { } reads ? reads(h.Value) : Encoding.UTF8.GetString(h.Value))}"));

        private static string TimeName(Moldau.Records.TimestampType type) =>
            type == Moldau.Records.TimestampType.LogAppendTime ? "LogAppendTime" : "CreateTime";

        private static bool Is(Dictionary<string, string> properties, string name) => properties.GetValueOrDefault(name) == "true";

        private static string Unescaped(string text) => text.Replace("\\t", "\t", StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal);
    }
}
