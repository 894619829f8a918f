using System.Text.RegularExpressions;
using Moldau.TestServers;

namespace Moldau.Cli.Tests;

/// <summary>docs/reference/metrics.tsv: for each MBean of Apache Kafka the family that shows it, or why there is none.</summary>
internal static class MetricsTable
{
    // Labels whose value makes no MBean of its own.
    private static readonly Regex Label = new(
        "(?<=^|,|:)(request|error|listener|processor|networkProcessor|delayedOperation|topic|partition|state|protocol|featureName|"
        + "feature-name|logDirectory|broker|BrokerId|version|client-id|clientId|clientSoftwareName|clientSoftwareVersion|id|"
        + "fetcherType|ackType)=[^,]*");

    private static readonly Regex Named = new("[:,]name=");

    public static IReadOnlyList<(string Bean, string Attribute, string Family, string WhyNot)> Rows { get; } =
        [.. File.ReadLines(Path.Combine(Repository.Root, "docs", "reference", "metrics.tsv"))
            .Where(l => !l.StartsWith('#')).Skip(1).Select(l => l.Split('\t'))
            .Select(p => (p[0], p[1], p[2], p.Length > 3 ? p[3] : ""))];

    public static IEnumerable<string> Families => Rows.Where(r => r.Family != "-").Select(r => r.Family).Distinct();

    /// <summary>What Kafka has, as the table names it, or null where the list of it is not at hand.</summary>
    public static IReadOnlyCollection<(string Bean, string Attribute)>? Known()
    {
        string list = Path.Combine(Repository.Peers ?? "/", "..", "protocol", "metrics.tsv");
        if (!File.Exists(list)) return null;
        HashSet<(string, string)> known = [];
        foreach (string line in File.ReadLines(list))
        {
            if (line.StartsWith('#')) continue;
            string[] parts = line.Split('\t');
            string bean = Label.Replace(parts[0], m => m.Value[..m.Value.IndexOf('=')] + "=*");
            // With a name the MBean is one metric; without one each of its attributes is.
            if (Named.IsMatch(parts[0])) known.Add((bean, "*"));
            else foreach (string attribute in parts[1].Split(',')) known.Add((bean, attribute));
        }

        return known;
    }
}
