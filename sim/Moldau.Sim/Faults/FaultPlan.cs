using System.Text;
using Moldau.Base;

namespace Moldau.Sim;

public enum FaultKind
{
    /// <summary>SIGKILL; A: milliseconds until the node is started again.</summary>
    Kill,

    /// <summary>As a kill, and what was not synced is lost in part; A: milliseconds until the next start.</summary>
    PowerLoss,

    /// <summary>SIGTERM; A: milliseconds until the next start.</summary>
    CleanRestart,

    /// <summary>The process dies inside the A-th disk call from then.</summary>
    CrashInCall,

    /// <summary>From the A-th disk call on, B calls fail with EIO.</summary>
    DiskError,

    /// <summary>As <see cref="DiskError"/>, with ENOSPC, and only calls that take space.</summary>
    DiskFull,

    /// <summary>Disk operations take up to B ms, for A ms.</summary>
    SlowDisk,

    /// <summary>No append completes in its own turn, for A ms.</summary>
    LateAppends,

    /// <summary>One machine gets no turn for A ms; B: which.</summary>
    PauseMachine,

    /// <summary>Mail between machines takes up to B ms, for A ms.</summary>
    SlowMail,

    /// <summary>A percent of the connections are reset.</summary>
    Reset,

    /// <summary>A percent of the connections go silent; after B ms they turn out to be dead.</summary>
    HalfOpen,

    /// <summary>The network takes up to B ms longer, for A ms.</summary>
    SlowNetwork,

    /// <summary>The wall clock is set A ms forward (or back).</summary>
    WallJump,

    /// <summary>A percent of the connections lose what goes one way; after B ms they turn out to be dead.</summary>
    OneWay,
}

/// <summary>One fault: when, what, to whom, and two numbers whose meaning is the kind's.</summary>
public readonly record struct Fault(long AtMs, FaultKind Kind, int Node, long A, long B)
{
    public override string ToString() => $"{AtMs,6} ms  {Kind} node {Node} ({A}, {B})";
}

/// <summary>The faults of a run as an explicit list, drawn from a generator of its own, so that a run can be repeated
/// without some of them.</summary>
public sealed record FaultPlan(IReadOnlyList<Fault> Faults)
{
    private const int SpellMs = 2_000;

    public static readonly FaultPlan None = new([]);

    /// <summary>A run draws which kinds it will see at all, then for each spell of two seconds none (a quarter of them), one
    /// or two faults of these kinds.</summary>
    public static FaultPlan Draw(Prng prng, int nodes, int durationMs, IReadOnlyList<FaultKind> kinds)
    {
        List<FaultKind> chosen = [.. kinds.Where(_ => prng.Chance(0.5))];
        List<Fault> faults = [];
        for (int start = 0; start < durationMs; start += SpellMs)
        {
            int count = prng.Chance(0.25) ? 0 : 1 + prng.Next(2);
            for (int i = 0; i < count && chosen.Count > 0; i++)
                faults.Add(One(prng, start + prng.Next(SpellMs), chosen[prng.Next(chosen.Count)], prng.Next(nodes)));
        }

        return new FaultPlan([.. faults.OrderBy(f => f.AtMs)]);
    }

    /// <summary>The same plan without some of its faults, by index.</summary>
    public FaultPlan Without(IReadOnlySet<int> indexes) => new([.. Faults.Where((_, i) => !indexes.Contains(i))]);

    public override string ToString()
    {
        StringBuilder text = new();
        for (int i = 0; i < Faults.Count; i++) text.AppendLine($"  [{i}] {Faults[i]}");
        return Faults.Count == 0 ? "  no faults\n" : text.ToString();
    }

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
            _ => (prng.Next(-120_000, 120_000), 0),
        };
        return new Fault(atMs, kind, node, draw.A, draw.B);
    }
}
