using System.Collections.Concurrent;
using Moldau.TestServers;

namespace Moldau.Conformance.Tests.Differential;

/// <summary>
/// What Apache Kafka 4.4.0 answered in each scenario, as committed text files: "== name version", then a line for each
/// step; versions with equal answers stand together ("== name 4-7").
/// </summary>
internal static class Golden
{
    private static readonly ConcurrentDictionary<string, Lazy<Dictionary<int, IReadOnlyList<string>>>> _files = new();

    /// <summary>True when this run writes down what the peer answers instead of comparing.</summary>
    public static bool IsRecording { get; } = Environment.GetEnvironmentVariable("MOLDAU_RECORD_GOLDEN") == "1";

    public static IReadOnlyList<string>? Lines(string scenario, int version) =>
        _files.GetOrAdd(scenario, name => new(() => Read(name))).Value.GetValueOrDefault(version);

    public static void Write(string scenario, IReadOnlyList<(int Version, IReadOnlyList<string> Lines)> runs)
    {
        using var file = new StreamWriter(PathIn(
            Path.Combine(Repository.Root, "tests", "Moldau.Conformance.Tests"), scenario));
        for (var i = 0; i < runs.Count;)
        {
            var (first, lines) = runs[i];
            while (i < runs.Count && runs[i].Lines.SequenceEqual(lines)) i++;
            var last = runs[i - 1].Version;
            file.Write($"== {scenario} {(first == last ? $"{first}" : $"{first}-{last}")}\n");
            foreach (var line in lines) file.Write(line + "\n");
        }
    }

    private static string PathIn(string root, string scenario) =>
        Path.Combine(root, "Differential", "Data", scenario + ".txt");

    private static Dictionary<int, IReadOnlyList<string>> Read(string scenario)
    {
        var runs = new Dictionary<int, IReadOnlyList<string>>();
        var path = PathIn(AppContext.BaseDirectory, scenario);
        if (!File.Exists(path)) return runs;
        List<string> lines = [];
        foreach (var line in File.ReadLines(path))
        {
            if (!line.StartsWith("== ", StringComparison.Ordinal))
            {
                lines.Add(line);
                continue;
            }

            lines = [];
            var range = line.Split(' ')[2].Split('-').Select(int.Parse).ToArray();
            for (var version = range[0]; version <= range[^1]; version++) runs[version] = lines;
        }

        return runs;
    }
}
