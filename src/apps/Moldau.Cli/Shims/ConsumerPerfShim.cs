using System.Diagnostics;
using Moldau.Cli.Bench;
using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-consumer-perf-test.sh</c></summary>
internal static class ConsumerPerfShim
{
    private const long DefaultTimeoutMs = 10_000;
    private const long DefaultIntervalMs = 5000;
    private const string DefaultDates = "yyyy-MM-dd HH:mm:ss:SSS";

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
        if (!arguments.Has("hide-header")) context.Out.WriteLine(BenchResult.ConsumerHead(arguments.Has("show-detailed-stats")));
        string dates = arguments.Value("date-format") ?? DefaultDates;
        JavaDates.Format(dates, DateTimeOffset.UnixEpoch);
        long intervalMs = arguments.Number("reporting-interval") ?? DefaultIntervalMs;
        if (intervalMs <= 0) throw new ShimUsageException("Reporting interval must be greater than 0.");
        string group = arguments.Value("group") ?? $"perf-consumer-{Random.Shared.Next(100_000)}";
        context.AddPropertiesFile(arguments.Value("consumer.config") ?? arguments.Value("command-config"));
        context.AddProperties(ShimArguments.Pairs(arguments.Values("command-property")));
        if (arguments.Value("fetch-size") is { } fetch) context.AddProperties(new Dictionary<string, string> { ["max.partition.fetch.bytes"] = fetch });
        context.BeMeasured("perf-consumer-client");
        context.Connect(bootstrap, "metadata");
        OffsetReset reset = arguments.Has("from-latest") ? OffsetReset.Latest : OffsetReset.Earliest;
        ConsumerOptions options = context.Consumer(group, reset) with { CommitOnlyDone = false };
        var consumer = context.Client.CreateConsumer(Serde.Bytes, Serde.Bytes, options);
        await using (consumer.ConfigureAwait(false))
        {
            if (arguments.Value("topic") is { } topic) consumer.Subscribe(topic);
            else consumer.Subscribe(new System.Text.RegularExpressions.Regex(arguments.Value("include")!));
            return await ReadAsync(context, consumer, count, intervalMs, dates).ConfigureAwait(false);
        }
    }

    private static async Task<int> ReadAsync(
        ShimContext context, Consumer<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> consumer, long count, long intervalMs, string dates)
    {
        bool isDetailed = context.Arguments.Has("show-detailed-stats");
        TimeSpan patience = TimeSpan.FromMilliseconds(context.Arguments.Number("timeout") ?? DefaultTimeoutMs);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(context.Cancel);
        limit.CancelAfter(patience);
        DateTimeOffset start = DateTimeOffset.Now;
        long began = Stopwatch.GetTimestamp();
        long last = began;
        TimeSpan? join = null;
        long records = 0;
        long bytes = 0;
        (long Records, long Bytes) reported = (0, 0);
        long reportedAt = began;
        TimeSpan? joinToReport = null;
        try
        {
            await foreach (var batch in consumer.ReadBatchesAsync(limit.Token).ConfigureAwait(false))
            {
                joinToReport = join is null ? Stopwatch.GetElapsedTime(began) : joinToReport;
                join ??= joinToReport;
                long now = Stopwatch.GetTimestamp();
                foreach (var record in batch)
                {
                    bytes += record.RawKey.GetValueOrDefault().Length + record.RawValue.GetValueOrDefault().Length;
                    records++;
                    TimeSpan took = Stopwatch.GetElapsedTime(reportedAt, now);
                    if (took.TotalMilliseconds < intervalMs) continue;
                    if (isDetailed)
                    {
                        string at = $"{JavaDates.Format(dates, start + Stopwatch.GetElapsedTime(began, now))}, 0";
                        (long, long) counted = (records - reported.Records, bytes - reported.Bytes);
                        context.Out.WriteLine(BenchResult.ConsumerLine(at, (records, bytes), counted, took, joinToReport ?? TimeSpan.Zero));
                        context.Out.Flush();
                    }

                    (joinToReport, reportedAt, reported) = (null, now, (records, bytes));
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
                $"WARNING: Exiting before consuming the expected number of records: timeout ({(long)patience.TotalMilliseconds} ms) exceeded. "
                + "You can use the --timeout option to increase the timeout.");
        }

        TimeSpan whole = Stopwatch.GetElapsedTime(began, last);
        string when = $"{JavaDates.Format(dates, start)}, {JavaDates.Format(dates, start + whole)}";
        (long, long) all = (records, bytes);
        if (!isDetailed) context.Out.WriteLine(BenchResult.ConsumerLine(when, all, all, whole, join ?? TimeSpan.Zero));
        if (context.Meter is { } meter) new PerfMetrics(meter, context.ClientId).Consumed(context.Arguments.Value("topic"), records, bytes).Print(context.Out);
        return ExitCodes.Ok;
    }
}
