using Moldau.Base;

namespace Moldau.Client;

/// <summary>Where records without a key go: to one partition until a batch's worth of bytes went there, then to another,
/// drawn so that partitions with much waiting come up less often and those without a leader not at all
/// (KIP-480, KIP-794).</summary>
internal sealed class StickyPartitioner(Prng prng)
{
    private int _current = -1;
    private long _bytes;
    private long[] _upTo = [];

    /// <summary>The partition for the next record.</summary>
    public int Current(ProduceTopic topic, bool isAdaptive)
    {
        if (_current < 0 || _current >= topic.Info!.Partitions.Length) Switch(topic, isAdaptive);
        return _current;
    }

    public void Count(long bytes) => _bytes += bytes;

    /// <summary>A new batch would begin at the current partition: true where another is to have its turn.</summary>
    public bool TrySwitch(ProduceTopic topic, long nextBytes, long batchBytes, bool isAdaptive)
    {
        if (_bytes == 0 || _bytes + nextBytes <= batchBytes) return false;
        Switch(topic, isAdaptive);
        return true;
    }

    private void Switch(ProduceTopic topic, bool isAdaptive)
    {
        _bytes = 0;
        int count = topic.Info!.Partitions.Length;
        if (_upTo.Length < count) _upTo = new long[count];
        int longest = 0;
        for (int i = 0; i < count; i++) longest = Math.Max(longest, LoadOf(topic, i));
        long sum = 0;
        for (int i = 0; i < count; i++)
        {
            if (topic.LeaderOf(i) >= 0) sum += isAdaptive ? longest + 1 - LoadOf(topic, i) : 1;
            _upTo[i] = sum;
        }

        if (sum == 0)
        {
            _current = prng.Next(count);
            return;
        }

        long drawn = prng.Next(0, sum);
        _current = 0;
        while (_upTo[_current] <= drawn) _current++;
    }

    private static int LoadOf(ProduceTopic topic, int partition) =>
        topic[partition].Waiting.Count + topic[partition].InFlight;
}
