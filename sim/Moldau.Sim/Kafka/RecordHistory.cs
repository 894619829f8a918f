using System.Buffers.Binary;
using Moldau.Base;

namespace Moldau.Sim;

/// <summary>What clients were told and what they saw, and the rules it must obey.</summary>
internal sealed class RecordHistory(SimWorld world)
{
    private readonly SortedDictionary<TopicPartition, PartitionHistory> _partitions = [];
    private readonly SortedDictionary<TopicPartition, long> _committed = [];

    private sealed class PartitionHistory
    {
        /// <summary>Value id by offset: acknowledged, and seen by a consumer.</summary>
        public readonly Dictionary<long, long> Acked = [];
        public readonly Dictionary<long, long> Seen = [];
        public readonly HashSet<long> Sent = [];
    }

    public int AckedCount { get; private set; }

    public int SeenCount { get; private set; }

    public int CommitCount { get; private set; }

    /// <summary>The bytes that belong to an id: anyone can tell whether a value is whole.</summary>
    public static byte[] ValueOf(long id)
    {
        Prng prng = new((ulong)id);
        byte[] value = new byte[8 + prng.Next(prng.Next(10) == 0 ? 6_000 : 200)];
        prng.NextBytes(value.AsSpan(8));
        BinaryPrimitives.WriteInt64BigEndian(value, id);
        return value;
    }

    public void Sent(in TopicPartition partition, long id) => Of(partition).Sent.Add(id);

    public void Acked(in TopicPartition partition, long offset, long id)
    {
        AckedCount++;
        if (!Of(partition).Acked.TryAdd(offset, id))
            world.Fail($"{partition}: offset {offset} was acknowledged for {Of(partition).Acked[offset]:x} and for {id:x}");
    }

    /// <summary>A consumer read a value: it must be whole, sent, and the same as ever before at this offset.</summary>
    public long Saw(in TopicPartition partition, long offset, ReadOnlySpan<byte> value)
    {
        SeenCount++;
        long id = value.Length >= 8 ? BinaryPrimitives.ReadInt64BigEndian(value) : -1;
        PartitionHistory history = Of(partition);
        if (!history.Sent.Contains(id)) world.Fail($"{partition}: offset {offset} has {id:x}, which nobody sent");
        else if (!value.SequenceEqual(ValueOf(id))) world.Fail($"{partition}: offset {offset} has other bytes than {id:x}");
        else if (!history.Seen.TryAdd(offset, id) && history.Seen[offset] != id)
            world.Fail($"{partition}: offset {offset} was {history.Seen[offset]:x} and is {id:x}");
        return id;
    }

    public void Committed(in TopicPartition partition, long offset)
    {
        CommitCount++;
        if (offset > CommittedOf(partition)) _committed[partition] = offset;
    }

    /// <summary>The highest offset whose commit was acknowledged; −1 before the first.</summary>
    public long CommittedOf(in TopicPartition partition) => _committed.GetValueOrDefault(partition, -1);

    /// <summary>The whole log as read at the end: everything acknowledged or seen is in its place, nothing twice, and
    /// what an idempotent producer sent is in the order it was sent, without a gap.</summary>
    public string? Check(TopicPartition partition, IReadOnlyList<(long Offset, long Id)> log)
    {
        PartitionHistory history = Of(partition);
        Dictionary<long, long> places = [];
        Dictionary<long, long> lastOfProducer = [];
        for (int i = 0; i < log.Count; i++)
        {
            (long offset, long id) = log[i];
            if (offset != i) return $"{partition}: offset {i} is missing, {offset} follows";
            if (!places.TryAdd(id, offset)) return $"{partition}: {id:x} is there twice, at {places[id]} and {offset}";
            long producer = id >> 32;
            if (lastOfProducer.TryGetValue(producer, out long last) && last >= id)
                return $"{partition}: {id:x} stands at {offset} behind {last:x}";
            lastOfProducer[producer] = id;
        }

        foreach ((string what, Dictionary<long, long> known) in
            new[] { ("acknowledged", history.Acked), ("seen", history.Seen) })
        {
            foreach ((long offset, long id) in known.OrderBy(p => p.Key))
            {
                if (offset >= log.Count) return $"{partition}: {id:x} was {what} at {offset}, but the log ends at {log.Count}";
                if (log[(int)offset].Id != id) return $"{partition}: {id:x} was {what} at {offset}, which has {log[(int)offset].Id:x}";
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
