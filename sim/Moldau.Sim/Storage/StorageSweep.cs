namespace Moldau.Sim;

/// <summary>Many seeds on all cores. Each seed is deterministic; which thread runs it is not, and shows nowhere.</summary>
public sealed class StorageSweep
{
    private readonly Lock _lock = new();
    private readonly List<StorageReport> _failures = [];
    private readonly List<ulong> _failedSeeds = [];

    public long Seeds { get; private set; }

    public long Events { get; private set; }

    public long SimulatedMs { get; private set; }

    /// <summary>The first so many that failed, in the order of their seeds.</summary>
    public IReadOnlyList<StorageReport> Failures => _failures;

    public IReadOnlyList<ulong> FailedSeeds => _failedSeeds;

    /// <param name="first">The first seed.</param>
    /// <param name="last">The last one.</param>
    /// <param name="bug">A mistake that must be found.</param>
    /// <param name="mostKept">So many reports of failed seeds are kept; a sweep that has more than ten times as many ends.</param>
    /// <param name="each">Called for each report, by one thread at a time.</param>
    public static StorageSweep Run(ulong first, ulong last, StorageBug bug, int mostKept, Action<StorageReport>? each = null)
    {
        StorageSweep sweep = new();
        ulong next = first - 1;
        Thread[] threads = new Thread[Math.Max(1, Environment.ProcessorCount)];
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(() => sweep.Share(ref next, last, bug, mostKept, each));
            threads[i].Start();
        }

        foreach (Thread thread in threads) thread.Join();
        sweep._failedSeeds.Sort();
        sweep._failures.Sort(static (a, b) => a.Seed.CompareTo(b.Seed));
        return sweep;
    }

    private void Share(ref ulong next, ulong last, StorageBug bug, int mostKept, Action<StorageReport>? each)
    {
        StorageKit kit = new();
        for (ulong seed = Interlocked.Increment(ref next); seed <= last; seed = Interlocked.Increment(ref next))
        {
            StorageReport report = StorageRun.Run(seed, kit, bug);
            if (!report.IsGood) kit = new StorageKit(); // it may still hold buffers
            if (!Take(report, mostKept, each)) break;
        }

        kit.Dispose();
    }

    private bool Take(StorageReport report, int mostKept, Action<StorageReport>? each)
    {
        lock (_lock)
        {
            Seeds++;
            Events += report.Events;
            SimulatedMs += report.SimulatedMs;
            each?.Invoke(report);
            if (report.IsGood) return true;
            _failedSeeds.Add(report.Seed);
            if (_failures.Count < mostKept) _failures.Add(report);
            return _failedSeeds.Count <= mostKept * 10;
        }
    }
}
