namespace Moldau.Sim.Tests.Storage;

/// <summary>Every disk call of recovery as the last one (D2), on the disks of some hundred seeds.</summary>
public sealed class CrashPointTests(ITestOutputHelper output)
{
    private const ulong Images = 150;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RecoveryThatDiesAtAnyCall_IsDoneAgainWithTheSameEnd(bool losesPower)
    {
        using StorageKit kit = new();
        long points = 0;
        for (ulong seed = 1; seed <= Images; seed++)
        {
            points += CrashPoints.Check(seed, losesPower, kit, out string? failure);
            Assert.True(failure is null, failure);
        }

        output.WriteLine($"{points} crash points of {Images} disks");
        Assert.True(points > 5_000);
    }
}
