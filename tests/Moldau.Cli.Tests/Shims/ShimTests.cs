using System.Text.Encodings.Web;
using System.Text.Json;
using Moldau.Cli.Tests.Verbs;
using Moldau.TestServers;

namespace Moldau.Cli.Tests.Shims;

/// <summary>Kafka's scripts as <c>moldau</c> does them, compared with what the originals answered: text, exit code, and the line
/// on standard error. The answers are kept in <c>golden.json</c>; MOLDAU_RECORD_SHIMS=1 asks the originals anew, and
/// MOLDAU_RECORD_SHIMS=missing only for the calls that have none yet.</summary>
public sealed class ShimTests : IDisposable
{
    private static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Where the answer differs, with the reason. The list may only shrink.</summary>
    private static readonly Dictionary<string, string> Accepted = new(StringComparer.Ordinal)
    {
        ["dump-index"] = "the original complains of an empty index of the active segment, whose preallocated zeros it takes for entries",
        ["unreachable"] = "the original tries for a minute, this one tells at once; only the exit code is compared",
    };

    private readonly ScratchFolder _scratch = new("shims");

    private static string GoldenFile => Path.Combine(Repository.Root, "tests", "Moldau.Cli.Tests", "Shims", "golden.json");

    private static string? Recording => Environment.GetEnvironmentVariable("MOLDAU_RECORD_SHIMS") is "1" or "missing"
        ? Environment.GetEnvironmentVariable("MOLDAU_RECORD_SHIMS")
        : null;

    private static bool IsRecording => Recording is not null;

    [Theory]
    [MemberData(nameof(Clusters.Names), MemberType = typeof(Clusters))]
    public void Scripts_AnswerAsTheOriginals(string name)
    {
        if (MoldauServer.WhyMissing is { } notBuilt) Assert.Skip(notBuilt);
        if (name == Clusters.Apache && ApacheServer.WhyMissing is { } missing) Assert.Skip(missing);
        if (IsRecording && name != Clusters.Apache) Assert.Skip("MOLDAU_RECORD_SHIMS is set: the originals are asked, not ours");
        ServerOptions options = new() { Properties = ServerOptions.WithoutRetention };
        using ServerUnderTest server = name == Clusters.Ours ? new MoldauServer(options) : new ApacheServer(options);
        server.Start();
        File.WriteAllText(_scratch["delete.json"], """{"partitions":[{"topic":"one","partition":0,"offset":1}],"version":1}""");
        ControllerShimCases.WriteFiles(_scratch, server);
        ConsoleShimCases.WriteFiles(_scratch);
        File.WriteAllText(_scratch["beyond.json"], """{"partitions":[{"topic":"orders","partition":0,"offset":99}],"version":1}""");
        Dictionary<string, ShimAnswer> golden = Recording == "1"
            ? []
            : JsonSerializer.Deserialize<Dictionary<string, ShimAnswer>>(File.ReadAllText(GoldenFile))!;
        List<string> differences = [];
        foreach (ShimCase one in (ShimCase[])[.. ShimCases.All, .. ControllerShimCases.All, .. ConsoleShimCases.All])
        {
            string[] words = one.Arguments(server, _scratch.FullPath);
            if (IsRecording && golden.ContainsKey(one.Name)) continue;
            ProgramResult result = IsRecording
                ? one.IsOfNewest
                    ? KafkaTools.RunOverNewest(words[0], words[1..], TimeSpan.FromMinutes(3))
                    : KafkaTools.Run(words[0], words[1..], input: one.Input, timeout: TimeSpan.FromMinutes(3))
                : ChildProcess.Run(MoldauServer.Executable, ["kafka-" + words[0], .. words[1..]], TimeSpan.FromMinutes(2), one.Input);
            ShimAnswer answer = one.Masked(result, server);
            if (one.NeedsQuotas && name == Clusters.Ours && answer.Errors.Any(e => e.Contains("UnsupportedVersionException", StringComparison.Ordinal)))
            {
                string told = string.Join('\n', answer.Errors);
                if (answer.ExitCode != 1 || !told.Contains("has no version", StringComparison.Ordinal)) differences.Add($"{one.Name}: not clear: {told}");
                continue;
            }

            if (one.NeedsTransactions && name == Clusters.Ours)
            {
                string told = string.Join('\n', answer.Errors);
                if (answer.ExitCode != 1 || !told.Contains("does not serve transactions yet", StringComparison.Ordinal)) differences.Add($"{one.Name}: {told}");
                continue;
            }

            if (IsRecording) golden[one.Name] = answer;
            else if (Difference(golden[one.Name], answer) is { } difference && !Accepted.ContainsKey(one.Name)) differences.Add($"{one.Name}: {difference}");
        }

        if (IsRecording) File.WriteAllText(GoldenFile, JsonSerializer.Serialize(golden, Format) + "\n");
        Assert.True(differences.Count == 0, string.Join("\n\n", differences));
    }

    [Fact]
    public void ALinkNamedLikeTheScript_IsTheScript()
    {
        if (MoldauServer.WhyMissing is { } notBuilt) Assert.Skip(notBuilt);
        string link = _scratch["kafka-topics.sh"];
        File.CreateSymbolicLink(link, MoldauServer.Executable);
        ProgramResult result = ChildProcess.Run(link, ["--list"], Cli.Patience);
        Assert.Equal((1, "--bootstrap-server must be specified\n"), (result.ExitCode, result.Error));
        Assert.Contains("--create", ChildProcess.Run(link, ["--help"], Cli.Patience).Error, StringComparison.Ordinal);
        Cli.AssertRefused(Cli.Run("kafka-nothing"), 2, "there is no command 'kafka-nothing'");
    }

    /// <summary>A line for each interval with the fields of the original, and times as the pattern wants them.</summary>
    [Fact]
    public void ConsumerPerf_TellsOfEachInterval_AndWritesTimesByThePattern()
    {
        if (MoldauServer.WhyMissing is { } notBuilt) Assert.Skip(notBuilt);
        using MoldauServer server = new(new ServerOptions { Properties = ServerOptions.WithoutRetention });
        server.Start();
        Cluster cluster = new(server);
        cluster.Run("topic", "create", "timed", "-p", "1").Succeeded();
        cluster.Send(string.Concat(Enumerable.Repeat("0123456789\n", 2000)), "produce", "timed").Succeeded();
        string[] lines = Perf("--show-detailed-stats", "--reporting-interval", "1", "--date-format", "yy/M/d 'at' HH.mm.ss,SSS a Z");
        Assert.Equal(
            "time, threadId, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec",
            lines[0]);
        Assert.All(lines[1..], l => Assert.Matches(
            @"^\d\d/\d{1,2}/\d{1,2} at \d\d\.\d\d\.\d\d,\d{3} [AP]M [+-]\d{4}, 0, \d+\.\d{4}, \d+\.\d{4}, \d+, \d+\.\d{4}, \d+, \d+, \d+\.\d{4}, \d+\.\d{4}$", l));
        Assert.NotEmpty(lines[1..]);
        string line = Assert.Single(Perf("--hide-header", "--date-format", "''yyyy-DDD KK EEE"));
        Assert.Matches(@"^'\d{4}-\d{3} \d\d [A-Z][a-z][a-z], '\d{4}-\d{3} \d\d [A-Z][a-z][a-z], 0\.0191, \d+\.\d{4}, 2000, ", line);

        string[] Perf(params string[] options) => Cli
            .Run(["kafka-consumer-perf-test", "--bootstrap-server", cluster.Bootstrap, "--topic", "timed", "--num-records", "2000", .. options])
            .Succeeded().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    [Fact]
    public void AScriptThatIsNotHere_NamesTheVerbThatDoesItsWork()
    {
        if (MoldauServer.WhyMissing is { } notBuilt) Assert.Skip(notBuilt);
        foreach ((string script, string told) in (ReadOnlySpan<(string, string)>)
            [
                ("kafka-acls", "'moldau acl' does its work"), ("kafka-reassign-partitions.sh", "'moldau partition move' does its work"),
                ("kafka-transactions", "'moldau txn' does its work"), ("kafka-streams-groups", "no verb does its work yet"),
            ])
            Cli.AssertRefused(Cli.Run(script, "--list"), 2, told);
        string link = _scratch["kafka-leader-election.sh"];
        File.CreateSymbolicLink(link, MoldauServer.Executable);
        Cli.AssertRefused(ChildProcess.Run(link, ["--help"], Cli.Patience), 2, "'moldau partition elect' does its work");
    }

    public void Dispose() => _scratch.Dispose();

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
