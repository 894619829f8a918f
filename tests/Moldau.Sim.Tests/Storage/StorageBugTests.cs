namespace Moldau.Sim.Tests.Storage;

/// <summary>Each planted bug is found: what shows that the checkers of the storage machine look.</summary>
public sealed class StorageBugTests(ITestOutputHelper output)
{
    private const ulong MostSeeds = 10_000;

    public static TheoryData<StorageBug> Bugs => [.. Enum.GetValues<StorageBug>().Where(static b => b != StorageBug.None)];

    [Theory]
    [MemberData(nameof(Bugs))]
    public void APlantedBug_IsFound(StorageBug bug)
    {
        for (ulong seed = 1; seed <= MostSeeds; seed++)
        {
            // A run that fails may keep buffers: each has its own.
            using StorageKit kit = new();
            StorageReport report = StorageRun.Run(seed, kit, bug);
            if (report.IsGood || !IsGoodWithout(seed)) continue;
            output.WriteLine($"{bug}: seed {seed}: {report.Failure}");
            // A checker must say it, not a part of the node that breaks by it.
            Assert.DoesNotContain("[X]", report.Failure, StringComparison.Ordinal);
            return;
        }

        Assert.Fail($"{MostSeeds} seeds do not show {bug}");
    }

    private static bool IsGoodWithout(ulong seed)
    {
        using StorageKit kit = new();
        return StorageRun.Run(seed, kit).IsGood;
    }
}
