using System.Globalization;

namespace Moldau.Sim.Runner;

/// <summary><c>--seed N</c> runs one seed and tells all; <c>--seeds A..B</c> runs many and tells of those that fail.</summary>
public static class RunnerCommand
{
    private const string Usage = """
        usage: ./simulate --seed N [--trace] [--shrink] [--without I,J,…]   one seed: plan, hash, and on failure the last events
               ./simulate --seeds A..B [--verbose]                       many seeds; ends with N passed, N failed
               either with [--bug NAME]                                  a mistake planted in the node, which must be found
        """;

    private sealed record Options(
        ulong First, ulong Last, bool IsOne, bool Trace, bool Shrink, bool Verbose, PlantedBug Bug, HashSet<int> Without);

    public static int Run(string[] args, TextWriter output, TextWriter errors)
    {
        if (args is ["--scenario", "storage", .. string[] rest]) return StorageCommand.Run(rest, output, errors);
        if (Parse(args) is not { } options)
        {
            errors.WriteLine(Usage);
            return 2;
        }

        return options.IsOne ? RunOne(options, output) : RunMany(options, output);
    }

    private static int RunOne(Options options, TextWriter output)
    {
        SeedReport report = SeedRun.Run(
            Scenarios.For(options.First, options.Bug), options.First, options.Without, options.Trace ? output : null);
        if (!report.IsGood && options.Shrink)
        {
            report = SeedRun.Shrink(() => Scenarios.For(report.Seed, options.Bug), report, Scenarios.Nodes);
            output.WriteLine("shrunk to:");
        }

        output.Write(report);
        return report.IsGood ? 0 : 1;
    }

    private static int RunMany(Options options, TextWriter output)
    {
        int passed = 0;
        List<ulong> failed = [];
        for (ulong seed = options.First; seed <= options.Last; seed++)
        {
            SeedReport report = SeedRun.Run(Scenarios.For(seed, options.Bug), seed);
            if (report.IsGood)
            {
                passed++;
                if (options.Verbose) output.WriteLine(report.Line);
                continue;
            }

            failed.Add(seed);
            output.Write(report);
            output.WriteLine($"replay: ./simulate --seed {seed}");
        }

        if (failed.Count > 0) output.WriteLine($"failed seeds: {string.Join(' ', failed)}");
        output.WriteLine($"{passed} passed, {failed.Count} failed");
        return failed.Count == 0 ? 0 : 1;
    }

    private static Options? Parse(string[] args)
    {
        Options options = new(0, 0, false, false, false, false, PlantedBug.None, []);
        bool hasSeed = false;
        for (int i = 0; i < args.Length; i++)
        {
            string? value = i + 1 < args.Length ? args[i + 1] : null;
            switch (args[i])
            {
                case "--seed" when Number(value) is { } seed:
                    options = options with { First = seed, Last = seed, IsOne = true };
                    (hasSeed, i) = (true, i + 1);
                    break;
                case "--seeds" when value?.Split("..") is [string a, string b] && Number(a) is { } from && Number(b) is { } to:
                    options = options with { First = from, Last = to };
                    (hasSeed, i) = (true, i + 1);
                    break;
                case "--without" when value is not null:
                    foreach (string part in value.Split(','))
                        if (int.TryParse(part, CultureInfo.InvariantCulture, out int index)) options.Without.Add(index);
                    i++;
                    break;
                case "--bug" when Enum.TryParse(value, out PlantedBug bug):
                    options = options with { Bug = bug };
                    i++;
                    break;
                case "--trace": options = options with { Trace = true }; break;
                case "--shrink": options = options with { Shrink = true }; break;
                case "--verbose": options = options with { Verbose = true }; break;
                default: return null;
            }
        }

        return hasSeed ? options : null;
    }

    private static ulong? Number(string? text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : null;
}
