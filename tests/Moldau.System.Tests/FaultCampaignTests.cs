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
        var (result, row) = Run(kind, "--quick");
        Assert.True(result.ExitCode == 0, result.ToString());
        // Rounds are there, records were acknowledged and looked for, and nothing was found.
        var numbers = row[kind.Length..].Replace(",", "", StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(new[] { 0, 2, 3 }, i => Assert.True(long.Parse(numbers[i]) > 0, result.Output));
        Assert.Equal("0", numbers[^1]);
    }

    /// <summary>The checks see what they look for: a mistake that is made in the node's name.</summary>
    [Theory]
    [InlineData("kill", "TailLost", "was acknowledged, the log ends at")]
    [InlineData("kill", "ByteFlipped", "was acknowledged, the log ends at")]
    [InlineData("power", "SyncForgotten", "")]
    public void PlantedBug_IsFound(string kind, string bug, string told)
    {
        var (result, row) = Run(kind, "--rounds", "1", "--bug", bug);
        Assert.True(result.ExitCode == 1, result.ToString());
        Assert.DoesNotMatch(" 0$", row);
        Assert.Contains(told, result.Error, StringComparison.Ordinal);
    }

    private static (ProgramResult Result, string Row) Run(string kind, params string[] options)
    {
        Requires.Server();
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the campaign is for Linux");
        Assert.SkipUnless(File.Exists(_program), "the campaign is not built: no tests/Moldau.Faults/bin");
        var result = ChildProcess.Run(_program, [kind, .. options], TimeSpan.FromMinutes(6));
        var row = result.Output.Split('\n').FirstOrDefault(line => line.StartsWith(kind, StringComparison.Ordinal)) ?? "";
        Assert.SkipWhen(row.Contains("not run:", StringComparison.Ordinal), row);
        return (result, row);
    }
}
