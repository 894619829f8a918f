using System.Diagnostics;
using Moldau.Base;

namespace Moldau.Runtime;

/// <summary>The machine's clock: CLOCK_MONOTONIC for order and deadlines, the wall clock for stamps. One per reactor
/// thread. The wall clock is read once per <see cref="Refresh"/> and carried on by the monotonic one in between, so
/// that a step costs one cheap reading.</summary>
public sealed class SystemClock
{
    private long _baseMonotonicNs;
    private long _baseUnixNs;

    public SystemClock() => Refresh();

    public Instant Now
    {
        get
        {
            long monotonicNs = MonotonicNs;
            return new(monotonicNs, (_baseUnixNs + (monotonicNs - _baseMonotonicNs)) / 1_000_000);
        }
    }

    // Stopwatch on Linux is clock_gettime(CLOCK_MONOTONIC) in nanoseconds.
    public static long MonotonicNs => Stopwatch.GetTimestamp() * (1_000_000_000 / Stopwatch.Frequency);

    public void Refresh()
    {
        _baseMonotonicNs = MonotonicNs;
        _baseUnixNs = (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100;
    }
}
