using System.Text;
using Moldau.Base;

namespace Moldau.Sim;

/// <summary>The outcome of one seed.</summary>
public sealed record SeedReport(
    ulong Seed, FaultPlan Plan, ulong Hash, long Events, long SimulatedMs, string Summary, string? Failure, string Tail)
{
    public bool IsGood => Failure is null;

    public string Line => $"seed {Seed}  hash {Hash:x16}  {Events} events  {SimulatedMs} ms  {Plan.Faults.Count} faults  {Summary}";

    public override string ToString()
    {
        StringBuilder text = new();
        text.AppendLine(Line);
        text.Append(Plan);
        if (Failure is not null) text.Append(Tail).AppendLine($"FAILED seed {Seed}: {Failure}");
        return text.ToString();
    }
}

/// <summary>Runs one seed: setting up, work under faults, healing, reading back, checks.</summary>
public static class SeedRun
{
    private const long Ms = 1_000_000;
    private const int SetUpMs = 60_000;

    /// <summary>The seed's own plan; the schedule is drawn from elsewhere, so that leaving faults out moves no other draw
    /// of the plan.</summary>
    public static FaultPlan PlanOf(ulong seed, Scenario scenario, int nodes) =>
        FaultPlan.Draw(new Prng(seed ^ 0xA5A5_5A5A_0F0F_F0F0), nodes, scenario.WorkMs, scenario.Faults);

    /// <param name="scenario">A new one for each run.</param>
    /// <param name="seed">Decides everything.</param>
    /// <param name="without">Faults of the plan to leave out, by index.</param>
    /// <param name="output">Gets every event as it happens.</param>
    public static SeedReport Run(Scenario scenario, ulong seed, IReadOnlySet<int>? without = null, TextWriter? output = null)
    {
        SimWorld world = new(seed);
        world.Trace.Output = output;
        scenario.Build(world);
        FaultPlan plan = PlanOf(seed, scenario, world.Nodes.Count);
        if (without is not null) plan = plan.Without(without);
        FaultInjector injector = new(world, plan);
        foreach (SimNode node in world.Nodes) node.Start();
        Phases(world, scenario, injector);
        if (world.Failure is null && scenario.Check() is { } wrong) world.Fail(wrong);
        foreach (SimNode node in world.Nodes) node.Kill();
        return new SeedReport(
            seed, plan, world.Trace.Hash, world.EventCount, world.Clock.NowNs / Ms, scenario.Summary, world.Failure,
            world.Trace.Tail(60));
    }

    /// <summary>Leaves out one fault after the other as long as the seed still fails.</summary>
    public static SeedReport Shrink(Func<Scenario> scenario, SeedReport failed, int nodes)
    {
        HashSet<int> without = [];
        SeedReport smallest = failed;
        int count = PlanOf(failed.Seed, scenario(), nodes).Faults.Count;
        for (int i = count - 1; i >= 0; i--)
        {
            without.Add(i);
            SeedReport report = Run(scenario(), failed.Seed, without);
            if (report.IsGood) without.Remove(i);
            else smallest = report;
        }

        return smallest;
    }

    private static void Phases(SimWorld world, Scenario scenario, FaultInjector injector)
    {
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
        if (world.Failure is null) world.Fail($"{what} within {withinMs} ms: {scenario.Unsettled}");
        return false;
    }
}
