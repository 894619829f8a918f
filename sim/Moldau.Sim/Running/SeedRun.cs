using System.Text;
using Moldau.Base;

namespace Moldau.Sim;

/// <summary>The outcome of one seed.</summary>
public sealed record SeedReport(
    ulong Seed,
    FaultPlan Plan,
    ulong Hash,
    long Events,
    long SimulatedMs,
    string Summary,
    string? Failure,
    string Tail,
    SimCoverage Coverage)
{
    public bool IsGood => Failure is null;

    public string Line => $"seed {Seed}  hash {Hash:x16}  {Events} events  {SimulatedMs} ms  {Plan.Faults.Count} faults  {Summary}";

    /// <summary>What the failure breaks: <c>[L1]</c>, or its first words. Two failures with the same are taken for one.</summary>
    public string? Row => Failure is null ? null
        : Failure.StartsWith('[') ? Failure[..(Failure.IndexOf(']', StringComparison.Ordinal) + 1)]
        : string.Join(' ', Failure.Split(' ', 4).Take(3));

    /// <summary>The command that shows it again.</summary>
    public string Replay => $"./simulate --seed {Seed} --plan \"{Plan}\"";

    public override string ToString()
    {
        StringBuilder text = new();
        text.AppendLine(Line);
        if (Failure is not null) text.Append(Tail).AppendLine($"FAILED seed {Seed}: {Failure}");
        return text.AppendLine($"replay: {Replay}").ToString();
    }
}

/// <summary>Runs one seed: setting up, work under faults, healing, reading back, checks.</summary>
public static class SeedRun
{
    /// <summary>Runs that shrinking a plan may take.</summary>
    public const int ShrinkRuns = 40;

    private const long Ms = 1_000_000;
    private const int SetUpMs = 60_000;
    private const int TailEntries = 60;

    /// <summary>The seed's own plan; the schedule is drawn from elsewhere, so that another plan moves no other draw.</summary>
    public static FaultPlan PlanOf(ulong seed, Scenario scenario, int nodes) =>
        FaultPlan.Draw(new Prng(seed ^ 0xA5A5_5A5A_0F0F_F0F0), nodes, scenario.WorkMs, scenario.Faults);

    /// <param name="scenario">A new one for each run.</param>
    /// <param name="seed">Decides everything.</param>
    /// <param name="plan">Faults instead of the seed's own.</param>
    /// <param name="output">Gets every event as it happens.</param>
    public static SeedReport Run(Scenario scenario, ulong seed, FaultPlan? plan = null, TextWriter? output = null)
    {
        using SimWorld world = new(seed);
        world.Trace.Output = output;
        try
        {
            scenario.Build(world);
            plan ??= PlanOf(seed, scenario, world.Nodes.Count);
            Phases(world, scenario, new FaultInjector(world, scenario, plan));
            if (world.Failure is null && scenario.Check() is { } wrong) world.Fail(wrong);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // What throws here is a client or a checker: nodes are caught in their shells.
            world.Fail($"{e.GetType().Name}: {e.Message}\n{e.StackTrace}");
        }

        string? failure = world.Failure;
        string tail = failure is null ? "" : world.Trace.Tail(TailEntries);
        foreach (SimNode node in world.Nodes) node.Kill();
        return new SeedReport(
            seed, plan ?? FaultPlan.None, world.Trace.Hash, world.EventCount, world.Clock.NowNs / Ms, scenario.Summary, failure, tail,
            world.Coverage);
    }

    /// <summary>The smallest part of the plan with which the seed fails in the same way.</summary>
    public static SeedReport Shrink(Func<Scenario> scenario, SeedReport failed, int mostRuns = ShrinkRuns)
    {
        SeedReport smallest = failed;
        Shrinker.Shrink(
            failed.Plan.Faults,
            faults =>
            {
                SeedReport report = Run(scenario(), failed.Seed, new FaultPlan(faults));
                if (report.Row != failed.Row) return false;
                smallest = report;
                return true;
            },
            mostRuns);
        return smallest;
    }

    private static void Phases(SimWorld world, Scenario scenario, FaultInjector injector)
    {
        injector.Prepare();
        foreach (SimNode node in world.Nodes) node.Start();
        if (!Reach(world, SetUpMs, () => scenario.IsReady, "not ready", scenario)) return;
        scenario.BeginWork();
        injector.Start();
        world.RunUntil(world.Clock.NowNs + scenario.WorkMs * Ms);
        if (world.Failure is not null) return;
        scenario.EndWork();
        injector.HealAll();
        if (!Reach(world, scenario.HealMs, () => scenario.IsSettled, "not settled", scenario)) return;
        scenario.BeginVerification();
        if (!Reach(world, scenario.HealMs, () => scenario.IsVerified, "cannot be read back", scenario)) return;
        world.RunUntil(world.Clock.NowNs + scenario.RestMs * Ms);
    }

    private static bool Reach(SimWorld world, long withinMs, Func<bool> condition, string what, Scenario scenario)
    {
        if (world.RunUntil(world.Clock.NowNs + withinMs * Ms, condition)) return true;
        if (world.Failure is null) world.Fail($"{scenario.Unsettled}, {what} within {withinMs} ms");
        return false;
    }
}
