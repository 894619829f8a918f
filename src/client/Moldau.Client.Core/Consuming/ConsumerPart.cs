using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>A consumer inside the machine: the partitions it reads, their positions, what was fetched, and its place in a
/// group where it has one.</summary>
internal sealed partial class ConsumerPart : IClientPart
{
    private static readonly ClientError _disposed = new(ErrorCode.NetworkException, "the consumer was disposed");

    private readonly ClientMachine _machine;
    private readonly ConsumerSettings _settings;
    private readonly Dictionary<TopicPartition, PartitionCursor> _cursors = [];
    private readonly Fetcher _fetcher;
    private readonly OffsetResolver _resolver;
    private readonly Queue<ClientError> _errors = new();
    private readonly ListenerDesk _listener;
    private readonly int _groupLane;
    private ClientOperation<bool>? _waiting;
    private PartitionCursor[] _all = [];
    private Instant _lastTurn;
    private bool _isHolding;
    private bool _isClosed;

    public ConsumerPart(ClientMachine machine, ConsumerSettings settings, ClientTurn turn)
    {
        (_machine, _settings) = (machine, settings);
        _groupLane = machine.NewLane();
        _fetcher = new Fetcher(machine, this, settings);
        _resolver = new OffsetResolver(machine, this, settings);
        _listener = new ListenerDesk(this, settings);
        Stall = new StallWatch(settings);
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

    public StallWatch Stall { get; }

    public Instant NextDeadline
    {
        get
        {
            Instant next = _membership?.NextDeadline ?? Instant.Never;
            next = Instant.Min(next, Instant.Min(_listener.NextDeadline, Stall.NextDeadline));
            if (IsAutoCommitting && _all.Length > 0 && !_isCommitting) next = Instant.Min(next, _nextCommit);
            // A time that has come was acted on in the last turn: what follows is an answer, not a deadline.
            foreach (PartitionCursor cursor in _all)
                if (cursor.RetryAt > _lastTurn && !cursor.IsPaused) next = Instant.Min(next, cursor.RetryAt);
            return next;
        }
    }

    public PartitionCursor? Find(TopicPartition partition) => _cursors.GetValueOrDefault(partition);

    /// <summary>Reads exactly these partitions from now on; those that were read already go on where they are.</summary>
    public void Assign(IReadOnlyCollection<TopicPartition> partitions, ClientTurn turn)
    {
        HashSet<TopicPartition> wanted = [.. partitions];
        foreach (PartitionCursor cursor in _all)
            if (!wanted.Contains(cursor.Partition)) Drop(cursor.Partition);
        foreach (TopicPartition partition in partitions)
            if (!_cursors.ContainsKey(partition)) Add(partition, turn);
        Sort();
    }

    /// <summary>Stops reading these partitions. Their consumed offsets are not committed by this.</summary>
    public void Revoke(IEnumerable<PartitionCursor> cursors)
    {
        foreach (PartitionCursor cursor in cursors) Drop(cursor.Partition);
        Sort();
    }

    public void OnTurn(ClientTurn turn)
    {
        if (_isClosed) return;
        _lastTurn = turn.Now;
        _listener.OnTurn(turn);
        _membership?.OnTurn(turn);
        FetchCommitted(turn);
        if (IsAutoCommitting && _nextCommit <= turn.Now && !_isCommitting) AutoCommit(turn);
        _resolver.OnTurn(turn);
        if (Stall.Look(_waiting is null && (_isHolding || _fetcher.HasReady), turn.Now))
            _listener.TellStalled(Stall.IsStalled, turn);
        if (!Stall.IsStalled) _fetcher.OnTurn(turn);
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
        _leaving?.TryFail(error, turn);
        _fetcher.Close(turn);
    }

    /// <summary>Fetched records, or null where none are there now.</summary>
    public FetchedChunk? Take()
    {
        FetchedChunk? chunk = _fetcher.Take();
        _isHolding = chunk is not null;
        Stall.OnRead();
        return chunk;
    }

    /// <summary>An error that the user has to see.</summary>
    public bool TryTakeError(out ClientError? error) => _errors.TryDequeue(out error);

    /// <summary>Ends when records or an error can be taken.</summary>
    public ClientOperation<bool> WaitForRecords(ClientTurn turn)
    {
        // One reader: a second wait takes the place of one whose user gave up.
        _isHolding = false;
        Stall.OnRead();
        _waiting = new ClientOperation<bool>();
        ClientOperation<bool> waiting = _waiting;
        if (_isClosed) waiting.TryFail(_disposed, turn);
        else Wake(turn);
        return waiting;
    }

    public void Wake(ClientTurn turn)
    {
        if (_waiting is null || (!_fetcher.HasReady && _errors.Count == 0)) return;
        ClientOperation<bool> waiting = _waiting;
        _waiting = null;
        waiting.TrySucceed(true, turn);
    }

    public void Pause(IEnumerable<TopicPartition> partitions, bool isPaused, ClientTurn turn)
    {
        foreach (TopicPartition partition in partitions)
            if (Find(partition) is { } cursor) cursor.IsPaused = isPaused;
        if (!isPaused) Wake(turn);
    }

    /// <summary>The reader takes no more of these records, since their partition was paused amid them: what is left of them is
    /// fetched again when it goes on.</summary>
    public void PutBack(FetchedChunk chunk, long position, int epoch)
    {
        if (chunk.IsCurrent && Find(chunk.Cursor.Partition) == chunk.Cursor) chunk.Cursor.PutBack(position, epoch);
    }

    /// <summary>Goes to an offset of a partition that is assigned.</summary>
    public bool Seek(TopicPartition partition, long offset, int leaderEpoch)
    {
        if (Find(partition) is not { } cursor) return false;
        cursor.IsAsking = false;
        cursor.Seek(offset, leaderEpoch);
        return true;
    }

    /// <summary>Asks the group again where to read.</summary>
    public void SeekToCommitted()
    {
        foreach (PartitionCursor cursor in _all)
        {
            cursor.Reset(PartitionCursor.LatestTimestamp);
            cursor.Consumed = -1;
            cursor.IsAsking = false;
            cursor.State = CursorState.AwaitsCommitted;
        }
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

    private void Add(TopicPartition partition, ClientTurn turn)
    {
        PartitionCursor cursor = new(partition);
        if (Offsets is null) BeginWithout(cursor, turn);
        _cursors[partition] = cursor;
        _machine.Metadata.Want(partition.Topic, _settings.AllowAutoCreateTopics, turn);
    }

    private void Drop(TopicPartition partition)
    {
        if (!_cursors.Remove(partition, out PartitionCursor? cursor)) return;
        cursor.Outdate();
        _machine.Metadata.Unwant(partition.Topic);
    }

    /// <summary>After partitions came or went.</summary>
    private void Sort()
    {
        _all = [.. _cursors.Values];
        Array.Sort(_all, static (one, other) => one.Partition.CompareTo(other.Partition));
    }
}
