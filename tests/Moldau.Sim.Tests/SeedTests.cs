using System.Diagnostics;

namespace Moldau.Sim.Tests;

/// <summary>The real node in the simulated world.</summary>
public sealed class SeedTests
{
    /// <summary>Seeds of every run; <c>MOLDAU_SIM_SEEDS=A..B</c> asks for others.</summary>
    private const string UsualSeeds = "1..100";

    [Fact]
    public void Seeds_Pass()
    {
        string seeds = Environment.GetEnvironmentVariable("MOLDAU_SIM_SEEDS") ?? UsualSeeds;
        (int code, string output) = Run("--seeds", seeds);
        Assert.True(code == 0, output);
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

    private static (int Code, string Output) Run(params string[] args)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "Moldau.Sim.Runner");
        using Process process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardOutput = true })!; // starts
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}
