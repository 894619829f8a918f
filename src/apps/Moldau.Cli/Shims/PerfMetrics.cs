using System.Globalization;
using Moldau.Cli.Wire;

namespace Moldau.Cli.Shims;

/// <summary><c>--print-metrics</c> of the measuring scripts: the Java client's names for what is measured here too, in the layout of
/// the originals. What only the Java client has, such as the time in its selector, is left out.</summary>
internal sealed class PerfMetrics(WireMeter meter, string clientId)
{
    private readonly SortedDictionary<string, double> _values = new(StringComparer.Ordinal);

    /// <summary>A run that wrote records.</summary>
    /// <param name="topic">Where to.</param>
    /// <param name="sent">Records that were acknowledged.</param>
    /// <param name="failed">Those that were not.</param>
    public PerfMetrics Produced(string topic, long sent, long failed)
    {
        Add("producer-metrics", "", [.. meter.Common(), .. meter.RequestLatency()]);
        (string, double)[] records = [.. meter.Total("record-send", sent), .. meter.Total("record-error", failed)];
        Add("producer-metrics", "", records);
        Add("producer-topic-metrics", $", topic={topic}", records);
        return this;
    }

    /// <summary>A run that read records.</summary>
    /// <param name="topic">Where from; null where it was more than one.</param>
    /// <param name="records">How many.</param>
    /// <param name="bytes">Of their keys and values.</param>
    public PerfMetrics Consumed(string? topic, long records, long bytes)
    {
        const string Group = "consumer-fetch-manager-metrics";
        Add("consumer-metrics", "", meter.Common());
        (string, double)[] consumed = [.. meter.Total("records-consumed", records), .. meter.Total("bytes-consumed", bytes)];
        Add(Group, "", [.. meter.Fetches(), .. consumed]);
        if (topic is not null) Add(Group, $", topic={topic}", consumed);
        return this;
    }

    public void Print(TextWriter output)
    {
        int width = _values.Keys.Max(k => k.Length);
        output.WriteLine();
        output.WriteLine($"{"Metric Name".PadRight(width)}   Value");
        foreach ((string name, double value) in _values)
            output.WriteLine($"{name.PadRight(width)} : {(double.IsNaN(value) ? "NaN" : value.ToString("0.000", CultureInfo.InvariantCulture))}");
    }

    private void Add(string group, string tags, IEnumerable<(string Name, double Value)> values)
    {
        foreach ((string name, double value) in values) _values[$"{group}:{name}:{{client-id={clientId}{tags}}}"] = value;
    }
}
