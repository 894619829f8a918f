using Moldau.Base;
using Moldau.TestServers;

namespace Moldau.Faults;

/// <summary>Calls on the files of one log directory fail, fall short or are interrupted, at a call that the seed draws. What
/// fails takes that directory out of service before anything more of it is acknowledged, the other one goes on; what is
/// short or interrupted is done again, and nobody notices.</summary>
internal sealed class EioKind : FaultKind
{
    /// <summary>Calls whose failure leaves behind what must not be acknowledged upon.</summary>
    private static readonly FileCalls[] _fencing = [FileCalls.Write, FileCalls.DataSync, FileCalls.Write | FileCalls.DataSync];

    private static readonly FileCalls[] _other =
        [FileCalls.Open, FileCalls.Rename, FileCalls.Sync, FileCalls.Truncate, FileCalls.Unlink, FileCalls.Read];

    private static readonly TimeSpan _hitPatience = TimeSpan.FromSeconds(8);

    public static string? WhyNoLibrary { get; } = TestTools.Find("gcc") is null ? "there is no gcc to build failing-calls.c" : null;

    public override string Name => "eio";

    public override int Rounds => 30;

    public override int QuickRounds => 2;

    public override string? WhyMissing => WhyNoLibrary;

    public override async Task RunAsync(RoundContext context)
    {
        context.Begin(0);
        using var scratch = context.Scratch();
        using FailingCalls calls = new(scratch.FullPath, FailingCalls.Build(scratch.FullPath));
        Dictionary<string, string> properties = context.Seed % 2 == 0 ? [] : new() { ["moldau.acknowledge"] = "fsync" };
        LoadOptions load = new() { Seed = context.Seed, DeliveryTimeout = Duration.FromSeconds(30) };
        await using World world = new(
            context.Tally, scratch, [scratch["a"], scratch["b"]], load, properties, calls.Environment);
        await world.BeginAsync();
        await Task.Delay(context.Random.Next(200, 1000));
        switch (context.Seed % 5)
        {
            case 0:
                await DisturbAsync(context, world, calls, scratch);
                break;
            case 1:
                await FailMetadataAsync(context, world, calls, scratch);
                break;
            case 2 or 3:
                await FailAsync(context, world, calls, scratch, Draw(context, _fencing), isFencing: true);
                break;
            default:
                await FailAsync(context, world, calls, scratch, Draw(context, _other), isFencing: false);
                break;
        }

        await world.EndAsync();
    }

    private static FileCalls Draw(RoundContext context, FileCalls[] from) => from[context.Random.Next(from.Length)];

    /// <summary>Short writes and reads, and interrupted calls of every kind, in both directories.</summary>
    private static async Task DisturbAsync(RoundContext context, World world, FailingCalls calls, RoundFolder scratch)
    {
        var fault = context.Random.Next(2) == 0 ? CallFault.Short : CallFault.Interrupt;
        var which = fault == CallFault.Short
            ? FileCalls.Write | FileCalls.Read
            : FileCalls.Open | FileCalls.Write | FileCalls.DataSync | FileCalls.Sync | FileCalls.Truncate | FileCalls.Read;
        // Bounded: a caller that is interrupted for ever would never get on.
        calls.Arm(scratch.FullPath, which, fault, skip: context.Random.Next(50), times: 200);
        await World.WaitAsync(() => calls.Hits >= 200, _hitPatience);
        calls.Lift();
        if (calls.Hits == 0) context.Findings.Add($"no call was hit by {fault}");
        await world.AwaitProgressAsync($"after {calls.Hits} calls {which} met {fault}");
        if (world.Ledger.Errors.Any()) context.Findings.Add($"{fault} of {which} was told to clients: {world.Errors}");
        context.Tally.Count($"{fault}");
    }

    /// <summary>The directory of the metadata: without it a node cannot go on, and says so.</summary>
    private static async Task FailMetadataAsync(RoundContext context, World world, FailingCalls calls, RoundFolder scratch)
    {
        calls.Arm(
            Path.Combine(scratch["a"], "__cluster_metadata-0"), FileCalls.Write | FileCalls.DataSync, CallFault.Fail,
            FailingCalls.InputOutputError, skip: context.Random.Next(5));
        if (!await World.WaitAsync(() => world.Node.Process.HasExited, TimeSpan.FromSeconds(30)))
        {
            context.Findings.Add($"the metadata log fails ({calls.Hits} calls), and the node goes on");
            calls.Lift();
            return;
        }

        calls.Lift();
        var end = world.Node.Process.WaitForEnd(TimeSpan.FromSeconds(10));
        if (end.ExitCode == 0 || end.Error.Length == 0) context.Findings.Add($"the metadata log failed, and the node ended with {end}");
        world.CheckDead();
        await world.RestartAsync();
        context.Tally.Count("metadata log");
    }

    private static async Task FailAsync(
        RoundContext context, World world, FailingCalls calls, RoundFolder scratch, FileCalls which, bool isFencing)
    {
        var (others, failing) = world.PartitionsByDirectory();
        calls.Arm(scratch["b"], which, CallFault.Fail, FailingCalls.InputOutputError, skip: context.Random.Next(20));
        if (!await World.WaitAsync(() => calls.Hits > 0, _hitPatience))
        {
            // Some calls are rare under this load; the round then was one without a fault.
            calls.Lift();
            context.Tally.Count($"{which} not met");
            return;
        }

        context.Tally.Count($"{which}");
        if (isFencing)
        {
            // Acknowledgements that had left before the call failed may still be on their way through the clients.
            await Task.Delay(1000);
            var before = failing.Sum(p => world.Ledger[p].AckCount);
            await Task.Delay(1500);
            var after = failing.Sum(p => world.Ledger[p].AckCount);
            if (after > before) context.Findings.Add($"{after - before} records were acknowledged behind a failed {which}");
        }

        if (world.Node.Process.HasExited)
        {
            context.Findings.Add($"one of two directories failed ({which}), and the node ended");
        }
        else
        {
            await world.AwaitProgressAsync($"beside the directory where {which} fails", others);
        }

        calls.Lift();
        world.Node.Kill();
        world.CheckDead();
        await world.RestartAsync();
    }
}
