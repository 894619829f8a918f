using Moldau.Base;
using Moldau.Broker;
using Moldau.Coordination;
using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>G2: whenever a partition of <c>__consumer_offsets</c> has all it decided on disk, the coordinator's committed
/// offsets are those that a replay of the log gives, and a stable group has the generation and members that the log has.</summary>
internal sealed class GroupChecker(SimWorld world, OwnershipChecker owners)
{
    private readonly Dictionary<int, GroupShard> _replays = [];

    /// <summary>A log of the topic was opened: the replay begins with what it holds.</summary>
    public void Loaded(PartitionLog log, GroupOptions options, LogOracle oracle)
    {
        GroupShard replay = new(new Nobody(world), options);
        _replays[log.Partition.Partition] = replay;
        for (int i = oracle.FirstFrom(log.LogStartOffset); i < oracle.Batches.Count; i++)
        {
            BatchNote note = oracle.Batches[i];
            byte[] bytes = new byte[note.Size];
            note.File.Read(note.Position, bytes);
            CoordinatorReplay.Apply(replay, bytes);
        }
    }

    public void Written(PartitionLog log, ReadOnlySpan<byte> batches)
    {
        if (log.Partition.Topic == InternalTopics.ConsumerOffsets && _replays.TryGetValue(log.Partition.Partition, out GroupShard? replay))
            CoordinatorReplay.Apply(replay, batches);
    }

    /// <summary>After events that may complete a rebalance.</summary>
    public void Look(ShardMachine shard)
    {
        foreach (int partition in _replays.Keys)
        {
            if (shard.Coordinators.TryGet(partition, out GroupShard? live) != Protocol.ErrorCode.None || live is null) continue;
            foreach (ClassicGroup group in live.ClassicGroups) owners.Look(group);
        }
    }

    public void Compare(ShardMachine shard, PartitionLog log)
    {
        if (log.Partition.Topic != InternalTopics.ConsumerOffsets || log.WrittenEnd != log.LogEndOffset || log.IsFailed) return;
        if (!_replays.TryGetValue(log.Partition.Partition, out GroupShard? replay)) return;
        if (shard.Coordinators.TryGet(log.Partition.Partition, out GroupShard? live) != Protocol.ErrorCode.None || live is null) return;
        if (CompareOffsets(live, replay) is { } wrong)
            world.Fail($"[G2] {log.Partition}: {wrong}");
        foreach (ClassicGroup group in live.ClassicGroups)
            if (CompareGroup(group, replay) is { } differs) world.Fail($"[G2] {log.Partition}: group {group.Id} {differs}");
    }

    public void Died()
    {
        _replays.Clear();
        owners.Died();
    }

    private static string? CompareOffsets(GroupShard live, GroupShard replay)
    {
        // Offsets belong to a group, be it one without members.
        foreach (string group in live.ClassicGroups.Concat(replay.ClassicGroups).Select(g => g.Id).Distinct())
        {
            using IEnumerator<KeyValuePair<TopicPartition, CommittedOffset>> a = live.Offsets.Of(group).GetEnumerator();
            using IEnumerator<KeyValuePair<TopicPartition, CommittedOffset>> b = replay.Offsets.Of(group).GetEnumerator();
            while (true)
            {
                bool hasA = a.MoveNext();
                bool hasB = b.MoveNext();
                if (!hasA && !hasB) break;
                if (!hasA || !hasB || a.Current.Key != b.Current.Key || a.Current.Value != b.Current.Value)
                    return $"group {group} has {(hasA ? a.Current : "nothing")}, its log says {(hasB ? b.Current : "nothing")}";
            }
        }

        return null;
    }

    private static string? CompareGroup(ClassicGroup live, GroupShard replay)
    {
        if (live.State != ClassicGroupState.Stable) return null;
        ClassicGroup? logged = null;
        foreach (ClassicGroup group in replay.ClassicGroups)
            if (group.Id == live.Id) logged = group;
        if (logged is null) return "is not in the log";
        if (logged.Generation != live.Generation) return $"is in generation {live.Generation}, the log says {logged.Generation}";
        IEnumerable<string> liveIds = live.Members.Select(m => m.Id).Order(StringComparer.Ordinal);
        IEnumerable<string> loggedIds = logged.Members.Select(m => m.Id).Order(StringComparer.Ordinal);
        return liveIds.SequenceEqual(loggedIds) ? null : "has other members than the log says";
    }

    /// <summary>The host of a coordinator that only replays.</summary>
    private sealed class Nobody(SimWorld world) : ICoordinatorHost
    {
        public Instant Now => world.Now;

        public Prng Prng { get; } = new(0);

        public Protocol.ErrorCode Append(IReadOnlyList<CoordinatorRecord> records, out long endOffset)
        {
            endOffset = -1;
            return Protocol.ErrorCode.NotLeaderOrFollower;
        }

        public void Schedule(CoordinatorTimer timer, Duration delay)
        {
        }
    }
}
