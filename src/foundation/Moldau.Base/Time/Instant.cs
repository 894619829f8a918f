namespace Moldau.Base;

/// <summary>A point in time as a machine sees it: a monotonic reading, which orders events and deadlines, and the wall
/// clock, which stamps records. The two drift apart when the wall clock is set; deadlines never use the wall clock.</summary>
/// <param name="MonotonicNs">Nanoseconds since an arbitrary start; never goes back.</param>
/// <param name="UnixMs">Wall clock, milliseconds since 1970-01-01T00:00:00Z; may jump either way.</param>
public readonly record struct Instant(long MonotonicNs, long UnixMs) : IComparable<Instant>
{
    /// <summary>Later than every reading: "no deadline".</summary>
    public static readonly Instant Never = new(long.MaxValue, long.MaxValue);

    public long MonotonicMs => MonotonicNs / 1_000_000;

    public int CompareTo(Instant other) => MonotonicNs.CompareTo(other.MonotonicNs);

    public static Instant Min(Instant left, Instant right) => left.MonotonicNs <= right.MonotonicNs ? left : right;

    public static Instant operator +(Instant at, Duration by) =>
        at.MonotonicNs > long.MaxValue - by.Ns ? Never : new(at.MonotonicNs + by.Ns, at.UnixMs + by.Ms);

    public static Duration operator -(Instant left, Instant right) => new(left.MonotonicNs - right.MonotonicNs);

    public static bool operator <(Instant left, Instant right) => left.MonotonicNs < right.MonotonicNs;

    public static bool operator >(Instant left, Instant right) => left.MonotonicNs > right.MonotonicNs;

    public static bool operator <=(Instant left, Instant right) => left.MonotonicNs <= right.MonotonicNs;

    public static bool operator >=(Instant left, Instant right) => left.MonotonicNs >= right.MonotonicNs;
}

/// <summary>A span of monotonic time.</summary>
/// <param name="Ns">Nanoseconds.</param>
public readonly record struct Duration(long Ns) : IComparable<Duration>
{
    public static readonly Duration Zero;

    public long Ms => Ns / 1_000_000;

    /// <summary>Saturates instead of overflowing, so that Kafka's Long.MAX_VALUE timeouts mean "for ever".</summary>
    public static Duration FromMs(long ms) =>
        new(ms > long.MaxValue / 1_000_000 ? long.MaxValue : ms < 0 ? 0 : ms * 1_000_000);

    public static Duration FromUs(long us) => new(us * 1_000);

    public static Duration FromSeconds(long seconds) => FromMs(seconds * 1_000);

    public int CompareTo(Duration other) => Ns.CompareTo(other.Ns);

    public static bool operator <(Duration left, Duration right) => left.Ns < right.Ns;

    public static bool operator >(Duration left, Duration right) => left.Ns > right.Ns;

    public static bool operator <=(Duration left, Duration right) => left.Ns <= right.Ns;

    public static bool operator >=(Duration left, Duration right) => left.Ns >= right.Ns;
}
