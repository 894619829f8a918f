using System.Globalization;
using System.Text;

namespace Moldau.Sim;

/// <summary>The outcome of one seed of the storage machine.</summary>
public sealed record StorageReport(
    ulong Seed, StoragePlan Plan, ulong Hash, long Events, long SimulatedMs, string Summary, string? Failure)
{
    public bool IsGood => Failure is null;

    public string Line => $"seed {Seed}  hash {Hash:x16}  {Events} events  {SimulatedMs} ms  {Plan.Steps.Count} steps  {Summary}";

    public string Replay => $"./simulate --scenario storage --seed {Seed}";

    public override string ToString()
    {
        StringBuilder text = new();
        text.AppendLine(Line).Append(Plan);
        if (Failure is not null) text.AppendLine($"FAILED storage seed {Seed}: {Failure}").AppendLine($"replay: {Replay}")
            .AppendLine(CultureInfo.InvariantCulture, $"corpus: {Seed} {StorageCorpus.TextOf(Plan.Steps)}");
        return text.ToString();
    }
}

/// <summary>Runs seeds of the storage machine.</summary>
public static class StorageRun
{
    /// <param name="seed">Decides everything.</param>
    /// <param name="kit">Of the thread that calls.</param>
    /// <param name="bug">A mistake that must be found.</param>
    /// <param name="plan">Null: the seed's own; else a part of it.</param>
    /// <param name="output">Gets a line for each step.</param>
    public static StorageReport Run(
        ulong seed, StorageKit kit, StorageBug bug = StorageBug.None, StoragePlan? plan = null, TextWriter? output = null)
    {
        plan ??= StoragePlan.Draw(seed);
        StorageWorld world = new(seed, plan, kit, bug) { Output = output };
        world.Run();
        return new StorageReport(seed, plan, world.Hash, world.Events, world.SimulatedMs, world.Counts.ToString(), world.Failure);
    }

    /// <summary>The smallest part of the plan that fails by the same checker.</summary>
    public static StorageReport Shrink(StorageReport failed, StorageBug bug = StorageBug.None)
    {
        string row = RowOf(failed);
        StorageReport smallest = failed;
        Shrinker.Shrink(failed.Plan.Steps, steps =>
        {
            // A run that broke may have kept buffers: each has a kit of its own.
            using StorageKit kit = new();
            StorageReport report = Run(failed.Seed, kit, bug, failed.Plan with { Steps = steps });
            if (report.IsGood || RowOf(report) != row) return false;
            smallest = report;
            return true;
        });
        return smallest;
    }

    private static string RowOf(StorageReport report) => report.Failure![..(report.Failure!.IndexOf(']', StringComparison.Ordinal) + 1)];
}
