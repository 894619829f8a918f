using System.Globalization;
using System.Text;

namespace Moldau.Sim;

/// <summary>Runs many seeds, one thread a seed, until all are done or somebody says that it is enough; counts what they have
/// seen. The runs share nothing: a seed's hash is the same as alone.</summary>
/// <param name="scenario">Makes the workload of a seed.</param>
/// <param name="jobs">Threads.</param>
public sealed class Campaign(Func<ulong, Scenario> scenario, int jobs)
{
    private const int MostKept = 100;

    private readonly Lock _lock = new();
    private readonly List<SeedReport> _failures = [];
    private readonly SimCoverage _coverage = new();
    private ulong _next;

    /// <summary>Whether the plans of failing seeds are made small.</summary>
    public bool Shrinks { get; init; } = true;

    /// <summary>Seeds that have ended.</summary>
    public long Seeds { get; private set; }

    public long Failed { get; private set; }

    public long Events { get; private set; }

    public long SimulatedMs { get; private set; }

    /// <summary>Failures, their plans shrunk; the first hundred.</summary>
    public IReadOnlyList<SeedReport> Failures => _failures;

    public SimCoverage Coverage => _coverage;

    /// <param name="first">The first seed.</param>
    /// <param name="last">The last one, if it comes to that.</param>
    /// <param name="isEnough">Asked before each seed, by any thread.</param>
    /// <param name="ended">Told of each seed, one at a time; its report is shrunk if it failed.</param>
    public void Run(ulong first, ulong last, Func<bool> isEnough, Action<SeedReport> ended)
    {
        _next = first;
        Thread[] threads = new Thread[jobs];
        for (int i = 0; i < jobs; i++)
        {
            threads[i] = new Thread(() =>
            {
                while (!isEnough() && Take(last) is { } seed)
                {
                    SeedReport report = SeedRun.Run(scenario(seed), seed);
                    if (!report.IsGood && Shrinks && Failed < MostKept) report = SeedRun.Shrink(() => scenario(seed), report);
                    lock (_lock)
                    {
                        Count(report);
                        ended(report);
                    }
                }
            });
            threads[i].Start();
        }

        foreach (Thread thread in threads) thread.Join();
    }

    /// <summary>The tables at the end: figures, faults by kind, marks.</summary>
    public string Report(double seconds)
    {
        StringBuilder text = new();
        text.AppendLine(string.Create(CultureInfo.InvariantCulture,
            $"{Seeds} seeds in {seconds:F1} s: {Seeds / seconds:F2} seeds/s, {SimulatedMs / 1000.0 / seconds:F1} simulated s/s, "
            + $"{Events / seconds / 1000:F0} thousand events/s, {jobs} jobs"));
        text.AppendLine(string.Create(CultureInfo.InvariantCulture, $"simulated {SimulatedMs / 3_600_000.0:F2} h, {Events} events"));
        foreach (FaultKind kind in Enum.GetValues<FaultKind>())
            text.AppendLine(string.Create(CultureInfo.InvariantCulture, $"  fault {kind,-16} {_coverage.Faults[(int)kind],9}"));
        foreach (SimMark mark in Enum.GetValues<SimMark>())
            text.AppendLine(string.Create(CultureInfo.InvariantCulture, $"  mark  {mark,-22} {_coverage.Marks[(int)mark],9}"));
        if (_coverage.Missed.ToList() is { Count: > 0 } missed) text.AppendLine($"never seen: {string.Join(' ', missed)}");
        foreach (SeedReport failure in _failures) text.AppendLine($"FAILED {failure.Row} {failure.Replay}");
        return text.AppendLine(CultureInfo.InvariantCulture, $"{Seeds - Failed} passed, {Failed} failed").ToString();
    }

    private ulong? Take(ulong last)
    {
        lock (_lock)
        {
            return _next > last ? null : _next++;
        }
    }

    private void Count(SeedReport report)
    {
        Seeds++;
        Events += report.Events;
        SimulatedMs += report.SimulatedMs;
        _coverage.Add(report.Coverage);
        if (report.IsGood) return;
        Failed++;
        if (_failures.Count < MostKept) _failures.Add(report);
    }
}
