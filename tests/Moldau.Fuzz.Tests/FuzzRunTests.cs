using System.Globalization;
using System.Text.RegularExpressions;

namespace Moldau.Fuzz.Tests;

/// <summary>Each target for a moment, beginning with what it once found; and the fuzzer itself on a reader with planted bugs.</summary>
public sealed partial class FuzzRunTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("moldau-fuzz-").FullName;

    private static readonly RewrittenContext Shared = RewrittenContext.Create();

    /// <summary>Seconds for each target; MOLDAU_FUZZ_SECONDS makes it a long run.</summary>
    private static readonly string Seconds = Environment.GetEnvironmentVariable("MOLDAU_FUZZ_SECONDS") ?? "1.2";

    [Fact]
    public void AllTargets_ForAMoment_FindNothing()
    {
        (int code, string output) = Run("--seconds", Seconds, "--seed", "1");
        Assert.True(code == 0, output);
        foreach (FuzzTarget target in FuzzTargets.All) Assert.Contains($"{target.Name} ", output, StringComparison.Ordinal);
        Assert.All(Summary().Matches(output), m => Assert.True(long.Parse(m.Groups["executions"].Value, CultureInfo.InvariantCulture) > 0, m.Value));
    }

    [Fact]
    public void PlantedBugs_AreFound_Minimised_AndReplayed()
    {
        (int code, string output) = Run("toy", "--iterations", "300000", "--seed", "1");
        Assert.True(code == 1, output);
        foreach (string kind in new[] { "toy: hang", "toy: planted oracle", "toy: allocation" })
        {
            Match found = Regex.Match(output, $@"FINDING {kind}\n  (?<bytes>\d+) bytes \(of \d+\); \./fuzz toy --replay (?<file>\S+)");
            Assert.True(found.Success, $"{kind} is not in\n{output}");
            // The smallest input that gets there has eight bytes.
            Assert.Equal("8", found.Groups["bytes"].Value);
            (int again, string said) = Run("toy", "--replay", Path.GetFullPath(found.Groups["file"].Value));
            Assert.True(again == 1, said);
            Assert.Contains(kind, said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Feedback_FindsWhatBlindChangesDoNot()
    {
        (int code, string output) = Run("toy", "--iterations", "300000", "--seed", "1", "--no-feedback");
        Assert.True(code == 0, output);
    }

    [Theory]
    [InlineData("toy", 2000)]
    [InlineData("folder", 200)]
    public void SameSeedAndIterations_GiveTheSameCorpus(string target, int iterations)
    {
        string[] args = [target, "--iterations", iterations.ToString(CultureInfo.InvariantCulture), "--seed", "7"];
        // What the first run of a process makes, such as a table, the second would find made.
        Assert.Equal(
            Digest().Match(Run(RewrittenContext.Create(), args).Output).Value,
            Digest().Match(Run(RewrittenContext.Create(), args).Output).Value);
    }

    [Fact]
    public void Targets_AreListed_AndUnknownOnesRefused()
    {
        (int code, string output) = Run("--list");
        Assert.Equal(0, code);
        Assert.Equal(FuzzTargets.All.Count(), output.Trim().Split('\n').Length);
        Assert.ThrowsAny<Exception>(() => Run("nothing-of-this-name"));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private (int Code, string Output) Run(params string[] args) => Run(Shared, args);

    private (int Code, string Output) Run(RewrittenContext context, string[] args)
    {
        using StringWriter output = new();
        int code = context.Run([.. args, "--artifacts", _folder], output);
        return (code, output.ToString());
    }

    [GeneratedRegex(@"^\S+ +seed \d+  (?<executions>\d+) executions", RegexOptions.Multiline)]
    private static partial Regex Summary();

    [GeneratedRegex("digest [0-9a-f]{16}")]
    private static partial Regex Digest();
}
