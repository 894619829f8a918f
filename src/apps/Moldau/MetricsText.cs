using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Moldau.Config;

namespace Moldau;

/// <summary>Writes metric families in Prometheus' text form, those that the configuration asks for.</summary>
internal sealed class MetricsText(StringBuilder text, MetricsFilter filter)
{
    private readonly StringBuilder _twinLines = new();
    private string _family = "";
    // The same family under its name in the other flavor; it follows as a whole, since a family must not be scattered.
    private string? _twin;
    private bool _isShown;
    private bool _isTwinShown;

    public bool HasPartitions => filter.HasPartitions;

    public bool HasTopics => filter.HasTopics;

    /// <summary>Begins a family; what follows are its values.</summary>
    public MetricsText Family(string name, string type, string help)
    {
        End();
        _family = name;
        _isShown = filter.Shows(name);
        if (_isShown) Head(text, name, type, help);
        return this;
    }

    /// <summary>A rate of Kafka's, by its count: <c>NAME_total</c>, and <c>NAMEpersec</c> in Confluent's flavor.</summary>
    public MetricsText PerSecond(string name, string help) => InFlavors(name, "_total", "persec", "counter", help);

    /// <summary>A part between 0 and 1: <c>NAME_percent</c>, and <c>NAMEpercent</c> in Confluent's flavor.</summary>
    public MetricsText Percent(string name, string help) => InFlavors(name, "_percent", "percent", "gauge", help);

    /// <summary>Ends the last family.</summary>
    public void End()
    {
        text.Append(_twinLines);
        _twinLines.Clear();
        _twin = null;
        _isTwinShown = false;
    }

    public MetricsText Counter(string name, string help) => Family(name, "counter", help);

    public MetricsText Gauge(string name, string help) => Family(name, "gauge", help);

    public void Value(double value, params ReadOnlySpan<(string Name, string Value)> labels) => Value("", value, labels);

    /// <summary>A value of the family under a longer name, such as a summary's _sum and _count.</summary>
    public void Value(string suffix, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        if (_isShown) Line(text, _family, suffix, value, labels);
        if (_isTwinShown) Line(_twinLines, _twin!, suffix, value, labels); // it has a name where it is shown
    }

    private MetricsText InFlavors(string name, string suffix, string confluentSuffix, string type, string help)
    {
        if (!filter.HasKafkaNames) return Family(name + confluentSuffix, type, help);
        Family(name + suffix, type, help);
        if (!filter.HasConfluentNames) return this;
        _twin = name + confluentSuffix;
        _isTwinShown = filter.Shows(_twin);
        if (_isTwinShown) Head(_twinLines, _twin, type, help);
        return this;
    }

    private static void Head(StringBuilder text, string name, string type, string help)
    {
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n');
        text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
    }

    private static void Line(
        StringBuilder text, string family, string suffix, double value, ReadOnlySpan<(string Name, string Value)> labels)
    {
        text.Append(family).Append(suffix);
        for (int i = 0; i < labels.Length; i++)
        {
            text.Append(i == 0 ? '{' : ',').Append(labels[i].Name).Append("=\"");
            foreach (char c in labels[i].Value)
            {
                if (c == '\n') text.Append("\\n");
                else if (c is '"' or '\\') text.Append('\\').Append(c);
                else text.Append(c);
            }

            text.Append('"');
        }

        if (labels.Length > 0) text.Append('}');
        text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }
}

/// <summary>moldau.metrics.include, moldau.metrics.exclude and moldau.metrics.granularity.</summary>
internal sealed class MetricsFilter(BrokerConfig config)
{
    private readonly Regex? _include = Parse("moldau.metrics.include", config.MetricsInclude);
    private readonly Regex? _exclude = Parse("moldau.metrics.exclude", config.MetricsExclude);

    public bool HasPartitions { get; } = config.MetricsGranularity == "partition";

    public bool HasTopics { get; } = config.MetricsGranularity != "broker";

    public bool HasKafkaNames { get; } = config.MetricsFlavor.Contains("kafka");

    public bool HasConfluentNames { get; } = config.MetricsFlavor.Contains("confluent");

    /// <summary>The expressions are for whole names.</summary>
    public bool Shows(string name) => _include?.IsMatch(name) != false && _exclude?.IsMatch(name) != true;

    private static Regex? Parse(string property, string pattern)
    {
        if (pattern.Length == 0) return null;
        try
        {
            return new Regex($"^(?:{pattern})$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new CommandException($"{property} is no regular expression: {e.Message}");
        }
    }
}
