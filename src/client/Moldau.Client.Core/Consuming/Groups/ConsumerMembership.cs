using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Membership by KIP-848: one heartbeat says what the member subscribes to and reads, its answer what it is to
/// read. States and transitions are in docs/design/client.md.</summary>
internal sealed class ConsumerMembership : IMembership
{
    private const int JoinEpoch = 0;
    private const int LeaveEpoch = -1;
    private const int LeaveStaticEpoch = -2;

    /// <summary>Client-made member ids and patterns for the broker.</summary>
    private const short FirstPatternVersion = 1;

    private readonly ClientMachine _machine;
    private readonly ConsumerPart _consumer;
    private readonly ConsumerSettings _settings;
    private readonly string _groupId;
    private readonly Reconciliation _reconciliation;
    private Subscription _subscription;
    private State _state = State.Joining;
    private string _memberId;
    private int _epoch = JoinEpoch;
    private int _incarnation;
    private int _failures;
    private bool _isBeatUnderWay;
    private Instant _nextBeat;

    /// <summary>The coordinator may not know what it was told last: the next heartbeat tells everything.</summary>
    private bool _tellsAll = true;

    /// <summary>A pattern was told once: without one, the coordinator must be told so.</summary>
    private bool _hasToldPattern;

    private bool _hasOtherSubscription = true;
    private IReadOnlyList<string> _toldTopics = [];
    private int _seenMetadata = -1;

    /// <summary>Goes up with each change of what the member has, and up to where the coordinator knows it.</summary>
    private (int Now, int Told) _owned;

    public ConsumerMembership(ClientMachine machine, ConsumerPart consumer, Subscription subscription, ClientTurn turn)
    {
        (_machine, _consumer, _settings, _subscription) = (machine, consumer, consumer.Settings, subscription);
        _groupId = _settings.GroupId!;
        _memberId = machine.Prng.NextUuid().ToString();
        _reconciliation = new Reconciliation(machine, consumer, OnOwnedChanged);
        _nextBeat = turn.Now;
        subscription.Want(machine.Metadata, _settings.AllowAutoCreateTopics, turn);
    }

    private enum State
    {
        /// <summary>Its next heartbeat has epoch 0.</summary>
        Joining,

        /// <summary>The coordinator knows it; it may be reconciling, and have that to acknowledge.</summary>
        Member,

        /// <summary>The coordinator has put it out; the user is being told, then it joins again.</summary>
        Fenced,

        /// <summary>It only keeps itself alive until what was read is committed.</summary>
        Leaving,

        /// <summary>It has left, or was refused for good.</summary>
        Ended,
    }

    public MemberIdentity Identity => _epoch > JoinEpoch && _state is State.Member or State.Leaving
        ? new MemberIdentity(_memberId, _epoch, _settings.GroupInstanceId, _incarnation)
        : MemberIdentity.None with { Incarnation = _incarnation };

    public Instant NextDeadline => _state is State.Joining or State.Member or State.Leaving
        ? Instant.Min(_isBeatUnderWay ? Instant.Never : _nextBeat, _reconciliation.RetryAt)
        : Instant.Never;

    public bool HasEnded => _state == State.Ended;

    private CallTarget Coordinator => CallTarget.Coordinator(CoordinatorType.Group, _groupId, _consumer.GroupLane);

    public void OnTurn(ClientTurn turn)
    {
        if (_state is State.Fenced or State.Ended) return;
        if (_subscription.Pattern is not null && _seenMetadata != _machine.Metadata.Generation) LookAtTopics(turn);
        if (_state == State.Member) _reconciliation.OnTurn(turn);
        if (!_isBeatUnderWay && _nextBeat <= turn.Now) Beat(turn);
    }

    public void Subscribe(Subscription subscription, ClientTurn turn)
    {
        _subscription.Unwant(_machine.Metadata);
        _subscription = subscription;
        subscription.Want(_machine.Metadata, _settings.AllowAutoCreateTopics, turn);
        _seenMetadata = -1;
        _hasOtherSubscription = true;
        BeatSoon(turn);
    }

    /// <summary>A heartbeat learns whether the member is one still.</summary>
    public void OnCommitError(ErrorCode code, ClientTurn turn) => BeatSoon(turn);

    public void BeginLeaving(ClientTurn turn)
    {
        _subscription.Unwant(_machine.Metadata);
        _reconciliation.Stop();
        if (_state == State.Member) _state = State.Leaving;
        else if (_state != State.Ended) End();
    }

    public void Leave(ClientTurn turn, Action<ClientTurn> left)
    {
        bool isMember = _state == State.Leaving;
        End();
        if (!isMember)
        {
            left(turn);
            return;
        }

        ConsumerGroupHeartbeatRequest request = new()
        {
            GroupId = _groupId,
            MemberId = _memberId,
            InstanceId = _settings.GroupInstanceId,
            MemberEpoch = _settings.GroupInstanceId is null ? LeaveEpoch : LeaveStaticEpoch,
        };
        LeaveCall.Start<ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse>(_machine, Coordinator, _ => request, left, turn);
    }

    private void End()
    {
        _state = State.Ended;
        _reconciliation.Stop();
    }

    private void BeatSoon(ClientTurn turn) => _nextBeat = _failures > 0 ? _nextBeat : turn.Now;

    private void OnOwnedChanged(ClientTurn turn)
    {
        _owned.Now++;
        BeatSoon(turn);
    }

    private void LookAtTopics(ClientTurn turn)
    {
        _seenMetadata = _machine.Metadata.Generation;
        if (_subscription.TopicsIn(_machine.Metadata.View).SequenceEqual(_toldTopics)) return;
        _hasOtherSubscription = true;
        BeatSoon(turn);
    }

    private void Beat(ClientTurn turn)
    {
        bool isJoin = _state == State.Joining;
        if (isJoin) _epoch = JoinEpoch;
        bool tellsAll = _tellsAll || isJoin;
        bool tellsOwned = tellsAll || _owned.Now != _owned.Told;
        ConsumerGroupHeartbeatRequest request = new()
        {
            GroupId = _groupId,
            MemberId = _memberId,
            MemberEpoch = _epoch,
            InstanceId = _settings.GroupInstanceId,
        };
        if (tellsAll)
        {
            request.RackId = _machine.Settings.Rack.Length > 0 ? _machine.Settings.Rack : null;
            request.RebalanceTimeoutMs = (int)_settings.MaxPollInterval.Ms;
            request.ServerAssignor = _settings.RemoteAssignor;
        }

        if (tellsAll || _hasOtherSubscription) TellSubscription(request);
        if (tellsOwned)
        {
            request.TopicPartitions = isJoin ? [] : [.. _reconciliation.Owned.Select(
                t => new ConsumerGroupHeartbeatRequest.TopicPartitionsData { TopicId = t.Key, Partitions = [.. t] })];
        }

        _isBeatUnderWay = true;
        int incarnation = _incarnation;
        int owned = tellsOwned ? _owned.Now : _owned.Told;
        ClientCall<ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse> call = new(
            Coordinator,
            _ => request,
            (answer, now) =>
            {
                _isBeatUnderWay = false;
                if (incarnation == _incarnation && _state != State.Ended) Take(answer, owned, now);
                return CallOutcome.Done;
            },
            (error, now) => OnFailed(error, now))
        {
            Deadline = turn.Now + _machine.Settings.RequestTimeout,
            MayRepeat = false,
            From = request.SubscribedTopicRegex is { Length: > 0 } ? FirstPatternVersion : (short)0,
        };
        _machine.Calls.Start(call, turn);
    }

    private void TellSubscription(ConsumerGroupHeartbeatRequest request)
    {
        _hasOtherSubscription = false;
        _toldTopics = _subscription.TopicsIn(_machine.Metadata.View);
        request.SubscribedTopicNames = [.. _toldTopics];
        if (_subscription.ServerPattern is { } pattern) request.SubscribedTopicRegex = pattern.Pattern;
        else if (_hasToldPattern) request.SubscribedTopicRegex = "";
        _hasToldPattern |= _subscription.ServerPattern is not null;
    }

    private void OnFailed(ClientError error, ClientTurn turn)
    {
        _isBeatUnderWay = false;
        if (_state == State.Ended) return;
        if (error.IsRetriable)
        {
            RetryLater(turn);
            return;
        }

        Refuse(error, turn);
    }

    /// <summary>Nobody knows whether the last heartbeat was taken: the next one tells everything.</summary>
    private void RetryLater(ClientTurn turn)
    {
        _tellsAll = true;
        _nextBeat = turn.Now + Backoff.After(
            ++_failures, _machine.Settings.RetryBackoff, _machine.Settings.RetryBackoffMax, _machine.Prng);
    }

    private void Take(ConsumerGroupHeartbeatResponse answer, int owned, ClientTurn turn)
    {
        ErrorCode code = ErrorCodes.FromWire(answer.ErrorCode);
        if (code != ErrorCode.None)
        {
            OnError(code, answer.ErrorMessage, turn);
            return;
        }

        _failures = 0;
        _tellsAll = false;
        _owned.Told = owned;
        if (answer.MemberId is { Length: > 0 } id) _memberId = id;
        _epoch = answer.MemberEpoch;
        if (_state == State.Joining) _state = State.Member;
        bool isMoreToTell = _owned.Now != _owned.Told || _hasOtherSubscription;
        _nextBeat = isMoreToTell ? turn.Now : turn.Now + Duration.FromMs(Math.Max(1, answer.HeartbeatIntervalMs));
        if (answer.Assignment is not { } assignment || _state != State.Member) return;
        _reconciliation.Take(
            [.. assignment.TopicPartitions.SelectMany(t => t.Partitions.Select(p => (t.TopicId, p)))], turn);
    }

    private void OnError(ErrorCode code, string? text, ClientTurn turn)
    {
        switch (code)
        {
            case ErrorCode.FencedMemberEpoch or ErrorCode.UnknownMemberId:
                Fence(turn);
                break;
            case ErrorCode.NotCoordinator or ErrorCode.CoordinatorNotAvailable:
                _machine.Coordinators.Forget(CoordinatorType.Group, _groupId);
                RetryLater(turn);
                break;
            case ErrorCode.TopicAuthorizationFailed:
                // The membership goes on: who may read the topic may be told so meanwhile.
                _consumer.Fail(ClientError.Of(code, text, $"group {_groupId} cannot read all its topics"), turn);
                RetryLater(turn);
                break;
            case ErrorCode when code.IsRetriable():
                RetryLater(turn);
                break;
            default:
                Refuse(ClientError.Of(code, text, $"the membership in group {_groupId} has ended"), turn);
                break;
        }
    }

    /// <summary>The coordinator has put the member out: it joins again as soon as the user knows.</summary>
    private void Fence(ClientTurn turn)
    {
        bool wasMember = _state == State.Member;
        bool wasLeaving = _state == State.Leaving;
        _state = wasLeaving ? State.Ended : State.Fenced;
        _incarnation++;
        _epoch = JoinEpoch;
        _tellsAll = true;
        _owned = default;
        _reconciliation.Stop();
        int incarnation = _incarnation;
        _consumer.LoseAll(turn, now =>
        {
            if (_state != State.Fenced || incarnation != _incarnation) return;
            _state = State.Joining;
            if (wasMember) _nextBeat = now.Now;
            else RetryLater(now);
        });
    }

    private void Refuse(ClientError error, ClientTurn turn)
    {
        bool isFirst = _state == State.Joining && _incarnation == 0;
        End();
        _incarnation++;
        _subscription.Unwant(_machine.Metadata);
        bool isNotThere = error.Code is ErrorCode.UnsupportedVersion or ErrorCode.GroupIdNotFound;
        if (isFirst && isNotThere)
        {
            _consumer.OnNoConsumerProtocol(_subscription, error, turn);
            return;
        }

        _consumer.LoseAll(turn, static _ => { });
        _consumer.Fail(error, turn);
    }
}
