using System.Diagnostics;
using System.Globalization;
using Moldau.Cli.Bench;

namespace Moldau.Load;

/// <summary>What happened between the end of the warm-up and the end of the time: records, latencies, and the CPU seconds of this process
/// and of the server. For several threads at once.</summary>
/// <param name="seconds">How long it counts.</param>
/// <param name="warmUpSeconds">What is not counted before.</param>
/// <param name="serverId">The server's process, where its CPU time shall be measured over the same time; 0: not.</param>
internal sealed class Meter(double seconds, double warmUpSeconds, int serverId = 0)
{
    private const double TicksASecond = 100; // USER_HZ, the unit of /proc/PID/stat on Linux

    private readonly Lock _lock = new();
    private readonly LatencyHistogram _latencies = new();
    private readonly long _begun = Stopwatch.GetTimestamp();
    private long _startedAt;
    private long _records;
    private long _failed;
    private double _cpu;
    private double _serverCpu;
    private long _allocated;

    private bool IsWarm => Volatile.Read(ref _startedAt) != 0;

    /// <summary>Counts records; false when the time is over and there were any.</summary>
    public bool Add(long records)
    {
        long now = Stopwatch.GetTimestamp();
        if (!IsWarm) return Stopwatch.GetElapsedTime(_begun, now).TotalSeconds < warmUpSeconds || Start(now);
        bool isOver = Stopwatch.GetElapsedTime(_startedAt, now).TotalSeconds >= seconds;
        if (isOver && Volatile.Read(ref _records) > 0) return false;
        Interlocked.Add(ref _records, records);
        return true;
    }

    public void Failed() => Interlocked.Increment(ref _failed);

    /// <param name="sentAt">By <see cref="Stopwatch.GetTimestamp"/>; records from before the warm-up's end do not count.</param>
    /// <param name="now">The same clock.</param>
    public void Latency(long sentAt, long now)
    {
        if (!IsWarm || sentAt < _startedAt) return;
        lock (_lock) _latencies.Record((now - sentAt) * 1_000_000 / Stopwatch.Frequency);
    }

    /// <summary>One line of JSON; call it before anything is closed.</summary>
    /// <param name="size">Bytes of a record's value.</param>
    public void Print(int size)
    {
        double elapsed = Stopwatch.GetElapsedTime(_startedAt).TotalSeconds;
        double perSecond = _records / elapsed;
        string rss = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        double rssMb = double.Parse(rss.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
        long bytes = GC.GetTotalAllocatedBytes() - _allocated;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"records\":{_records},\"seconds\":{elapsed:0.000},\"records_s\":{perSecond:0.0},\"mb_s\":{perSecond * size / 1e6:0.00},")
            + string.Create(
                CultureInfo.InvariantCulture,
                $"\"failed\":{_failed},\"cpu\":{Cpu() - _cpu:0.000},\"server_cpu\":{ServerCpu() - _serverCpu:0.000},\"rss\":{rssMb:0},")
            + string.Create(
                CultureInfo.InvariantCulture,
                $"\"allocated\":{bytes},\"latency_ms\":{{\"p50\":{At(50):0.000},\"p90\":{At(90):0.000},\"p99\":{At(99):0.000},")
            + string.Create(
                CultureInfo.InvariantCulture,
                $"\"p999\":{At(99.9):0.000},\"p9999\":{At(99.99):0.000},\"max\":{_latencies.MaxMicros / 1000.0:0.000}}}}}"));
    }

    private bool Start(long now)
    {
        lock (_lock)
        {
            if (IsWarm) return true;
            (_cpu, _serverCpu, _allocated) = (Cpu(), ServerCpu(), GC.GetTotalAllocatedBytes());
            Volatile.Write(ref _startedAt, now);
            return true;
        }
    }

    private static double Cpu()
    {
        using Process self = Process.GetCurrentProcess();
        return self.TotalProcessorTime.TotalSeconds;
    }

    private double ServerCpu()
    {
        if (serverId == 0) return 0;
        string stat = File.ReadAllText($"/proc/{serverId.ToString(CultureInfo.InvariantCulture)}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[11..13].Sum(f => long.Parse(f, CultureInfo.InvariantCulture)) / TicksASecond;
    }

    /// <summary>Milliseconds.</summary>
    private double At(double percent) => _latencies.Percentile(percent) / 1000.0;
}
