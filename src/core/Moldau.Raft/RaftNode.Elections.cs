using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Raft;

/// <summary>How leaders are made.</summary>
public sealed partial class RaftNode
{
    private void OnStateDeadline(Instant now, EffectList<RaftEffect> effects)
    {
        switch (_state)
        {
            case LeaderState leader:
                CheckQuorum(leader, now, effects);
                break;
            case not null when !IsVoter:
                // An observer votes for nobody and stands for nothing; it looks for the leader again.
                BecomeUnattached(Epoch, -1, now, effects);
                break;
            case CandidateState or ProspectiveState or UnattachedState or FollowerState:
                BecomeProspective(now, effects);
                break;
            case ResignedState:
                BecomeUnattached(Epoch + 1, -1, now, effects);
                break;
        }
    }

    private void BecomeProspective(Instant now, EffectList<RaftEffect> effects)
    {
        if (IsOnlyVoter)
        {
            BecomeCandidate(now, effects);
            return;
        }

        var ballot = new Ballot(_voters.Current, _options.Self);
        var state = new ProspectiveState(Epoch, _state.LeaderId, _state.VotedFor, ballot)
        {
            Deadline = now
            + ElectionTimeout()
        };
        MoveTo(state, now, effects);
    }

    private void BecomeCandidate(Instant now, EffectList<RaftEffect> effects)
    {
        var ballot = new Ballot(_voters.Current, _options.Self);
        MoveTo(new CandidateState(Epoch + 1, _options.Self, ballot) { Deadline = now + ElectionTimeout() }, now,
            effects);
        if (ballot.IsWon) Lead(ballot, now, effects);
    }

    private void OnBallot(Ballot ballot, Instant now, EffectList<RaftEffect> effects)
    {
        if (ballot.IsWon && _state is ProspectiveState) BecomeCandidate(now, effects);
        else if (ballot.IsWon && _state is CandidateState) Lead(ballot, now, effects);
        else if (ballot.IsLost && _state is ProspectiveState { LeaderId: >= 0 } prospective)
        {
            // The others still hear the leader; so it is worth asking again.
            Follow(Epoch, prospective.LeaderId, null, now, effects);
        }
        else if (ballot.IsLost)
        {
            // Try again, but not at the same moment as the others.
            long max = Math.Max(1, _options.ElectionBackoffMax.Ms);
            _state.Deadline = Instant.Min(_state.Deadline, now + Duration.FromMs(1 + _random.Next(0, max)));
        }
    }

    private VoteRequest VoteFor(ReplicaKey voter, bool isPreVote)
    {
        var topic = new VoteRequest.TopicData { TopicName = MetadataTopic };
        topic.Partitions.Add(new VoteRequest.PartitionData
        {
            ReplicaEpoch = Epoch,
            ReplicaId = _options.Self.Id,
            ReplicaDirectoryId = _options.Self.DirectoryId,
            VoterDirectoryId = voter.DirectoryId,
            LastOffsetEpoch = _log.LastEpoch,
            LastOffset = _log.EndOffset,
            PreVote = isPreVote,
        });
        var request = new VoteRequest { ClusterId = _options.ClusterId, VoterId = voter.Id };
        request.Topics.Add(topic);
        return request;
    }

    private VoteResponse OnVote(VoteRequest request, short version, Instant now, EffectList<RaftEffect> effects)
    {
        var response = new VoteResponse();
        VoteRequest.PartitionData? data = request.Topics is [{ TopicName: MetadataTopic, Partitions: [{ PartitionIndex: 0 } only] }]
            ? only
            : null;
        ErrorCode error = CheckRequest(request.ClusterId, data is not null);
        if (error != ErrorCode.None || data is null)
        {
            response.ErrorCode = (short)error;
            return response;
        }

        bool isGranted = false;
        bool isLogPossible = data.LastOffset >= 0 && data.LastOffsetEpoch >= 0;
        error = isLogPossible ? CheckSender(data.ReplicaId, data.ReplicaEpoch) : ErrorCode.InvalidRequest;
        // A candidate's log ends in an epoch before its own; one that only asks may have seen the epoch's leader.
        int lastPossible = data.PreVote ? data.ReplicaEpoch : data.ReplicaEpoch - 1;
        if (error == ErrorCode.None && data.LastOffsetEpoch > lastPossible) error = ErrorCode.InvalidRequest;
        if (error == ErrorCode.None && !IsAddressedTo(request.VoterId, data.VoterDirectoryId)) error = ErrorCode.InvalidVoterKey;
        if (error == ErrorCode.None && data.ReplicaEpoch > Epoch && IsOnlyVoter) error = ErrorCode.InconsistentVoterSet;
        if (error == ErrorCode.None)
            isGranted = Vote(new ReplicaKey(data.ReplicaId, data.ReplicaDirectoryId), data, now, effects);

        var topic = new VoteResponse.TopicData { TopicName = MetadataTopic };
        topic.Partitions.Add(new VoteResponse.PartitionData
        {
            ErrorCode = (short)error,
            LeaderId = LeaderId,
            LeaderEpoch = Epoch,
            VoteGranted = isGranted,
        });
        response.Topics.Add(topic);
        if (version >= 1 && LeaderEndpoint is { } leader)
            response.NodeEndpoints.Add(
                new VoteResponse.NodeEndpoint { NodeId = LeaderId, Host = leader.Host, Port = leader.Port });
        return response;
    }

    private bool Vote(ReplicaKey candidate, VoteRequest.PartitionData data, Instant now, EffectList<RaftEffect> effects)
    {
        if (data.ReplicaEpoch > Epoch) BecomeUnattached(data.ReplicaEpoch, -1, now, effects);
        bool isLogGood = new OffsetAndEpoch(data.LastOffset, data.LastOffsetEpoch).CompareTo(_log.End) >= 0;
        bool isGranted = _state.MayGrant(candidate, isLogGood, data.PreVote);
        if (isGranted && !data.PreVote && _state.VotedFor is null)
            MoveTo(new UnattachedState(Epoch, -1, candidate) { Deadline = now + ElectionTimeout() }, now, effects);
        return isGranted;
    }

    private void OnVoteResponse(int voter, VoteRequest request, VoteResponse response, Instant now,
        EffectList<RaftEffect> effects)
    {
        if (response.ErrorCode != 0 || response.Topics.Count == 0 || response.Topics[0].Partitions.Count == 0) return;
        VoteResponse.PartitionData data = response.Topics[0].Partitions[0];
        VoteRequest.PartitionData asked = request.Topics[0].Partitions[0];
        if (OnPeerEpoch(data.LeaderEpoch, data.LeaderId, now, effects)) return;
        if (data.ErrorCode != 0 || asked.ReplicaEpoch != Epoch) return;
        Ballot? ballot = _state switch
        {
            ProspectiveState s when asked.PreVote => s.Ballot,
            CandidateState s when !asked.PreVote => s.Ballot,
            _ => null,
        };
        if (ballot is null) return;
        ballot.Record(voter, data.VoteGranted);
        OnBallot(ballot, now, effects);
    }

    /// <summary>What another node knows of epoch and leader; true where that changed ours.</summary>
    private bool OnPeerEpoch(int epoch, int leaderId, Instant now, EffectList<RaftEffect> effects)
    {
        if (epoch < Epoch || (epoch == Epoch && (leaderId < 0 || leaderId == _state.LeaderId))) return false;
        if (leaderId >= 0 && leaderId != _options.Self.Id && FollowerCan(epoch))
        {
            Follow(epoch, leaderId, null, now, effects);
            return true;
        }

        if (epoch == Epoch) return false;
        BecomeUnattached(epoch, -1, now, effects);
        return true;
    }

    /// <summary>A leader of the epoch, once known, does not change.</summary>
    private bool FollowerCan(int epoch) =>
        epoch > Epoch || _state is not (LeaderState or FollowerState or ResignedState);

    private BeginQuorumEpochResponse OnBeginEpoch(BeginQuorumEpochRequest request, short version, Instant now,
        EffectList<RaftEffect> effects)
    {
        var response = new BeginQuorumEpochResponse();
        BeginQuorumEpochRequest.PartitionData? data =
            request.Topics is [{ TopicName: MetadataTopic, Partitions: [{ PartitionIndex: 0 } only] }] ? only : null;
        ErrorCode error = CheckRequest(request.ClusterId, data is not null);
        if (error != ErrorCode.None || data is null)
        {
            response.ErrorCode = (short)error;
            return response;
        }

        error = CheckLeaderClaim(data.LeaderId, data.LeaderEpoch);
        if (error == ErrorCode.None && !IsAddressedTo(request.VoterId, data.VoterDirectoryId)) error = ErrorCode.InvalidVoterKey;
        if (error == ErrorCode.None && FollowerCan(data.LeaderEpoch))
            Follow(data.LeaderEpoch, data.LeaderId, EndpointOf(request.LeaderEndpoints), now, effects);
        var topic = new BeginQuorumEpochResponse.TopicData { TopicName = MetadataTopic };
        topic.Partitions.Add(new BeginQuorumEpochResponse.PartitionData
        {
            ErrorCode = (short)error,
            LeaderId = LeaderId,
            LeaderEpoch = Epoch,
        });
        response.Topics.Add(topic);
        if (version >= 1 && LeaderEndpoint is { } leader)
            response.NodeEndpoints.Add(
                new BeginQuorumEpochResponse.NodeEndpoint { NodeId = LeaderId, Host = leader.Host, Port = leader.Port });
        return response;
    }

    private EndQuorumEpochResponse OnEndEpoch(EndQuorumEpochRequest request, short version, Instant now,
        EffectList<RaftEffect> effects)
    {
        var response = new EndQuorumEpochResponse();
        EndQuorumEpochRequest.PartitionData? data =
            request.Topics is [{ TopicName: MetadataTopic, Partitions: [{ PartitionIndex: 0 } only] }] ? only : null;
        ErrorCode error = CheckRequest(request.ClusterId, data is not null);
        if (error != ErrorCode.None || data is null)
        {
            response.ErrorCode = (short)error;
            return response;
        }

        error = CheckLeaderClaim(data.LeaderId, data.LeaderEpoch);
        if (error == ErrorCode.None) OnLeaderResigned(request, data, now, effects);
        var topic = new EndQuorumEpochResponse.TopicData { TopicName = MetadataTopic };
        topic.Partitions.Add(new EndQuorumEpochResponse.PartitionData
        {
            ErrorCode = (short)error,
            LeaderId = LeaderId,
            LeaderEpoch = Epoch,
        });
        response.Topics.Add(topic);
        if (version >= 1 && LeaderEndpoint is { } leader)
            response.NodeEndpoints.Add(
                new EndQuorumEpochResponse.NodeEndpoint { NodeId = LeaderId, Host = leader.Host, Port = leader.Port });
        return response;
    }

    private void OnLeaderResigned(EndQuorumEpochRequest request, EndQuorumEpochRequest.PartitionData data, Instant now,
        EffectList<RaftEffect> effects)
    {
        if (FollowerCan(data.LeaderEpoch))
            Follow(data.LeaderEpoch, data.LeaderId, EndpointOf(request.LeaderEndpoints), now, effects);
        if (_state is not FollowerState follower || follower.LeaderId != data.LeaderId) return;
        // The best placed stands at once, each other a little later.
        int place = data.PreferredCandidates.FindIndex(c => c.CandidateId == _options.Self.Id);
        if (place < 0) place = data.PreferredSuccessors.IndexOf(_options.Self.Id);
        long wait = place < 0 ? _options.ElectionTimeout.Ms : place * Math.Max(1, _options.ElectionBackoffMax.Ms / 4);
        follower.HasFetched = false;
        follower.Deadline = Instant.Min(follower.Deadline, now + Duration.FromMs(wait));
    }

    private ErrorCode CheckSender(int replicaId, int epoch) =>
        epoch < Epoch ? ErrorCode.FencedLeaderEpoch : replicaId < 0 ? ErrorCode.InvalidRequest : ErrorCode.None;

    /// <summary>Whether the sender may lead the epoch that it says it leads, or led. Apache Kafka takes an impossible
    /// claim for a fault of its own and ends; here it is refused. On a quorum of one every claim of another node is
    /// impossible, in any epoch: only this node's own log could make a second voter.</summary>
    private ErrorCode CheckLeaderClaim(int leaderId, int epoch)
    {
        ErrorCode error = CheckSender(leaderId, epoch);
        if (error != ErrorCode.None) return error;
        bool isSelf = leaderId == _options.Self.Id;
        bool isContradicted = isSelf
            ? epoch != Epoch || _state is not LeaderState
            : IsOnlyVoter || (epoch == Epoch && _state.LeaderId >= 0 && _state.LeaderId != leaderId);
        return isContradicted ? ErrorCode.InconsistentVoterSet : ErrorCode.None;
    }

    private static RaftEndpoint? EndpointOf(List<BeginQuorumEpochRequest.LeaderEndpoint> endpoints) =>
        endpoints.Count == 0 ? null : new RaftEndpoint(endpoints[0].Name, endpoints[0].Host, endpoints[0].Port);

    private static RaftEndpoint? EndpointOf(List<EndQuorumEpochRequest.LeaderEndpoint> endpoints) =>
        endpoints.Count == 0 ? null : new RaftEndpoint(endpoints[0].Name, endpoints[0].Host, endpoints[0].Port);
}
