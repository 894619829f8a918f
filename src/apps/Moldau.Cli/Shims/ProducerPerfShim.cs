using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Moldau.Cli.Bench;
using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-producer-perf-test.sh</c></summary>
internal static class ProducerPerfShim
{
    private const string TransactionalId = "transactional.id";
    private const long DefaultIntervalMs = 5000;
    private const long DefaultTransactionMs = 3000;

    private static readonly TimeSpan DeliveryTimeout = TimeSpan.FromSeconds(120);

    public static readonly Shim Shim = new(
        "kafka-producer-perf-test",
        "topic: num-records: throughput: record-size: payload-file: payload-delimiter: payload-monotonic producer-props: producer.config: "
        + "command-property: command-config: bootstrap-server: print-metrics transactional-id: transaction-duration-ms: warmup-records: "
        + "reporting-interval: help version",
        RunAsync)
    {
        Lists = ["producer-props"],
        IsHelpfulAlone = true,
    };

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        foreach (string needed in (string[])["topic", "num-records", "throughput"])
            if (!arguments.Has(needed)) throw new ShimUsageException($"argument --{needed} is required");
        if (arguments.Has("producer-props"))
            context.Out.WriteLine("Option --producer-props has been deprecated and will be removed in a future version. Use --command-property instead.");
        Dictionary<string, string> properties = ShimArguments.Pairs([.. arguments.Values("producer-props"), .. arguments.Values("command-property")]);
        string? file = arguments.Value("producer.config") ?? arguments.Value("command-config");
        context.AddPropertiesFile(file);
        context.AddProperties(properties);
        string bootstrap = arguments.Value("bootstrap-server") ?? properties.GetValueOrDefault("bootstrap.servers") ?? FromFile(file)
            ?? throw new ShimUsageException(
                "At least one of --bootstrap-server, --command-property, --producer-props, --producer.config or --command-config "
                + "must be specified.");
        PerfRun run = new()
        {
            Topic = arguments.Value("topic")!,
            Count = arguments.Number("num-records")!.Value,
            Throughput = Math.Max(0, arguments.Number("throughput")!.Value),
            WarmUp = arguments.Number("warmup-records") ?? 0,
            IntervalMs = arguments.Number("reporting-interval") ?? DefaultIntervalMs,
            TransactionMs = TransactionMs(context),
            Payloads = Payloads(context),
        };
        if (run.IntervalMs <= 0) throw new ShimUsageException("--reporting-interval should be greater than zero.");
        if (run.WarmUp >= run.Count)
        {
            throw new ShimUsageException(
                "The value for --warmup-records must be strictly fewer than the number of records in the test, --num-records.");
        }

        context.BeMeasured("perf-producer-client");
        context.Connect(bootstrap, "metadata");
        Producer producer = context.Client.CreateProducer(context.Properties.Producer(DeliveryTimeout, null));
        await using (producer.ConfigureAwait(false)) return await run.SendAsync(context, producer).ConfigureAwait(false);
    }

    /// <summary>How long each transaction is open; null where there are none.</summary>
    private static long? TransactionMs(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        long? given = arguments.Number("transaction-duration-ms");
        if (given <= 0) throw new ShimUsageException("--transaction-duration-ms should be greater than zero.");
        string? id = arguments.Value("transactional-id") ?? context.Property(TransactionalId);
        if (id is null && given is null) return null;
        context.AddProperties(new Dictionary<string, string> { [TransactionalId] = id ?? $"performance-producer-{Guid.NewGuid()}" });
        return given ?? DefaultTransactionMs;
    }

    private static List<byte[]> Payloads(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        if (arguments.Value("payload-file") is { } file)
        {
            context.Out.WriteLine($"Reading payloads from: {Path.GetFullPath(file)}");
            if (!File.Exists(file) || new FileInfo(file).Length == 0) throw new ShimUsageException("File does not exist or empty file provided.");
            // A pattern, and empty ones at the end do not count, as in Java.
            List<string> payloads = [.. Regex.Split(File.ReadAllText(file), arguments.Value("payload-delimiter") ?? "\n")];
            while (payloads is [.., ""]) payloads.RemoveAt(payloads.Count - 1);
            context.Out.WriteLine($"Number of records read: {payloads.Count}");
            return [.. payloads.Select(Encoding.UTF8.GetBytes)];
        }

        // The number of each record is its payload.
        if (arguments.Has("payload-monotonic")) return [];
        return arguments.Number("record-size") is { } size and > 0
            ? [Verbs.BenchProduce.Payload((int)size)]
            : throw new ShimUsageException("one of the arguments --record-size --payload-file --payload-monotonic is required");
    }

    private static string? FromFile(string? file)
    {
        if (file is null) return null;
        Config.PropertiesFile.TryParse(File.ReadAllText(file), out Dictionary<string, string> properties, out _);
        return properties.GetValueOrDefault("bootstrap.servers");
    }
}

/// <summary>One run of <see cref="ProducerPerfShim"/>.</summary>
internal sealed class PerfRun
{
    public required string Topic { get; init; }

    public required long Count { get; init; }

    /// <summary>Records a second; 0 for as fast as it goes.</summary>
    public required double Throughput { get; init; }

    /// <summary>So many records are counted in the first line of the end alone.</summary>
    public required long WarmUp { get; init; }

    public required long IntervalMs { get; init; }

    /// <summary>How long each transaction is open; null where there are none.</summary>
    public required long? TransactionMs { get; init; }

    /// <summary>Sent in turn; none where the number of each record is its payload.</summary>
    public required List<byte[]> Payloads { get; init; }

    public async Task<int> SendAsync(ShimContext context, Producer producer)
    {
        Pace pace = new(Throughput);
        BenchDeliveries deliveries = new();
        if (WarmUp > 0) context.Out.WriteLine($"Warmup first {WarmUp} records. Steady state results will print after the complete test summary.");
        PerfWindows all = new(context.Out, IntervalMs, isSteady: false);
        PerfWindows? steady = null;
        Transaction? transaction = null;
        long transactionBegan = 0;
        long sent = 0;
        for (long i = 0; i < Count && deliveries.Error is null; i++)
        {
            await pace.NextAsync(context.Cancel).ConfigureAwait(false);
            if (TransactionMs is not null && transaction is null)
            {
                transaction = await producer.BeginTransactionAsync(context.Cancel).ConfigureAwait(false);
                transactionBegan = Stopwatch.GetTimestamp();
            }

            if (WarmUp > 0 && i == WarmUp)
            {
                steady = new PerfWindows(context.Out, IntervalMs, isSteady: true);
                all.Silence();
            }

            byte[] payload = Payloads.Count == 0 ? Encoding.UTF8.GetBytes($"{i}") : Payloads[(int)(i % Payloads.Count)];
            (int bytes, PerfWindows? counts) = (payload.Length, steady);
            long now = Stopwatch.GetTimestamp();
            Action<DeliveryReport> told = deliveries.For(now, (micros, at) =>
            {
                all.Record(micros, bytes, at);
                counts?.Record(micros, bytes, at);
            });
            await producer.EnqueueAsync(Topic, new RawRecord(null, payload), told, context.Cancel).ConfigureAwait(false);
            sent++;
            if (transaction is null || Stopwatch.GetElapsedTime(transactionBegan, now).TotalMilliseconds < TransactionMs) continue;
            await transaction.CommitAsync(context.Cancel).ConfigureAwait(false);
            transaction = null;
        }

        if (transaction is not null) await transaction.CommitAsync(context.Cancel).ConfigureAwait(false);
        await producer.FlushAsync().ConfigureAwait(false);
        await deliveries.Drained.ConfigureAwait(false);
        if (deliveries.Error is { } error) context.Error.WriteLine($"{ShimErrors.ClassOf(error.Code)}: {ShimErrors.TextOf(error)}");
        all.PrintTotal();
        steady?.PrintTotal();
        if (context.Meter is { } meter)
            new PerfMetrics(meter, context.ClientId).Produced(Topic, all.Count, sent - all.Count).Print(context.Out);
        return ExitCodes.Ok;
    }
}
