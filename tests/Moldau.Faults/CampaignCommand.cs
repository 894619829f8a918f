using System.Diagnostics;
using System.Globalization;
using Moldau.TestServers;

namespace Moldau.Faults;

/// <summary><c>./faults</c>: the campaign and its table.</summary>
internal static class CampaignCommand
{
    private const int Found = 1;
    private const int Usage = 2;

    /// <summary>Set where the program has a mount namespace of its own.</summary>
    private const string OwnMounts = "FAULTS_OWN_MOUNTS";
    private static readonly TimeSpan _longestCampaign = TimeSpan.FromHours(12);

    private static readonly FaultKind[] _kinds =
        [new KillKind(), new FullKind(), new EioKind(), new PowerKind(), new StopKind(), new SlowKind()];

    public static async Task<int> RunAsync(string[] args)
    {
        if (CampaignOptions.TryParse(args, [.. _kinds.Select(k => k.Name)]) is not { } options)
        {
            var names = string.Join(" | ", _kinds.Select(k => k.Name));
            var bugs = string.Join(" | ", Enum.GetNames<PlantedBug>());
            Console.Error.WriteLine($"usage: ./faults [{names}]… [--rounds N] [--seed N] [--quick] [--bug {bugs}]");
            return Usage;
        }

        if (MoldauServer.WhyMissing is { } missing)
        {
            Console.Error.WriteLine($"faults: {missing}");
            return Usage;
        }

        if (!Environment.IsPrivilegedProcess || Environment.GetEnvironmentVariable(OwnMounts) == "1") return await RunKindsAsync(options);
        return RunInOwnNamespace(args);
    }

    /// <summary>File systems of the campaign are mounted where nobody else sees them, and are gone with the process.</summary>
    private static int RunInOwnNamespace(string[] args)
    {
        ProcessStartInfo start = new("unshare", ["--mount", Environment.ProcessPath!, .. args]);
        start.Environment[OwnMounts] = "1";
        using var process = Process.Start(start)!;
        return process.WaitForExit(_longestCampaign) ? process.ExitCode : Found;
    }

    private static async Task<int> RunKindsAsync(CampaignOptions options)
    {
        List<(Tally Tally, string? WhyMissing)> results = [];
        foreach (var kind in _kinds.Where(k => options.Kinds.Contains(k.Name)))
        {
            Tally tally = new(kind.Name);
            results.Add((tally, kind.WhyMissing));
            if (kind.WhyMissing is null) await RunKindAsync(kind, tally, options);
            Progress.Clear();
            foreach (var finding in tally.Findings.All) Console.Error.WriteLine($"faults: {finding}");
        }

        Show(results, options);
        return results.Any(r => r.Tally.Findings.Count > 0) ? Found : 0;
    }

    private static async Task RunKindAsync(FaultKind kind, Tally tally, CampaignOptions options)
    {
        var began = Stopwatch.GetTimestamp();
        var rounds = options.Rounds ?? (options.IsQuick ? kind.QuickRounds : kind.Rounds);
        for (var seed = options.Seed; tally.Rounds < rounds; seed++)
        {
            var before = tally.Rounds;
            RoundContext context = new(seed, Math.Min(kind.RoundsOfAWorld, rounds - before), tally, options.IsQuick, options.Bug);
            try
            {
                await kind.RunAsync(context);
            }
            catch (RoundFailedException)
            {
                // Told already; the next round begins with a fresh folder.
            }
            catch (Exception error)
            {
                tally.Findings.Add($"the round ended in {error}");
            }

            if (tally.Rounds == before) break; // it cannot even begin
        }

        tally.Took = Stopwatch.GetElapsedTime(began);
    }

    private static void Show(List<(Tally Tally, string? WhyMissing)> results, CampaignOptions options)
    {
        Row("fault", "rounds", "restarts", "acknowledged", "checked", "outage s", "took s", "findings");
        foreach (var (tally, whyMissing) in results)
        {
            if (whyMissing is not null)
            {
                Console.WriteLine($"{tally.Kind,-6} not run: {whyMissing}");
                continue;
            }

            Row(
                tally.Kind, Text(tally.Rounds), Text(tally.Restarts), Text(tally.Acknowledged), Text(tally.Checked),
                tally.LongestOutage.TotalSeconds.ToString("F2", CultureInfo.InvariantCulture),
                tally.Took.TotalSeconds.ToString("F0", CultureInfo.InvariantCulture), Text(tally.Findings.Count));
            foreach (var remark in tally.Remarks) Console.WriteLine($"       {remark}");
        }

        Console.WriteLine($"--seed {options.Seed}");
    }

    private static void Row(string kind, params ReadOnlySpan<string> cells)
    {
        Console.Write(kind.PadRight(6));
        foreach (var cell in cells) Console.Write(cell.PadLeft(13));
        Console.WriteLine();
    }

    private static string Text(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}

/// <summary>What the campaign is asked for.</summary>
internal sealed record CampaignOptions(IReadOnlyList<string> Kinds, int? Rounds, int Seed, bool IsQuick, PlantedBug Bug)
{
    /// <summary>Null where the arguments make no sense.</summary>
    public static CampaignOptions? TryParse(string[] args, IReadOnlyList<string> known)
    {
        List<string> kinds = [];
        int? rounds = null;
        var seed = 1;
        var isQuick = false;
        var bug = PlantedBug.None;
        for (var i = 0; i < args.Length; i++)
        {
            if (known.Contains(args[i])) kinds.Add(args[i]);
            else if (args[i] == "--quick") isQuick = true;
            else if (args[i] == "--rounds" && Number(args, ++i) is > 0 and var n) rounds = n;
            else if (args[i] == "--seed" && Number(args, ++i) is { } s) seed = s;
            else if (args[i] != "--bug" || ++i == args.Length || !Enum.TryParse(args[i], out bug)) return null;
        }

        return new CampaignOptions(kinds.Count == 0 ? known : kinds, rounds, seed, isQuick, bug);
    }

    private static int? Number(string[] args, int at) =>
        at < args.Length && int.TryParse(args[at], NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : null;
}
