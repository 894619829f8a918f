using System.Diagnostics.CodeAnalysis;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Coordination;

/// <summary>A committed offset with what was committed beside it.</summary>
/// <param name="Offset">The next offset to be read.</param>
/// <param name="LeaderEpoch">Epoch of the last record read; −1 where the client did not say.</param>
/// <param name="Metadata">The client's own text.</param>
/// <param name="CommitTimestampMs">Wall clock of the commit.</param>
/// <param name="ExpireTimestampMs">When it expires, where an old client asked for that; −1: retention decides.</param>
/// <param name="TopicId">The topic's id at the commit; zero where the record does not say.</param>
public sealed record CommittedOffset(
    long Offset, int LeaderEpoch, string Metadata, long CommitTimestampMs, long ExpireTimestampMs, Uuid TopicId);

/// <summary>Committed offsets by group, topic and partition, and those of open transactions, which count from their
/// commit marker on. Equal to the replay of the log at every moment.</summary>
public sealed class OffsetStore
{
    private static readonly PartitionOffsets Nothing = [];

    private readonly SortedDictionary<string, PartitionOffsets> _groups = new(StringComparer.Ordinal);
    private readonly SortedDictionary<long, SortedDictionary<string, PartitionOffsets>> _open = [];
    private readonly SortedDictionary<string, SortedSet<long>> _openByGroup = new(StringComparer.Ordinal);

    // Stands for the record's offset: entries are made in the log's order.
    private long _sequence;

    /// <summary>Committed offsets of all groups; walks the groups.</summary>
    public int CommittedCount
    {
        get
        {
            int count = 0;
            foreach (PartitionOffsets offsets in _groups.Values) count += offsets.Count;
            return count;
        }
    }

    public bool HasOffsets(string group) => _groups.ContainsKey(group);

    /// <summary>Whether an open transaction has written offsets of the group.</summary>
    public bool HasOpenTransaction(string group) => _openByGroup.ContainsKey(group);

    public bool TryGet(string group, TopicPartition partition, [NotNullWhen(true)] out CommittedOffset? offset)
    {
        offset = Entries(group).TryGetValue(partition, out Entry entry) ? entry.Offset : null;
        return offset is not null;
    }

    /// <summary>All partitions of a group that have an offset, by topic and partition.</summary>
    public IReadOnlyCollection<TopicPartition> PartitionsOf(string group) => Entries(group).Keys;

    /// <summary>All offsets of a group, by topic and partition.</summary>
    public IEnumerable<KeyValuePair<TopicPartition, CommittedOffset>> Of(string group)
    {
        foreach ((TopicPartition partition, Entry entry) in Entries(group)) yield return new(partition, entry.Offset);
    }

    /// <summary>Each partition of each group once for every offset it has: that committed, and those of open
    /// transactions; with the topic's id at the commit.</summary>
    internal IEnumerable<(string Group, TopicPartition Partition, Uuid TopicId)> All()
    {
        foreach (SortedDictionary<string, PartitionOffsets> groups in _open.Values.Prepend(_groups))
            foreach ((string group, PartitionOffsets entries) in groups)
                foreach ((TopicPartition partition, Entry entry) in entries)
                    yield return (group, partition, entry.Offset.TopicId);
    }

    /// <summary>Partitions of a group that only open transactions have written, by topic and partition.</summary>
    public IReadOnlyCollection<TopicPartition> UnstableOnly(string group)
    {
        SortedSet<TopicPartition> partitions = [];
        if (!_openByGroup.TryGetValue(group, out SortedSet<long>? producers)) return partitions;
        foreach (long producer in producers) partitions.UnionWith(_open[producer][group].Keys);
        partitions.ExceptWith(Entries(group).Keys);
        return partitions;
    }

    /// <summary>Whether an open transaction has written an offset of this partition: a reader that needs stable offsets
    /// must wait (KIP-447).</summary>
    public bool IsUnstable(string group, TopicPartition partition)
    {
        if (!_openByGroup.TryGetValue(group, out SortedSet<long>? producers)) return false;
        foreach (long producer in producers)
            if (_open[producer][group].ContainsKey(partition)) return true;
        return false;
    }

    internal void Set(string group, TopicPartition partition, CommittedOffset offset) =>
        Put(_groups, group, partition, new(offset, _sequence++));

    /// <summary>A tombstone also takes the offset out of open transactions.</summary>
    internal void Remove(string group, TopicPartition partition)
    {
        Take(_groups, group, partition);
        if (!_openByGroup.TryGetValue(group, out SortedSet<long>? producers)) return;
        foreach (long producer in producers.ToArray())
        {
            Take(_open[producer], group, partition);
            if (!_open[producer].ContainsKey(group)) CloseTransaction(group, producer);
        }
    }

    internal void Replay(string group, TopicPartition partition, CommittedOffset? offset, long producerId)
    {
        if (offset is null)
        {
            Remove(group, partition);
            return;
        }

        if (producerId < 0)
        {
            Set(group, partition, offset);
            return;
        }

        if (!_open.TryGetValue(producerId, out var writes)) _open.Add(producerId, writes = new(StringComparer.Ordinal));
        Put(writes, group, partition, new(offset, _sequence++));
        if (!_openByGroup.TryGetValue(group, out SortedSet<long>? producers)) _openByGroup.Add(group, producers = []);
        producers.Add(producerId);
    }

    internal void ReplayMarker(long producerId, bool isCommit)
    {
        if (!_open.Remove(producerId, out var writes)) return;
        foreach ((string group, PartitionOffsets offsets) in writes)
        {
            CloseTransaction(group, producerId);
            if (!isCommit) continue;
            foreach ((TopicPartition partition, Entry entry) in offsets)
            {
                // An offset committed after this one was written stays, whenever the transaction ended.
                if (Entries(group).TryGetValue(partition, out Entry newer) && newer.Sequence > entry.Sequence) continue;
                Put(_groups, group, partition, entry);
            }
        }
    }

    internal static bool TryRead(ReadOnlySpan<byte> value, [NotNullWhen(true)] out CommittedOffset? offset)
    {
        offset = null;
        KafkaReader reader = new(value);
        short version = reader.ReadInt16();
        if (version < 0 || version > OffsetCommitValue.HighestVersion) return false;
        OffsetCommitValue stored = OffsetCommitValue.Read(ref reader, version);
        if (reader.Failed) return false;
        offset = new(
            stored.Offset,
            stored.LeaderEpoch,
            stored.Metadata,
            stored.CommitTimestamp,
            stored.ExpireTimestamp,
            stored.TopicId);
        return true;
    }

    private PartitionOffsets Entries(string group) => _groups.GetValueOrDefault(group, Nothing);

    private void CloseTransaction(string group, long producerId)
    {
        if (!_openByGroup.TryGetValue(group, out SortedSet<long>? producers)) return;
        producers.Remove(producerId);
        if (producers.Count == 0) _openByGroup.Remove(group);
    }

    private static void Put(
        SortedDictionary<string, PartitionOffsets> groups, string group, TopicPartition partition, Entry entry)
    {
        if (!groups.TryGetValue(group, out PartitionOffsets? offsets)) groups.Add(group, offsets = []);
        offsets[partition] = entry;
    }

    private static void Take(
        SortedDictionary<string, PartitionOffsets> groups, string group, TopicPartition partition)
    {
        if (!groups.TryGetValue(group, out PartitionOffsets? offsets)) return;
        offsets.Remove(partition);
        if (offsets.Count == 0) groups.Remove(group);
    }

    private sealed class PartitionOffsets : SortedDictionary<TopicPartition, Entry>;

    private readonly record struct Entry(CommittedOffset Offset, long Sequence);
}
