using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Raft;

/// <summary>What comes from and goes to other nodes.</summary>
public sealed partial class RaftNode
{
    public const string MetadataTopic = "__cluster_metadata";

    private readonly SortedDictionary<long, InFlight> _inFlight = [];
    private readonly SortedDictionary<int, Instant> _backoff = [];
    private long _correlation;

    /// <summary>A request that waits for its answer.</summary>
    private sealed record InFlight(int NodeId, IRequest Request, int Epoch, Instant Deadline);

    /// <summary>Requests of other nodes and clients. True where it was one for the quorum; then a
    /// <see cref="ReplyToRequest"/> with the token follows, now or later.</summary>
    public bool OnRequest(long token, IMessage request, short version, Instant now, EffectList<RaftEffect> effects)
    {
        IResponse? response = null;
        switch (request)
        {
            case VoteRequest r:
                response = OnVote(r, version, now, effects);
                break;
            case BeginQuorumEpochRequest r:
                response = OnBeginEpoch(r, version, now, effects);
                break;
            case EndQuorumEpochRequest r:
                response = OnEndEpoch(r, version, now, effects);
                break;
            case FetchRequest r:
                OnFetch(token, r, version, now, effects);
                break;
            case FetchSnapshotRequest r:
                OnFetchSnapshot(token, r, version, now, effects);
                break;
            case DescribeQuorumRequest r:
                response = Describe(r, version, now);
                break;
            case AddRaftVoterRequest r:
                AddVoter(token, r, now, effects);
                break;
            case RemoveRaftVoterRequest r:
                RemoveVoter(token, r, now, effects);
                break;
            case UpdateRaftVoterRequest r:
                UpdateVoter(token, r, now, effects);
                break;
            default:
                return false;
        }

        if (response is not null) Emit(new ReplyToRequest(token, response), effects);
        Poll(now, effects);
        return true;
    }

    /// <summary>The answer to a <see cref="SendRaftRequest"/>.</summary>
    public void OnResponse(long correlation, IMessage response, Instant now, EffectList<RaftEffect> effects)
    {
        if (!_inFlight.Remove(correlation, out InFlight? sent)) return;
        switch ((IMessage)sent.Request, response)
        {
            case (VoteRequest q, VoteResponse r):
                OnVoteResponse(sent.NodeId, q, r, now, effects);
                break;
            case (BeginQuorumEpochRequest, BeginQuorumEpochResponse r):
                OnBeginEpochResponse(sent, r, now, effects);
                break;
            case (FetchRequest, FetchResponse r):
                OnFetchResponse(sent, r, now, effects);
                break;
            case (FetchSnapshotRequest, FetchSnapshotResponse r):
                OnFetchSnapshotResponse(sent, r, now, effects);
                break;
        }

        Poll(now, effects);
    }

    /// <summary>A request did not arrive or was not answered: no connection, or the answer could not be read.</summary>
    public void OnRequestFailed(long correlation, Instant now, EffectList<RaftEffect> effects)
    {
        if (_inFlight.Remove(correlation, out InFlight? sent)) Fail(sent, now);
        Poll(now, effects);
    }

    private void OnBeginEpochResponse(InFlight sent, BeginQuorumEpochResponse response, Instant now,
        EffectList<RaftEffect> effects)
    {
        if (response.Topics.Count == 0 || response.Topics[0].Partitions.Count == 0) return;
        BeginQuorumEpochResponse.PartitionData data = response.Topics[0].Partitions[0];
        if (OnPeerEpoch(data.LeaderEpoch, data.LeaderId, now, effects)) return;
        if (data.ErrorCode != 0)
        {
            Fail(sent, now);
            return;
        }

        if (_state is LeaderState leader && _voters.Current.Find(sent.NodeId) is { } voter
            && leader.Find(voter.Key) is { } progress)
            progress.KnowsEpoch = true;
    }

    private void Fail(InFlight sent, Instant now)
    {
        _backoff[sent.NodeId] = now + _options.RetryBackoff;
        if (_state is not FollowerState follower || sent.Request is not (FetchRequest or FetchSnapshotRequest)) return;
        follower.IsFetching = false;
        follower.NextFetch = now + _options.RetryBackoff;
    }

    private void ExpireRequests(Instant now, EffectList<RaftEffect> effects)
    {
        foreach ((long correlation, InFlight sent) in _inFlight.Where(p => p.Value.Deadline <= now).ToList())
        {
            _inFlight.Remove(correlation);
            Fail(sent, now);
        }

        if (_state is LeaderState leader) ExpireParked(leader, now, effects);
    }

    private Instant RequestDeadline()
    {
        Instant next = Instant.Never;
        foreach (InFlight sent in _inFlight.Values) next = Instant.Min(next, sent.Deadline);
        return next;
    }

    /// <summary>When a retry, a fetch or a parked fetch is due.</summary>
    private Instant StateDeadline()
    {
        Instant next = Instant.Never;
        // A follower that waits for its disk is woken by the disk.
        if (_state is FollowerState { IsFetching: false, IsInstalling: false, Endpoint: not null } follower
            && _log.SyncedOffset >= _log.EndOffset)
        {
            next = follower.NextFetch;
        }

        if (_state is LeaderState leader)
        {
            foreach (ParkedFetch parked in leader.Parked) next = Instant.Min(next, parked.Deadline);
        }

        if (_state is LeaderState or CandidateState or ProspectiveState || _state is UnattachedState && !IsVoter)
        {
            foreach (Instant at in _backoff.Values) next = Instant.Min(next, at);
        }

        return next;
    }

    private void CancelRequests()
    {
        _inFlight.Clear();
        _backoff.Clear();
    }

    /// <summary>Sends what the state has to send and has not sent.</summary>
    private void Poll(Instant now, EffectList<RaftEffect> effects)
    {
        if (_isStopped) return;
        foreach (int node in _backoff.Where(b => b.Value <= now).Select(static b => b.Key).ToList())
            _backoff.Remove(node);
        switch (_state)
        {
            case ProspectiveState s:
                PollBallot(s.Ballot, isPreVote: true, now, effects);
                break;
            case CandidateState s:
                PollBallot(s.Ballot, isPreVote: false, now, effects);
                break;
            case LeaderState leader:
                foreach (ReplicaKey voter in _voters.Current.Keys)
                {
                    if (voter.Matches(_options.Self) || leader.Progress(voter).KnowsEpoch || IsBusy(voter.Id)) continue;
                    Send(voter.Id, EndpointFor(voter.Id), BeginEpochFor(voter), BeginQuorumEpochRequest.HighestVersion,
                        now, effects);
                }

                break;
            case FollowerState follower:
                PollFetch(follower, now, effects);
                break;
            case UnattachedState when !IsVoter:
                FindLeader(now, effects);
                break;
        }
    }

    private void PollBallot(Ballot ballot, bool isPreVote, Instant now, EffectList<RaftEffect> effects)
    {
        foreach (ReplicaKey voter in ballot.Unanswered)
        {
            if (voter.Matches(_options.Self) || IsBusy(voter.Id)) continue;
            Send(voter.Id, EndpointFor(voter.Id), VoteFor(voter, isPreVote), VoteRequest.HighestVersion, now, effects);
        }
    }

    private bool IsBusy(int node) => _backoff.ContainsKey(node) || _inFlight.Values.Any(r => r.NodeId == node);

    private RaftEndpoint? LeaderEndpoint => LeaderId >= 0 ? EndpointFor(LeaderId) : null;

    private RaftEndpoint? EndpointFor(int node)
    {
        if (_voters.Current.Find(node) is not { } voter || voter.Endpoints.IsEmpty) return null;
        string? name = _options.Endpoints.Count > 0 ? _options.Endpoints[0].Name : null;
        return voter.Endpoints.FirstOrDefault(e => e.Name == name) ?? voter.Endpoints[0];
    }

    private void Send(int node, RaftEndpoint? endpoint, IRequest request, short version, Instant now,
        EffectList<RaftEffect> effects)
    {
        if (endpoint is null) return;
        long correlation = ++_correlation;
        _inFlight.Add(correlation, new InFlight(node, request, Epoch, now + _options.RequestTimeout));
        Emit(new SendRaftRequest(correlation, node, endpoint, request, version), effects);
    }

    private ErrorCode CheckRequest(string? clusterId, bool isForThisLog)
    {
        if (IsOfOtherCluster(clusterId)) return ErrorCode.InconsistentClusterId;
        return isForThisLog ? ErrorCode.None : ErrorCode.InvalidRequest;
    }

    /// <summary>A sender that does not say where it belongs is let in, as in Kafka.</summary>
    private bool IsOfOtherCluster(string? clusterId) => clusterId is not null && clusterId != _options.ClusterId;

    private bool IsAddressedTo(int voterId, Uuid directory) =>
        voterId < 0 || _options.Self.Matches(new ReplicaKey(voterId, directory));
}
