using Moldau.Base;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Raft;

/// <summary>Changes of the voters, one at a time (KIP-853), and what there is to say of the quorum.</summary>
public sealed partial class RaftNode
{
    private const short SupportedKRaftVersion = 1;

    private void AddVoter(long token, AddRaftVoterRequest request, Instant now, EffectList<RaftEffect> effects)
    {
        IMessage Answer(ErrorCode error, string? message) =>
            new AddRaftVoterResponse { ErrorCode = (short)error, ErrorMessage = message };
        var key = new ReplicaKey(request.VoterId, request.VoterDirectoryId);
        RaftEndpoint[] endpoints = [.. request.Listeners.Select(static l => new RaftEndpoint(l.Name, l.Host, l.Port))];
        (ErrorCode error, string? message) = CheckVoterChange(request.ClusterId, key, endpoints);
        if (error == ErrorCode.None && _voters.Current.Find(key.Id) is not null)
        {
            (error, message) = (ErrorCode.DuplicateVoter,
                $"The voter id for {key} is already part of the set of voters {VoterNames}.");
        }

        // A replica that is far behind would stop the quorum from committing.
        if (error == ErrorCode.None && _state is LeaderState leader
            && (leader.Find(key) is not { } progress || progress.LastCaughtUpMs < now.UnixMs - 3_600_000
                || progress.LastCaughtUpMs < 0))
        {
            (error, message) = (ErrorCode.RequestTimedOut,
                $"New voter {key} was not caught-up to the leader's log end offset of {_log.EndOffset}");
        }

        // Kafka asks the new voter for its versions, so one that it cannot reach is not added.
        if (error == ErrorCode.None && !_options.CanSend)
            (error, message) = (ErrorCode.RequestTimedOut, $"New voter {key} is not ready to receive requests");
        if (error != ErrorCode.None)
        {
            Emit(new ReplyToRequest(token, Answer(error, message)), effects);
            return;
        }

        var node = new VoterNode(key, [.. endpoints], 0, SupportedKRaftVersion);
        ChangeVoters(token, _voters.Current.With(node), Answer, now, effects);
        if (!request.AckWhenCommitted && _state is LeaderState { VoterChange: { } change } acked)
        {
            Emit(new ReplyToRequest(token, Answer(ErrorCode.None, null)), effects);
            acked.VoterChange = change with { Token = -1 };
        }
    }

    private void RemoveVoter(long token, RemoveRaftVoterRequest request, Instant now, EffectList<RaftEffect> effects)
    {
        IMessage Answer(ErrorCode error, string? message) =>
            new RemoveRaftVoterResponse { ErrorCode = (short)error, ErrorMessage = message };
        var key = new ReplicaKey(request.VoterId, request.VoterDirectoryId);
        (ErrorCode error, string? message) = CheckVoterChange(request.ClusterId, key, null);
        if (error == ErrorCode.None && (!_voters.Current.Contains(key) || _voters.Current.Count == 1))
        {
            (error, message) = (ErrorCode.VoterNotFound,
                $"Cannot remove voter {key} from the set of voters {VoterNames}");
        }

        if (error == ErrorCode.None) ChangeVoters(token, _voters.Current.Without(key), Answer, now, effects);
        else Emit(new ReplyToRequest(token, Answer(error, message)), effects);
    }

    private void UpdateVoter(long token, UpdateRaftVoterRequest request, Instant now, EffectList<RaftEffect> effects)
    {
        IMessage Answer(ErrorCode error, string? message)
        {
            var response = new UpdateRaftVoterResponse { ErrorCode = (short)error };
            response.CurrentLeader = new UpdateRaftVoterResponse.CurrentLeaderData
            {
                LeaderId = LeaderId,
                LeaderEpoch = Epoch
            };
            if (LeaderId >= 0 && EndpointFor(LeaderId) is { } endpoint)
            {
                response.CurrentLeader.Host = endpoint.Host;
                response.CurrentLeader.Port = endpoint.Port;
            }

            return response;
        }

        var key = new ReplicaKey(request.VoterId, request.VoterDirectoryId);
        RaftEndpoint[] endpoints = [.. request.Listeners.Select(static l => new RaftEndpoint(l.Name, l.Host, l.Port))];
        short min = request.KRaftVersionFeature.MinSupportedVersion;
        short max = request.KRaftVersionFeature.MaxSupportedVersion;
        ErrorCode error = IsOfOtherCluster(request.ClusterId)
            ? ErrorCode.InconsistentClusterId
            : CheckLeaderEpoch(request.CurrentLeaderEpoch);
        if (error == ErrorCode.None) (error, _) = CheckVoterChange(request.ClusterId, key, endpoints);
        if (error == ErrorCode.None && (min < 0 || min > KRaftVersion || max < KRaftVersion)) error = ErrorCode.InvalidRequest;
        if (error == ErrorCode.None && !_voters.Current.Contains(key)) error = ErrorCode.VoterNotFound;
        // The leader writes its own entry when it begins to lead; Apache Kafka ends on such a request.
        if (error == ErrorCode.None && key.Matches(_options.Self)) error = ErrorCode.InvalidRequest;
        VoterSet changed = _voters.Current.With(new VoterNode(key, [.. endpoints], min, max));
        if (error == ErrorCode.None) ChangeVoters(token, changed, Answer, now, effects);
        else Emit(new ReplyToRequest(token, Answer(error, null)), effects);
    }

    /// <summary>Raises kraft.version from 0 to 1: from then on the log names the voters. The last offset that it takes,
    /// or null where this node does not lead or is not the only voter, whose directory alone it knows.</summary>
    public long? UpgradeKRaftVersion(Instant now, EffectList<RaftEffect> effects)
    {
        if (_state is not LeaderState || _isStopped || KRaftVersion > 0 || !IsOnlyVoter) return null;
        VoterSet voters = VoterSet.Of([new VoterNode(_options.Self, [.. _options.Endpoints], 0, SupportedKRaftVersion)]);
        RaftBatch batch = RaftBatch.OfControl(
            [
                (ControlRecordType.KRaftVersion, new KRaftVersionRecord { KRaftVersion = SupportedKRaftVersion }),
                (ControlRecordType.KRaftVoters, voters.ToRecord()),
            ],
            _log.EndOffset, Epoch, now.UnixMs);
        AppendOwn(batch, now, effects);
        return batch.LastOffset;
    }

    private string VoterNames => $"[{string.Join(", ", _voters.Current.Keys)}]";

    /// <param name="clusterId">Of the request; null where it has none.</param>
    /// <param name="key">The voter that is to change.</param>
    /// <param name="endpoints">Where it listens; null where the request does not say.</param>
    private (ErrorCode Error, string? Message) CheckVoterChange(string? clusterId, ReplicaKey key, RaftEndpoint[]? endpoints)
    {
        if (IsOfOtherCluster(clusterId))
        {
            return (ErrorCode.InconsistentClusterId,
                $"The given id \"{clusterId}\" doesn't match the cluster id \"{_options.ClusterId}\"");
        }

        if (_state is not LeaderState leader) return (ErrorCode.NotLeaderOrFollower, null);
        if (key.Id < 0 || key.DirectoryId.IsZero)
            return (ErrorCode.InvalidRequest, "The request names no voter: it needs an id and a directory id");
        string? listener = _options.Endpoints.Count > 0 ? _options.Endpoints[0].Name : null;
        if (endpoints is not null && (listener is null ? endpoints.Length == 0 : !endpoints.Any(e => e.Name == listener)))
            return (ErrorCode.InvalidRequest, $"The request does not include an endpoint for the listener {listener}");
        if (KRaftVersion < 1)
        {
            return (ErrorCode.UnsupportedVersion,
                "Cluster doesn't support changing the set of voters because the kraft.version feature is 0");
        }

        if (leader.VoterChange is not null)
            return (ErrorCode.RequestTimedOut, "Request timed out waiting for another change of the voters");
        // Only once its own epoch is committed does a leader know which voters there are.
        return leader.IsAnnounced ? (ErrorCode.None, null)
            : (ErrorCode.RequestTimedOut, "The leader has not committed its epoch yet");
    }

    private void ChangeVoters(
        long token, VoterSet next, Func<ErrorCode, string?, IMessage> answer, Instant now,
            EffectList<RaftEffect> effects)
    {
        var leader = (LeaderState)_state;
        var batch = RaftBatch.OfControl([(ControlRecordType.KRaftVoters, next.ToRecord())], _log.EndOffset, Epoch,
            now.UnixMs);
        leader.VoterChange = new PendingVoterChange(batch.LastOffset, token, answer);
        AppendOwn(batch, now, effects);
    }

    private void FinishVoterChange(LeaderState leader, Instant now, EffectList<RaftEffect> effects)
    {
        if (leader.VoterChange is not { } change || change.Offset >= HighWatermark) return;
        leader.VoterChange = null;
        if (change.Token >= 0) Emit(new ReplyToRequest(change.Token, change.Answer(ErrorCode.None, null)), effects);
        // A leader that was removed leads until its removal is committed, and no longer.
        if (!IsVoter) Resign(leader, now, effects);
        else if (leader.Deadline == Instant.Never && !IsOnlyVoter)
            leader.Deadline = now + CheckQuorumTimeout;
    }

    private DescribeQuorumResponse Describe(DescribeQuorumRequest request, short version, Instant now)
    {
        bool isOurs = request.Topics.Count == 1 && request.Topics[0].TopicName == MetadataTopic
            && request.Topics[0].Partitions is [{ PartitionIndex: 0 }];
        if (!isOurs) return DescribeUnknown(request);
        var response = new DescribeQuorumResponse();
        if (_state is not LeaderState leader)
        {
            response.ErrorCode = (short)ErrorCode.NotLeaderOrFollower;
            response.ErrorMessage = "This node does not lead the quorum.";
            return response;
        }

        var topic = new DescribeQuorumResponse.TopicData { TopicName = MetadataTopic };
        response.Topics.Add(topic);
        var data = new DescribeQuorumResponse.PartitionData
        {
            LeaderId = leader.LeaderId,
            LeaderEpoch = Epoch,
            HighWatermark = HighWatermark > leader.EpochStartOffset ? HighWatermark : -1,
        };
        topic.Partitions.Add(data);
        foreach (VoterNode voter in _voters.Current.Nodes.Values)
        {
            data.CurrentVoters.Add(ReplicaStateOf(voter.Key, leader, version, now));
            if (version < 2) continue;
            var node = new DescribeQuorumResponse.Node { NodeId = voter.Key.Id };
            foreach (RaftEndpoint e in voter.Endpoints)
                node.Listeners.Add(new DescribeQuorumResponse.Listener { Name = e.Name, Host = e.Host, Port = e.Port });
            response.Nodes.Add(node);
        }

        foreach (ReplicaProgress progress in leader.Replicas.Where(r => !_voters.Current.Contains(r.Key)))
            data.Observers.Add(ReplicaStateOf(progress.Key, leader, version, now));
        return response;
    }

    private static DescribeQuorumResponse DescribeUnknown(DescribeQuorumRequest request)
    {
        var response = new DescribeQuorumResponse();
        foreach (DescribeQuorumRequest.TopicData asked in request.Topics)
        {
            var topic = new DescribeQuorumResponse.TopicData { TopicName = asked.TopicName };
            response.Topics.Add(topic);
            foreach (DescribeQuorumRequest.PartitionData partition in asked.Partitions)
            {
                topic.Partitions.Add(new DescribeQuorumResponse.PartitionData
                {
                    PartitionIndex = partition.PartitionIndex,
                    ErrorCode = (short)ErrorCode.UnknownTopicOrPartition,
                    ErrorMessage = "Only the metadata partition has a quorum.",
                });
            }
        }

        return response;
    }

    private DescribeQuorumResponse.ReplicaState ReplicaStateOf(ReplicaKey key, LeaderState leader, short version, Instant now)
    {
        if (key.Matches(_options.Self))
        {
            return new DescribeQuorumResponse.ReplicaState
            {
                ReplicaId = key.Id,
                ReplicaDirectoryId = version >= 2 ? key.DirectoryId : Uuid.Zero,
                LogEndOffset = _log.EndOffset,
                LastFetchTimestamp = now.UnixMs,
                LastCaughtUpTimestamp = now.UnixMs,
            };
        }

        ReplicaProgress? progress = leader.Find(key);
        return new DescribeQuorumResponse.ReplicaState
        {
            ReplicaId = key.Id,
            ReplicaDirectoryId = version >= 2 ? key.DirectoryId : Uuid.Zero,
            LogEndOffset = progress?.EndOffset ?? -1,
            LastFetchTimestamp = progress?.LastFetchMs ?? -1,
            LastCaughtUpTimestamp = progress?.LastCaughtUpMs ?? -1,
        };
    }
}
