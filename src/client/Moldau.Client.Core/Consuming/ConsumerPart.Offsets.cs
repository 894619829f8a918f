using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Offsets that are committed and asked for.</summary>
internal sealed partial class ConsumerPart
{
    private bool _isFetchingCommitted;
    private bool _isCommitting;
    private Instant _nextCommit;

    private bool IsAutoCommitting => _settings.EnableAutoCommit && Offsets is not null;

    /// <summary>What the user is done with and has not been committed yet.</summary>
    public Dictionary<TopicPartition, CommittedOffset> Uncommitted(IEnumerable<PartitionCursor>? among = null)
    {
        Dictionary<TopicPartition, CommittedOffset> offsets = [];
        foreach (PartitionCursor cursor in among ?? _all)
        {
            if (Find(cursor.Partition) != cursor) continue;
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

        if (offsets.Count > 0 && WhyNoCommit() is { } refusal)
        {
            operation.TryFail(refusal, turn);
            return operation;
        }

        Watch(Offsets.Commit(offsets, () => Identity, turn), turn, (done, now) =>
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

    /// <summary>A consumer whose group has not taken it in, or put it out, commits nothing; null for others.</summary>
    public ClientError? WhyNoCommit() => _membership is null || Identity.IsMember
        ? null
        : new ClientError(ErrorCode.UnknownMemberId,
            $"the consumer is no member of group {_settings.GroupId} now: it commits nothing");

    private void FetchCommitted(ClientTurn turn)
    {
        if (Offsets is null || _isFetchingCommitted) return;
        List<PartitionCursor>? waiting = null;
        foreach (PartitionCursor cursor in _all)
            if (cursor.State == CursorState.AwaitsCommitted && cursor.RetryAt <= turn.Now) (waiting ??= []).Add(cursor);
        if (waiting is not null) FetchCommitted(Offsets, waiting, turn);
    }

    private void FetchCommitted(OffsetDesk desk, List<PartitionCursor> waiting, ClientTurn turn)
    {
        _isFetchingCommitted = true;
        bool isStable = _settings.IsolationLevel == IsolationLevel.ReadCommitted;
        Watch(desk.Fetch([.. waiting.Select(c => c.Partition)], isStable, () => Identity, turn), turn, (done, now) =>
        {
            _isFetchingCommitted = false;
            foreach (PartitionCursor cursor in waiting)
            {
                // A partition that went and came back has another cursor: what was asked before may be old.
                if (Find(cursor.Partition) != cursor || cursor.State != CursorState.AwaitsCommitted) continue;
                if (done.Error is not null) BackOff(cursor, now);
                else if (done.Result.TryGetValue(cursor.Partition, out CommittedOffset at)) Begin(cursor, at);
                else BeginWithout(cursor, now);
            }

            if (done.Error is { IsRetriable: false } error && !IsAboutMembership(error.Code)) Fail(error, now);
        });
    }

    /// <summary>The member's heartbeat learns the same and acts on it.</summary>
    private static bool IsAboutMembership(ErrorCode code) => code
        is ErrorCode.UnknownMemberId or ErrorCode.FencedMemberEpoch or ErrorCode.StaleMemberEpoch
        or ErrorCode.IllegalGeneration or ErrorCode.RebalanceInProgress;

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
