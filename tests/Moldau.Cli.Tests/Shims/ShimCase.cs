using System.Text.RegularExpressions;
using Moldau.TestServers;

namespace Moldau.Cli.Tests.Shims;

/// <summary>One call of a script of Kafka's.</summary>
/// <param name="Name">What the answer is kept under.</param>
/// <param name="Line">The script without <c>kafka-</c>, and its options; B stands for the bootstrap option, C for that of the
/// controllers, DATA for the data folder, PROPERTIES for the node's file, DIRECTORY for its directory's id, SCRATCH for a folder
/// of the test.</param>
/// <param name="Input">Standard input.</param>
internal sealed record ShimCase(string Name, string Line, string Input = "")
{
    /// <summary>The order of lines is chance.</summary>
    public bool IsUnordered { get; init; }

    /// <summary>Only how the output begins is the same for both servers.</summary>
    public int? Lines { get; init; }

    /// <summary>What our node says as long as it does not have what the script asks for; null where it has.</summary>
    public string? NotYet { get; init; }

    /// <summary>What the original knows of itself is in the answer: it is asked over the libraries of 4.4.0.</summary>
    public bool IsOfNewest { get; init; }

    /// <summary>The original prints hash sets: the order of lines, the blanks around them and the order of words in errors are
    /// chance.</summary>
    public bool IsOfSets { get; init; }

    /// <summary>Takes out what else differs from run to run, of both streams.</summary>
    public Func<string, string> AlsoMask { get; init; } = text => text;

    /// <summary>More of what differs from run to run: expressions, and what stands for what they fit.</summary>
    public IReadOnlyList<(string Pattern, string Text)> Masks { get; init; } = [];

    public string[] Arguments(ServerUnderTest server, string scratch) => [.. Line.Split(' ').Select(w => w switch
    {
        "B" => $"--bootstrap-server={server.Bootstrap}",
        "C" => $"--bootstrap-controller=127.0.0.1:{server.ControllerPort}",
        _ => w.Replace("DATA", server.DataFolder, StringComparison.Ordinal).Replace("PROPERTIES", server.PropertiesFile, StringComparison.Ordinal)
            .Replace("SCRATCH", scratch, StringComparison.Ordinal).Replace("DIRECTORY", DirectoryId(server), StringComparison.Ordinal)
            .Replace("BOOTSTRAP", server.Bootstrap, StringComparison.Ordinal),
    })];

    /// <summary>An answer without what differs from run to run.</summary>
    public ShimAnswer Masked(ProgramResult result, ServerUnderTest server)
    {
        string output = Masks.Aggregate(
            AlsoMask(Mask(result.Output, server)), (text, mask) => Regex.Replace(text, mask.Pattern, mask.Text, RegexOptions.Multiline));
        string[] lines = output.Split('\n');
        if (IsUnordered) output = string.Join('\n', lines.Order(StringComparer.Ordinal));
        if (Lines is { } count) output = string.Join('\n', lines.Take(count));
        string[] errors = [.. WithoutUsage(AlsoMask(Mask(result.Error, server))).Split('\n')
            .Select(l => Regex.Replace(Regex.Replace(l, @"^\[[^\]]*\] ", ""), @" \(org\.apache\.kafka[\w.]*\)$", "").Trim())
            .Where(l => l.Length > 0 && !l.StartsWith("at ", StringComparison.Ordinal) && !l.StartsWith("The consumer rebalance protocol", StringComparison.Ordinal))];
        if (!IsOfSets) return new ShimAnswer(result.ExitCode, output, [.. errors.Take(3)]);
        output = string.Join('\n', output.Split('\n').Select(l => l.Trim()).Order(StringComparer.Ordinal));
        IEnumerable<string> words = errors.Take(1)
            .Select(l => string.Join(' ', l.Split([' ', ',', '[', ']']).Order(StringComparer.Ordinal)));
        return new ShimAnswer(result.ExitCode, output, [.. words]);
    }

    private static string DirectoryId(ServerUnderTest server) =>
        File.ReadLines(Path.Combine(server.DataFolder, "meta.properties")).FirstOrDefault(l => l.StartsWith("directory.id=", StringComparison.Ordinal))?[13..]
        ?? "";

    /// <summary>Of a list of options and what is wrong after it, the latter alone; the original breaks it into lines.</summary>
    private static string WithoutUsage(string text) => Regex.Match(text, @"^(?:kafka-|verifiable-)[a-z-]+(\.sh)?:\s+error:[\s\S]*", RegexOptions.Multiline) is { Success: true } wrong
        ? Regex.Replace(Regex.Replace(wrong.Value, @"-\n", "-"), @"\s+", " ").Replace("-- ", "--", StringComparison.Ordinal)
        : text;

    private static string Mask(string text, ServerUnderTest server)
    {
        text = text.Replace(server.DataFolder, "DATA", StringComparison.Ordinal).Replace($"{server.ControllerPort}", "CPORT", StringComparison.Ordinal)
            .Replace($"{server.Port}", "PORT", StringComparison.Ordinal);
        // The tools are of 4.3, which does not know the newest metadata version by name.
        text = text.Replace("UNKNOWN 33", "4.4-IV2   ", StringComparison.Ordinal).Replace("4.4-IV2          ", "4.4-IV2          ", StringComparison.Ordinal);
        text = Regex.Replace(text, @"(?<![\w-])(?!--)[A-Za-z0-9_-]{22}(?![\w-])", "ID");
        text = Regex.Replace(text, @"\b1[5-9]\d{11}\b", "TIME");
        text = Regex.Replace(text, @"/\S*/moldau-shims-\w+", "SCRATCH");
        // Properties that only our own node has.
        text = Regex.Replace(text, @"^  moldau\.\S+=.*\n", "", RegexOptions.Multiline);
        // Where an exception of the JVM came from.
        text = Regex.Replace(text, @"^\t(at .*|\.\.\. \d+ more)\n", "", RegexOptions.Multiline);
        text = Regex.Replace(text, @"crc: \d+", "crc: N");
        // The table of the quorum's replicas.
        text = Regex.Replace(text, @"(\tID\t)\d+ *\t", "$1N\t");
        text = Regex.Replace(text, @"\d+ ms ago *", "N ms ago");
        text = Regex.Replace(text, @"(LogEndOffset|Timestamp) *\t", "$1\t");
        text = Regex.Replace(text, @"(producerId|LeaderEpoch: *|HighWatermark: *|Epoch): ?\d+", "$1: N");
        text = Regex.Replace(text, @"(LeaderEpoch|HighWatermark):( +)\d+", "$1:$2N");
        text = Regex.Replace(text, @"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3}", "DATE");
        text = Regex.Replace(text, @"^\d+(?= records sent,.* max latency\.$)", "N", RegexOptions.Multiline);
        return Regex.Replace(text, @"\b\d+\.\d+(?= records/sec| MB/sec| ms)|\b\d+(?= ms (50|95|99))", "N");
    }
}

/// <summary>What a script answered.</summary>
internal sealed record ShimAnswer(int ExitCode, string Output, string[] Errors);
