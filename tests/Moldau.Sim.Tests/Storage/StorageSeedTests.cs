using System.Globalization;

namespace Moldau.Sim.Tests.Storage;

/// <summary>The storage machine alone under faults: docs/design/storage-sim.md.</summary>
public sealed class StorageSeedTests(ITestOutputHelper output)
{
    /// <summary>Seeds of every run; <c>MOLDAU_STORAGE_SEEDS=A..B</c> asks for others.</summary>
    private const string UsualSeeds = "1..50000";

    [Fact]
    public void Seeds_Pass()
    {
        string seeds = Environment.GetEnvironmentVariable("MOLDAU_STORAGE_SEEDS") ?? UsualSeeds;
        ulong[] ends = [.. seeds.Split("..").Select(s => ulong.Parse(s, CultureInfo.InvariantCulture))];
        StorageSweep sweep = StorageSweep.Run(ends[0], ends[1], StorageBug.None, mostKept: 3, report =>
        {
            if (report.Seed % 10_000 == 0) output.WriteLine($"{report.Seed}: {report.Line}");
        });
        Assert.True(sweep.FailedSeeds.Count == 0, string.Join('\n', sweep.Failures.Select(f => StorageRun.Shrink(f).ToString())));
        Assert.Equal((long)(ends[1] - ends[0] + 1), sweep.Seeds);
    }

    /// <summary>Seeds that have failed once, whole, and what they were shrunk to.</summary>
    [Fact]
    public void SeedsOfTheCorpus_Pass()
    {
        using StorageKit kit = new();
        List<StorageCorpusEntry> entries =
            StorageCorpus.Read(File.ReadLines(Path.Combine(AppContext.BaseDirectory, "storage-corpus.txt")));
        foreach (StorageCorpusEntry entry in entries)
        {
            StorageReport whole = StorageRun.Run(entry.Seed, kit);
            Assert.True(whole.IsGood, whole.ToString());
            if (entry.Plan is null) continue;
            StorageReport shrunk = StorageRun.Run(entry.Seed, kit, plan: entry.Plan);
            Assert.True(shrunk.IsGood, shrunk.ToString());
        }

        Assert.Contains(entries, static e => e.Plan is not null);
    }

    [Fact]
    public void Corpus_KeepsTheStepsOfAPlan()
    {
        StoragePlan plan = StoragePlan.Draw(3);
        string text = StorageCorpus.TextOf(plan.Steps);
        StorageCorpusEntry entry = Assert.Single(StorageCorpus.Read(["# a comment", $"3 {text} a fault and its words"]));
        Assert.Equal((3UL, "a fault and its words"), (entry.Seed, entry.Found));
        Assert.Equal(plan.Steps, entry.Plan!.Steps); // a line with steps has a plan
        Assert.Null(Assert.Single(StorageCorpus.Read(["28 only words: here"])).Plan);
    }

    [Fact]
    public void SameSeed_HasTheSameHash()
    {
        using StorageKit first = new();
        using StorageKit second = new();
        for (ulong seed = 1; seed <= 20; seed++)
            Assert.Equal(StorageRun.Run(seed, first).Hash, StorageRun.Run(seed, second).Hash);
    }

    [Fact]
    public void Seeds_DoAllThatTheyAreFor()
    {
        using StorageKit kit = new();
        HashSet<string> never =
            ["appends", "duplicates", "refused", "reads", "crashes", "truncations", "deletions", "offline", "rot", "found"];
        for (ulong seed = 1; seed <= 300 && never.Count > 0; seed++)
        {
            string[] words = StorageRun.Run(seed, kit).Summary.Split(' ');
            for (int i = 0; i + 1 < words.Length; i++)
                if (int.TryParse(words[i + 1], CultureInfo.InvariantCulture, out int n) && n > 0) never.Remove(words[i]);
        }

        Assert.Empty(never);
    }
}
