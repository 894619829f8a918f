using System.Diagnostics;
using System.Globalization;

namespace Moldau.Sim.Runner;

/// <summary><c>--scenario storage</c>: seeds of the storage machine alone.</summary>
internal static class StorageCommand
{
    private const string Usage = """
        usage: ./simulate --scenario storage --seed N [--trace] [--shrink]       one seed: plan, hash, and what failed
               ./simulate --scenario storage --seeds A..B [--verbose]          many seeds on all cores; ends with N passed, N failed
               either with [--bug NAME]                                        a mistake planted around the storage machine
        """;

    private const int MostFailuresShown = 5;

    private sealed record Options(ulong First, ulong Last, bool Trace, bool Shrink, bool Verbose, StorageBug Bug);

    public static int Run(string[] args, TextWriter output, TextWriter errors)
    {
        if (Parse(args) is not { } options)
        {
            errors.WriteLine(Usage);
            return 2;
        }

        return options.First == options.Last ? RunOne(options, output) : RunMany(options, output);
    }

    private static int RunOne(Options options, TextWriter output)
    {
        using StorageKit kit = new();
        StorageReport report = StorageRun.Run(options.First, kit, options.Bug, output: options.Trace ? output : null);
        if (!report.IsGood && options.Shrink)
        {
            report = StorageRun.Shrink(report, options.Bug);
            if (options.Trace) StorageRun.Run(report.Seed, new StorageKit(), options.Bug, report.Plan, output);
            output.WriteLine("shrunk to:");
        }

        output.Write(report);
        return report.IsGood ? 0 : 1;
    }

    private static int RunMany(Options options, TextWriter output)
    {
        Stopwatch watch = Stopwatch.StartNew();
        StorageSweep sweep = StorageSweep.Run(options.First, options.Last, options.Bug, MostFailuresShown, report =>
        {
            if (options.Verbose) output.WriteLine(report.Line);
        });
        foreach (StorageReport failed in sweep.Failures) output.Write(StorageRun.Shrink(failed, options.Bug));
        if (sweep.FailedSeeds.Count > 0) output.WriteLine($"failed seeds: {string.Join(' ', sweep.FailedSeeds)}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{sweep.Seeds / watch.Elapsed.TotalSeconds:F0} seeds/s, {sweep.Events} events, "
                + $"{sweep.SimulatedMs / 1000.0 / watch.Elapsed.TotalSeconds:F0} simulated s/s"));
        output.WriteLine($"{sweep.Seeds - sweep.FailedSeeds.Count} passed, {sweep.FailedSeeds.Count} failed");
        return sweep.FailedSeeds.Count == 0 ? 0 : 1;
    }

    private static Options? Parse(string[] args)
    {
        Options options = new(0, 0, false, false, false, StorageBug.None);
        for (int i = 0; i < args.Length; i++)
        {
            string? value = i + 1 < args.Length ? args[i + 1] : null;
            switch (args[i])
            {
                case "--seed" when Number(value) is { } seed: options = options with { First = seed, Last = seed }; i++; break;
                case "--seeds" when value?.Split("..") is [string a, string b] && Number(a) is { } from && Number(b) is { } to:
                    options = options with { First = from, Last = to };
                    i++;
                    break;
                case "--bug" when Enum.TryParse(value, out StorageBug bug): options = options with { Bug = bug }; i++; break;
                case "--trace": options = options with { Trace = true }; break;
                case "--shrink": options = options with { Shrink = true }; break;
                case "--verbose": options = options with { Verbose = true }; break;
                default: return null;
            }
        }

        return options.First > 0 && options.Last >= options.First ? options : null;
    }

    private static ulong? Number(string? text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : null;
}
