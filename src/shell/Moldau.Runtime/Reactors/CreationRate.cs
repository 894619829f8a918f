namespace Moldau.Runtime;

/// <summary>How many connections a second were made, over the newest samples of a fixed length, and how long accepting
/// has to rest for a limit, by Kafka's reckoning: the first samples count as if the earlier ones had been empty, so a
/// burst of (samples - 1) seconds' worth passes at first; a rest is never longer than one sample.</summary>
internal sealed class CreationRate(int samples, long sampleNs)
{
    private readonly long[] _startNs = new long[samples];
    private readonly long[] _count = new long[samples];
    private int _newest = -1;
    private int _used;

    /// <summary>Notes one connection; how long to rest for <paramref name="limit"/> connections a second, in
    /// nanoseconds.</summary>
    internal long Record(int limit, long nowNs)
    {
        if (_used == 0 || nowNs - _startNs[_newest] >= sampleNs) Begin(nowNs);
        _count[_newest]++;
        (long sum, long spanNs) = Sum(nowNs);
        if (sum * 1e9 <= (double)limit * spanNs) return 0;
        double restNs = limit == 0 ? double.MaxValue : (sum * 1e9 / limit) - spanNs;
        return restNs >= sampleNs ? sampleNs : (long)restNs;
    }

    /// <summary>Connections a second.</summary>
    internal double At(long nowNs)
    {
        (long sum, long spanNs) = Sum(nowNs);
        return sum * 1e9 / spanNs;
    }

    private void Begin(long nowNs)
    {
        _newest = (_newest + 1) % samples;
        _startNs[_newest] = nowNs;
        _count[_newest] = 0;
        _used = Math.Min(_used + 1, samples);
    }

    private (long Sum, long SpanNs) Sum(long nowNs)
    {
        long sum = 0;
        long oldestNs = nowNs;
        for (int i = 0; i < _used; i++)
        {
            if (nowNs - _startNs[i] >= samples * sampleNs) continue;
            sum += _count[i];
            oldestNs = Math.Min(oldestNs, _startNs[i]);
        }

        long spanNs = nowNs - oldestNs;
        long fullSamples = spanNs / sampleNs;
        if (fullSamples < samples - 1) spanNs += (samples - 1 - fullSamples) * sampleNs;
        return (sum, Math.Max(spanNs, sampleNs));
    }
}
