using System.Numerics;

namespace Moldau.Base;

/// <summary>How a quantity is distributed, for quantiles: counts in buckets of about 6 % width, in two windows of which the
/// owner replaces the older from time to time (<see cref="Rotate"/>), so that quantiles are of the last while and the
/// totals of all time. Written by its owner thread only; a reader on another thread may see a slightly old state.</summary>
public sealed class MetricHistogram
{
    private const int BucketBits = 4;
    private const int BucketsPerPower = 1 << BucketBits;
    // Up to 2^40: eighteen minutes in nanoseconds, a tebibyte in bytes.
    private const int Powers = 40;
    private const int BucketCount = (Powers - BucketBits + 1) * BucketsPerPower;

    private long[] _current = new long[BucketCount];
    private long[] _previous = new long[BucketCount];
    private long _currentMax;
    private long _previousMax;

    /// <summary>Values recorded since the start.</summary>
    public long Count { get; private set; }

    /// <summary>Their sum.</summary>
    public long Sum { get; private set; }

    /// <summary>The largest of the last while.</summary>
    public long Max => Math.Max(_currentMax, _previousMax);

    public void Record(long value)
    {
        if (value < 0) value = 0;
        Count++;
        Sum += value;
        if (value > _currentMax) _currentMax = value;
        _current[BucketOf(value)]++;
    }

    /// <summary>Begins a new window; what is older than the last one is forgotten by the quantiles.</summary>
    public void Rotate()
    {
        Array.Clear(_previous);
        (_current, _previous) = (_previous, _current);
        _previousMax = _currentMax;
        _currentMax = 0;
    }

    /// <summary>Adds the counts of the last while to a reader's own, to be asked for quantiles together.</summary>
    public void AddTo(long[] counts)
    {
        long[] current = _current;
        long[] previous = _previous;
        for (int i = 0; i < BucketCount; i++) counts[i] += current[i] + previous[i];
    }

    public static long[] NewCounts() => new long[BucketCount];

    /// <summary>The value below which the given part (0 to 1) of the counted ones lies; 0 for none.</summary>
    public static double Quantile(ReadOnlySpan<long> counts, double part)
    {
        long total = 0;
        foreach (long count in counts) total += count;
        double wanted = part * total;
        long seen = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            seen += counts[i];
            if (counts[i] > 0 && seen >= wanted) return (LowestOf(i) + LowestOf(i + 1) - 1) / 2.0;
        }

        return 0;
    }

    private static int BucketOf(long value)
    {
        if (value < BucketsPerPower) return (int)value;
        int power = BitOperations.Log2((ulong)value);
        if (power >= Powers) return BucketCount - 1;
        int within = (int)(value >> (power - BucketBits)) & (BucketsPerPower - 1);
        return ((power - BucketBits + 1) << BucketBits) + within;
    }

    private static long LowestOf(int bucket)
    {
        if (bucket < BucketsPerPower) return bucket;
        int power = (bucket >> BucketBits) + BucketBits - 1;
        return (long)(BucketsPerPower + (bucket & (BucketsPerPower - 1))) << (power - BucketBits);
    }
}
