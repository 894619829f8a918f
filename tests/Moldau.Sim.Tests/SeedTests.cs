using System.Diagnostics;
using System.Globalization;

namespace Moldau.Sim.Tests;

/// <summary>The real node in the simulated world.</summary>
public sealed class SeedTests
{
    /// <summary>Seeds of every run; <c>MOLDAU_SIM_SEEDS=A..B</c> asks for others. All of them are to pass: none is known
    /// to fail.</summary>
    private const string UsualSeeds = "1..500";

    [Fact]
    public async Task Seeds_Pass()
    {
        string seeds = Environment.GetEnvironmentVariable("MOLDAU_SIM_SEEDS") ?? UsualSeeds;
        (int Code, string Output)[] runs = await Task.WhenAll(
            Shares(seeds, Math.Min(2, Environment.ProcessorCount)).Select(s => Task.Run(() => Run("--seeds", s))));
        Assert.All(runs, run => Assert.True(run.Code == 0, run.Output));
    }

    /// <summary>Seeds that have failed once (sim/corpus.txt).</summary>
    [Fact]
    public void SeedsOfTheCorpus_Pass()
    {
        int count = 0;
        foreach (string line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "corpus.txt")))
        {
            if (line.StartsWith('#')) continue;
            ulong seed = ulong.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture);
            SeedReport report = SeedRun.Run(new KafkaScenario(seed), seed);
            Assert.True(report.IsGood, report.ToString());
            count++;
        }

        Assert.True(count > 0);
    }

    /// <summary>Parts of a range for so many processes.</summary>
    private static IEnumerable<string> Shares(string seeds, int count)
    {
        ulong[] ends = [.. seeds.Split("..").Select(s => ulong.Parse(s, CultureInfo.InvariantCulture))];
        Assert.Equal(2, ends.Length);
        Assert.True(ends[0] <= ends[1], seeds);
        ulong share = ((ends[1] - ends[0]) / (ulong)count) + 1;
        for (ulong first = ends[0]; first <= ends[1]; first += share)
            yield return $"{first}..{Math.Min(first + share - 1, ends[1])}";
    }

    [Fact]
    public void SameSeed_InTwoProcesses_HasTheSameHash()
    {
        foreach (string seed in (string[])["7", "8"])
        {
            string first = Run("--seed", seed).Output;
            string second = Run("--seed", seed).Output;
            Assert.Contains("hash ", first, StringComparison.Ordinal);
            Assert.Equal(first, second);
        }
    }

    [Fact]
    public void Run_DoesRealWork()
    {
        SeedReport report = SeedRun.Run(new KafkaScenario(12), 12);
        Assert.True(report.IsGood, report.ToString());
        Assert.True(report.Events > 2_000, report.Line);
        Assert.Contains("acked", report.Summary, StringComparison.Ordinal);
        Assert.DoesNotContain("acked 0 ", report.Summary, StringComparison.Ordinal);
        Assert.DoesNotContain("commits 0 ", report.Summary, StringComparison.Ordinal);
    }

    /// <summary>Of the faults of a failing seed only those are kept that it takes.</summary>
    [Fact]
    public void Shrinking_LeavesOutWhatIsNotNeeded()
    {
        Scenario Broken() => new KafkaScenario(2, PlantedBug.SyncForgotten);
        SeedReport report = SeedRun.Run(Broken(), 2);
        Assert.False(report.IsGood);
        Assert.Empty(SeedRun.Shrink(Broken, report, nodes: 1).Plan.Faults); // it takes none
    }

    private static (int Code, string Output) Run(params string[] args)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "Moldau.Sim.Runner");
        using Process process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardOutput = true })!; // starts
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}
