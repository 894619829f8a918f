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
        Want(subscription, turn);
    }

    private enum State
    {
        /// <summary>To join, now or after a while.</summary>
        Out,

        /// <summary>What was read is committed before the partitions are given up.</summary>
        GivingUp,

        Joining,

        Syncing,

        Stable,

        /// <summary>Another member took the instance id, or the group refused for good.</summary>
        Fenced,
    }

    public MemberIdentity Identity => _generation < 0
        ? MemberIdentity.None
        : new MemberIdentity(_memberId, _generation, _settings.GroupInstanceId);

    public Instant NextDeadline => _state switch
    {
        State.Out => _retryAt,
        State.Stable when !_isHeartbeatUnderWay => _nextHeartbeat,
        _ => Instant.Never,
    };

    private CallTarget Coordinator => CallTarget.Coordinator(CoordinatorType.Group, _groupId, _consumer.GroupLane);

    /// <summary>All assignors cooperate: only then do members keep partitions while they join.</summary>
    private bool IsCooperative => _assignors.All(a => a.IsCooperative);

    private IReadOnlyList<TopicPartition> Owned => [.. _consumer.Cursors.Select(c => c.Partition)];

    public void OnTurn(ClientTurn turn)
    {
        if (_state == State.Stable && _seenMetadata != _machine.Metadata.Generation) LookAtTopics(turn);
        if (_state == State.Stable && !_isHeartbeatUnderWay && _nextHeartbeat <= turn.Now) Beat(turn);
        if (_state == State.Out && _retryAt <= turn.Now) GiveUpAndJoin(turn);
    }

    /// <summary>Reads other topics from now on.</summary>
    public void Subscribe(Subscription subscription, ClientTurn turn)
    {
        Unwant(_subscription);
        _subscription = subscription;
        Want(subscription, turn);
        if (_state == State.Stable) Rejoin(turn);
    }

    public void OnCommitError(ErrorCode code, ClientTurn turn)
    {
        if (_state == State.Stable) OnGroupError(code, turn);
    }

    public void Leave(ClientTurn turn)
    {
        Unwant(_subscription);
        StopWatching();
        bool isMember = _memberId.Length > 0 && _settings.GroupInstanceId is null;
        _state = State.Fenced;
        if (!isMember) return;
        LeaveGroupRequest.MemberIdentity member = new() { MemberId = _memberId, Reason = "the consumer was closed" };
        ClientCall<LeaveGroupRequest, LeaveGroupResponse> call = new(
            Coordinator,
            version => version >= 3
                ? new LeaveGroupRequest { GroupId = _groupId, Members = [member] }
                : new LeaveGroupRequest { GroupId = _groupId, MemberId = member.MemberId },
            (_, _) => CallOutcome.Done,
            (_, _) => { })
        {
            Deadline = turn.Now + _machine.Settings.RequestTimeout,
            MayRepeat = false,
        };
        _machine.Calls.Start(call, turn);
    }

    private void Want(Subscription subscription, ClientTurn turn)
    {
        if (subscription.Pattern is not null) _machine.Metadata.WantAll(turn);
        foreach (string topic in subscription.Topics)
            _machine.Metadata.Want(topic, _settings.AllowAutoCreateTopics, turn);
    }

    private void Unwant(Subscription subscription)
    {
        if (subscription.Pattern is not null) _machine.Metadata.UnwantAll();
        foreach (string topic in subscription.Topics) _machine.Metadata.Unwant(topic);
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

        _state = State.GivingUp;
        CommitThen(_consumer.Cursors.Select(c => c.Partition), turn, now =>
        {
            if (_state != State.GivingUp) return;
            _consumer.Revoke(Owned, now);
            Join(now);
        });
    }

    private void CommitThen(IEnumerable<TopicPartition> partitions, ClientTurn turn, Action<ClientTurn> then)
    {
        var offsets = _settings.EnableAutoCommit ? _consumer.Uncommitted(partitions) : [];
        if (offsets.Count == 0)
        {
            then(turn);
            return;
        }

        // What cannot be committed is read again by the next owner: at least once.
        ConsumerPart.Watch(_consumer.Offsets!.Commit(offsets, Identity, turn), turn, (_, now) => then(now));
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
        if (_state == State.Fenced) return;
        if (error.IsRetriable)
        {
            RetryLater(turn);
            return;
        }

        _state = State.Fenced;
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
        _state = State.Stable;
        _nextHeartbeat = turn.Now + _settings.HeartbeatInterval;
        _seenMetadata = -1;
        if (lost.Length == 0)
        {
            _consumer.Assign(assigned, turn);
            return CallOutcome.Done;
        }

        // What this member gives up is free for others only after it has joined again.
        CommitThen(lost, turn, now =>
        {
            if (_state != State.Stable) return;
            _consumer.Assign(assigned, now);
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
                if (code != ErrorCode.None && _state == State.Stable && _generation == generation) OnGroupError(code, now);
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
            case ErrorCode.RebalanceInProgress:
                Rejoin(turn);
                break;
            // A commit from version 9 on says so of a group that the coordinator knows nothing of any more.
            case ErrorCode.UnknownMemberId or ErrorCode.GroupIdNotFound:
                LoseAll(turn);
                _memberId = "";
                RetryLater(turn);
                break;
            case ErrorCode.IllegalGeneration:
                LoseAll(turn);
                RetryLater(turn);
                break;
            case ErrorCode.NotCoordinator or ErrorCode.CoordinatorNotAvailable:
                _machine.Coordinators.Forget(CoordinatorType.Group, _groupId);
                if (_state != State.Stable) RetryLater(turn);
                break;
            case ErrorCode when code.IsRetriable():
                if (_state != State.Stable) RetryLater(turn);
                break;
            default:
                LoseAll(turn);
                _state = State.Fenced;
                _consumer.Fail(ClientError.Of(code, null, $"the membership in group {_groupId} has ended"), turn);
                break;
        }
    }

    /// <summary>The partitions are somebody else's already: committing them would be wrong.</summary>
    private void LoseAll(ClientTurn turn)
    {
        _generation = -1;
        _isHeartbeatUnderWay = false;
        _consumer.Revoke(Owned, turn);
    }
}
