using System.Numerics;

namespace Moldau.Cli.Bench;

/// <summary>Counts times by their size, with a relative error of less than one percent, in constant memory: 128 classes for
/// each doubling, as HDR histograms do. Not for several threads at once.</summary>
internal sealed class LatencyHistogram
{
    private const int SubBits = 7;
    private const int SubCount = 1 << SubBits;
    private const int Doublings = 48;

    private readonly long[] _counts = new long[Doublings * SubCount];

    public long Count { get; private set; }

    /// <summary>The largest value, exactly.</summary>
    public long MaxMicros { get; private set; }

    /// <summary>The smallest value, exactly; 0 where there is none.</summary>
    public long MinMicros { get; private set; }

    public double MeanMicros => Count == 0 ? 0 : _sum / Count;

    private double _sum;

    public void Record(long micros)
    {
        micros = Math.Max(0, micros);
        _counts[Math.Min(IndexOf(micros), _counts.Length - 1)]++;
        MinMicros = Count == 0 ? micros : Math.Min(MinMicros, micros);
        MaxMicros = Math.Max(MaxMicros, micros);
        _sum += micros;
        Count++;
    }

    public void Add(LatencyHistogram other)
    {
        if (other.Count == 0) return;
        for (int i = 0; i < _counts.Length; i++) _counts[i] += other._counts[i];
        MinMicros = Count == 0 ? other.MinMicros : Math.Min(MinMicros, other.MinMicros);
        MaxMicros = Math.Max(MaxMicros, other.MaxMicros);
        _sum += other._sum;
        Count += other.Count;
    }

    /// <summary>The value that this share of the values does not exceed, at most so much too large as its class is wide.</summary>
    /// <param name="percent">From 0 to 100.</param>
    public long Percentile(double percent)
    {
        if (Count == 0) return 0;
        long rank = Math.Max(1, (long)Math.Ceiling(percent / 100 * Count));
        long seen = 0;
        for (int i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= rank) return Math.Min(HighestOf(i), MaxMicros);
        }

        return MaxMicros;
    }

    /// <summary>Values below 128 have a class each; from there on the upper seven bits behind the first one count.</summary>
    private static int IndexOf(long value)
    {
        if (value < SubCount) return (int)value;
        int shift = BitOperations.Log2((ulong)value) - SubBits;
        return ((shift + 1) << SubBits) + (int)((value >> shift) - SubCount);
    }

    private static long HighestOf(int index)
    {
        if (index < SubCount) return index;
        int shift = (index >> SubBits) - 1;
        return (((long)(index & (SubCount - 1)) + SubCount + 1) << shift) - 1;
    }
}
