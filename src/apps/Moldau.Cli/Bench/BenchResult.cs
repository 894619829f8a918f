using System.Globalization;
using Moldau.Cli.Output;

namespace Moldau.Cli.Bench;

/// <summary>What a benchmark measured, as one row, and as the line that Kafka's own tool prints.</summary>
internal static class BenchResult
{
    public static readonly Column[] Columns =
    [
        new("bench"), Column.Number("records"), Column.Decimal("seconds"), Column.Decimal("recordsPerSecond"), Column.Decimal("mbPerSecond"),
        Column.Decimal("meanMs"), Column.Decimal("p50Ms"), Column.Decimal("p90Ms", true), Column.Decimal("p95Ms", true),
        Column.Decimal("p99Ms"), Column.Decimal("p999Ms"), Column.Decimal("p9999Ms"), Column.Decimal("maxMs"),
    ];

    private const double BytesOfMb = 1 << 20;

    /// <summary>A row; a histogram without values leaves the times unknown.</summary>
    public static void Add(CommandResult result, string bench, long records, long bytes, TimeSpan took, LatencyHistogram times)
    {
        double seconds = Math.Max(took.TotalSeconds, 1e-9);
        object?[] row =
        [
            bench, records, Round(seconds), Round(records / seconds), Round(bytes / BytesOfMb / seconds),
            Ms(times, times.MeanMicros), At(times, 50), At(times, 90), At(times, 95), At(times, 99), At(times, 99.9), At(times, 99.99),
            Ms(times, times.MaxMicros),
        ];
        result.Add(row);
    }

    public static double Mb(long bytes) => bytes / BytesOfMb;

    /// <summary>As kafka-producer-perf-test.sh ends.</summary>
    public static string ProducerLine(long records, long bytes, TimeSpan took, LatencyHistogram times, bool isSteady = false)
    {
        double seconds = Math.Max(took.TotalSeconds, 1e-9);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{records}{(isSteady ? " steady state" : "")} records sent, {records / seconds:F6} records/sec ({bytes / BytesOfMb / seconds:F2} MB/sec), "
            + $"{times.MeanMicros / 1000:F2} ms avg latency, {times.MaxMicros / 1000.0:F2} ms max latency, "
            + $"{WholeMs(times, 50)} ms 50th, {WholeMs(times, 95)} ms 95th, {WholeMs(times, 99)} ms 99th, {WholeMs(times, 99.9)} ms 99.9th.");
    }

    /// <summary>The head of what kafka-consumer-perf-test.sh writes.</summary>
    public static string ConsumerHead(bool isDetailed) => (isDetailed ? "time, threadId" : "start.time, end.time")
        + ", data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec";

    /// <summary>The line below it.</summary>
    /// <param name="when">The first fields.</param>
    /// <param name="total">All records and bytes up to here.</param>
    /// <param name="counted">Those of the time.</param>
    /// <param name="took">The time.</param>
    /// <param name="join">How much of it went to join the group.</param>
    public static string ConsumerLine(
        string when, (long Records, long Bytes) total, (long Records, long Bytes) counted, TimeSpan took, TimeSpan join)
    {
        double seconds = Math.Max(took.TotalSeconds, 1e-9);
        double fetch = Math.Max(seconds - join.TotalSeconds, 1e-9);
        double mb = Mb(counted.Bytes);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{when}, {Mb(total.Bytes):F4}, {mb / seconds:F4}, {total.Records}, {counted.Records / seconds:F4}, {(long)join.TotalMilliseconds}, "
            + $"{(long)(fetch * 1000)}, {mb / fetch:F4}, {counted.Records / fetch:F4}");
    }

    /// <summary>Head and line of a whole run without a group.</summary>
    public static string ConsumerLines(long records, long bytes, DateTimeOffset start, DateTimeOffset end)
    {
        const string Time = "yyyy-MM-dd HH:mm:ss:fff";
        string when = $"{start.ToString(Time, CultureInfo.InvariantCulture)}, {end.ToString(Time, CultureInfo.InvariantCulture)}";
        return $"{ConsumerHead(isDetailed: false)}\n{ConsumerLine(when, (records, bytes), (records, bytes), end - start, TimeSpan.Zero)}";
    }

    private static long WholeMs(LatencyHistogram times, double percent) => times.Percentile(percent) / 1000;

    private static object? At(LatencyHistogram times, double percent) => Ms(times, times.Percentile(percent));

    private static object? Ms(LatencyHistogram times, double micros) => times.Count == 0 ? null : Round(micros / 1000);

    private static double Round(double value) => Math.Round(value, 3);
}
