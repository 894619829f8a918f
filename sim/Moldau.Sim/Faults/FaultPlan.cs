using Moldau.Base;

namespace Moldau.Sim;

/// <summary>The faults of a run as an explicit list, drawn from a generator of its own, so that a run can be repeated
/// with some of them, and written down: <c>1200:Kill:0:300:0,4000:Reset:0:50:0</c>, or <c>none</c>.</summary>
public sealed record FaultPlan(IReadOnlyList<Fault> Faults)
{
    private const int SpellMs = 2_000;
    private const string Nothing = "none";

    public static readonly FaultPlan None = new([]);

    /// <summary>A run draws which kinds it will see at all, then for each spell of two seconds none (a quarter of them), one
    /// or two faults of these kinds. Some nodes die in their very first moments besides: while the folder is formatted, or
    /// the topics are made.</summary>
    public static FaultPlan Draw(Prng prng, int nodes, int durationMs, IReadOnlyList<FaultKind> kinds)
    {
        List<FaultKind> chosen = [.. kinds.Where(k => !IsRare(k) && prng.Chance(0.4))];
        List<Fault> faults = [];
        for (int node = 0; node < nodes; node++)
        {
            if (!kinds.Contains(FaultKind.CrashInCall) || !prng.Chance(0.25)) continue;
            faults.Add(new Fault(-1, FaultKind.CrashInCall, node, prng.Next(prng.Chance(0.5) ? 40 : 400), 0));
        }

        for (int start = 0; start < durationMs; start += SpellMs)
        {
            int count = prng.Chance(0.25) ? 0 : 1 + prng.Next(2);
            for (int i = 0; i < count && chosen.Count > 0; i++)
            {
                int at = start + prng.Next(Math.Min(SpellMs, durationMs - start));
                faults.Add(One(prng, at, chosen[prng.Next(chosen.Count)], prng.Next(nodes)));
            }
        }

        // What may come in any run besides, and only once: drawn last, as it was thought of last.
        foreach (FaultKind kind in kinds.Where(IsRare))
            if (prng.Chance(0.2)) faults.Add(One(prng, prng.Next(durationMs), kind, prng.Next(nodes)));
        return new FaultPlan([.. faults.OrderBy(f => f.AtMs)]);
    }

    public static FaultPlan? Parse(string text)
    {
        if (text == Nothing) return None;
        List<Fault> faults = [];
        foreach (string part in text.Split(','))
        {
            if (!Fault.TryParse(part, out Fault fault)) return null;
            faults.Add(fault);
        }

        return new FaultPlan(faults);
    }

    public override string ToString() => Faults.Count == 0 ? Nothing : string.Join(',', Faults);

    private static bool IsRare(FaultKind kind) => kind is FaultKind.BrokenAtStart or FaultKind.RotAtRest;

    private static Fault One(Prng prng, long atMs, FaultKind kind, int node)
    {
        (long A, long B) draw = kind switch
        {
            FaultKind.Kill or FaultKind.PowerLoss or FaultKind.CleanRestart => (10 + prng.Next(2_000), 0),
            FaultKind.CrashInCall => (prng.Next(prng.Chance(0.5) ? 40 : 2_000), 0),
            FaultKind.DiskError or FaultKind.DiskFull => (prng.Next(300), 1 + prng.Next(3)),
            FaultKind.SlowDisk => (200 + prng.Next(2_000), 20 + prng.Next(1_000)),
            FaultKind.LateAppends => (200 + prng.Next(3_000), 0),
            FaultKind.PauseMachine => (10 + prng.Next(1_500), prng.Next(8)),
            FaultKind.SlowMail => (200 + prng.Next(3_000), 1 + prng.Next(200)),
            FaultKind.Reset => (10 + prng.Next(91), 0),
            FaultKind.HalfOpen or FaultKind.OneWay => (10 + prng.Next(91), 500 + prng.Next(5_000)),
            FaultKind.SlowNetwork => (200 + prng.Next(3_000), 5 + prng.Next(500)),
            FaultKind.DirectoryFails => (prng.Next(200), prng.Next(12)),
            FaultKind.BrokenAtStart => (600 + prng.Next(4_000), prng.Next(12)),
            FaultKind.RotAtRest => (100 + prng.Next(1_500), prng.Next(24)),
            FaultKind.ClockDrift => (500 + prng.Next(6_000), prng.Next(-200, 300)),
            FaultKind.Partition => (prng.Next(3), 100 + prng.Next(3_000)),
            FaultKind.BitRot => (100 + prng.Next(1_500), 1 + prng.Next(20)),
            _ => (prng.Next(-120_000, 120_000), 0),
        };
        return new Fault(atMs, kind, node, draw.A, draw.B);
    }
}
