namespace Moldau.Sim.Tests;

/// <summary>The world itself, with a small server in it: honest code passes every seed, each planted bug is found.</summary>
public sealed class ToyWorldTests
{
    private const int Seeds = 60;
    private const int EnoughSeeds = 500;

    [Fact]
    public void HonestServer_PassesEverySeed()
    {
        long events = 0;
        for (ulong seed = 1; seed <= Seeds; seed++)
        {
            SeedReport report = SeedRun.Run(new ToyScenario(ToyBug.None), seed);
            Assert.True(report.IsGood, report.ToString());
            events += report.Events;
        }

        Assert.True(events > Seeds * 1_000, $"only {events} events");
    }

    [Theory]
    [InlineData(ToyBug.AckBeforeAppend)]
    [InlineData(ToyBug.AckBeforeSync)]
    [InlineData(ToyBug.TrustTail)]
    [InlineData(ToyBug.SwapAnswers)]
    [InlineData(ToyBug.ForgetDirectorySync)]
    public void PlantedBug_IsFound(ToyBug bug)
    {
        for (ulong seed = 1; seed <= EnoughSeeds; seed++)
            if (!SeedRun.Run(new ToyScenario(bug), seed).IsGood) return;
        Assert.Fail($"{bug} passed {EnoughSeeds} seeds");
    }

    [Fact]
    public void SameSeed_SameTrace()
    {
        for (ulong seed = 1; seed <= 10; seed++)
        {
            SeedReport first = SeedRun.Run(new ToyScenario(ToyBug.None), seed);
            SeedReport second = SeedRun.Run(new ToyScenario(ToyBug.None), seed);
            Assert.Equal(first.Hash, second.Hash);
            Assert.Equal(first.Events, second.Events);
        }
    }

    [Fact]
    public void Shrink_LeavesAPlanThatStillFails()
    {
        for (ulong seed = 1; seed <= Seeds; seed++)
        {
            SeedReport report = SeedRun.Run(new ToyScenario(ToyBug.AckBeforeSync), seed);
            if (report.IsGood) continue;
            SeedReport smallest = SeedRun.Shrink(() => new ToyScenario(ToyBug.AckBeforeSync), report);
            Assert.False(smallest.IsGood);
            Assert.InRange(smallest.Plan.Faults.Count, 0, 3);
            return;
        }

        Assert.Fail("no seed failed");
    }
}
