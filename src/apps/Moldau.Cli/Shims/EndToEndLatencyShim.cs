using System.Diagnostics;
using System.Globalization;
using Moldau.Base;
using Moldau.Client;
using Moldau.Records;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-e2e-latency.sh</c></summary>
internal static class EndToEndLatencyShim
{
    private const int NamedBefore = 5;
    private const int ReportEvery = 1000;

    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(60);
    private static readonly string[] _inPlaces = ["bootstrap-server", "topic", "num-records", "producer-acks", "record-size", "command-config"];

    public static readonly Shim Shim = new(
        "kafka-e2e-latency",
        "bootstrap-server: topic: num-records: producer-acks: record-size: record-key-size? record-header-key-size? record-header-size? num-headers? "
        + "command-config? help version",
        RunAsync)
    {
        Rewrite = Named,
    };

    /// <summary>The options of a command line that names none of them: they were known by their places.</summary>
    private static string[] Named(string[] args)
    {
        if (args.Length == 0 || args.Any(a => Array.IndexOf(_inPlaces, a.StartsWith("--", StringComparison.Ordinal) ? a[2..] : "", 0, NamedBefore) >= 0))
            return args;
        if (args.Length is not (NamedBefore or NamedBefore + 1))
            throw new ShimFailedException(
                $"Invalid number of arguments. Expected 5 or 6 positional arguments, but got {args.Length}. "
                + "Usage: bootstrap-server topic num-records producer-acks record-size [optional] command-config");
        Console.Out.WriteLine(
            "WARNING: Positional argument usage is deprecated and will be removed in Apache Kafka 5.0. Please use named arguments instead: "
            + "--bootstrap-server, --topic, --num-records, --producer-acks, --record-size, --command-config");
        return [.. args.SelectMany((a, i) => new[] { "--" + _inPlaces[i], a })];
    }

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        Sizes sizes = new(
            arguments.Integer("record-size") ?? 0, Optional("record-key-size"), Optional("num-headers"), Optional("record-header-key-size"),
            Optional("record-header-size"));
        int count = arguments.Integer("num-records") ?? 0;
        foreach (string needed in _inPlaces[..NamedBefore]) arguments.Require(needed);
        string acks = arguments.Require("producer-acks");
        if (acks is not ("1" or "all"))
            throw new ShimUsageException(
                "Invalid value for --producer-acks. Latency testing requires synchronous acknowledgement. Please use '1' or 'all'.");
        if (count <= 0) throw new ShimUsageException("Value for --num-records must be a positive integer.");
        sizes.Check();
        if (arguments.Value("command-config") is { Length: > 0 } file) context.AddPropertiesFile(file);
        string bootstrap = arguments.Require("bootstrap-server");
        context.AddProperties(new Dictionary<string, string> { ["linger.ms"] = "0", ["acks"] = acks, ["fetch.max.wait.ms"] = "0" });
        context.Connect(bootstrap, "listTopics");
        string topic = arguments.Require("topic");
        await EnsureAsync(context, topic).ConfigureAwait(false);
        ConsumerOptions options = context.Consumer(null, OffsetReset.Latest) with { EnableAutoCommit = false };
        var consumer = context.Client.CreateConsumer(Serde.Bytes, Serde.Bytes, options);
        Producer producer = context.Client.CreateProducer(context.Properties.Producer(TimeSpan.FromDays(1), null));
        await using (consumer.ConfigureAwait(false))
        await using (producer.ConfigureAwait(false))
        {
            await SeekAsync(context, consumer, topic).ConfigureAwait(false);
            await MeasureAsync(context, producer, consumer, topic, count, sizes).ConfigureAwait(false);
            return ExitCodes.Ok;
        }

        int Optional(string name) => arguments.Value(name) is { Length: 0 } ? 0 : arguments.Integer(name) ?? 0;
    }

    private static async Task EnsureAsync(ShimContext context, string topic)
    {
        if ((await context.Admin.ListTopicsAsync(context.Cancel).ConfigureAwait(false)).Any(t => t.Name == topic)) return;
        context.Out.WriteLine($"Topic \"{topic}\" does not exist. Will create topic with 1 partition(s) and replication factor = 1");
        try
        {
            await context.Admin.CreateTopicAsync(new NewTopic(topic, 1, 1), context.Cancel).ConfigureAwait(false);
        }
        catch (MoldauException)
        {
            context.Out.WriteLine($"Creation of topic {topic} failed");
            throw;
        }
    }

    /// <summary>It begins at the ends, which are known before the first record is sent.</summary>
    private static async Task SeekAsync(ShimContext context, Consumer<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> consumer, string topic)
    {
        var described = (await context.Admin.DescribeTopicsAsync([topic], context.Cancel).ConfigureAwait(false))[topic];
        if (described.Error is { } unknown) throw new MoldauException(unknown);
        TopicPartition[] partitions = [.. described.Value!.Partitions.Select(p => new TopicPartition(topic, p.Partition))];
        var ends = await context.Admin
            .ListOffsetsAsync(partitions.ToDictionary(p => p, _ => OffsetSpec.Latest), cancel: context.Cancel).ConfigureAwait(false);
        consumer.Assign(partitions);
        foreach (TopicPartition partition in partitions)
        {
            if (ends[partition].Error is { } error) throw new MoldauException(error);
            consumer.Seek(partition, ends[partition].Value.Offset);
        }
    }

    private static async Task MeasureAsync(
        ShimContext context, Producer producer, Consumer<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> consumer,
        string topic, int count, Sizes sizes)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(context.Cancel);
        double[] times = new double[count];
        var batches = consumer.ReadBatchesAsync(limit.Token).GetAsyncEnumerator(CancellationToken.None);
        await using (batches.ConfigureAwait(false))
        {
            for (int i = 0; i < count; i++)
            {
                RawRecord record = sizes.Record();
                long began = Stopwatch.GetTimestamp();
                await producer.SendAsync(topic, record, context.Cancel).ConfigureAwait(false);
                limit.CancelAfter(ReadTimeout);
                try
                {
                    await batches.MoveNextAsync().ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (!context.Cancel.IsCancellationRequested)
                {
                    throw new ShimFailedException("poll() timed out before finding a result (timeout:[60000ms])");
                }

                times[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
                Validate(record, batches.Current);
                if (i % ReportEvery == 0) context.Out.WriteLine($"{i}\t{JavaDeserializers.Text(times[i], isFloat: false)}");
            }
        }

        context.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Avg latency: {times.Average():F4} ms"));
        Array.Sort(times);
        context.Out.WriteLine($"Percentiles: 50th = {At(0.5)}, 99th = {At(0.99)}, 99.9th = {At(0.999)}");

        int At(double part) => (int)times[(int)(count * part)];
    }

    /// <summary>What came is what was sent, and nothing else.</summary>
    private static void Validate(in RawRecord sent, ConsumedBatch<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> batch)
    {
        int count = 0;
        foreach (var read in batch)
        {
            if (count++ > 0) continue;
            Same("value", read.RawValue, sent.Value);
            if (sent.Key is null && read.RawKey is { } key) throw new ShimFailedException($"Expected null message key but received [{Text(key)}]");
            if (sent.Key is not null && read.RawKey is null) throw new ShimFailedException("Expected message key but received null");
            Same("key", read.RawKey, sent.Key);
            if (sent.Headers.Length > 0 && read.HeaderCount == 0) throw new ShimFailedException("Expected message headers but received none");
            if (sent.Headers.Length != read.HeaderCount) throw new ShimFailedException("Header count mismatch between sent and received messages");
        }

        if (count != 1) throw new ShimFailedException($"Only one result was expected during this test. We found [{count}]");
    }

    private static void Same(string what, ReadOnlyMemory<byte>? read, ReadOnlyMemory<byte>? sent)
    {
        if (!read.GetValueOrDefault().Span.SequenceEqual(sent.GetValueOrDefault().Span))
            throw new ShimFailedException($"The message {what} read [{Text(read)}] did not match the message {what} sent [{Text(sent)}]");
    }

    private static string Text(ReadOnlyMemory<byte>? bytes) => System.Text.Encoding.UTF8.GetString(bytes.GetValueOrDefault().Span);

    /// <summary>How large the records are.</summary>
    private sealed record Sizes(int Value, int Key, int Headers, int HeaderKey, int HeaderValue)
    {
        public void Check()
        {
            NotNegative("record-size", Value);
            NotNegative("record-key-size", Key);
            NotNegative("record-header-key-size", HeaderKey);
            if (HeaderValue < -1) throw new ShimUsageException("Value for --record-header-size must be a non-negative integer or -1 for null header value.");
            NotNegative("num-headers", Headers);

            static void NotNegative(string name, int size)
            {
                if (size < 0) throw new ShimUsageException($"Value for --{name} must be a non-negative integer.");
            }
        }

        /// <summary>A new one: each part is one letter again and again.</summary>
        public RawRecord Record()
        {
            RecordHeader[] headers = new RecordHeader[Headers];
            for (int i = 0; i < headers.Length; i++)
                headers[i] = new RecordHeader(Letters(HeaderKey), HeaderValue < 0 ? default(ReadOnlyMemory<byte>?) : Letters(HeaderValue));
            return new RawRecord(Key > 0 ? Letters(Key) : default(ReadOnlyMemory<byte>?), Letters(Value)) { Headers = headers };
        }

        private static ReadOnlyMemory<byte> Letters(int size)
        {
            byte[] bytes = new byte[size];
            bytes.AsSpan().Fill((byte)Random.Shared.Next('A', 'Z' + 1));
            return bytes;
        }
    }
}
