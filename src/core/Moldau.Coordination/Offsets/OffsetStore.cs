using System.Buffers.Binary;
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
public sealed record CommittedOffset(long Offset, int LeaderEpoch, string Metadata, long CommitTimestampMs, long ExpireTimestampMs);

/// <summary>Committed offsets by group, topic and partition. Equal to the replay of the log at every moment (G2).
/// Also keeps which groups of later kinds the log holds, so that nobody deletes or takes them over.</summary>
public sealed class OffsetStore(ICoordinatorHost host)
{
    private const short ConsumerGroupMetadataType = 3;
    private const short ShareGroupMetadataType = 11;
    private const short StreamsGroupMetadataType = 17;

    private readonly SortedDictionary<string, SortedDictionary<TopicPartition, CommittedOffset>> _groups = new(StringComparer.Ordinal);
    private readonly SortedDictionary<long, List<(string Group, TopicPartition Partition, CommittedOffset? Offset)>> _open = [];
    private readonly SortedSet<string> _newerGroups = new(StringComparer.Ordinal);

    public IEnumerable<string> Groups => _groups.Keys;

    public bool HasOffsets(string group) => _groups.ContainsKey(group);

    /// <summary>Whether the log holds the group as one of a kind that is not served yet (KIP-848, share, streams).</summary>
    public bool IsNewerGroup(string group) => _newerGroups.Contains(group);

    public bool TryGet(string group, TopicPartition partition, [NotNullWhen(true)] out CommittedOffset? offset)
    {
        offset = null;
        return _groups.TryGetValue(group, out SortedDictionary<TopicPartition, CommittedOffset>? offsets)
            && offsets.TryGetValue(partition, out offset);
    }

    /// <summary>All offsets of a group, by topic and partition.</summary>
    public IReadOnlyDictionary<TopicPartition, CommittedOffset> Of(string group) =>
        _groups.TryGetValue(group, out SortedDictionary<TopicPartition, CommittedOffset>? offsets) ? offsets : Nothing;

    /// <summary>Whether an open transaction has written an offset of this partition: a reader that needs stable offsets
    /// must wait (KIP-447).</summary>
    public bool IsUnstable(string group, TopicPartition partition)
    {
        foreach (List<(string Group, TopicPartition Partition, CommittedOffset? Offset)> writes in _open.Values)
            foreach ((string g, TopicPartition p, _) in writes)
                if (p == partition && g == group) return true;
        return false;
    }

    public void Set(string group, TopicPartition partition, CommittedOffset offset)
    {
        if (!_groups.TryGetValue(group, out SortedDictionary<TopicPartition, CommittedOffset>? offsets))
            _groups.Add(group, offsets = []);
        offsets[partition] = offset;
    }

    public void Remove(string group, TopicPartition partition)
    {
        if (!_groups.TryGetValue(group, out SortedDictionary<TopicPartition, CommittedOffset>? offsets)) return;
        offsets.Remove(partition);
        if (offsets.Count == 0) _groups.Remove(group);
    }

    internal void Replay(OffsetCommitKey key, ReadOnlySpan<byte> value, bool isTombstone, long producerId)
    {
        TopicPartition partition = new(key.Topic, key.Partition);
        CommittedOffset? offset = null;
        if (!isTombstone && !TryRead(value, out offset)) return;
        if (producerId >= 0)
        {
            if (!_open.TryGetValue(producerId, out var writes)) _open.Add(producerId, writes = []);
            writes.Add((key.Group, partition, offset));
        }
        else
        {
            Apply(key.Group, partition, offset);
        }
    }

    internal void ReplayMarker(long producerId, bool isCommit)
    {
        if (!_open.Remove(producerId, out var writes) || !isCommit) return;
        foreach ((string group, TopicPartition partition, CommittedOffset? offset) in writes) Apply(group, partition, offset);
    }

    internal void ReplayOther(short type, ReadOnlySpan<byte> key, bool isTombstone)
    {
        if (type is not (ConsumerGroupMetadataType or ShareGroupMetadataType or StreamsGroupMetadataType)) return;
        // All three keys are the type followed by the group id.
        if (key.Length < 4) return;
        int length = BinaryPrimitives.ReadInt16BigEndian(key[2..]);
        if (length < 0 || key.Length < 4 + length) return;
        string group = System.Text.Encoding.UTF8.GetString(key.Slice(4, length));
        if (isTombstone) _newerGroups.Remove(group);
        else _newerGroups.Add(group);
    }

    private static readonly SortedDictionary<TopicPartition, CommittedOffset> Nothing = [];

    private void Apply(string group, TopicPartition partition, CommittedOffset? offset)
    {
        if (offset is null) Remove(group, partition);
        else Set(group, partition, offset);
    }

    private bool TryRead(ReadOnlySpan<byte> value, [NotNullWhen(true)] out CommittedOffset? offset)
    {
        offset = null;
        KafkaReader reader = new(value);
        short version = reader.ReadInt16();
        if (version < 0 || version > OffsetCommitValue.HighestVersion) return false;
        OffsetCommitValue stored = OffsetCommitValue.Read(ref reader, version);
        if (reader.Failed) return false;
        long committedAt = stored.CommitTimestamp < 0 ? host.Now.UnixMs : stored.CommitTimestamp;
        offset = new(stored.Offset, stored.LeaderEpoch, stored.Metadata, committedAt, stored.ExpireTimestamp);
        return true;
    }
}
