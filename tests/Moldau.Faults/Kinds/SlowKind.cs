using System.Diagnostics;
using System.Globalization;
using Moldau.Base;

namespace Moldau.Faults;

/// <summary>Writes and syncs of one of two log directories take long. Nothing may be lost; what the other directory's
/// producers wait meanwhile is told.</summary>
internal sealed class SlowKind : FaultKind
{
    public override string Name => "slow";

    public override int Rounds => 10;

    public override int QuickRounds => 1;

    public override int RoundsOfAWorld => 5;

    public override string? WhyMissing => EioKind.WhyNoLibrary;

    public override async Task RunAsync(RoundContext context)
    {
        using var scratch = context.Scratch();
        using FailingCalls calls = new(scratch.FullPath, FailingCalls.Build(scratch.FullPath));
        await using World world = new(
            context.Tally, scratch, [scratch["a"], scratch["b"]], new LoadOptions { Seed = context.Seed }, null, calls.Environment);
        await world.BeginAsync();
        for (var round = 0; round < context.Rounds; round++)
        {
            context.Begin(round);
            var (swift, slow) = world.PartitionsByDirectory();
            world.Ledger.TakeSlowestAck(swift); // what came before does not count
            await Task.Delay(1500);
            var before = world.Ledger.TakeSlowestAck(swift);
            var which = context.Random.Next(2) == 0 ? FileCalls.DataSync | FileCalls.Sync : FileCalls.Write;
            calls.Arm(scratch["b"], which, CallFault.Delay, delayMs: context.Random.Next(100, context.IsQuick ? 300 : 2000));
            var began = Stopwatch.GetTimestamp();
            await Task.Delay(context.IsQuick ? 1500 : 5000);
            var during = world.Ledger.TakeSlowestAck(swift);
            calls.Lift();
            if (calls.Hits == 0) context.Findings.Add("no call was slowed down");
            await world.AwaitProgressAsync("after the disk was slow", [.. swift, .. slow]);
            context.Tally.Outage(Stopwatch.GetElapsedTime(began));
            context.Tally.KeepLongest("slowest send to the other directory before (ms)", before.TotalMilliseconds);
            context.Tally.KeepLongest("slowest send to the other directory meanwhile (ms)", during.TotalMilliseconds);
        }

        await world.EndAsync();
    }
}
