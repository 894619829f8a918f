using Moldau.Base;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Raft;

/// <summary>One node of the KRaft quorum: elections with pre-vote, replication by fetching, snapshots, changes of
/// voters
/// (KIP-595, 630, 853, 996). Owner: the control machine's thread. It persists its epoch and vote before anything that
/// depends on them leaves (effects behind a write of <c>quorum-state</c> are held back until it is done); it commits
/// what
/// a majority has synced. What it knows of other replicas may be stale at any time.</summary>
public sealed partial class RaftNode
{
    private readonly RaftOptions _options;
    private readonly Prng _random;
    private readonly RaftLog _log;
    private readonly VoterSetHistory _voters;
    private readonly Queue<RaftEffect> _held = [];
    private RaftState _state;
    private QuorumStateFile? _persisted;
    private long _persistToken;
    private bool _isPersisting;
    private long _delivered;
    private bool _isStopped;

    /// <param name="options">The node's configuration.</param>
    /// <param name="storage">What was found on disk.</param>
    /// <param name="random">For election timeouts.</param>
    public RaftNode(RaftOptions options, RaftStorageState storage, Prng random)
    {
        _options = options;
        _random = random;
        _log = new RaftLog(storage);
        _voters = new VoterSetHistory(storage.ConfiguredVoters);
        if (storage.SnapshotKRaftVersion > 0 && storage.Snapshot is { } snapshot)
        {
            // The bootstrap snapshot holds nothing of the log; −1 says that the log does not hold the voters either.
            _voters.Add(snapshot.Offset == 0 ? -1 : snapshot.Offset - 1, storage.SnapshotKRaftVersion,
                storage.SnapshotVoters);
        }

        foreach (RaftBatch batch in storage.Tail) LearnVoters(batch);
        _delivered = Math.Max(storage.LogStartOffset, storage.Snapshot?.Offset ?? 0);
        HighWatermark = _delivered;
        _persisted = storage.QuorumState;
        QuorumStateFile file = storage.QuorumState ?? QuorumStateFile.None;
        // The log may be ahead of a quorum-state file that was lost; an epoch is never used twice.
        int epoch = Math.Max(file.Epoch, _log.LastEpoch);
        ReplicaKey? voted = file.VotedId >= 0
            && file.Epoch == epoch ? new ReplicaKey(file.VotedId, file.VotedDirectoryId) : null;
        bool wasLeader = file.LeaderId == options.Self.Id && file.Epoch == epoch;
        _state = wasLeader
            ? new ResignedState(epoch, options.Self.Id)
            : new UnattachedState(epoch, file.Epoch == epoch
                && file.LeaderId != options.Self.Id ? file.LeaderId : -1, voted);
        _bytesSinceSnapshot = storage.Tail.Sum(static b => (long)b.Bytes.Length);
    }

    public RaftState State => _state;

    public int Epoch => _state.Epoch;

    public int LeaderId => _state is ResignedState ? -1 : _state.LeaderId;

    public bool IsLeader => _state is LeaderState;

    /// <summary>The next offset of the log: where <see cref="Append"/> will write.</summary>
    public long LogEndOffset => _log.EndOffset;

    public long LogStartOffset => _log.StartOffset;

    /// <summary>All before it is committed.</summary>
    public long HighWatermark { get; private set; }

    public VoterSet Voters => _voters.Current;

    /// <summary>The finalized level of the feature kraft.version.</summary>
    public short KRaftVersion => _voters.KRaftVersion;

    public OffsetAndEpoch? LatestSnapshot => _log.Snapshot;

    /// <summary>When <see cref="OnDeadline"/> wants to be called, at the latest.</summary>
    public Instant NextDeadline => _isStopped
        ? Instant.Never
        : Instant.Min(Instant.Min(_state.Deadline, StateDeadline()), Instant.Min(RequestDeadline(), _snapshotDeadline));

    private bool IsVoter => _voters.Current.Contains(_options.Self);

    private bool IsOnlyVoter => _voters.Current.IsOnly(_options.Self);

    /// <summary>The first turn. A quorum of one elects itself at once.</summary>
    public void Start(Instant now, EffectList<RaftEffect> effects)
    {
        _snapshotDeadline = _options.SnapshotInterval is { } interval ? now + interval : Instant.Never;
        if (IsOnlyVoter) BecomeCandidate(now, effects);
        else if (_state is UnattachedState { LeaderId: >= 0 } known && EndpointFor(known.LeaderId) is not null)
            Follow(Epoch, known.LeaderId, null, now, effects);
        else _state.Deadline = now + ElectionTimeout();
        Poll(now, effects);
    }

    /// <summary>The deadline has come.</summary>
    public void OnDeadline(Instant now, EffectList<RaftEffect> effects)
    {
        if (_isStopped) return;
        ExpireRequests(now, effects);
        if (now >= _state.Deadline) OnStateDeadline(now, effects);
        if (now >= _snapshotDeadline) OnSnapshotDeadline(now, effects);
        Poll(now, effects);
    }

    /// <summary>The clean end: a leader of several tells the others to elect.</summary>
    public void Stop(Instant now, EffectList<RaftEffect> effects)
    {
        if (_state is LeaderState leader && !IsOnlyVoter) Resign(leader, now, effects);
        else if (_state is LeaderState alone) LeaveLeadership(alone, effects);
        _isStopped = true;
    }

    /// <summary>Appends records of the metadata log as one batch, which is committed when a majority has synced it. The
    /// last offset, or null where this node does not lead.</summary>
    public long? Append(IReadOnlyList<byte[]> values, Instant now, EffectList<RaftEffect> effects)
    {
        if (_state is not LeaderState || _isStopped) return null;
        RaftBatch batch = RaftBatch.OfValues(values, _log.EndOffset, Epoch, now.UnixMs);
        AppendOwn(batch, now, effects);
        return batch.LastOffset;
    }

    /// <summary>The newest <see cref="PersistQuorumState"/> is on disk; earlier tokens are passed over.</summary>
    public void OnQuorumStatePersisted(long token, Instant now, EffectList<RaftEffect> effects)
    {
        if (token != _persistToken) return;
        _isPersisting = false;
        while (_held.TryDequeue(out RaftEffect? effect)) effects.Add(effect);
        Poll(now, effects);
    }

    /// <summary>The log is synced up to an end offset.</summary>
    public void OnLogSynced(long endOffset, Instant now, EffectList<RaftEffect> effects)
    {
        _log.Synced(endOffset);
        if (_state is LeaderState leader) AdvanceAsLeader(leader, now, effects);
        else AdvanceAsFollower(effects);
        Poll(now, effects);
    }

    private void Emit(RaftEffect effect, EffectList<RaftEffect> effects)
    {
        if (effect.IsGated && _isPersisting) _held.Enqueue(effect);
        else effects.Add(effect);
    }

    /// <summary>Moves to a state, and writes down what it must not forget.</summary>
    private void MoveTo(RaftState next, Instant now, EffectList<RaftEffect> effects)
    {
        Verify.That(next.Epoch >= Epoch);
        if (_state is LeaderState leader && next is not LeaderState) LeaveLeadership(leader, effects);
        bool isNews = next.LeaderId != _state.LeaderId || next.Epoch != _state.Epoch;
        _state = next;
        CancelRequests();
        QuorumStateFile file = next.ToFile() with { Version = KRaftVersion > 0 ? (short)1 : (short)0 };
        if (file != _persisted)
        {
            _persisted = file;
            _isPersisting = true;
            Emit(new PersistQuorumState(++_persistToken, file.Write()), effects);
        }

        if (isNews) Emit(new LeaderKnown(LeaderId, Epoch), effects);
        _ = now;
    }

    private void LeaveLeadership(LeaderState leader, EffectList<RaftEffect> effects)
    {
        foreach (ParkedFetch parked in leader.Parked)
        {
            FetchResponse refusal = FetchError(parked.Request, parked.Version, ErrorCode.NotLeaderOrFollower);
            Emit(new ReplyToRequest(parked.Token, refusal), effects);
        }
        leader.Parked.Clear();
        if (leader.VoterChange is { } change)
            Emit(new ReplyToRequest(change.Token, change.Answer(ErrorCode.NotLeaderOrFollower, null)), effects);
        leader.VoterChange = null;
        if (leader.IsAnnounced) Emit(new LoseLeadership(leader.Epoch), effects);
    }

    /// <summary>A higher epoch exists: nothing of the old one counts.</summary>
    private void BecomeUnattached(int epoch, int leaderId, Instant now, EffectList<RaftEffect> effects)
    {
        MoveTo(new UnattachedState(epoch, leaderId, null) { Deadline = now + ElectionTimeout() }, now, effects);
    }

    private Duration ElectionTimeout()
    {
        long ms = _options.ElectionTimeout.Ms;
        return Duration.FromMs(ms + _random.Next(0, ms + 1));
    }

    /// <summary>Delivers what has become committed.</summary>
    private void Advance(long highWatermark, EffectList<RaftEffect> effects)
    {
        if (highWatermark <= HighWatermark) return;
        HighWatermark = highWatermark;
        List<RaftBatch> batches = [.. _log.Batches(_delivered, highWatermark)];
        if (batches.Count == 0) return;
        Verify.That(batches[0].BaseOffset == _delivered);
        _delivered = batches[^1].LastOffset + 1;
        Emit(new CommitBatches(batches, HighWatermark), effects);
        _log.Trim(HighWatermark, CacheBytes);
    }

    private void LearnVoters(RaftBatch batch)
    {
        long offset = batch.BaseOffset - 1;
        short version = _voters.KRaftVersion;
        foreach ((ControlRecordType type, IMessage? value) in ControlRecords.Read(batch))
        {
            offset++;
            if (value is KRaftVersionRecord record) version = record.KRaftVersion;
            if (type == ControlRecordType.KRaftVoters && value is VotersRecord voters)
                _voters.Add(offset, version, VoterSet.From(voters));
        }
    }
}
