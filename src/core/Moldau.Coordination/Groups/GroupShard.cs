using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Coordination;

/// <summary>The group coordinator of one partition of <c>__consumer_offsets</c>: classic groups and committed offsets.
/// Owner: the shard that owns the log partition. It persists group metadata and offsets as Kafka's records; members'
/// sessions and pending joins are in memory only, as in Apache Kafka. Every answer that depends on state leaves when
/// what it saw is committed (<see cref="CoordinatorWrites"/>). This is the door; each part behind it answers some of
/// the requests, and all share one <see cref="GroupShardState"/>.</summary>
public sealed class GroupShard
{
    private readonly GroupShardState _state;
    private readonly GroupReplay _replay;
    private readonly ClassicRebalance _rebalances;
    private readonly ClassicJoin _joins;
    private readonly ClassicMembership _members;
    private readonly OffsetCommits _commits;
    private readonly OffsetRemovals _removals;
    private readonly OffsetExpiration _expiration;
    private readonly GroupAdmin _admin;

    public GroupShard(ICoordinatorHost host, GroupOptions options)
    {
        _state = new GroupShardState(host, options);
        _replay = new GroupReplay(_state);
        _rebalances = new ClassicRebalance(_state);
        _joins = new ClassicJoin(_state, _rebalances);
        _members = new ClassicMembership(_state, _rebalances);
        _commits = new OffsetCommits(_state, _rebalances);
        _removals = new OffsetRemovals(_state);
        _expiration = new OffsetExpiration(_state, _removals);
        _admin = new GroupAdmin(_state, _removals);
    }

    /// <summary>Replaced as a whole when a dynamic property changes.</summary>
    public GroupOptions Options
    {
        get => _state.Options;
        set => _state.Options = value;
    }

    public CoordinatorWrites Writes => _state.Writes;

    public OffsetStore Offsets => _state.Offsets;

    public int GroupCount => _state.Groups.Count;

    /// <summary>Walks the groups.</summary>
    public GroupCounts Count() => GroupCounts.Of(_state);

    internal IEnumerable<ClassicGroup> ClassicGroups => _state.Groups.Values;

    /// <summary>Applies one record of the log. Records of later features are left as they are.</summary>
    /// <param name="key">The record's key.</param>
    /// <param name="value">The record's value; empty for a tombstone.</param>
    /// <param name="isTombstone">Whether the value is null.</param>
    /// <param name="producerId">Of a transactional batch, whose offsets count from its commit marker on; else
    /// −1.</param>
    public void Replay(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool isTombstone, long producerId) =>
        _replay.Apply(key, value, isTombstone, producerId);

    /// <summary>A transaction that wrote offsets ended.</summary>
    public void ReplayMarker(long producerId, bool isCommit) => Offsets.ReplayMarker(producerId, isCommit);

    /// <summary>The log is loaded up to <paramref name="endOffset"/>: members get their sessions, requests may
    /// come.</summary>
    public void Start(long endOffset)
    {
        Writes.Reset(endOffset);
        _rebalances.Start();
        _expiration.Start();
    }

    /// <summary>The log is no longer ours, or failed: everybody is told to look for the coordinator again.</summary>
    public void Stop()
    {
        _expiration.Stop();
        _rebalances.Stop();
        Writes.FailAll(ErrorCode.NotCoordinator);
    }

    /// <summary>JoinGroup: the answer comes when the rebalance has gathered its members.</summary>
    public void Join(JoinGroupRequest request, short version, GroupCaller caller, Action<JoinGroupResponse> done) =>
        _joins.Join(request, version, caller, done);

    /// <summary>SyncGroup: the leader brings the assignment, everybody gets their part when it is committed.</summary>
    public void Sync(SyncGroupRequest request, short version, Action<SyncGroupResponse> done) =>
        _members.Sync(request, version, done);

    public void Heartbeat(HeartbeatRequest request, Action<HeartbeatResponse> done) =>
        _members.Heartbeat(request, done);

    /// <summary>LeaveGroup: several members at once from version 3 on. Versions before have the error at the
    /// top.</summary>
    public void Leave(LeaveGroupRequest request, short version, Action<LeaveGroupResponse> done) =>
        _members.Leave(request, version, done);

    /// <summary>OffsetCommit. Topics come with names and ids; the caller has completed them and answered the
    /// unknown.</summary>
    public void CommitOffsets(OffsetCommitRequest request, short version, Action<OffsetCommitResponse> done) =>
        _commits.Commit(request, version, done);

    /// <summary>OffsetFetch for one group.</summary>
    /// <param name="groupId">The group.</param>
    /// <param name="partitions">Null: all that have an offset.</param>
    /// <param name="requireStable">Whether an offset of an open transaction makes the answer
    /// UNSTABLE_OFFSET_COMMIT.</param>
    /// <param name="done">Gets the answer.</param>
    public void FetchOffsets(
        string groupId,
        IReadOnlyCollection<WantedOffset>? partitions,
        bool requireStable,
        Action<ErrorCode, IReadOnlyList<FetchedOffset>> done) =>
        _commits.Fetch(groupId, partitions, requireStable, done);

    /// <summary>OffsetDelete: refused for topics that members read.</summary>
    public void DeleteOffsets(
        OffsetDeleteRequest request, Func<TopicPartition, bool> exists, Action<OffsetDeleteResponse> done) =>
        _removals.Delete(request, exists, done);

    /// <summary>Topics were deleted, by name: what groups committed there goes too, unless it was committed for a later
    /// topic of that name.</summary>
    public void TopicsDeleted(IReadOnlyDictionary<string, Uuid> topics) => _removals.TopicsDeleted(topics);

    /// <summary>The groups of this shard that pass the filters (KIP-518, KIP-848); empty filters pass all.</summary>
    public void List(
        IReadOnlyList<string> states,
        IReadOnlyList<string> types,
        Action<ErrorCode, List<ListGroupsResponse.ListedGroup>> done) =>
        _admin.List(states, types, done);

    public void Describe(string groupId, short version, Action<DescribeGroupsResponse.DescribedGroup> done) =>
        _admin.Describe(groupId, version, done);

    /// <summary>Deletes an empty group with its offsets.</summary>
    public void Delete(string groupId, Action<ErrorCode> done) => _admin.Delete(groupId, done);
}
