using System.Diagnostics;
using System.Globalization;
using Moldau.Cli.Bench;

namespace Moldau.Cli.Shims;

/// <summary>What <c>kafka-producer-perf-test.sh</c> counts and prints: a line for each interval while it runs, and one in the
/// end. Records are acknowledged on pool threads.</summary>
/// <param name="output">Where lines go.</param>
/// <param name="intervalMs">So often a line.</param>
/// <param name="isSteady">It counts what comes behind the warm-up.</param>
internal sealed class PerfWindows(TextWriter output, long intervalMs, bool isSteady)
{
    private readonly Lock _lock = new();
    private readonly LatencyHistogram _times = new();
    private readonly long _began = Stopwatch.GetTimestamp();
    private LatencyHistogram _window = new();
    private long _windowBegan = Stopwatch.GetTimestamp();
    private long _windowBytes;
    private long _bytes;
    private long _lastAt = Stopwatch.GetTimestamp();
    private bool _isSilent;

    /// <summary>Others print the intervals from now on.</summary>
    public void Silence()
    {
        lock (_lock) _isSilent = true;
    }

    /// <summary>A record was acknowledged.</summary>
    /// <param name="micros">After so long.</param>
    /// <param name="bytes">Of its value.</param>
    /// <param name="now">When, in ticks of the stopwatch.</param>
    public void Record(long micros, int bytes, long now)
    {
        lock (_lock)
        {
            _times.Record(micros);
            _window.Record(micros);
            (_bytes, _windowBytes, _lastAt) = (_bytes + bytes, _windowBytes + bytes, now);
            TimeSpan took = Stopwatch.GetElapsedTime(_windowBegan, now);
            if (took.TotalMilliseconds < intervalMs) return;
            if (isSteady && _times.Count == _window.Count) output.WriteLine("In steady state.");
            if (!_isSilent) output.WriteLine(Line(took));
            output.Flush();
            (_window, _windowBegan, _windowBytes) = (new LatencyHistogram(), now, 0);
        }
    }

    /// <summary>The line of the end.</summary>
    /// <summary>Records that were acknowledged.</summary>
    public long Count
    {
        get
        {
            lock (_lock) return _times.Count;
        }
    }

    public void PrintTotal()
    {
        lock (_lock)
            output.WriteLine(BenchResult.ProducerLine(_times.Count, _bytes, Stopwatch.GetElapsedTime(_began, _lastAt), _times, isSteady));
    }

    private string Line(TimeSpan took) => string.Create(
        CultureInfo.InvariantCulture,
        $"{_window.Count} records sent, {_window.Count / took.TotalSeconds:F1} records/sec ({BenchResult.Mb(_windowBytes) / took.TotalSeconds:F2} MB/sec), "
        + $"{_window.MeanMicros / 1000:F1} ms avg latency, {_window.MaxMicros / 1000.0:F1} ms max latency.");
}
