using System.Diagnostics;
using System.Text;
using Moldau.Cli.Bench;
using Moldau.Client;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-producer-perf-test.sh</c></summary>
internal static class ProducerPerfShim
{
    private static readonly TimeSpan DeliveryTimeout = TimeSpan.FromSeconds(120);

    public static readonly Shim Shim = new(
        "kafka-producer-perf-test",
        "topic: num-records: throughput: record-size: payload-file: payload-delimiter: payload-monotonic producer-props: producer.config: "
        + "command-property: command-config: bootstrap-server: print-metrics transactional-id: transaction-duration-ms: warmup-records: "
        + "reporting-interval: help version",
        RunAsync)
    {
        Lists = ["producer-props"],
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
        List<byte[]> payloads = Payloads(arguments);
        context.Connect(bootstrap, "metadata");
        Producer producer = context.Client.CreateProducer(context.Properties.Producer(DeliveryTimeout, null));
        await using (producer.ConfigureAwait(false)) return await SendAsync(context, producer, payloads).ConfigureAwait(false);
    }

    private static async Task<int> SendAsync(ShimContext context, Producer producer, List<byte[]> payloads)
    {
        string topic = context.Arguments.Value("topic")!;
        long count = context.Arguments.Number("num-records")!.Value;
        Pace pace = new(Math.Max(0, context.Arguments.Number("throughput")!.Value));
        BenchDeliveries deliveries = new();
        bool isMonotonic = context.Arguments.Has("payload-monotonic");
        long bytes = 0;
        long began = Stopwatch.GetTimestamp();
        for (long i = 0; i < count && deliveries.Error is null; i++)
        {
            await pace.NextAsync(context.Cancel).ConfigureAwait(false);
            byte[] payload = isMonotonic ? Encoding.UTF8.GetBytes($"{i}") : payloads[(int)(i % payloads.Count)];
            bytes += payload.Length;
            await producer
                .EnqueueAsync(topic, new RawRecord(null, payload), deliveries.For(Stopwatch.GetTimestamp()), context.Cancel)
                .ConfigureAwait(false);
        }

        await producer.FlushAsync().ConfigureAwait(false);
        await deliveries.Drained.ConfigureAwait(false);
        if (deliveries.Error is { } error) context.Error.WriteLine($"{ShimErrors.ClassOf(error.Code)}: {ShimErrors.TextOf(error)}");
        TimeSpan took = Stopwatch.GetElapsedTime(began, deliveries.LastAt);
        context.Out.WriteLine(BenchResult.ProducerLine(deliveries.Times.Count, bytes, took, deliveries.Times));
        return ExitCodes.Ok;
    }

    private static List<byte[]> Payloads(ShimArguments arguments)
    {
        if (arguments.Value("payload-file") is { } file)
        {
            if (!File.Exists(file)) throw new ShimUsageException($"File does not exist or empty file provided.");
            string delimiter = arguments.Value("payload-delimiter") is { } given ? given.Replace("\\n", "\n", StringComparison.Ordinal) : "\n";
            string[] payloads = File.ReadAllText(file).Split(delimiter, StringSplitOptions.RemoveEmptyEntries);
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
