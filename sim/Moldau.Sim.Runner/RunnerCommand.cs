using System.Diagnostics;
using System.Globalization;

namespace Moldau.Sim.Runner;

/// <summary><c>--seed N</c> runs one seed and tells all; <c>--seeds A..B</c> and <c>--hours H</c> run many, tell of those that
/// fail, and end with the report.</summary>
public static class RunnerCommand
{
    private const string Usage = """
        usage: ./simulate --seed N [--plan P] [--trace]      one seed: its hash and plan, and on failure the last events and the shrunk plan
               ./simulate --seeds A..B [--verbose]           many seeds, then the report; ends with N passed, M failed
               ./simulate --hours H [--from N] [--verbose]   new seeds for so long (0.5 is half an hour); Ctrl-C ends it with the report
               all with [--bug NAME] [--whole-plan]          a mistake planted in the node, which must be found; do not shrink
               the last two with [--jobs N] [--once]         threads, one seed each; end at the first failure
        """;

    private const double ProgressSeconds = 10;
    private const int MostJobs = 1_024;

    private sealed record Options
    {
        public ulong? Seed { get; init; }

        public ulong First { get; init; }

        public ulong Last { get; init; }

        public double Hours { get; init; }

        public FaultPlan? Plan { get; init; }

        public bool Trace { get; init; }

        public bool WholePlan { get; init; }

        public bool Verbose { get; init; }

        public bool Once { get; init; }

        public PlantedBug Bug { get; init; }

        public int Jobs { get; init; } = Environment.ProcessorCount;
    }

    public static int Run(string[] args, TextWriter output, TextWriter errors)
    {
        if (args is ["--scenario", "storage", .. string[] rest]) return StorageCommand.Run(rest, output, errors);
        if (Parse(args) is not { } options)
        {
            errors.WriteLine(Usage);
            return 2;
        }

        return options.Seed is { } seed ? RunOne(seed, options, output) : RunMany(options, output, errors);
    }

    private static int RunOne(ulong seed, Options options, TextWriter output)
    {
        SeedReport report = SeedRun.Run(Scenarios.For(seed, options.Bug), seed, options.Plan, options.Trace ? output : null);
        if (!report.IsGood && !options.WholePlan)
            report = SeedRun.Shrink(() => Scenarios.For(seed, options.Bug), report);
        output.Write(report);
        return report.IsGood ? 0 : 1;
    }

    private static int RunMany(Options options, TextWriter output, TextWriter errors)
    {
        Campaign campaign = new(seed => Scenarios.For(seed, options.Bug), options.Jobs) { Shrinks = !options.WholePlan };
        Stopwatch watch = Stopwatch.StartNew();
        double told = 0;
        bool isEnough = false;
        ConsoleCancelEventHandler onCancel = (_, e) =>
        {
            // The first time: the seeds under way end, and the report comes. The second time it ends at once.
            e.Cancel = !Volatile.Read(ref isEnough);
            Volatile.Write(ref isEnough, true);
        };
        Console.CancelKeyPress += onCancel;
        campaign.Run(
            options.First, options.Last,
            () => Volatile.Read(ref isEnough) || (options.Once && campaign.Failed > 0)
                || (options.Hours > 0 && watch.Elapsed.TotalHours > options.Hours),
            report =>
            {
                if (!report.IsGood) output.Write(report);
                else if (options.Verbose) output.WriteLine(report.Line);
                double now = watch.Elapsed.TotalSeconds;
                if (now - told < ProgressSeconds) return;
                told = now;
                errors.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{now,7:F0} s  {campaign.Seeds,7} seeds  {campaign.Seeds / now:F1} seeds/s  "
                    + $"{campaign.SimulatedMs / 1000.0 / now:F0} simulated s/s  {campaign.Failed} failed"));
            });
        Console.CancelKeyPress -= onCancel;
        output.WriteLine($"seeds from {options.First}");
        output.Write(campaign.Report(watch.Elapsed.TotalSeconds));
        return campaign.Failed == 0 ? 0 : 1;
    }

    private static Options? Parse(string[] args)
    {
        Options? options = new();
        for (int i = 0; i < args.Length && options is not null; i++)
            options = Switch(options, args[i]) ?? (i + 1 < args.Length ? Valued(options, args[i], args[++i]) : null);
        return options is { Seed: not null } or { Last: > 0 } ? options : null;
    }

    private static Options? Switch(Options options, string name) => name switch
    {
        "--trace" => options with { Trace = true },
        "--whole-plan" => options with { WholePlan = true },
        "--once" => options with { Once = true },
        "--verbose" => options with { Verbose = true },
        _ => null,
    };

    private static Options? Valued(Options options, string name, string value)
    {
        switch (name)
        {
            case "--seed" when Number(value) is { } seed: return options with { Seed = seed };
            case "--seeds" when value.Split("..") is [string a, string b] && Number(a) is { } from && Number(b) is { } to && from <= to:
                return options with { First = from, Last = to };
            case "--hours" when double.TryParse(value, CultureInfo.InvariantCulture, out double hours) && hours is > 0 and < 10_000:
                // Other seeds each time, unless --from says which.
                ulong first = options.First == 0 ? (ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds() * 1_000 : options.First;
                return options with { Hours = hours, First = first, Last = ulong.MaxValue - 1 };
            case "--from" when Number(value) is { } start: return options with { First = start };
            case "--plan" when FaultPlan.Parse(value) is { } plan: return options with { Plan = plan };
            case "--bug" when Enum.TryParse(value, out PlantedBug bug) && Enum.IsDefined(bug): return options with { Bug = bug };
            case "--jobs" when Number(value) is { } jobs and > 0 and <= MostJobs: return options with { Jobs = (int)jobs };
            default: return null;
        }
    }

    private static ulong? Number(string text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : null;
}
