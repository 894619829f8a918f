using System.Buffers.Binary;
using Moldau.Base;

namespace Moldau.Sim;

/// <summary>What clients were told and what they saw of the topics that keep everything, and the rules it must obey:
/// L1 and L4 (what was acknowledged or read stays where it is), L5 (real-time order), P1 (no duplicate, order kept).</summary>
internal sealed class RecordHistory(SimWorld world)
{
    private readonly SortedDictionary<TopicPartition, PartitionHistory> _partitions = [];
    private readonly SortedDictionary<TopicPartition, long> _committed = [];
    private readonly Dictionary<TopicPartition, long> _rottenUntilNs = [];

    private sealed class PartitionHistory
    {
        /// <summary>Value id by offset: acknowledged, and seen by a consumer.</summary>
        public readonly SortedDictionary<long, long> Acked = [];
        public readonly Dictionary<long, long> Seen = [];

        /// <summary>By value id: its timestamp, and the highest offset acknowledged before it was sent.</summary>
        public readonly Dictionary<long, (long Timestamp, long Floor)> Sent = [];

        public long HighestAcked = -1;
    }

    public int AckedCount { get; private set; }

    public int SeenCount { get; private set; }

    public int CommitCount { get; private set; }

    /// <summary>Group offsets may be lost with the power: the topic that keeps them promises nothing.</summary>
    public bool MayForgetCommits { get; set; }

    /// <summary>The bytes that belong to an id: anyone can tell whether a value is whole.</summary>
    public static byte[] ValueOf(long id)
    {
        Prng prng = new((ulong)id);
        byte[] value = new byte[8 + prng.Next(prng.Next(10) == 0 ? 6_000 : 200)];
        prng.NextBytes(value.AsSpan(8));
        BinaryPrimitives.WriteInt64BigEndian(value, id);
        return value;
    }

    public void Sent(in TopicPartition partition, long id, long timestamp)
    {
        PartitionHistory history = Of(partition);
        history.Sent.Add(id, (timestamp, history.HighestAcked));
    }

    public void Acked(in TopicPartition partition, long offset, long id)
    {
        AckedCount++;
        PartitionHistory history = Of(partition);
        if (!history.Acked.TryAdd(offset, id))
            world.Fail($"[L2] {partition}: offset {offset} was acknowledged for {history.Acked[offset]:x} and for {id:x}");
        if (offset <= history.Sent[id].Floor)
            world.Fail($"[L5] {partition}: {id:x} was sent after offset {history.Sent[id].Floor} was acknowledged, and stands at {offset}");
        history.HighestAcked = Math.Max(history.HighestAcked, offset);
    }

    /// <summary>A consumer read a value: it must be whole, sent, and the same as ever before at this offset.</summary>
    public long Saw(in TopicPartition partition, long offset, ReadOnlySpan<byte> value)
    {
        SeenCount++;
        long id = value.Length >= 8 ? BinaryPrimitives.ReadInt64BigEndian(value) : -1;
        PartitionHistory history = Of(partition);
        if (!history.Sent.ContainsKey(id)) world.Fail($"[L2] {partition}: offset {offset} has {id:x}, which nobody sent");
        else if (!value.SequenceEqual(ValueOf(id))) world.Fail($"[D1] {partition}: offset {offset} has other bytes than {id:x}");
        else if (!history.Seen.TryAdd(offset, id) && history.Seen[offset] != id)
            world.Fail($"[L4] {partition}: offset {offset} was {history.Seen[offset]:x} and is {id:x}");
        return id;
    }

    /// <summary>The plan damages what is read of the partition, up to some time.</summary>
    public void Rots(in TopicPartition partition, long untilNs) =>
        _rottenUntilNs[partition] = Math.Max(_rottenUntilNs.GetValueOrDefault(partition), untilNs);

    /// <summary>Bytes that do not match their checksum may come: whoever sees them must notice, and read again.</summary>
    public bool MayRot(in TopicPartition partition)
    {
        if (_rottenUntilNs.GetValueOrDefault(partition, -1) < world.Clock.NowNs) return false;
        world.Coverage.Hit(SimMark.RotNoticed);
        return true;
    }

    public void Committed(in TopicPartition partition, long offset)
    {
        CommitCount++;
        if (offset > CommittedOf(partition) && !MayForgetCommits) _committed[partition] = offset;
    }

    /// <summary>−1 before the first.</summary>
    public long HighestAcked(in TopicPartition partition) => Of(partition).HighestAcked;

    /// <summary>The highest offset whose commit was acknowledged; −1 before the first.</summary>
    public long CommittedOf(in TopicPartition partition) => _committed.GetValueOrDefault(partition, -1);

    /// <summary>A time to ask for: about that of some record that was acknowledged, if there is one.</summary>
    public long? SomeTimestamp(in TopicPartition partition, Prng prng)
    {
        PartitionHistory history = Of(partition);
        if (history.Acked.Count == 0) return null;
        long from = prng.Next(0, history.HighestAcked + 1);
        foreach ((long offset, long id) in history.Acked)
            if (offset >= from) return history.Sent[id].Timestamp + prng.Next(3) - 1;
        return null;
    }

    /// <summary>The offsets that were acknowledged with a timestamp at or above the given one.</summary>
    public long? FirstAckedFrom(in TopicPartition partition, long timestamp)
    {
        PartitionHistory history = Of(partition);
        foreach ((long offset, long id) in history.Acked)
            if (history.Sent[id].Timestamp >= timestamp) return offset;
        return null;
    }

    /// <summary>The timestamp of an acknowledged record.</summary>
    public long? TimestampAt(in TopicPartition partition, long offset)
    {
        PartitionHistory history = Of(partition);
        return history.Acked.TryGetValue(offset, out long id) ? history.Sent[id].Timestamp : null;
    }

    /// <summary>The whole log as read at the end: everything acknowledged or seen is in its place, nothing twice, and
    /// what a producer sent is in the order it was sent.</summary>
    public string? Check(TopicPartition partition, IReadOnlyList<(long Offset, long Id)> log)
    {
        PartitionHistory history = Of(partition);
        Dictionary<long, long> places = [];
        Dictionary<long, long> lastOfProducer = [];
        for (int i = 0; i < log.Count; i++)
        {
            (long offset, long id) = log[i];
            if (offset != i) return $"[L3] {partition}: offset {i} is missing, {offset} follows";
            if (!places.TryAdd(id, offset)) return $"[P1] {partition}: {id:x} is there twice, at {places[id]} and {offset}";
            long producer = id >> 32;
            if (lastOfProducer.TryGetValue(producer, out long last) && last >= id)
                return $"[P1] {partition}: {id:x} stands at {offset} behind {last:x}";
            lastOfProducer[producer] = id;
        }

        foreach ((string what, IDictionary<long, long> known) in
            new (string, IDictionary<long, long>)[] { ("acknowledged", history.Acked), ("seen", history.Seen) })
        {
            foreach ((long offset, long id) in known.OrderBy(p => p.Key))
            {
                if (offset >= log.Count) return $"[L1] {partition}: {id:x} was {what} at {offset}, but the log ends at {log.Count}";
                if (log[(int)offset].Id != id) return $"[L1] {partition}: {id:x} was {what} at {offset}, which has {log[(int)offset].Id:x}";
            }
        }

        return null;
    }

    private PartitionHistory Of(in TopicPartition partition)
    {
        if (!_partitions.TryGetValue(partition, out PartitionHistory? history))
            _partitions.Add(partition, history = new PartitionHistory());
        return history;
    }
}
