using Moldau.TestServers;

namespace Moldau.Faults;

/// <summary>SIGKILL under load, amid a start and amid a clean stop. Every acknowledged record is in the page cache, which
/// outlives the process: all of them must be in the files before anybody mends them.</summary>
internal sealed class KillKind : FaultKind
{
    public override string Name => "kill";

    public override int Rounds => 100;

    public override int QuickRounds => 3;

    public override int RoundsOfAWorld => 10;

    public override async Task RunAsync(RoundContext context)
    {
        using var scratch = context.Scratch();
        // Every other world is synced as a whole, which brings other orders of completions.
        Dictionary<string, string> properties = context.Seed % 2 == 0 ? [] : new() { ["moldau.acknowledge"] = "fsync" };
        await using World world = new(
            context.Tally, scratch, [scratch["a"], scratch["b"]], new LoadOptions { Seed = context.Seed }, properties);
        await world.BeginAsync();
        for (var round = 0; round < context.Rounds; round++)
        {
            context.Begin(round);
            await Task.Delay(context.Random.Next(100, context.IsQuick ? 500 : 1200));
            if (context.Random.Next(8) == 0)
            {
                world.Node.Process.Terminate();
                await Task.Delay(context.Random.Next(0, 150));
            }

            world.Node.Kill();
            Plant(context.Bug, world);
            world.CheckDead();
            while (context.Random.Next(4) == 0)
            {
                context.Tally.Restarts++;
                world.Node.StartProcess();
                await Task.Delay(context.Random.Next(100, 900));
                world.Node.Kill();
                world.CheckDead();
            }

            await world.RestartAsync();
        }

        await world.EndAsync();
    }

    private static void Plant(PlantedBug bug, World world)
    {
        if (bug is not (PlantedBug.TailLost or PlantedBug.ByteFlipped)) return;
        var folder = world.Directories.Select(d => Path.Combine(d, "cached-0")).Single(Directory.Exists);
        using var log = File.Open(Directory.GetFiles(folder, "*.log").Order(StringComparer.Ordinal).Last(), FileMode.Open);
        if (bug == PlantedBug.TailLost)
        {
            // The very last batch may not have been acknowledged yet.
            log.SetLength(log.Length / 2);
            return;
        }

        // Within the first batch, behind its header.
        log.Position = 80;
        var value = log.ReadByte();
        log.Position = 80;
        log.WriteByte((byte)(value ^ 1));
    }
}
