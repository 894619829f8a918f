using Moldau.Base;

namespace Moldau.Sim;

/// <summary>Simulated time: a monotonic reading that only the event queue moves, and a wall clock that faults may set.</summary>
public sealed class SimClock
{
    /// <summary>2026-01-01T00:00:00Z: any fixed start, so that a seed gives the same timestamps for ever.</summary>
    private const long StartUnixMs = 1_767_225_600_000;

    private long _wallOffsetMs;

    public long NowNs { get; private set; }

    public Instant Now => new(NowNs, StartUnixMs + _wallOffsetMs + NowNs / 1_000_000);

    /// <summary>Somebody sets the wall clock.</summary>
    public void JumpWall(long byMs) => _wallOffsetMs += byMs;

    internal void MoveTo(long ns)
    {
        Verify.That(ns >= NowNs);
        NowNs = ns;
    }
}
