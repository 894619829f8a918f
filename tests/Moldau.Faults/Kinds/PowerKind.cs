using Moldau.TestServers;

namespace Moldau.Faults;

/// <summary>Loss of power: both log directories are on an ext4 image by a loop device, which is shut down under load without
/// its journal being written, so that exactly what was synced is there when it is mounted again. Then nothing that was
/// acknowledged with <c>moldau.acknowledge=fsync</c> may be missing, and of the rest only ends.</summary>
internal sealed class PowerKind : FaultKind
{
    private const int ImageMebiBytes = 512;

    public override string Name => "power";

    public override int Rounds => 20;

    public override int QuickRounds => 1;

    public override string? WhyMissing =>
        !Environment.IsPrivilegedProcess ? "a file system can be mounted by root only"
        : TestTools.Find("mkfs.ext4") is null ? "there is no mkfs.ext4"
        : !File.Exists("/dev/loop-control") ? "there is no /dev/loop-control"
        : null;

    public override async Task RunAsync(RoundContext context)
    {
        context.Begin(0);
        using var scratch = context.Scratch();
        using var volume = Volume.Image(scratch["disk"], scratch["image"], ImageMebiBytes);
        var isAllSynced = context.Seed % 2 == 0;
        Dictionary<string, string> properties = isAllSynced ? new() { ["moldau.acknowledge"] = "fsync" } : [];
        string[] directories = [Path.Combine(volume.Folder, "a"), Path.Combine(volume.Folder, "b")];
        using var lies = context.Bug == PlantedBug.SyncForgotten
            ? new FailingCalls(scratch.FullPath, FailingCalls.Build(scratch.FullPath)) : null;
        lies?.Arm(volume.Folder, FileCalls.DataSync | FileCalls.Sync, CallFault.Lie);
        await using World world = new(
            context.Tally, scratch, directories, new LoadOptions { Seed = context.Seed }, properties, lies?.Environment);
        try
        {
            await RunAsync(context, world, volume, isAllSynced);
        }
        finally
        {
            world.Node.Process.Kill();
            world.Node.Process.WaitForEnd(TimeSpan.FromSeconds(30));
        }
    }

    private static async Task RunAsync(RoundContext context, World world, Volume volume, bool isAllSynced)
    {
        await world.BeginAsync();
        await Task.Delay(context.Random.Next(200, context.IsQuick ? 1000 : 4000));
        // A start beforehand, so that the cut meets files that a recovery has been at.
        if (context.Random.Next(2) == 0)
        {
            world.Node.Kill();
            world.CheckDead();
            await world.RestartAsync();
            await Task.Delay(context.Random.Next(0, 1000));
        }

        volume.CutPower();
        world.Node.Kill();
        await world.Load.DisposeAsync();
        volume.Remount();
        OfflineCheck check = new(context.Findings, world.Ledger, world.Directories)
        {
            IsAfterPowerLoss = true,
            IsAllSynced = isAllSynced,
        };
        world.Check(check);
        context.Tally.Acknowledged += world.Ledger.AckedCount;
        context.Tally.Restarts++;
        world.Node.Start();
        await AskTopicsAsync(context, world);
        var end = world.Node.Stop();
        if (end.ExitCode != 0) context.Findings.Add($"the clean stop ended in {end}");
        world.Check(new OfflineCheck(context.Findings, world.Ledger, world.Directories)
        {
            IsAfterPowerLoss = true,
            IsAllSynced = isAllSynced,
            IsAfterCleanEnd = true,
        });
        world.Verify();
    }

    /// <summary>Topics whose making or deletion was acknowledged, and every record that must be there, by a client.</summary>
    private static Task AskTopicsAsync(RoundContext context, World world) =>
        OnlineCheck.RunAsync(world.Node.Bootstrap, world.Ledger, context.Findings, isAfterPowerLoss: true);
}
