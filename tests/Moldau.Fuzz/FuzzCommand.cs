using System.Globalization;
using Moldau.Fuzz.Toys;

namespace Moldau.Fuzz;

/// <summary>The command line. It runs inside the context whose assemblies are rewritten; see <see cref="RewrittenContext"/>.</summary>
internal static class FuzzCommand
{
    private const string Usage = """
        ./fuzz [TARGET…] [--seconds N | --hours N | --iterations N | --quick] [--seed N]
        ./fuzz TARGET --replay FILE
          --list          what there is
          --seconds N     for each target (10)
          --hours N       the same in hours
          --iterations N  executions of each target instead of a time: then all follows from the seed
          --quick         the same with a number of each target's own, about a second's
          --seed N        where choices begin (1)
          --replay FILE   run one input and say what happens
          --corpus DIR    begin with the inputs in DIR/TARGET, and write there what reached new code
          --artifacts DIR where findings go (artifacts/fuzz)
          --no-feedback   count coverage without using it, for comparison
        """;

    private static readonly FuzzTarget[] Targets = [.. FuzzTargets.All];

    public static int Run(string[] args, TextWriter output)
    {
        List<FuzzTarget> chosen = [];
        CampaignOptions options = new()
        {
            Artifacts = Path.Combine(Directory.GetCurrentDirectory(), "artifacts", "fuzz"),
            Checked = Path.Combine(AppContext.BaseDirectory, "Corpus"),
        };
        string? replay = null;
        for (int i = 0; i < args.Length; i++)
        {
            if (args[i] is "--help" or "--list")
            {
                output.WriteLine(args[i] == "--help" ? Usage : string.Join('\n', Targets.Select(t => $"{t.Name,-12} {t.Summary}")));
                return 0;
            }

            if (args[i] == "--quick") options = options with { IsQuick = true };
            else if (args[i] == "--no-feedback") options = options with { HasFeedback = false };
            else if (!args[i].StartsWith('-')) chosen.Add(Find(args[i]) ?? throw new ArgumentException($"there is no target {args[i]}\n{Usage}"));
            else if (i + 1 == args.Length) throw new ArgumentException(Usage);
            else if (args[i] == "--replay") replay = args[++i];
            else options = With(options, args[i], args[++i]);
        }

        if (replay is not null) return Replay(chosen.Single(), replay, output);
        bool isGood = true;
        foreach (FuzzTarget target in chosen.Count > 0 ? chosen : [.. Targets])
        {
            CampaignReport report = new Campaign(target, options, output).Run();
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{report.Target,-12} seed {report.Seed}  {report.Executions} executions  {report.Seconds:0.0} s  {report.Executions / report.Seconds:0}/s  "
                + $"{report.Covered} counters ({report.Seeded} of the seeds)  {report.Entries} entries  "
                + $"digest {report.Digest}  {report.Findings.Count} findings"));
            isGood &= report.Findings.Count == 0;
        }

        return isGood ? 0 : 1;
    }

    private static FuzzTarget? Find(string name) => name == Toy.TargetName ? new Toy() : Array.Find(Targets, t => t.Name == name);

    private static CampaignOptions With(CampaignOptions options, string name, string value) => name switch
    {
        "--seconds" => options with { Seconds = double.Parse(value, CultureInfo.InvariantCulture) },
        "--hours" => options with { Seconds = double.Parse(value, CultureInfo.InvariantCulture) * 3600 },
        "--iterations" => options with { Iterations = long.Parse(value, CultureInfo.InvariantCulture) },
        "--seed" => options with { Seed = ulong.Parse(value, CultureInfo.InvariantCulture) },
        "--corpus" => options with { Kept = Path.GetFullPath(value) },
        "--artifacts" => options with { Artifacts = Path.GetFullPath(value) },
        _ => throw new ArgumentException($"there is no option {name}\n{Usage}"),
    };

    private static int Replay(FuzzTarget target, string file, TextWriter output)
    {
        target.IsAlone = true;
        Finding? finding = new Execution(target).Run(LastInput.Read(file));
        output.WriteLine(finding is null ? $"{target.Name}: nothing wrong with {file}" : $"{target.Name}: {finding.Key}\n{finding.Text}");
        return finding is null ? 0 : 1;
    }
}
