using System.Globalization;
using System.Text.RegularExpressions;

namespace Moldau.Fuzz.Tests;

/// <summary>Each target for a moment, beginning with what it once found; and the fuzzer itself on a reader with planted bugs.</summary>
public sealed partial class FuzzRunTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("moldau-fuzz-").FullName;

    private static readonly RewrittenContext Shared = RewrittenContext.Create();

    /// <summary>MOLDAU_FUZZ_SECONDS, for each target, makes it a long run. Without it a number of executions binds, so that what
    /// a commit is told does not hang on the machine's speed.</summary>
    private static readonly string[] Length =
        Environment.GetEnvironmentVariable("MOLDAU_FUZZ_SECONDS") is { } seconds ? ["--seconds", seconds] : ["--quick"];

    [Fact]
    public void AllTargets_ForAMoment_FindNothing()
    {
        // A context of its own: what other tests ran would change what this one does.
        (int code, string output) = Run(RewrittenContext.Create(), [.. Length, "--seed", "1"]);
        Assert.True(code == 0, output);
        foreach (FuzzTarget target in FuzzTargets.All) Assert.Contains($"{target.Name} ", output, StringComparison.Ordinal);
        Assert.All(Summary().Matches(output), m => Assert.True(long.Parse(m.Groups["executions"].Value, CultureInfo.InvariantCulture) > 0, m.Value));
    }

    [Fact]
    public void PlantedBugs_AreFound_Minimised_AndReplayed()
    {
        // What a seed does depends on the constants of all rewritten code: a change anywhere may cost it a bug.
        const int MostSeeds = 8;
        List<string> left = ["toy: hang", "toy: planted oracle", "toy: allocation"];
        string output = "";
        for (int seed = 1; seed <= MostSeeds && left.Count > 0; seed++)
        {
            output += Run("toy", "--iterations", "30000", "--seed", seed.ToString(CultureInfo.InvariantCulture)).Output;
            left.RemoveAll(kind => FoundAndReplayed(kind, output));
        }

        Assert.True(left.Count == 0, $"{string.Join(", ", left)} not in\n{output}");
    }

    private bool FoundAndReplayed(string kind, string output)
    {
        Match found = Regex.Match(output, $@"FINDING {kind}\n  (?<bytes>\d+) bytes \(of \d+\); \./fuzz toy --replay (?<file>\S+)");
        if (!found.Success) return false;
        // The smallest input that gets there has eight bytes.
        Assert.Equal("8", found.Groups["bytes"].Value);
        (int code, string said) = Run("toy", "--replay", Path.GetFullPath(found.Groups["file"].Value));
        Assert.True(code == 1, said);
        Assert.Contains(kind, said, StringComparison.Ordinal);
        return true;
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
