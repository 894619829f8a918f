using System.Diagnostics;
using Moldau.Cli.Bench;
using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-consumer-perf-test.sh</c></summary>
internal static class ConsumerPerfShim
{
    private const long DefaultTimeoutMs = 10_000;

    public static readonly Shim Shim = new(
        "kafka-consumer-perf-test",
        "bootstrap-server: topic: include: messages: num-records: group: fetch-size: from-latest socket-buffer-size: consumer.config: command-config: "
        + "command-property: print-metrics show-detailed-stats timeout: reporting-interval: date-format: hide-header help version",
        RunAsync);

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        if (!arguments.Has("topic") && !arguments.Has("include")) throw new ShimUsageException("Exactly one of the following arguments is required: [topic], [include]");
        string bootstrap = arguments.Require("bootstrap-server");
        if (arguments.Has("messages")) context.Out.WriteLine("Warning: --messages is deprecated. Use --num-records instead.");
        long count = arguments.Number("num-records") ?? arguments.Number("messages")
            ?? throw new ShimUsageException("Exactly one of the following arguments is required: [num-records], [messages]");
        string group = arguments.Value("group") ?? $"perf-consumer-{Random.Shared.Next(100_000)}";
        context.AddPropertiesFile(arguments.Value("consumer.config") ?? arguments.Value("command-config"));
        context.AddProperties(ShimArguments.Pairs(arguments.Values("command-property")));
        if (arguments.Value("fetch-size") is { } fetch) context.AddProperties(new Dictionary<string, string> { ["max.partition.fetch.bytes"] = fetch });
        context.Connect(bootstrap, "metadata");
        OffsetReset reset = arguments.Has("from-latest") ? OffsetReset.Latest : OffsetReset.Earliest;
        ConsumerOptions options = context.Consumer(group, reset) with { CommitOnlyDone = false };
        var consumer = context.Client.CreateConsumer(Serde.Bytes, Serde.Bytes, options);
        await using (consumer.ConfigureAwait(false))
        {
            if (arguments.Value("topic") is { } topic) consumer.Subscribe(topic);
            else consumer.Subscribe(new System.Text.RegularExpressions.Regex(arguments.Value("include")!));
            return await ReadAsync(context, consumer, count).ConfigureAwait(false);
        }
    }

    private static async Task<int> ReadAsync(ShimContext context, Consumer<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> consumer, long count)
    {
        TimeSpan patience = TimeSpan.FromMilliseconds(context.Arguments.Number("timeout") ?? DefaultTimeoutMs);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(context.Cancel);
        limit.CancelAfter(patience);
        DateTimeOffset start = DateTimeOffset.Now;
        long began = Stopwatch.GetTimestamp();
        long last = began;
        TimeSpan? join = null;
        long records = 0;
        long bytes = 0;
        try
        {
            await foreach (var batch in consumer.ReadBatchesAsync(limit.Token).ConfigureAwait(false))
            {
                join ??= Stopwatch.GetElapsedTime(began);
                foreach (var record in batch)
                {
                    bytes += record.RawKey.GetValueOrDefault().Length + record.RawValue.GetValueOrDefault().Length;
                    records++;
                }

                last = Stopwatch.GetTimestamp();
                if (records >= count) break;
                limit.CancelAfter(patience);
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            last = Stopwatch.GetTimestamp();
            context.Out.WriteLine(
                $"WARNING: Exiting before consuming the expected number of messages: timeout ({(long)patience.TotalMilliseconds} ms) exceeded. "
                + "You can use the --timeout option to increase the timeout.");
        }

        DateTimeOffset end = start + Stopwatch.GetElapsedTime(began, last);
        string[] lines = BenchResult.ConsumerLines(records, bytes, start, end, join ?? TimeSpan.Zero).Split('\n');
        foreach (string line in context.Arguments.Has("hide-header") ? lines[1..] : lines) context.Out.WriteLine(line);
        return ExitCodes.Ok;
    }
}
