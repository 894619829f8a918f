using Moldau.Base;

namespace Moldau.Sim;

/// <summary>Simulated time: a monotonic reading that only the event queue moves, and a wall clock that faults may set or let
/// run at another speed. The clients and each node have wall clocks of their own over the same monotonic time.</summary>
/// <param name="monotonic">Whose time this is; null: it is moved itself.</param>
public sealed class SimClock(SimClock? monotonic = null)
{
    /// <summary>2026-01-01T00:00:00Z: any fixed start, so that a seed gives the same timestamps for ever.</summary>
    private const long StartUnixMs = 1_767_225_600_000;

    private long _nowNs;
    private long _wallOffsetNs;
    private long _drift;
    private long _driftSinceNs;

    public long NowNs => monotonic?.NowNs ?? _nowNs;

    public Instant Now => new(NowNs, StartUnixMs + (NowNs + _wallOffsetNs + Drifted) / 1_000_000);

    /// <summary>By how many thousandths the wall clock runs too fast from now on.</summary>
    public long DriftThousandths
    {
        get => _drift;
        set
        {
            _wallOffsetNs += Drifted;
            (_drift, _driftSinceNs) = (value, NowNs);
        }
    }

    private long Drifted => (NowNs - _driftSinceNs) / 1_000 * _drift;

    /// <summary>Somebody sets the wall clock.</summary>
    public void JumpWall(long byMs) => _wallOffsetNs += byMs * 1_000_000;

    internal void MoveTo(long ns)
    {
        Verify.That(monotonic is null && ns >= _nowNs);
        _nowNs = ns;
    }
}
