using System.Collections.Immutable;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Raft;

/// <summary>A member of the quorum and where it listens.</summary>
public sealed record VoterNode(ReplicaKey Key, ImmutableArray<RaftEndpoint> Endpoints, short MinKRaftVersion,
    short MaxKRaftVersion)
{
    public bool Equals(VoterNode? other) => other is not null && Key == other.Key
        && MinKRaftVersion == other.MinKRaftVersion && MaxKRaftVersion == other.MaxKRaftVersion
        && Endpoints.AsSpan().SequenceEqual(other.Endpoints.AsSpan());

    public override int GetHashCode() => Key.Id;
}

/// <summary>The replicas whose votes and logs count, in the order of their ids. Immutable.</summary>
public sealed record VoterSet(ImmutableSortedDictionary<int, VoterNode> Nodes)
{
    public static readonly VoterSet Empty = new(ImmutableSortedDictionary<int, VoterNode>.Empty);

    public int Count => Nodes.Count;

    public int Majority => (Nodes.Count / 2) + 1;

    public IEnumerable<ReplicaKey> Keys => Nodes.Values.Select(static n => n.Key);

    public static VoterSet Of(IEnumerable<VoterNode> nodes) =>
        new(nodes.ToImmutableSortedDictionary(static n => n.Key.Id, static n => n));

    public bool Contains(ReplicaKey key) => Nodes.TryGetValue(key.Id, out VoterNode? node) && node.Key.Matches(key);

    public VoterNode? Find(int id) => Nodes.GetValueOrDefault(id);

    /// <summary>Whether this node is all the quorum.</summary>
    public bool IsOnly(ReplicaKey key) => Count == 1 && Contains(key);

    public VoterSet With(VoterNode node) => new(Nodes.SetItem(node.Key.Id, node));

    public VoterSet Without(ReplicaKey key) => Contains(key) ? new(Nodes.Remove(key.Id)) : this;

    public VotersRecord ToRecord()
    {
        var record = new VotersRecord();
        foreach (VoterNode node in Nodes.Values)
        {
            var voter = new VotersRecord.Voter { VoterId = node.Key.Id, VoterDirectoryId = node.Key.DirectoryId };
            foreach (RaftEndpoint e in node.Endpoints)
                voter.Endpoints.Add(new VotersRecord.Endpoint { Name = e.Name, Host = e.Host, Port = e.Port });
            voter.KRaftVersionFeature = new VotersRecord.KRaftVersionFeature
            {
                MinSupportedVersion = node.MinKRaftVersion,
                MaxSupportedVersion = node.MaxKRaftVersion,
            };
            record.Voters.Add(voter);
        }

        return record;
    }

    public static VoterSet From(VotersRecord record) => Of(record.Voters.Select(static v => new VoterNode(
        new ReplicaKey(v.VoterId, v.VoterDirectoryId),
        [.. v.Endpoints.Select(static e => new RaftEndpoint(e.Name, e.Host, e.Port))],
        v.KRaftVersionFeature.MinSupportedVersion,
        v.KRaftVersionFeature.MaxSupportedVersion)));

    public bool Equals(VoterSet? other) => other is not null && Nodes.SequenceEqual(other.Nodes);

    public override int GetHashCode() => Nodes.Count;
}

/// <summary>The voter sets that the log holds, by offset: the last one counts, committed or not (KIP-853), and
/// truncation brings back the one before.</summary>
public sealed class VoterSetHistory(VoterSet initial)
{
    private readonly List<(long Offset, short KRaftVersion, VoterSet Voters)> _entries = [(long.MinValue, 0, initial)];

    public VoterSet Current => _entries[^1].Voters;

    /// <summary>0: voters come from the configuration; 1: from the log.</summary>
    public short KRaftVersion => _entries[^1].KRaftVersion;

    /// <summary>Where the current set is in the log; −1 where it is only in the bootstrap snapshot.</summary>
    public long CurrentOffset => _entries[^1].Offset;

    public void Add(long offset, short kraftVersion, VoterSet voters) => _entries.Add((offset, kraftVersion, voters));

    public void TruncateTo(long endOffset) => _entries.RemoveAll(e => e.Offset >= endOffset);

    public VoterSet At(long offset)
    {
        for (int i = _entries.Count - 1; i >= 0; i--)
        {
            if (_entries[i].Offset <= offset) return _entries[i].Voters;
        }

        return initial;
    }

    public short KRaftVersionAt(long offset)
    {
        for (int i = _entries.Count - 1; i >= 0; i--)
        {
            if (_entries[i].Offset <= offset) return _entries[i].KRaftVersion;
        }

        return 0;
    }
}
