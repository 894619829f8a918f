using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>A consumer inside the machine: the partitions it reads, their positions, what was fetched, and its place in a
/// group where it has one.</summary>
internal sealed class ConsumerPart : IClientPart
{
    private readonly ClientMachine _machine;
    private readonly ConsumerSettings _settings;
    private readonly SortedDictionary<TopicPartition, PartitionCursor> _cursors = [];
    private readonly Fetcher _fetcher;
    private readonly OffsetResolver _resolver;
    private readonly Queue<ClientError> _errors = new();
    private readonly int _fetchLane;
    private readonly int _groupLane;
    private IMembership? _membership;
    private ClientOperation<bool>? _waiting;
    private PartitionCursor[] _all = [];
    private bool _isFetchingCommitted;
    private bool _isCommitting;
    private Instant _nextCommit;
    private Instant _lastTurn;
    private bool _isClosed;

    public ConsumerPart(ClientMachine machine, ConsumerSettings settings, ClientTurn turn)
    {
        (_machine, _settings) = (machine, settings);
        _fetchLane = machine.NewLane();
        _groupLane = machine.NewLane();
        _fetcher = new Fetcher(machine, this, settings, _fetchLane);
        _resolver = new OffsetResolver(machine, this, settings);
        if (settings.GroupId is not null) Offsets = new OffsetDesk(machine, settings.GroupId, _groupLane);
        _nextCommit = turn.Now + settings.AutoCommitInterval;
        machine.Add(this);
    }

    /// <summary>Null without a group.</summary>
    public OffsetDesk? Offsets { get; }

    public ConsumerSettings Settings => _settings;

    public int GroupLane => _groupLane;

    /// <summary>In the order of their names; replaced, never changed.</summary>
    public PartitionCursor[] Cursors => _all;

    public MemberIdentity Identity => _membership?.Identity ?? MemberIdentity.None;

    public Instant NextDeadline
    {
        get
        {
            Instant next = _membership?.NextDeadline ?? Instant.Never;
            if (IsAutoCommitting && _all.Length > 0 && !_isCommitting) next = Instant.Min(next, _nextCommit);
            // A time that has come was acted on in the last turn: what follows is an answer, not a deadline.
            foreach (PartitionCursor cursor in _all)
                if (cursor.RetryAt > _lastTurn && !cursor.IsPaused) next = Instant.Min(next, cursor.RetryAt);
            return next;
        }
    }

    private bool IsAutoCommitting => _settings.EnableAutoCommit && Offsets is not null;

    public PartitionCursor? Find(TopicPartition partition) => _cursors.GetValueOrDefault(partition);

    /// <summary>Joins the group for these topics, or tells it that they are others now.</summary>
    public void Subscribe(Subscription subscription, ClientTurn turn)
    {
        if (_membership is ClassicMembership member) member.Subscribe(subscription, turn);
        else _membership = new ClassicMembership(_machine, this, _settings.Assignors, subscription, turn);
    }

    /// <summary>Reads exactly these partitions from now on; those that were read already go on where they are.</summary>
    public void Assign(IReadOnlyCollection<TopicPartition> partitions, ClientTurn turn)
    {
        HashSet<TopicPartition> wanted = [.. partitions];
        Revoke([.. _cursors.Keys.Where(p => !wanted.Contains(p))], turn);
        foreach (TopicPartition partition in partitions)
        {
            if (_cursors.ContainsKey(partition)) continue;
            PartitionCursor cursor = new(partition);
            if (Offsets is null) BeginWithout(cursor, turn);
            _cursors[partition] = cursor;
            _machine.Metadata.Want(partition.Topic, _settings.AllowAutoCreateTopics, turn);
        }

        _all = [.. _cursors.Values];
    }

    /// <summary>Stops reading these partitions. Their consumed offsets are not committed by this.</summary>
    public void Revoke(IReadOnlyCollection<TopicPartition> partitions, ClientTurn turn)
    {
        foreach (TopicPartition partition in partitions)
        {
            if (!_cursors.Remove(partition, out PartitionCursor? cursor)) continue;
            cursor.Outdate();
            _machine.Metadata.Unwant(partition.Topic);
        }

        _all = [.. _cursors.Values];
    }

    public void OnTurn(ClientTurn turn)
    {
        if (_isClosed) return;
        _lastTurn = turn.Now;
        _membership?.OnTurn(turn);
        FetchCommitted(turn);
        if (IsAutoCommitting && _nextCommit <= turn.Now && !_isCommitting) AutoCommit(turn);
        _resolver.OnTurn(turn);
        _fetcher.OnTurn(turn);
        Wake(turn);
    }

    public void OnShutOut(ClientError error, ClientTurn turn)
    {
        // The client asks again and again; its user hears of it once.
        if (_errors.Count == 0) Fail(error, turn);
    }

    public void OnClosed(ClientError error, ClientTurn turn)
    {
        _isClosed = true;
        _waiting?.TryFail(error, turn);
        _fetcher.Close();
    }

    /// <summary>Fetched records, or null where none are there now.</summary>
    public FetchedChunk? Take() => _fetcher.Take();

    /// <summary>An error that the user has to see.</summary>
    public bool TryTakeError(out ClientError? error) => _errors.TryDequeue(out error);

    /// <summary>Ends when records or an error can be taken.</summary>
    public ClientOperation<bool> WaitForRecords(ClientTurn turn)
    {
        // One reader: a second wait takes the place of one whose user gave up.
        _waiting = new ClientOperation<bool>();
        ClientOperation<bool> waiting = _waiting;
        Wake(turn);
        return waiting;
    }

    public void Wake(ClientTurn turn)
    {
        if (_waiting is null || (!_fetcher.HasReady && _errors.Count == 0)) return;
        ClientOperation<bool> waiting = _waiting;
        _waiting = null;
        waiting.TrySucceed(true, turn);
    }

    public void Pause(IEnumerable<TopicPartition> partitions, bool isPaused)
    {
        foreach (TopicPartition partition in partitions)
            if (Find(partition) is { } cursor) cursor.IsPaused = isPaused;
    }

    /// <summary>Goes to an offset of a partition that is assigned.</summary>
    public bool Seek(TopicPartition partition, long offset, int leaderEpoch)
    {
        if (Find(partition) is not { } cursor) return false;
        cursor.IsAsking = false;
        cursor.Seek(offset, leaderEpoch);
        return true;
    }

    /// <summary>Goes to the first record that is not older than a time, or to an end (see
    /// <see cref="PartitionCursor.ResetTimestamp"/>).</summary>
    public bool SeekTo(TopicPartition partition, long timestamp)
    {
        if (Find(partition) is not { } cursor) return false;
        cursor.IsAsking = false;
        cursor.Reset(timestamp);
        return true;
    }

    /// <summary>What the user is done with and has not been committed yet.</summary>
    public Dictionary<TopicPartition, CommittedOffset> Uncommitted(IEnumerable<TopicPartition>? among = null)
    {
        Dictionary<TopicPartition, CommittedOffset> offsets = [];
        foreach (PartitionCursor cursor in among is null ? _all : among.Select(Find).OfType<PartitionCursor>())
        {
            long consumed = cursor.Consumed;
            if (consumed >= 0 && consumed != cursor.Committed)
                offsets[cursor.Partition] = new CommittedOffset(consumed, cursor.ConsumedEpoch);
        }

        return offsets;
    }

    /// <summary>Commits; partitions that were refused make the operation fail, with the membership told.</summary>
    public ClientOperation<bool> Commit(
        IReadOnlyDictionary<TopicPartition, CommittedOffset> offsets, ClientTurn turn)
    {
        ClientOperation<bool> operation = new();
        if (Offsets is null)
        {
            operation.TryFail(new ClientError(ErrorCode.InvalidGroupId, "a consumer without a group id commits nothing"), turn);
            return operation;
        }

        Watch(Offsets.Commit(offsets, Identity, turn), turn, (done, now) =>
        {
            if (done.Error is { } error)
            {
                operation.TryFail(error, now);
                return;
            }

            ErrorCode first = ErrorCode.None;
            foreach ((TopicPartition partition, ErrorCode code) in done.Result)
            {
                if (code == ErrorCode.None && Find(partition) is { } cursor) cursor.Committed = offsets[partition].Offset;
                else if (first == ErrorCode.None) first = code;
            }

            if (first == ErrorCode.None)
            {
                operation.TrySucceed(true, now);
                return;
            }

            _membership?.OnCommitError(first, now);
            operation.TryFail(ClientError.Of(first, null, $"the offsets of group {_settings.GroupId} were not committed"), now);
        });
        return operation;
    }

    /// <summary>Calls when an operation of this consumer has ended: in the same turn where it has already.</summary>
    public static void Watch<T>(ClientOperation<T> operation, ClientTurn turn, Action<ClientOperation<T>, ClientTurn> done)
    {
        if (operation.IsDone) done(operation, turn);
        else operation.Then = now => done(operation, now);
    }

    public void BackOff(PartitionCursor cursor, ClientTurn turn)
    {
        cursor.Failures++;
        cursor.RetryAt = turn.Now + Backoff.After(
            cursor.Failures, _machine.Settings.RetryBackoff, _machine.Settings.RetryBackoffMax, _machine.Prng);
    }

    /// <summary>The position lies outside of the log.</summary>
    public void OnOutOfRange(PartitionCursor cursor, ClientTurn turn)
    {
        if (_settings.OffsetReset.Kind == OffsetResetKind.None)
        {
            FailPartition(cursor, new ClientError(ErrorCode.OffsetOutOfRange,
                $"offset {cursor.FetchOffset} of {cursor.Partition} is not in the log, and no reset policy is set"), turn);
            return;
        }

        cursor.Reset(ResetTimestamp(turn));
    }

    /// <summary>The log ends before the position: records that were read are gone.</summary>
    public void OnTruncated(PartitionCursor cursor, int epoch, long endOffset, ClientTurn turn)
    {
        if (_settings.OffsetReset.Kind == OffsetResetKind.None)
        {
            FailPartition(cursor, new ClientError(ErrorCode.OffsetOutOfRange,
                $"{cursor.Partition} was truncated to offset {endOffset} below the position {cursor.FetchOffset}"), turn);
            return;
        }

        cursor.Seek(endOffset, epoch);
    }

    public void FailPartition(PartitionCursor cursor, ClientError error, ClientTurn turn)
    {
        cursor.State = CursorState.Failed;
        Fail(error, turn);
    }

    public void Fail(ClientError error, ClientTurn turn)
    {
        _errors.Enqueue(error);
        Wake(turn);
    }

    /// <summary>Stops for good: the user must have committed before.</summary>
    public void Close(ClientTurn turn)
    {
        if (_isClosed) return;
        _isClosed = true;
        _membership?.Leave(turn);
        Revoke([.. _cursors.Keys], turn);
        _fetcher.Close();
        _machine.Links.CloseLane(_fetchLane, turn);
        _machine.Remove(this);
    }

    private long ResetTimestamp(ClientTurn turn) => _settings.OffsetReset.Kind switch
    {
        OffsetResetKind.Earliest => PartitionCursor.EarliestTimestamp,
        OffsetResetKind.ByDuration => Math.Max(0, turn.Now.UnixMs - _settings.OffsetReset.Back.Ms),
        _ => PartitionCursor.LatestTimestamp,
    };

    /// <summary>There is no committed offset: the reset policy decides.</summary>
    private void BeginWithout(PartitionCursor cursor, ClientTurn turn)
    {
        if (_settings.OffsetReset.Kind == OffsetResetKind.None)
        {
            FailPartition(cursor, new ClientError(ErrorCode.OffsetOutOfRange,
                $"{cursor.Partition} has no committed offset, and no reset policy is set"), turn);
            return;
        }

        cursor.Reset(ResetTimestamp(turn));
    }

    private void FetchCommitted(ClientTurn turn)
    {
        if (Offsets is null || _isFetchingCommitted) return;
        TopicPartition[] waiting = [.. _all
            .Where(c => c.State == CursorState.AwaitsCommitted && c.RetryAt <= turn.Now).Select(c => c.Partition)];
        if (waiting.Length == 0) return;
        _isFetchingCommitted = true;
        bool isStable = _settings.IsolationLevel == IsolationLevel.ReadCommitted;
        Watch(Offsets.Fetch(waiting, isStable, Identity, turn), turn, (done, now) =>
        {
            _isFetchingCommitted = false;
            foreach (PartitionCursor cursor in waiting.Select(Find).OfType<PartitionCursor>())
            {
                if (cursor.State != CursorState.AwaitsCommitted) continue;
                if (done.Error is not null) BackOff(cursor, now);
                else if (done.Result.TryGetValue(cursor.Partition, out CommittedOffset at)) Begin(cursor, at);
                else BeginWithout(cursor, now);
            }

            if (done.Error is { IsRetriable: false } error) Fail(error, now);
        });
    }

    private static void Begin(PartitionCursor cursor, CommittedOffset at)
    {
        cursor.Seek(at.Offset, at.LeaderEpoch);
        cursor.Committed = at.Offset;
    }

    private void AutoCommit(ClientTurn turn)
    {
        _nextCommit = turn.Now + _settings.AutoCommitInterval;
        Dictionary<TopicPartition, CommittedOffset> offsets = Uncommitted();
        if (offsets.Count == 0) return;
        _isCommitting = true;

        // What cannot be committed now is committed with the next attempt.
        Watch(Commit(offsets, turn), turn, (_, now) =>
        {
            _isCommitting = false;
            _nextCommit = now.Now + _settings.AutoCommitInterval;
        });
    }
}
