using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Membership by the classic protocol: JoinGroup, SyncGroup, Heartbeat, LeaveGroup. With an eager assignor all
/// partitions are given up before joining, with a cooperative one only those that move (KIP-429).</summary>
internal sealed class ClassicMembership : IMembership
{
    private const string ProtocolType = "consumer";

    private readonly ClientMachine _machine;
    private readonly ConsumerPart _consumer;
    private readonly IReadOnlyList<IGroupAssignor> _assignors;
    private readonly ConsumerSettings _settings;
    private readonly string _groupId;
    private Subscription _subscription;
    private IReadOnlyList<string> _joinedTopics = [];

    /// <summary>As leader: the topics of all members, which it watches, and their partitions when it assigned
    /// them.</summary>
    private string[] _watched = [];
    private IReadOnlyDictionary<string, int> _assignedFrom = new Dictionary<string, int>();
    private State _state = State.Out;
    private string _memberId = "";
    private int _generation = -1;
    private string _protocol = "";
    private bool _isLeader;
    private Instant _nextHeartbeat = Instant.Never;
    private Instant _retryAt;
    private int _failures;
    private int _incarnation;
    private bool _isHeartbeatUnderWay;
    private int _seenMetadata = -1;

    public ClassicMembership(
        ClientMachine machine,
        ConsumerPart consumer,
        IReadOnlyList<IGroupAssignor> assignors,
        Subscription subscription,
        ClientTurn turn)
    {
        (_machine, _consumer, _assignors, _subscription) = (machine, consumer, assignors, subscription);
        _settings = consumer.Settings;
        _groupId = _settings.GroupId!;
        subscription.Want(machine.Metadata, _settings.AllowAutoCreateTopics, turn);
    }

    private enum State
    {
        /// <summary>To join, now or after a while.</summary>
        Out,

        /// <summary>The user is told, and what was read committed, before the partitions are given up. It goes on with
        /// heartbeats.</summary>
        GivingUp,

        Joining,

        Syncing,

        Stable,

        /// <summary>The group has put it out; the user is being told, then it joins again.</summary>
        Losing,

        /// <summary>It only keeps itself alive until what was read is committed.</summary>
        Leaving,

        /// <summary>It has left, another member took the instance id, or the group refused for good.</summary>
        Ended,
    }

    public MemberIdentity Identity => _generation < 0
        ? MemberIdentity.None with { Incarnation = _incarnation }
        : new MemberIdentity(_memberId, _generation, _settings.GroupInstanceId, _incarnation);

    public bool HasEnded => _state == State.Ended;

    public Instant NextDeadline => _state switch
    {
        State.Out => _retryAt,
        _ when BeatsNow && !_isHeartbeatUnderWay => _nextHeartbeat,
        _ => Instant.Never,
    };

    private bool BeatsNow => _generation >= 0 && _state is State.Stable or State.GivingUp or State.Leaving;

    private CallTarget Coordinator => CallTarget.Coordinator(CoordinatorType.Group, _groupId, _consumer.GroupLane);

    /// <summary>All assignors cooperate: only then do members keep partitions while they join.</summary>
    private bool IsCooperative => _assignors.All(a => a.IsCooperative);

    private IReadOnlyList<TopicPartition> Owned => [.. _consumer.Cursors.Select(c => c.Partition)];

    public void OnTurn(ClientTurn turn)
    {
        if (_state == State.Stable && _seenMetadata != _machine.Metadata.Generation) LookAtTopics(turn);
        if (BeatsNow && !_isHeartbeatUnderWay && _nextHeartbeat <= turn.Now) Beat(turn);
        if (_state == State.Out && _retryAt <= turn.Now) GiveUpAndJoin(turn);
    }

    public void Subscribe(Subscription subscription, ClientTurn turn)
    {
        _subscription.Unwant(_machine.Metadata);
        _subscription = subscription;
        subscription.Want(_machine.Metadata, _settings.AllowAutoCreateTopics, turn);
        if (_state == State.Stable) Rejoin(turn);
    }

    public void OnCommitError(ErrorCode code, ClientTurn turn)
    {
        if (_state == State.Stable) OnGroupError(code, turn);
    }

    public void BeginLeaving(ClientTurn turn)
    {
        _subscription.Unwant(_machine.Metadata);
        StopWatching();
        if (_state != State.Ended) _state = State.Leaving;
    }

    public void Leave(ClientTurn turn, Action<ClientTurn> left)
    {
        // A static member keeps its partitions until it comes back or its session ends (KIP-345).
        bool leaves = _state == State.Leaving && _memberId.Length > 0 && _settings.GroupInstanceId is null;
        _state = State.Ended;
        if (!leaves)
        {
            left(turn);
            return;
        }

        LeaveGroupRequest.MemberIdentity member = new() { MemberId = _memberId, Reason = "the consumer was closed" };
        // A join may be waiting on the group's link: brokers answer one request of a link after another.
        LeaveCall.Start<LeaveGroupRequest, LeaveGroupResponse>(
            _machine,
            CallTarget.Coordinator(CoordinatorType.Group, _groupId),
            version => version >= 3
                ? new LeaveGroupRequest { GroupId = _groupId, Members = [member] }
                : new LeaveGroupRequest { GroupId = _groupId, MemberId = member.MemberId },
            left,
            turn);
    }

    private void StopWatching()
    {
        foreach (string topic in _watched) _machine.Metadata.Unwant(topic);
        _watched = [];
    }

    /// <summary>New partitions or topics: the leader sees that they are assigned.</summary>
    private void LookAtTopics(ClientTurn turn)
    {
        _seenMetadata = _machine.Metadata.Generation;
        IReadOnlyList<string> topics = _subscription.TopicsIn(_machine.Metadata.View);
        bool isOther = !topics.SequenceEqual(_joinedTopics);
        bool hasGrown = _isLeader && _watched.Any(name =>
            _machine.Metadata.View.Topics.TryGetValue(name, out TopicInfo? info)
            && info.Partitions.Length != _assignedFrom.GetValueOrDefault(name));
        if (isOther || hasGrown) Rejoin(turn);
    }

    private void Rejoin(ClientTurn turn)
    {
        _state = State.Out;
        _retryAt = turn.Now;
        _failures = 0;
    }

    private void RetryLater(ClientTurn turn)
    {
        _failures++;
        _state = State.Out;
        _retryAt = turn.Now + Backoff.After(
            _failures, _machine.Settings.RetryBackoff, _machine.Settings.RetryBackoffMax, _machine.Prng);
    }

    /// <summary>An eager member commits what it read, then gives up everything: only so does the next owner begin where
    /// this one ended.</summary>
    private void GiveUpAndJoin(ClientTurn turn)
    {
        if (IsCooperative || _consumer.Cursors.Length == 0)
        {
            Join(turn);
            return;
        }

        GiveUpThen(Owned, turn, Join);
    }

    /// <summary>The group waits for the others as long as this member gives up: it stays alive meanwhile.</summary>
    private void GiveUpThen(IReadOnlyList<TopicPartition> partitions, ClientTurn turn, Action<ClientTurn> then)
    {
        _state = State.GivingUp;
        int incarnation = _incarnation;
        _consumer.GiveUp(partitions, turn, now =>
        {
            if (_state == State.GivingUp && incarnation == _incarnation) then(now);
        });
    }

    private void Join(ClientTurn turn)
    {
        _state = State.Joining;
        _isHeartbeatUnderWay = false;
        _joinedTopics = _subscription.TopicsIn(_machine.Metadata.View);
        JoinGroupRequest request = new()
        {
            GroupId = _groupId,
            SessionTimeoutMs = (int)_settings.SessionTimeout.Ms,
            RebalanceTimeoutMs = (int)_settings.MaxPollInterval.Ms,
            MemberId = _memberId,
            GroupInstanceId = _settings.GroupInstanceId,
            ProtocolType = ProtocolType,
            Protocols = [.. _assignors.Select(a => new JoinGroupRequest.JoinGroupRequestProtocol
            {
                Name = a.Name,
                Metadata = SubscriptionBytes(a),
            })],
        };
        ClientCall<JoinGroupRequest, JoinGroupResponse> call = new(
            Coordinator, _ => request, TakeJoin, OnCallFailed)
        {
            ExtraTime = _settings.MaxPollInterval,
            MayRepeat = false,
            From = _settings.GroupInstanceId is null ? (short)0 : (short)5,
        };
        _machine.Calls.Start(call, turn);
    }

    private byte[] SubscriptionBytes(IGroupAssignor assignor)
    {
        ConsumerProtocolSubscription subscription = new()
        {
            Topics = [.. _joinedTopics],
            UserData = assignor.UserData(Owned, _generation),
            GenerationId = _generation,
            RackId = _machine.Settings.Rack.Length > 0 ? _machine.Settings.Rack : null,
        };
        foreach (var topic in Owned.GroupBy(p => p.Topic, StringComparer.Ordinal))
        {
            subscription.OwnedPartitions.Add(new ConsumerProtocolSubscription.TopicPartition
            {
                Topic = topic.Key,
                Partitions = [.. topic.Select(p => p.Partition)],
            });
        }

        return GroupProtocolBytes.Write(subscription, ConsumerProtocolSubscription.HighestVersion);
    }

    private void OnCallFailed(ClientError error, ClientTurn turn)
    {
        if (_state == State.Ended) return;
        if (error.IsRetriable)
        {
            RetryLater(turn);
            return;
        }

        _state = State.Ended;
        _consumer.Fail(error, turn);
    }

    private CallOutcome TakeJoin(JoinGroupResponse answer, ClientTurn turn)
    {
        if (_state != State.Joining) return CallOutcome.Done;
        ErrorCode code = ErrorCodes.FromWire(answer.ErrorCode);
        if (code == ErrorCode.MemberIdRequired)
        {
            // KIP-394: the coordinator gives the id first, so that a lost answer leaves no member behind.
            _memberId = answer.MemberId;
            Join(turn);
            return CallOutcome.Done;
        }

        if (code != ErrorCode.None)
        {
            OnGroupError(code, turn);
            return CallOutcome.Done;
        }

        _failures = 0;
        _memberId = answer.MemberId;
        _generation = answer.GenerationId;
        _protocol = answer.ProtocolName ?? "";
        _isLeader = answer.Leader == answer.MemberId;
        _state = State.Syncing;
        if (_isLeader && !answer.SkipAssignment) AssignWhenKnown(answer, turn);
        else Sync([], turn);
        return CallOutcome.Done;
    }

    /// <summary>The leader needs to know all topics of all members, not only its own.</summary>
    private void AssignWhenKnown(JoinGroupResponse answer, ClientTurn turn)
    {
        IGroupAssignor? assignor = _assignors.FirstOrDefault(a => a.Name == _protocol);
        if (assignor is null)
        {
            OnCallFailed(new ClientError(ErrorCode.InconsistentGroupProtocol,
                $"group {_groupId} chose the assignor '{_protocol}', which this consumer does not have"), turn);
            return;
        }

        List<GroupMember> members = [.. answer.Members.Select(m => GroupProtocolBytes.ReadMember(m, assignor))];
        StopWatching();
        _watched = [.. members.SelectMany(m => m.Topics).Distinct(StringComparer.Ordinal)];
        foreach (string topic in _watched) _machine.Metadata.Want(topic, false, turn);
        TopicWait.Start(_machine, _watched, turn, (counts, now) =>
        {
            if (_state != State.Syncing) return;
            _assignedFrom = counts;
            Sync(assignor.Assign(counts, members), now);
        });
    }

    private void Sync(Dictionary<string, List<TopicPartition>> assignment, ClientTurn turn)
    {
        SyncGroupRequest request = new()
        {
            GroupId = _groupId,
            GenerationId = _generation,
            MemberId = _memberId,
            GroupInstanceId = _settings.GroupInstanceId,
            ProtocolType = ProtocolType,
            ProtocolName = _protocol,
        };
        foreach ((string memberId, List<TopicPartition> partitions) in assignment.OrderBy(a => a.Key, StringComparer.Ordinal))
        {
            request.Assignments.Add(new SyncGroupRequest.SyncGroupRequestAssignment
            {
                MemberId = memberId,
                Assignment = GroupProtocolBytes.WriteAssignment(partitions),
            });
        }

        ClientCall<SyncGroupRequest, SyncGroupResponse> call = new(
            Coordinator, _ => request, TakeSync, OnCallFailed)
        {
            ExtraTime = _settings.MaxPollInterval,
            MayRepeat = false,
            From = _settings.GroupInstanceId is null ? (short)0 : (short)3,
        };
        _machine.Calls.Start(call, turn);
    }

    private CallOutcome TakeSync(SyncGroupResponse answer, ClientTurn turn)
    {
        if (_state != State.Syncing) return CallOutcome.Done;
        ErrorCode code = ErrorCodes.FromWire(answer.ErrorCode);
        if (code != ErrorCode.None)
        {
            OnGroupError(code, turn);
            return CallOutcome.Done;
        }

        List<TopicPartition> assigned = GroupProtocolBytes.ReadAssignment(answer.Assignment);
        HashSet<TopicPartition> kept = [.. assigned];
        TopicPartition[] lost = [.. Owned.Where(p => !kept.Contains(p))];
        TopicPartition[] added = [.. assigned.Where(p => _consumer.Find(p) is null).Order()];
        _nextHeartbeat = turn.Now + _settings.HeartbeatInterval;
        _seenMetadata = -1;
        _state = State.Stable;
        if (lost.Length == 0)
        {
            _consumer.TakeOn(added, turn, static _ => { });
            return CallOutcome.Done;
        }

        // What this member gives up is free for others only after it has joined again.
        GiveUpThen(lost, turn, now =>
        {
            _consumer.TakeOn(added, now, static _ => { });
            Rejoin(now);
        });
        return CallOutcome.Done;
    }

    private void Beat(ClientTurn turn)
    {
        _isHeartbeatUnderWay = true;
        int generation = _generation;
        HeartbeatRequest request = new()
        {
            GroupId = _groupId,
            GenerationId = generation,
            MemberId = _memberId,
            GroupInstanceId = _settings.GroupInstanceId,
        };
        ClientCall<HeartbeatRequest, HeartbeatResponse> call = new(
            Coordinator,
            _ => request,
            (answer, now) =>
            {
                EndBeat(generation, now);
                ErrorCode code = ErrorCodes.FromWire(answer.ErrorCode);
                if (code != ErrorCode.None && BeatsNow && _generation == generation) OnGroupError(code, now);
                return CallOutcome.Done;
            },
            (_, now) => EndBeat(generation, now))
        {
            Deadline = turn.Now + _settings.SessionTimeout,
            From = _settings.GroupInstanceId is null ? (short)0 : (short)3,
        };
        _machine.Calls.Start(call, turn);
    }

    private void EndBeat(int generation, ClientTurn turn)
    {
        if (_generation != generation) return;
        _isHeartbeatUnderWay = false;
        _nextHeartbeat = turn.Now + _settings.HeartbeatInterval;
    }

    private void OnGroupError(ErrorCode code, ClientTurn turn)
    {
        switch (code)
        {
            case ErrorCode.RebalanceInProgress when _state is State.GivingUp or State.Leaving:
                // It gives up already: it joins, or leaves, when that is done.
                break;
            case ErrorCode.RebalanceInProgress:
                Rejoin(turn);
                break;
            // A commit from version 9 on says so of a group that the coordinator knows nothing of any more.
            case ErrorCode.UnknownMemberId or ErrorCode.GroupIdNotFound:
                _memberId = "";
                LoseAndRejoin(turn);
                break;
            case ErrorCode.IllegalGeneration:
                LoseAndRejoin(turn);
                break;
            case ErrorCode.NotCoordinator or ErrorCode.CoordinatorNotAvailable:
                _machine.Coordinators.Forget(CoordinatorType.Group, _groupId);
                if (!BeatsNow) RetryLater(turn);
                break;
            case ErrorCode when code.IsRetriable():
                if (!BeatsNow) RetryLater(turn);
                break;
            default:
                LoseAll(turn, static _ => { });
                _state = State.Ended;
                _consumer.Fail(ClientError.Of(code, null, $"the membership in group {_groupId} has ended"), turn);
                break;
        }
    }

    private void LoseAndRejoin(ClientTurn turn)
    {
        bool isLeaving = _state == State.Leaving;
        _state = isLeaving ? State.Ended : State.Losing;
        LoseAll(turn, now =>
        {
            if (_state == State.Losing) RetryLater(now);
        });
    }

    /// <summary>The partitions are somebody else's already: committing them would be wrong.</summary>
    private void LoseAll(ClientTurn turn, Action<ClientTurn> then)
    {
        _generation = -1;
        _incarnation++;
        _isHeartbeatUnderWay = false;
        _consumer.LoseAll(turn, then);
    }
}
