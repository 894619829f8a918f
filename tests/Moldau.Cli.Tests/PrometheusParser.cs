using System.Globalization;
using System.Text.RegularExpressions;

namespace Moldau.Cli.Tests;

/// <summary>One value of a metric family.</summary>
internal sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>A metric family with its values.</summary>
internal sealed record Family(string Name, string Type, List<Sample> Samples)
{
    public double Of(params (string Name, string Value)[] labels) => Assert.Single(
        Samples, s => s.Labels.Count == labels.Length && labels.All(l => s.Labels.GetValueOrDefault(l.Name) == l.Value)).Value;
}

/// <summary>Reads Prometheus' text form and takes nothing that the form does not allow: each family once, help and type
/// before its values, each value once, known types and suffixes only.</summary>
internal static class PrometheusParser
{
    private static readonly Regex Name = new("^[a-zA-Z_:][a-zA-Z0-9_:]*$");
    private static readonly Regex Line = new(@"^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>[^{}]*)\})? (?<value>\S+)$");
    private static readonly Regex Label = new("""\G(?<name>[a-zA-Z_][a-zA-Z0-9_]*)="(?<value>(?:[^"\\\n]|\\["\\n])*)"(,(?=.)|$)""");

    public static IReadOnlyDictionary<string, Family> Parse(string text)
    {
        Assert.EndsWith("\n", text);
        Dictionary<string, Family> families = [];
        HashSet<string> seen = [];
        Family? family = null;
        string? help = null;
        foreach (string line in text[..^1].Split('\n'))
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
            {
                help = line.Split(' ', 4)[2];
                Assert.Matches(Name, help);
                Assert.Equal(4, line.Split(' ', 4).Length);
            }
            else if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                string[] parts = line.Split(' ');
                Assert.Equal(4, parts.Length);
                Assert.Equal(help, parts[2]);
                Assert.Contains(parts[3], (string[])["counter", "gauge", "summary", "histogram"]);
                family = new Family(parts[2], parts[3], []);
                Assert.True(families.TryAdd(family.Name, family), $"{family.Name} comes twice");
            }
            else
            {
                Assert.NotNull(family);
                Assert.True(seen.Add(line[..line.LastIndexOf(' ')]), $"twice: {line}");
                family.Samples.Add(ParseSample(line, family));
            }
        }

        return families;
    }

    private static Sample ParseSample(string line, Family family)
    {
        Match match = Line.Match(line);
        Assert.True(match.Success, $"not a value: {line}");
        string name = match.Groups["name"].Value;
        if (family.Type == "summary") Assert.Contains(name, (string[])[family.Name, family.Name + "_sum", family.Name + "_count"]);
        else Assert.Equal(family.Name, name);
        // Confluent's names of rates end otherwise.
        if (family.Type == "counter") Assert.Matches("(_total|persec)$", name);
        double value = double.Parse(match.Groups["value"].Value, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (family.Type == "counter") Assert.True(value >= 0, line);
        Dictionary<string, string> labels = [];
        string text = match.Groups["labels"].Value;
        for (int at = 0; at < text.Length;)
        {
            Match label = Label.Match(text, at);
            Assert.True(label.Success, $"not a label: {line}");
            Assert.True(labels.TryAdd(label.Groups["name"].Value, label.Groups["value"].Value), line);
            at = label.Index + label.Length;
        }

        return new Sample(name, labels, value);
    }
}
