using System.Text;
using Moldau.Cli.Records;
using Moldau.Client;
using Moldau.Records;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-console-producer.sh</c></summary>
internal static class ConsoleProducerShim
{
    private static readonly TimeSpan DeliveryTimeout = TimeSpan.FromSeconds(120);

    public static readonly Shim Shim = new(
        "kafka-console-producer",
        "bootstrap-server: topic: sync compression-codec? batch-size: message-send-max-retries: retry-backoff-ms: timeout: request-required-acks: "
        + "request-timeout-ms: metadata-expiry-ms: max-block-ms: max-memory-bytes: max-partition-memory-bytes: socket-buffer-size: "
        + "property: reader-property: line-reader: reader-config: producer-property: producer.config: command-property: command-config: help version",
        RunAsync);

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        string topic = arguments.Require("topic");
        string bootstrap = arguments.Require("bootstrap-server");
        if (arguments.Has("property"))
            context.Out.WriteLine("Warning: --property is deprecated and will be removed in a future version. Use --reader-property instead.");
        if (arguments.Has("max-partition-memory-bytes"))
        {
            context.Out.WriteLine(
                "Warning: --max-partition-memory-bytes is deprecated and will be removed in Apache Kafka 5.0. Use --batch-size instead.");
        }

        Dictionary<string, string> reading = arguments.Value("reader-config") is { } readerFile
            ? ShimContext.ReadProperties(readerFile)
            : new(StringComparer.Ordinal);
        foreach ((string key, string value) in ShimArguments.Pairs([.. arguments.Values("property"), .. arguments.Values("reader-property")]))
            reading[key] = value;
        context.AddPropertiesFile(arguments.Value("producer.config") ?? arguments.Value("command-config"));
        Dictionary<string, string> properties = ShimArguments.Pairs([.. arguments.Values("producer-property"), .. arguments.Values("command-property")]);
        Take(arguments, properties, "request-required-acks", "acks");
        Take(arguments, properties, "request-timeout-ms", "request.timeout.ms");
        Take(arguments, properties, "timeout", "linger.ms");
        Take(arguments, properties, "batch-size", "batch.size");
        Take(arguments, properties, "max-partition-memory-bytes", "batch.size");
        Take(arguments, properties, "message-send-max-retries", "retries");
        Take(arguments, properties, "retry-backoff-ms", "retry.backoff.ms");
        Take(arguments, properties, "max-block-ms", "max.block.ms");
        Take(arguments, properties, "metadata-expiry-ms", "metadata.max.age.ms");
        Take(arguments, properties, "socket-buffer-size", "send.buffer.bytes");
        Take(arguments, properties, "max-memory-bytes", "buffer.memory");
        context.AddProperties(properties);
        string? codec = arguments.Has("compression-codec") ? arguments.Value("compression-codec") is { Length: > 0 } given ? given : "gzip" : null;
        LineReader reader = new(reading);
        context.Connect(bootstrap, "metadata");
        Producer producer = context.Client.CreateProducer(context.Properties.Producer(DeliveryTimeout, codec));
        await using (producer.ConfigureAwait(false)) return await SendAsync(context, producer, topic, reader).ConfigureAwait(false);
    }

    private static async Task<int> SendAsync(ShimContext context, Producer producer, string topic, LineReader reader)
    {
        bool prompts = !Console.IsInputRedirected;
        RecordInput input = new(Console.OpenStandardInput(), [(byte)'\n']);
        try
        {
            if (prompts) context.Error.Write(">");
            while (await input.NextAsync(context.Cancel).ConfigureAwait(false) is { } line)
            {
                int length = line.Length > 0 && line.Span[^1] == '\r' ? line.Length - 1 : line.Length;
                RawRecord record = reader.Parse(line.Span[..length]);
                if (context.Arguments.Has("sync")) await producer.SendAsync(topic, record, context.Cancel).ConfigureAwait(false);
                else
                {
                    await producer
                        .EnqueueAsync(topic, record, report => Tell(context, topic, report), context.Cancel)
                        .ConfigureAwait(false);
                }
                if (prompts) context.Error.Write(">");
            }
        }
        catch (FormatException error)
        {
            await producer.FlushAsync().ConfigureAwait(false);
            context.Error.WriteLine($"org.apache.kafka.common.KafkaException: {error.Message}");
            return ExitCodes.Failed;
        }

        await producer.FlushAsync().ConfigureAwait(false);
        return ExitCodes.Ok;
    }

    private static void Tell(ShimContext context, string topic, in DeliveryReport report)
    {
        if (report.Error is { } error)
            context.Error.WriteLine($"ERROR Error when sending message to topic {topic} with error: {ShimErrors.ClassOf(error.Code)}: {ShimErrors.TextOf(error)}");
    }

    private static void Take(ShimArguments arguments, Dictionary<string, string> properties, string option, string property)
    {
        if (arguments.Value(option) is { } value) properties[property] = value;
    }

    /// <summary>Cuts a line into headers, key and value, as Kafka's reader does.</summary>
    private sealed class LineReader
    {
        private readonly bool _hasKey;
        private readonly bool _hasHeaders;
        private readonly bool _ignoresErrors;
        private readonly string _keySeparator;
        private readonly string _headersDelimiter;
        private readonly string _headersSeparator;
        private readonly string _headerKeySeparator;
        private readonly string? _nullMarker;
        private int _line;

        public LineReader(Dictionary<string, string> properties)
        {
            _hasKey = properties.GetValueOrDefault("parse.key") == "true";
            _hasHeaders = properties.GetValueOrDefault("parse.headers") == "true";
            _ignoresErrors = properties.GetValueOrDefault("ignore.error") == "true";
            _keySeparator = Unescaped(properties.GetValueOrDefault("key.separator", "\t"));
            _headersDelimiter = Unescaped(properties.GetValueOrDefault("headers.delimiter", "\t"));
            _headersSeparator = Unescaped(properties.GetValueOrDefault("headers.separator", ","));
            _headerKeySeparator = Unescaped(properties.GetValueOrDefault("headers.key.separator", ":"));
            _nullMarker = properties.GetValueOrDefault("null.marker");
        }

        /// <summary>A record of a line.</summary>
        /// <exception cref="FormatException">A separator is missing.</exception>
        public RawRecord Parse(ReadOnlySpan<byte> bytes)
        {
            _line++;
            if (!_hasKey && !_hasHeaders && _nullMarker is null) return new RawRecord(null, bytes.ToArray());
            string line = Encoding.UTF8.GetString(bytes);
            string rest = line;
            string? headers = _hasHeaders ? Cut(ref rest, _headersDelimiter, "headers delimiter", line) : null;
            string? key = _hasKey ? Cut(ref rest, _keySeparator, "key separator", line) : null;
            bool hasHeaders = headers is not null && headers != _nullMarker;
            return new RawRecord(Bytes(key), Bytes(rest)) { Headers = hasHeaders ? HeadersOf(headers!, line) : default };
        }

        private string? Cut(ref string rest, string separator, string what, string line)
        {
            int at = rest.IndexOf(separator, StringComparison.Ordinal);
            if (at < 0) return _ignoresErrors ? null : throw new FormatException($"No {what} found on line number {_line}: '{line}'");
            string part = rest[..at];
            rest = rest[(at + separator.Length)..];
            return part;
        }

        private RecordHeader[] HeadersOf(string text, string line) => [.. text.Split(_headersSeparator).Select(pair =>
        {
            int at = pair.IndexOf(_headerKeySeparator, StringComparison.Ordinal);
            if (at < 0) throw new FormatException($"No header key separator found in pair '{pair}' on line number {_line}: '{line}'");
            return new RecordHeader(pair[..at], Bytes(pair[(at + _headerKeySeparator.Length)..])?.ToArray());
        })];

        private ReadOnlyMemory<byte>? Bytes(string? text) =>
            text is null || text == _nullMarker ? default(ReadOnlyMemory<byte>?) : new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes(text));

        private static string Unescaped(string text) => text.Replace("\\t", "\t", StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal);
    }
}
