using System.Diagnostics;
using System.Globalization;

namespace Moldau.Sim.Tests;

/// <summary>The real node in the simulated world.</summary>
public sealed class SeedTests
{
    /// <summary>Seeds of every run; <c>MOLDAU_SIM_SEEDS=A..B</c> asks for others. All of them are to pass: none is known
    /// to fail.</summary>
    private const string UsualSeeds = "1..2000";

    private static readonly SimMark[] _marksOfRotAtRest = [SimMark.RotCut, SimMark.RotServed];

    [Fact]
    public void Seeds_Pass_AndSeeEverythingTheyAreFor()
    {
        string[] ends = (Environment.GetEnvironmentVariable("MOLDAU_SIM_SEEDS") ?? UsualSeeds).Split("..");
        Assert.Equal(2, ends.Length);
        ulong first = ulong.Parse(ends[0], CultureInfo.InvariantCulture);
        ulong last = ulong.Parse(ends[1], CultureInfo.InvariantCulture);
        Campaign campaign = new(seed => new KafkaScenario(seed), Environment.ProcessorCount);
        Stopwatch watch = Stopwatch.StartNew();
        campaign.Run(first, last, () => campaign.Failed > 5, _ => { });
        string report = campaign.Report(watch.Elapsed.TotalSeconds);
        TestContext.Current.TestOutputHelper?.WriteLine(report);
        Assert.True(campaign.Failed == 0, string.Concat(campaign.Failures) + report);
        Assert.Equal((long)(last - first + 1), campaign.Seeds);
        if (campaign.Seeds < 1_000) return;
        Assert.Empty(campaign.Coverage.Missed);
        foreach (FaultKind kind in new KafkaScenario(2).Faults) Assert.True(campaign.Coverage.Faults[(int)kind] > 20, report);
    }

    /// <summary>Bytes rot while the node is down, four times: recovery keeps what stands before them, and what it does not look at is
    /// told by its sum. The seeds' own plans draw it once at most.</summary>
    [Fact]
    public void RotAtRest_TakesNothingBeforeIt_AndIsNeverTakenForGood()
    {
        FaultPlan? plan = FaultPlan.Parse("900:RotAtRest:0:100:14,1500:RotAtRest:0:100:15,2200:RotAtRest:0:100:12,2700:RotAtRest:0:100:9");
        Assert.NotNull(plan);
        SimCoverage seen = new();
        for (ulong seed = 1; seed <= 16; seed++)
        {
            SeedReport report = SeedRun.Run(new KafkaScenario(seed), seed, plan);
            Assert.True(report.IsGood, report.ToString());
            seen.Add(report.Coverage);
        }

        Assert.Equal(64, seen.Faults[(int)FaultKind.RotAtRest]);
        foreach (SimMark mark in _marksOfRotAtRest) Assert.True(seen.Marks[(int)mark] > 0, $"{mark}");
    }

    /// <summary>Seeds that have failed once (sim/corpus.txt).</summary>
    [Fact]
    public void SeedsOfTheCorpus_Pass()
    {
        List<CorpusEntry> entries = Corpus.Read(File.ReadLines(Path.Combine(AppContext.BaseDirectory, "corpus.txt")));
        Assert.NotEmpty(entries);
        foreach (CorpusEntry entry in entries)
        {
            SeedReport report = SeedRun.Run(new KafkaScenario(entry.Seed), entry.Seed, entry.Plan);
            Assert.True(report.IsGood, report.ToString());
        }
    }

    /// <summary>A seed does not notice what else runs: its hash is that of a run alone.</summary>
    [Fact]
    public void SeedsInParallel_HaveTheHashesOfSeedsAlone()
    {
        SortedDictionary<ulong, ulong> hashes = [];
        new Campaign(seed => new KafkaScenario(seed), 4).Run(21, 28, () => false, report => hashes.Add(report.Seed, report.Hash));
        Assert.Equal(8, hashes.Count);
        foreach ((ulong seed, ulong hash) in hashes) Assert.Equal(hash, SeedRun.Run(new KafkaScenario(seed), seed).Hash);
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

    /// <summary>Of the faults of a failing seed only those are kept that it takes, and the runner says how to see it
    /// again.</summary>
    [Fact]
    public void Shrinking_LeavesOutWhatIsNotNeeded()
    {
        Scenario Broken() => new KafkaScenario(2, PlantedBug.SyncForgotten);
        SeedReport report = SeedRun.Run(Broken(), 2);
        Assert.False(report.IsGood);
        Assert.Empty(SeedRun.Shrink(Broken, report).Plan.Faults); // it takes none
        (int code, string output) = Run("--seed", "2", "--bug", nameof(PlantedBug.SyncForgotten));
        Assert.Equal(1, code);
        Assert.Contains("replay: ./simulate --seed 2 --plan \"none\"", output, StringComparison.Ordinal);
    }

    /// <summary>A plan that is written down is the same plan, and gives the same run.</summary>
    [Fact]
    public void Plan_WrittenDown_GivesTheSameRun()
    {
        SeedReport report = SeedRun.Run(new KafkaScenario(5), 5);
        FaultPlan? read = FaultPlan.Parse(report.Plan.ToString());
        Assert.NotNull(read);
        Assert.NotEmpty(read.Faults);
        Assert.Equal(report.Plan.Faults, read.Faults);
        Assert.Equal(report.Hash, SeedRun.Run(new KafkaScenario(5), 5, read).Hash);
        Assert.NotEqual(report.Hash, SeedRun.Run(new KafkaScenario(5), 5, FaultPlan.None).Hash);
        Assert.Null(FaultPlan.Parse("12:Nothing:0:0:0"));
        Assert.Null(FaultPlan.Parse("12:Kill:0:0"));
    }

    /// <summary>Many seeds end with the tables of what they have seen, and a count.</summary>
    [Fact]
    public void Seeds_EndWithTheReport()
    {
        (int code, string output) = Run("--seeds", "1..4", "--jobs", "2");
        Assert.Equal(0, code);
        Assert.Contains("seeds/s", output, StringComparison.Ordinal);
        Assert.Contains("fault PowerLoss", output, StringComparison.Ordinal);
        Assert.Contains("mark  TailLost", output, StringComparison.Ordinal);
        Assert.EndsWith("4 passed, 0 failed", output.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal(2, Run("--seeds", "4..1").Code);
    }

    [Fact]
    public void Corpus_ReadsSeedsWithAndWithoutPlans()
    {
        List<CorpusEntry> entries = Corpus.Read(["# a remark", "7    what it found", "8 100:Kill:0:5:0,200:Reset:0:50:0 another", "9 none"]);
        Assert.Equal([7UL, 8UL, 9UL], entries.Select(e => e.Seed));
        Assert.Equal("what it found", entries[0].Found);
        Assert.Null(entries[0].Plan);
        Assert.Equal(2, entries[1].Plan!.Faults.Count); // it has one
        Assert.Equal("another", entries[1].Found);
        Assert.Empty(entries[2].Plan!.Faults); // it has one
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
