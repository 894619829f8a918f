using System.Text.Encodings.Web;
using System.Text.Json;
using Moldau.Cli.Tests.Verbs;
using Moldau.TestServers;

namespace Moldau.Cli.Tests.Shims;

/// <summary>Compares what <c>moldau</c> answers in the place of Kafka's scripts with what the originals answered: text, exit code, and
/// the line on standard error. The answers are kept in <c>Golden</c>; MOLDAU_RECORD_SHIMS=1 asks the originals anew, and
/// MOLDAU_RECORD_SHIMS=missing only for the calls that have none yet.</summary>
internal static class ShimComparison
{
    private static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static string? Recording => Environment.GetEnvironmentVariable("MOLDAU_RECORD_SHIMS") is "1" or "missing"
        ? Environment.GetEnvironmentVariable("MOLDAU_RECORD_SHIMS")
        : null;

    /// <summary>Makes the calls in their order on a new node, and fails with all differences.</summary>
    /// <param name="cluster">One of <see cref="Clusters.Names"/>.</param>
    /// <param name="golden">The name of the file in <c>Golden</c>.</param>
    /// <param name="cases">The calls.</param>
    /// <param name="prepare">Writes files, or makes what the calls look at, when the node runs.</param>
    /// <param name="accepted">The calls whose answer differs, with the reason. Such a list may only shrink.</param>
    /// <param name="properties">More properties of the node.</param>
    public static void Run(
        string cluster, string golden, IReadOnlyList<ShimCase> cases, Action<ServerUnderTest, ScratchFolder>? prepare = null,
        IReadOnlyDictionary<string, string>? accepted = null, IReadOnlyDictionary<string, string>? properties = null)
    {
        if (MoldauServer.WhyMissing is { } notBuilt) Assert.Skip(notBuilt);
        if (cluster == Clusters.Apache && ApacheServer.WhyMissing is { } missing) Assert.Skip(missing);
        if (Recording is not null && cluster != Clusters.Apache) Assert.Skip("MOLDAU_RECORD_SHIMS is set: the originals are asked, not ours");
        Dictionary<string, string> all = new(ServerOptions.WithoutRetention);
        foreach ((string key, string value) in properties ?? new Dictionary<string, string>()) all[key] = value;
        ServerOptions options = new() { Properties = all };
        using ScratchFolder scratch = new("shims");
        using ServerUnderTest server = cluster == Clusters.Ours ? new MoldauServer(options) : new ApacheServer(options);
        server.Start();
        prepare?.Invoke(server, scratch);
        string file = Path.Combine(Repository.Root, "tests", "Moldau.Cli.Tests", "Shims", "Golden", $"{golden}.json");
        Dictionary<string, ShimAnswer> answers = Recording is not null && (Recording == "1" || !File.Exists(file))
            ? []
            : JsonSerializer.Deserialize<Dictionary<string, ShimAnswer>>(File.ReadAllText(file))!;
        List<string> differences = [];
        foreach (ShimCase one in cases)
        {
            if (Recording is null)
            {
                ShimAnswer answer = one.Masked(RunOurs(one, server, scratch), server);
                bool isNotYet = one.NotYet is { } text && cluster == Clusters.Ours && answer.ExitCode == 1
                    && answer.Errors.Append(answer.Output).Any(e => e.Contains(text, StringComparison.Ordinal));
                if (!isNotYet && Difference(answers[one.Name], answer) is { } difference && accepted?.ContainsKey(one.Name) != true)
                    differences.Add($"{one.Name}: {difference}");
            }
            else if (!answers.ContainsKey(one.Name)) answers[one.Name] = one.Masked(RunOriginal(one, server, scratch), server);
        }

        if (Recording is not null) File.WriteAllText(file, JsonSerializer.Serialize(answers, Format) + "\n");
        Assert.True(differences.Count == 0, string.Join("\n\n", differences));
    }

    private static ProgramResult RunOurs(ShimCase one, ServerUnderTest server, ScratchFolder scratch)
    {
        string[] words = one.Arguments(server, scratch.FullPath);
        return ChildProcess.Run(MoldauServer.Executable, ["kafka-" + words[0], .. words[1..]], TimeSpan.FromMinutes(2), one.Input);
    }

    private static ProgramResult RunOriginal(ShimCase one, ServerUnderTest server, ScratchFolder scratch)
    {
        string[] words = one.Arguments(server, scratch.FullPath);
        return one.IsOfNewest
            ? KafkaTools.RunOverNewest(words[0], words[1..], TimeSpan.FromMinutes(3))
            : KafkaTools.Run(words[0], words[1..], input: one.Input, timeout: TimeSpan.FromMinutes(3));
    }

    private static string? Difference(ShimAnswer original, ShimAnswer ours)
    {
        if (original.ExitCode != ours.ExitCode) return $"exit code {ours.ExitCode}, the original's is {original.ExitCode}\n{string.Join('\n', ours.Errors)}";
        if (original.Output != ours.Output) return $"printed\n{ours.Output}\nthe original\n{original.Output}";
        if ((original.Errors.Length == 0) != (ours.Errors.Length == 0))
        {
            return $"standard error is\n{string.Join('\n', ours.Errors)}\nthe original's\n{string.Join('\n', original.Errors)}";
        }
        return original.Errors.Length == 0 || original.Errors.Any(e => e.Contains(Plain(ours.Errors[0]), StringComparison.Ordinal))
            ? null
            : $"standard error begins\n{ours.Errors[0]}\nthe original's\n{string.Join('\n', original.Errors)}";
    }

    private static string Plain(string line) => line.StartsWith("ERROR ", StringComparison.Ordinal) ? line["ERROR ".Length..] : line;
}
