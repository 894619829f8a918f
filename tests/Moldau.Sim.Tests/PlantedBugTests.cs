namespace Moldau.Sim.Tests;

/// <summary>Each planted bug is found, and by a checker of the row that it breaks: what shows that the checkers look.</summary>
public sealed class PlantedBugTests
{
    private const ulong MostSeeds = 80;

    [Theory]
    [InlineData(PlantedBug.AcknowledgesUnsynced, "[L11]")]
    [InlineData(PlantedBug.SyncForgotten, "[L11]")]
    [InlineData(PlantedBug.NamesNotSynced, "[L11]")]
    [InlineData(PlantedBug.VisibleBeforeWritten, "[L6]")]
    [InlineData(PlantedBug.BufferReused, "[D1]")]
    [InlineData(PlantedBug.ProducersExpireEarly, "[P1]")]
    [InlineData(PlantedBug.IndexDamaged, "[D2]")]
    [InlineData(PlantedBug.RetentionTooEager, "[L1] [D2]")] // a fetch or a search by time misses what is gone
    [InlineData(PlantedBug.StaleTopicIdsServed, "[L13]")]
    [InlineData(PlantedBug.MailLost, "[V1]")]
    [InlineData(PlantedBug.MetadataNotSynced, "[Q")]
    [InlineData(PlantedBug.RecoveryCutsTail, "[L3]")]
    public void APlantedBug_IsFound_ByTheCheckerOfItsRow(PlantedBug bug, string rows)
    {
        for (ulong seed = 1; seed <= MostSeeds; seed++)
        {
            SeedReport report = SeedRun.Run(new KafkaScenario(seed, bug), seed);
            if (report.IsGood) continue;
            Assert.Contains(rows.Split(' '), row => report.Failure!.StartsWith(row, StringComparison.Ordinal));
            return;
        }

        Assert.Fail($"{MostSeeds} seeds do not show {bug}");
    }
}
