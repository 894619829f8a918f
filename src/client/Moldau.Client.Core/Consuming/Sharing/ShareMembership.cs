using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Membership in a share group (KIP-932): a heartbeat says what the member subscribes to, its answer which
/// partitions to fetch. Nothing is acknowledged: partitions may have several members at once.</summary>
internal sealed class ShareMembership
{
    private const int JoinEpoch = 0;
    private const int LeaveEpoch = -1;

    private readonly ClientMachine _machine;
    private readonly SharePart _consumer;
    private readonly string _groupId;
    private readonly TopicNames _names;
    private readonly int _lane;
    private IReadOnlyList<string> _topics;
    private List<(Uuid Topic, int Partition)> _assigned = [];
    private Instant _resolveAt = Instant.Never;
    private Instant _nextBeat;
    private int _epoch = JoinEpoch;
    private int _failures;
    private int _round;
    private bool _isBeatUnderWay;
    private bool _tellsAll = true;
    private bool _hasEnded;

    public ShareMembership(ClientMachine machine, SharePart consumer, string groupId, IReadOnlyList<string> topics, ClientTurn turn)
    {
        (_machine, _consumer, _groupId, _topics) = (machine, consumer, groupId, topics);
        _names = new TopicNames(machine);
        _lane = machine.NewLane();
        MemberId = machine.Prng.NextUuid().ToString();
        _nextBeat = turn.Now;
        foreach (string topic in topics) machine.Metadata.Want(topic, false, turn);
    }

    /// <summary>Made by the client, for its whole life.</summary>
    public string MemberId { get; }

    public bool HasEnded => _hasEnded;

    public Instant NextDeadline => _hasEnded
        ? Instant.Never
        : Instant.Min(_isBeatUnderWay ? Instant.Never : _nextBeat, _resolveAt);

    private CallTarget Coordinator => CallTarget.Coordinator(CoordinatorType.Group, _groupId, _lane);

    public void Subscribe(IReadOnlyList<string> topics, ClientTurn turn)
    {
        foreach (string topic in _topics) _machine.Metadata.Unwant(topic);
        foreach (string topic in topics) _machine.Metadata.Want(topic, false, turn);
        _topics = topics;
        _tellsAll = true;
        if (_failures == 0) _nextBeat = turn.Now;
    }

    public void OnTurn(ClientTurn turn)
    {
        if (_hasEnded) return;
        if (_resolveAt <= turn.Now) Resolve(turn);
        if (!_isBeatUnderWay && _nextBeat <= turn.Now) Beat(turn);
    }

    /// <summary>A broker does not know the member: a heartbeat learns why.</summary>
    public void BeatSoon(ClientTurn turn)
    {
        if (_failures == 0) _nextBeat = turn.Now;
    }

    public void Leave(ClientTurn turn, Action<ClientTurn> left)
    {
        bool isMember = !_hasEnded && _epoch != JoinEpoch;
        End();
        if (!isMember)
        {
            left(turn);
            return;
        }

        ShareGroupHeartbeatRequest request = new() { GroupId = _groupId, MemberId = MemberId, MemberEpoch = LeaveEpoch };
        LeaveCall.Start<ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse>(_machine, Coordinator, _ => request, left, turn);
    }

    private void End()
    {
        if (_hasEnded) return;
        _hasEnded = true;
        _round++;
        foreach (string topic in _topics) _machine.Metadata.Unwant(topic);
    }

    private void Beat(ClientTurn turn)
    {
        ShareGroupHeartbeatRequest request = new() { GroupId = _groupId, MemberId = MemberId, MemberEpoch = _epoch };
        if (_tellsAll || _epoch == JoinEpoch)
        {
            request.RackId = _machine.Settings.Rack.Length > 0 ? _machine.Settings.Rack : null;
            request.SubscribedTopicNames = [.. _topics];
        }

        _tellsAll = false;
        _isBeatUnderWay = true;
        ClientCall<ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse> call = new(
            Coordinator,
            _ => request,
            (answer, now) =>
            {
                _isBeatUnderWay = false;
                if (!_hasEnded) Take(answer, now);
                return CallOutcome.Done;
            },
            (error, now) =>
            {
                _isBeatUnderWay = false;
                if (_hasEnded) return;
                if (error.IsRetriable) RetryLater(now);
                else Refuse(error, now);
            })
        {
            Deadline = turn.Now + _machine.Settings.RequestTimeout,
            MayRepeat = false,
        };
        _machine.Calls.Start(call, turn);
    }

    private void RetryLater(ClientTurn turn)
    {
        _tellsAll = true;
        _nextBeat = turn.Now + Wait();
    }

    private Duration Wait() => Backoff.After(
        ++_failures, _machine.Settings.RetryBackoff, _machine.Settings.RetryBackoffMax, _machine.Prng);

    private void Take(ShareGroupHeartbeatResponse answer, ClientTurn turn)
    {
        ErrorCode code = ErrorCodes.FromWire(answer.ErrorCode);
        switch (code)
        {
            case ErrorCode.None:
                _failures = 0;
                _epoch = answer.MemberEpoch;
                _nextBeat = _tellsAll ? turn.Now : turn.Now + Duration.FromMs(Math.Max(1, answer.HeartbeatIntervalMs));
                if (answer.Assignment is not { } assignment) return;
                _assigned = [.. assignment.TopicPartitions.SelectMany(t => t.Partitions.Select(p => (t.TopicId, p)))];
                Resolve(turn);
                break;
            case ErrorCode.FencedMemberEpoch or ErrorCode.UnknownMemberId:
                // What is locked stays so until it is acknowledged or its time is over: only the assignment is gone.
                _epoch = JoinEpoch;
                _assigned = [];
                _round++;
                _consumer.Assign([], turn);
                RetryLater(turn);
                break;
            case ErrorCode.NotCoordinator or ErrorCode.CoordinatorNotAvailable:
                _machine.Coordinators.Forget(CoordinatorType.Group, _groupId);
                RetryLater(turn);
                break;
            case ErrorCode.TopicAuthorizationFailed:
                _consumer.Fail(ClientError.Of(code, answer.ErrorMessage, $"share group {_groupId} cannot read all its topics"), turn);
                RetryLater(turn);
                break;
            case ErrorCode when code.IsRetriable():
                RetryLater(turn);
                break;
            default:
                Refuse(ClientError.Of(code, answer.ErrorMessage, $"the membership in share group {_groupId} has ended"), turn);
                break;
        }
    }

    private void Refuse(ClientError error, ClientTurn turn)
    {
        End();
        _consumer.Assign([], turn);
        _consumer.Fail(error.Code == ErrorCode.UnsupportedVersion
            ? error with { Text = $"the cluster has no share groups (KIP-932, share.version=1 and above): {error.Text}" }
            : error, turn);
    }

    private void Resolve(ClientTurn turn)
    {
        _resolveAt = Instant.Never;
        int round = ++_round;
        var assigned = _assigned;
        _names.Find([.. assigned.Select(a => a.Topic)], turn, now =>
        {
            if (round != _round) return;
            List<SharePartition> known = [];
            foreach ((Uuid id, int partition) in assigned)
                if (_names.NameOf(id) is { } name) known.Add(new SharePartition(id, new TopicPartition(name, partition)));
            _consumer.Assign(known, now);
            if (known.Count < assigned.Count) _resolveAt = now.Now + _machine.Settings.RetryBackoffMax;
        });
    }
}
