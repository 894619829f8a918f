using System.Diagnostics;
using Moldau.TestServers;

namespace Moldau.Faults;

/// <summary>SIGSTOP and SIGCONT of the node, or of a second client, for 0.1 to 10 seconds: longer than a session of the group
/// lasts in half of the rounds, so that its members are taken for dead.</summary>
internal sealed class StopKind : FaultKind
{
    private const double ShortestMs = 100;
    private const double LongestMs = 10_000;
    private static readonly TimeSpan _groupPatience = TimeSpan.FromSeconds(60);

    public override string Name => "stop";

    public override int Rounds => 12;

    public override int QuickRounds => 2;

    public override int RoundsOfAWorld => 6;

    public override async Task RunAsync(RoundContext context)
    {
        using var scratch = context.Scratch();
        LoadOptions load = new() { Seed = context.Seed, SessionTimeout = TimeSpan.FromSeconds(2) };
        await using World world = new(context.Tally, scratch, [scratch["a"], scratch["b"]], load);
        await world.BeginAsync();
        using var second = SecondClient.Start(world.Node.Bootstrap, load);
        var taken = 0;
        for (var round = 0; round < context.Rounds; round++)
        {
            context.Begin(round);
            await Task.Delay(context.Random.Next(500, 1500));
            var (least, most) = (Math.Log(ShortestMs), Math.Log(context.IsQuick ? LongestMs / 4 : LongestMs));
            var length = TimeSpan.FromMilliseconds(Math.Exp(least + (context.Random.NextDouble() * (most - least))));
            var victim = round % 2 == 0 ? world.Node.Process : second;
            victim.Pause();
            await Task.Delay(length);
            victim.Resume();
            var began = Stopwatch.GetTimestamp();
            await world.AwaitProgressAsync($"after {length.TotalSeconds:F1} s of standing still");
            if (victim == world.Node.Process) context.Tally.Outage(Stopwatch.GetElapsedTime(began));
            taken = await AwaitGroupAsync(world, context, second, taken);
            var took = Stopwatch.GetElapsedTime(began);
            context.Tally.KeepLongest("the group reads all partitions again after at most (s)", took.TotalSeconds);
            if (world.Node.Process.HasExited)
            {
                context.Findings.Add($"the node ended: {world.Node.Process.WaitForEnd(TimeSpan.FromSeconds(5))}");
                throw new RoundFailedException();
            }
        }

        second.CloseInput();
        var end = second.WaitForEnd(TimeSpan.FromSeconds(150));
        if (end.ExitCode != 0) context.Findings.Add($"the second client ended in {end}");
        SecondClient.Take(end.Output, taken, world.Ledger);
        await world.EndAsync();
    }

    /// <summary>The group shares its partitions again: commits of all of them go on, whichever process has them.</summary>
    private static async Task<int> AwaitGroupAsync(World world, RoundContext context, ChildProcess second, int taken)
    {
        var before = ClientLoad.Partitions.ToDictionary(p => p, p => world.Ledger[p].LargestAckedCommit);
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            taken = SecondClient.Take(second.Output, taken, world.Ledger);
            var silent = before.Where(p => world.Ledger[p.Key].LargestAckedCommit <= p.Value).Select(p => p.Key.ToString()).ToList();
            if (silent.Count == 0) return taken;
            if (Stopwatch.GetElapsedTime(began) > _groupPatience)
            {
                context.Findings.Add($"the group commits nothing for {_groupPatience.TotalSeconds} s in {string.Join(", ", silent)}");
                return taken;
            }

            await Task.Delay(100);
        }
    }
}
