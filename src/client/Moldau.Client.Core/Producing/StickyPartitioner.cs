using Moldau.Base;

namespace Moldau.Client;

/// <summary>Where records without a key go: to one partition until a batch's worth of bytes went there, then to another,
/// drawn so that partitions with much waiting come up less often and those without a leader not at all
/// (KIP-480, KIP-794).</summary>
internal sealed class StickyPartitioner(ProducerPart producer)
{
    private int _current = -1;
    private long _bytes;
    private long[] _upTo = [];

    private bool IsAdaptive => producer.Options.IsPartitioningAdaptive;

    /// <summary>The partition for the next record.</summary>
    public int Current(ProduceTopic topic, ClientTurn turn)
    {
        if (_current < 0 || _current >= topic.Info!.Partitions.Length) Switch(topic, turn);
        return _current;
    }

    public void Count(long bytes) => _bytes += bytes;

    /// <summary>A new batch would begin at the current partition: true where another is to have its turn.</summary>
    public bool TrySwitch(ProduceTopic topic, long nextBytes, ClientTurn turn)
    {
        if (_bytes == 0 || _bytes + nextBytes <= producer.Options.BatchBytes) return false;
        Switch(topic, turn);
        return true;
    }

    private void Switch(ProduceTopic topic, ClientTurn turn)
    {
        _bytes = 0;
        int count = topic.Info!.Partitions.Length;
        if (_upTo.Length < count) _upTo = new long[count];
        bool passesOver = IsAdaptive && producer.Options.PartitionerAvailabilityTimeout > Duration.Zero;
        long sum = passesOver ? Weigh(topic, turn) : 0;

        // Where every broker is blocked, none is passed over.
        if (sum == 0) sum = Weigh(topic, null);
        if (sum == 0)
        {
            _current = producer.Prng.Next(count);
            return;
        }

        long drawn = producer.Prng.Next(0, sum);
        _current = 0;
        while (_upTo[_current] <= drawn) _current++;
    }

    /// <summary>Gives each partition its share of the numbers that may be drawn; the result is their sum.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="turn">The step under way, where partitions of blocked brokers get none; else null.</param>
    private long Weigh(ProduceTopic topic, ClientTurn? turn)
    {
        int count = topic.Info!.Partitions.Length;
        int longest = 0;
        for (int i = 0; i < count; i++) longest = Math.Max(longest, LoadOf(topic, i));
        long sum = 0;
        for (int i = 0; i < count; i++)
        {
            int leader = topic.LeaderOf(i);
            bool isPassedOver = leader < 0 || (turn is not null && producer.Sender.IsBlocked(leader, turn));
            if (!isPassedOver) sum += IsAdaptive ? longest + 1 - LoadOf(topic, i) : 1;
            _upTo[i] = sum;
        }

        return sum;
    }

    private static int LoadOf(ProduceTopic topic, int partition) =>
        topic[partition].Waiting.Count + topic[partition].InFlight;
}
