namespace Moldau.Sim.Tests;

/// <summary>Each planted bug is found within ten thousand seeds, and by a checker of the row that it breaks: what shows that
/// the checkers look.</summary>
public sealed class PlantedBugTests
{
    private const ulong MostSeeds = 10_000;

    /// <summary>The bug, the rows that may name it, and a seed that is known to show it. Where that one no longer does,
    /// because the workload has changed, all others are tried; put what is found into the table.</summary>
    public static readonly TheoryData<PlantedBug, string, ulong> Bugs = new()
    {
        { PlantedBug.AcknowledgesUnsynced, "[L11]", 1 },
        { PlantedBug.SyncForgotten, "[L11]", 1 },
        { PlantedBug.NamesNotSynced, "[L11]", 1 },
        { PlantedBug.SyncErrorIgnored, "[L11]", 32 },
        { PlantedBug.VisibleBeforeWritten, "[L6]", 1 },
        { PlantedBug.BufferReused, "[D1]", 1 },
        { PlantedBug.ProducersExpireEarly, "[P1]", 1 },
        { PlantedBug.IndexDamaged, "[D2]", 1 },
        { PlantedBug.RetentionTooEager, "[L1] [D2]", 1 }, // a fetch or a search by time misses what is gone
        { PlantedBug.StaleTopicIdsServed, "[L13]", 1 },
        { PlantedBug.MailLost, "[V1]", 1 },
        { PlantedBug.MetadataNotSynced, "[Q1] [Q2]", 3 },
        { PlantedBug.RecoveryCutsTail, "[L3] [L1]", 3 }, // a reader finds the hole before the oracle does
        { PlantedBug.OffsetsExpireEarly, "[G2]", 30 },
        { PlantedBug.EpochsNotWritten, "[L9]", 5 },
        { PlantedBug.SnapshotMisnamed, "[Q2]", 3 },
        { PlantedBug.DuplicateRefused, "[P2]", 1 },
        { PlantedBug.ReplayStopsShort, "[G2] [V1]", 27 }, // or the group never reads on
        { PlantedBug.FetchSkips, "[L3] [L1]", 1 }, // what does not begin at 0, or is behind the end
        { PlantedBug.OwnersTwice, "[G1]", 1 },
        { PlantedBug.DirectoriesFailTogether, "[D3]", 18 },
        { PlantedBug.RotBelieved, "[D1]", 9 },
        { PlantedBug.CheckpointsKept, "[L1]", 5 },
        { PlantedBug.StopForgotten, "[V1]", 13 },
        { PlantedBug.DuplicateWritten, "[P2] [P1]", 1 },
        { PlantedBug.GapWritten, "[P2] [P1]", 1 },
        { PlantedBug.StaleCommitsAccepted, "[G3]", 1 },
        { PlantedBug.CommitsOff, "[G2]", 1 },
        { PlantedBug.WriteErrorIgnored, "[D1]", 10 },
        { PlantedBug.AnswerLost, "[V1]", 1 },
        { PlantedBug.AnswersSwapped, "[V1]", 6 },
        { PlantedBug.SyncNotHeard, "[V1]", 1 },
        { PlantedBug.SentMemoryReused, "[D1]", 10 },
    };

    [Theory]
    [MemberData(nameof(Bugs))]
    public void APlantedBug_IsFound_ByTheCheckerOfItsRow(PlantedBug bug, string rows, ulong known)
    {
        SeedReport report = SeedRun.Run(new KafkaScenario(known, bug), known);
        for (ulong seed = 1; seed <= MostSeeds && report.IsGood; seed++) report = SeedRun.Run(new KafkaScenario(seed, bug), seed);
        Assert.False(report.IsGood, $"{MostSeeds} seeds do not show {bug}");
        Assert.InRange(report.Seed, 1UL, MostSeeds);
        Assert.True(rows.Split(' ').Contains(report.Row), $"{bug}, seed {report.Seed}: {report.Failure}");
    }

    [Fact]
    public void EveryPlantedBug_IsInTheTable()
    {
        IEnumerable<PlantedBug> listed = Bugs.Select(row => row.Data.Item1);
        Assert.Equal(Enum.GetValues<PlantedBug>().Where(b => b != PlantedBug.None).Order(), listed.Order());
    }
}
