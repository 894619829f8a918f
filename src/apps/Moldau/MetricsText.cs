using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Moldau.Cli;
using Moldau.Config;

namespace Moldau;

/// <summary>Writes metric families in Prometheus' text form, those that the configuration asks for.</summary>
internal sealed class MetricsText(StringBuilder text, MetricsFilter filter)
{
    private string _family = "";
    private bool _isShown;

    public bool HasPartitions => filter.HasPartitions;

    public bool HasTopics => filter.HasTopics;

    /// <summary>Begins a family; what follows are its values.</summary>
    public MetricsText Family(string name, string type, string help)
    {
        _family = name;
        _isShown = filter.Shows(name);
        if (!_isShown) return this;
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n');
        text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        return this;
    }

    public MetricsText Counter(string name, string help) => Family(name, "counter", help);

    public MetricsText Gauge(string name, string help) => Family(name, "gauge", help);

    public void Value(double value, params ReadOnlySpan<(string Name, string Value)> labels) => Value("", value, labels);

    /// <summary>A value of the family under a longer name, such as a summary's _sum and _count.</summary>
    public void Value(string suffix, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        if (!_isShown) return;
        text.Append(_family).Append(suffix);
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
