using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Moldau.Client;

/// <summary>The client's spans and metrics, after OpenTelemetry's messaging conventions 1.38 (in development there: names may
/// change with them). Where nobody listens nothing is measured and nothing allocated.</summary>
internal static class ClientTelemetry
{
    public const string Name = MoldauTelemetry.Name;

    private static readonly string? _version = typeof(ClientTelemetry).Assembly.GetName().Version?.ToString(3);

    /// <summary>The conventions' advice, in seconds.</summary>
    private static readonly InstrumentAdvice<double> _seconds = new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    };

    public static ActivitySource Source { get; } = new(Name, _version);

    private static readonly Meter _meter = new(Name, _version);

    /// <summary>How long sends, polls and commits take, in seconds.</summary>
    public static Histogram<double> OperationDuration { get; } = _meter.CreateHistogram(
        "messaging.client.operation.duration", "s", "Duration of an operation of the client.", null, _seconds);

    public static Counter<long> Sent { get; } =
        _meter.CreateCounter<long>("messaging.client.sent.messages", "{message}", "Records that were sent.");

    public static Counter<long> Consumed { get; } =
        _meter.CreateCounter<long>("messaging.client.consumed.messages", "{message}", "Records that were given to the application.");

    /// <summary>How long the application works on a record, in seconds.</summary>
    public static Histogram<double> ProcessDuration { get; } = _meter.CreateHistogram(
        "messaging.process.duration", "s", "Duration of the application's work on a record.", null, _seconds);

    /// <summary>Whether anybody wants to hear of sends.</summary>
    public static bool WantsSends => Source.HasListeners() || Sent.Enabled || OperationDuration.Enabled;

    /// <summary>Whether anybody wants to hear of polls and commits.</summary>
    public static bool WantsOperations => Source.HasListeners() || OperationDuration.Enabled;

    /// <summary>Live producers and consumers, for what is measured when it is asked for.</summary>
    public static GaugeSources Gauges { get; } = new(_meter);

    /// <summary>What every span and metric of an operation has.</summary>
    public static TagList Tags(string operation, string type, string topic, string clientId) => new()
    {
        { "messaging.system", "kafka" },
        { "messaging.operation.name", operation },
        { "messaging.operation.type", type },
        { "messaging.destination.name", topic },
        { "messaging.client.id", clientId },
    };

    public static void Set(Activity? activity, in TagList tags)
    {
        if (activity is null) return;
        foreach (KeyValuePair<string, object?> tag in tags) activity.SetTag(tag.Key, tag.Value);
    }
}

/// <summary>The name under which to listen: <c>AddSource(MoldauTelemetry.Name)</c> and
/// <c>AddMeter(MoldauTelemetry.Name)</c>.</summary>
public static class MoldauTelemetry
{
    /// <summary>Of the <see cref="ActivitySource"/> and of the <see cref="Meter"/>.</summary>
    public const string Name = "Moldau.Client";
}
