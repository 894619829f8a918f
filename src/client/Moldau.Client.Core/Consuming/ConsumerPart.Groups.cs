using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>The consumer's place in its group: partitions that come, go and are lost.</summary>
internal sealed partial class ConsumerPart
{
    /// <summary>A consumer that is disposed waits no longer for its listener and its last commit.</summary>
    private static readonly Duration _closePatience = Duration.FromSeconds(30);

    private IMembership? _membership;
    private ClientOperation<bool>? _leaving;

    public MemberIdentity Identity => _membership?.Identity ?? MemberIdentity.None;

    /// <summary>Joins the group for these topics, or tells it that they are others now.</summary>
    public void Subscribe(Subscription subscription, ClientTurn turn)
    {
        if (_membership is { HasEnded: false }) _membership.Subscribe(subscription, turn);
        else if (_settings.GroupProtocol == GroupProtocol.Classic) JoinClassic(subscription, turn);
        else _membership = new ConsumerMembership(_machine, this, subscription, turn);
    }

    /// <summary>The group's coordinator has not got KIP-848: the classic protocol, unless the user has chosen.</summary>
    public void OnNoConsumerProtocol(Subscription subscription, ClientError error, ClientTurn turn)
    {
        if (_settings.GroupProtocol is not null)
        {
            Fail(new ClientError(error.Code, $"group.protocol=consumer (KIP-848) was chosen, but {error.Text}"), turn);
            return;
        }

        JoinClassic(subscription, turn);
    }

    /// <summary>Gives partitions up in order: nothing more is read of them, the listener is told, what was read is
    /// committed, and only then they are nobody's.</summary>
    public void GiveUp(IReadOnlyList<TopicPartition> partitions, ClientTurn turn, Action<ClientTurn> then)
    {
        PartitionCursor[] leaving = [.. partitions.Select(Find).OfType<PartitionCursor>()];
        foreach (PartitionCursor cursor in leaving)
        {
            cursor.IsLeaving = true;
            cursor.Outdate();
        }

        // The listener may finish records that are worked on: the commit comes after it.
        _listener.Tell(ConsumerCallKind.Revoked, partitions, turn, told => CommitThen(leaving, told, done =>
        {
            Revoke(leaving.Where(c => Find(c.Partition) == c));
            then(done);
        }));
    }

    /// <summary>Takes partitions on: the listener is told, and may seek, before anything of them is fetched.</summary>
    public void TakeOn(IReadOnlyList<TopicPartition> partitions, ClientTurn turn, Action<ClientTurn> then)
    {
        foreach (TopicPartition partition in partitions)
        {
            Add(partition, turn);
            _cursors[partition].IsHeld = true;
        }

        Sort();
        PartitionCursor[] held = [.. partitions.Select(p => _cursors[p])];
        _listener.Tell(ConsumerCallKind.Assigned, partitions, turn, told =>
        {
            foreach (PartitionCursor cursor in held) cursor.IsHeld = false;
            then(told);
        });
    }

    /// <summary>All partitions are somebody else's already: committing them would be wrong.</summary>
    public void LoseAll(ClientTurn turn, Action<ClientTurn> then)
    {
        TopicPartition[] lost = [.. _all.Select(c => c.Partition)];
        Revoke(_all);
        _listener.Tell(ConsumerCallKind.Lost, lost, turn, then);
    }

    /// <summary>Leaves for good: the listener is told, what was read is committed, the group is left.</summary>
    public ClientOperation<bool> Leave(ClientTurn turn)
    {
        ClientOperation<bool> operation = new();
        if (_isClosed)
        {
            operation.TrySucceed(true, turn);
            return operation;
        }

        _leaving = operation;
        _listener.Patience = _closePatience;
        _membership?.BeginLeaving(turn);
        if (_membership is null)
        {
            CommitThen(_all, turn, End);
            return operation;
        }

        GiveUp([.. _all.Where(c => !c.IsLeaving).Select(c => c.Partition)], turn, now => _membership.Leave(now, End));
        return operation;
    }

    /// <summary>Stops for good, without a word to the group.</summary>
    public void Close(ClientTurn turn)
    {
        if (_isClosed) return;
        _isClosed = true;
        _waiting?.TryFail(_disposed, turn);
        Revoke(_all);
        _fetcher.Close(turn);
        _machine.Remove(this);
    }

    private void End(ClientTurn turn)
    {
        Close(turn);
        _leaving?.TrySucceed(true, turn);
    }

    private void JoinClassic(Subscription subscription, ClientTurn turn)
    {
        if (subscription.ServerPattern is { } pattern)
        {
            Fail(new ClientError(ErrorCode.UnsupportedVersion,
                $"the pattern '{pattern.Pattern}' is for the broker (KIP-848), and the classic protocol has no such thing:"
                + " use a Regex, or KIP-848"), turn);
            return;
        }

        _membership = new ClassicMembership(_machine, this, _settings.Assignors, subscription, turn);
    }

    private void CommitThen(IEnumerable<PartitionCursor> cursors, ClientTurn turn, Action<ClientTurn> then)
    {
        var offsets = IsAutoCommitting && WhyNoCommit() is null ? Uncommitted(cursors) : [];
        if (offsets.Count == 0)
        {
            then(turn);
            return;
        }

        // What cannot be committed is read again by the next owner: at least once.
        Watch(Commit(offsets, turn), turn, (_, now) => then(now));
    }
}
