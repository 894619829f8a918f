using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Moldau.Conformance.Tests.Differential;

/// <summary>A place where an answer is not what Apache Kafka's was.</summary>
internal sealed record Difference(string Scenario, int Version, string Path, string Expected, string Actual)
{
    public override string ToString() => $"{Scenario} v{Version} {Path}: Apache {Expected}, ours {Actual}";
}

/// <summary>Compares the lines of two runs and knows which differences are accepted, and why.</summary>
internal static class Differences
{
    /// <summary>Scenario, path and reason; * stands for anything in the first two.</summary>
    public static IReadOnlyList<(string Scenario, string Path, string Reason)> Accepted { get; } =
        File.ReadLines(System.IO.Path.Combine(AppContext.BaseDirectory, "Differential", "accepted-differences.tsv"))
            .Where(line => line.Length > 0 && !line.StartsWith('#'))
            .Select(line => line.Split('\t'))
            .Select(row => (row[0], row[1], row[2]))
            .ToList();

    public static IReadOnlyList<Difference> Find(
        string scenario, int version, IReadOnlyList<string> expected, IReadOnlyList<string> actual)
    {
        var found = new List<Difference>();
        for (var i = 0; i < Math.Max(expected.Count, actual.Count); i++)
        {
            var (step, left) = Split(expected.ElementAtOrDefault(i));
            var (_, right) = Split(actual.ElementAtOrDefault(i));
            Compare($"{i}.{step}", left, right, (path, a, b) => found.Add(new(scenario, version, path, a, b)));
        }

        return found.Where(difference => !IsAccepted(difference)).ToList();
    }

    private static bool IsAccepted(Difference difference) =>
        Accepted.Any(row => Matches(row.Scenario, difference.Scenario) && Matches(row.Path, difference.Path));

    private static bool Matches(string pattern, string text) =>
        Regex.IsMatch(text, "^" + Regex.Escape(pattern).Replace("\\*", ".*") + "$", RegexOptions.NonBacktracking);

    private static (string Step, JsonNode? Node) Split(string? line)
    {
        if (line is null) return ("end", "no such step");
        var at = line.IndexOf(": ", StringComparison.Ordinal);
        var text = line[(at + 2)..];
        return (line[..at], text.StartsWith('{') ? JsonNode.Parse(text) : JsonValue.Create(text));
    }

    private static void Compare(string path, JsonNode? left, JsonNode? right, Action<string, string, string> report)
    {
        if (left is JsonObject a && right is JsonObject b)
        {
            foreach (var name in a.Select(f => f.Key).Union(b.Select(f => f.Key)))
                Compare($"{path}.{name}", a[name], b[name], report);
        }
        else if (left is JsonArray x && right is JsonArray y)
        {
            CompareItems(path, x, y, report);
        }
        else if (!JsonNode.DeepEquals(left, right))
        {
            report(path, left?.ToJsonString() ?? "null", right?.ToJsonString() ?? "null");
        }
    }

    /// <summary>Items that have a name are matched by it, others by their place.</summary>
    private static void CompareItems(string path, JsonArray x, JsonArray y, Action<string, string, string> report)
    {
        var left = Keyed(x);
        var right = Keyed(y);
        foreach (var key in left.Keys.Union(right.Keys))
        {
            var (a, b) = (left.GetValueOrDefault(key), right.GetValueOrDefault(key));
            if (a is null || b is null)
                report($"{path}[{key}]", a?.ToJsonString() ?? "absent", b?.ToJsonString() ?? "absent");
            else Compare($"{path}[{key}]", a, b, report);
        }
    }

    private static Dictionary<string, JsonNode?> Keyed(JsonArray items)
    {
        var keyed = new Dictionary<string, JsonNode?>();
        for (var i = 0; i < items.Count; i++)
        {
            var key = items[i] is JsonObject item
                ? (item["Name"] ?? item["ApiKey"] ?? item["PartitionIndex"])?.ToString() ?? $"{i}"
                : $"{i}";
            keyed[keyed.ContainsKey(key) ? $"{key}#{i}" : key] = items[i];
        }

        return keyed;
    }
}
