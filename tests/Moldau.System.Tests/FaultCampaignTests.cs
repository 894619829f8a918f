using Moldau.TestServers;

namespace Moldau.System.Tests;

/// <summary>The quick form of the fault campaign (<c>./faults --quick</c>): a few rounds of each kind, as a process of its own
/// because it mounts file systems.</summary>
[Trait("Category", "Faults")]
public sealed class FaultCampaignTests
{
    private static readonly string _program = Path.Combine(
        Repository.Root, "tests", "Moldau.Faults", "bin", Repository.Configuration, "net10.0", "Moldau.Faults");

    [Theory]
    [InlineData("kill"), InlineData("full"), InlineData("eio"), InlineData("power"), InlineData("stop"), InlineData("slow")]
    public void QuickCampaign_FindsNothing(string kind)
    {
        Requires.Server();
        Assert.SkipUnless(File.Exists(_program), "the campaign is not built: no tests/Moldau.Faults/bin");
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the campaign is for Linux");
        var result = ChildProcess.Run(_program, [kind, "--quick"], TimeSpan.FromMinutes(6));
        Assert.True(result.ExitCode == 0, result.ToString());
        var row = result.Output.Split('\n').Single(line => line.StartsWith(kind, StringComparison.Ordinal));
        Assert.SkipWhen(row.Contains("not run:", StringComparison.Ordinal), row);
        // Rounds are there, records were acknowledged and looked for, and nothing was found.
        var numbers = row[kind.Length..].Replace(",", "", StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(new[] { 0, 2, 3 }, i => Assert.True(long.Parse(numbers[i]) > 0, result.Output));
        Assert.Equal("0", numbers[^1]);
    }
}
