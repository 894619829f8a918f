using System.Diagnostics;
using System.Globalization;

namespace Moldau.Bench.Clients;

/// <summary>What one client did between the end of its warm-up and the end of its time: records, CPU seconds of the process,
/// its resident memory, latencies. Counted by one thread.</summary>
internal sealed class Meter(double seconds)
{
    private const double WarmUpSeconds = 2;

    private readonly long _begun = Stopwatch.GetTimestamp();
    private readonly List<long> _latencies = [];
    private long _startedAt;
    private TimeSpan _cpu;
    private long _records;

    private bool IsWarm => _startedAt != 0;

    /// <summary>Counts records; false when the time is over.</summary>
    public bool Add(long records)
    {
        long now = Stopwatch.GetTimestamp();
        if (!IsWarm)
        {
            if (Stopwatch.GetElapsedTime(_begun, now).TotalSeconds < WarmUpSeconds) return true;
            (_startedAt, _cpu) = (now, Cpu());
            return true;
        }

        _records += records;
        return Stopwatch.GetElapsedTime(_startedAt, now).TotalSeconds < seconds;
    }

    /// <param name="sentAt">By <see cref="Stopwatch.GetTimestamp"/>.</param>
    /// <param name="now">The same clock.</param>
    public void Latency(long sentAt, long now)
    {
        if (IsWarm) _latencies.Add(now - sentAt);
    }

    /// <summary>One line of JSON; call it before anything is closed.</summary>
    public void Print()
    {
        double elapsed = Stopwatch.GetElapsedTime(_startedAt).TotalSeconds;
        double cpu = (Cpu() - _cpu).TotalSeconds;
        string rss = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        double rssMb = double.Parse(rss.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
        _latencies.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{{\"records\":{_records},\"seconds\":{elapsed:0.000},\"cpu\":{cpu:0.000},\"rss\":{rssMb:0},")
            + string.Create(CultureInfo.InvariantCulture, $"\"p50\":{At(0.50):0.000},\"p99\":{At(0.99):0.000}}}"));
    }

    private static TimeSpan Cpu()
    {
        using Process self = Process.GetCurrentProcess();
        return self.TotalProcessorTime;
    }

    /// <summary>Milliseconds.</summary>
    private double At(double share) =>
        _latencies.Count == 0 ? 0 : _latencies[(int)(share * (_latencies.Count - 1))] * 1000.0 / Stopwatch.Frequency;
}
