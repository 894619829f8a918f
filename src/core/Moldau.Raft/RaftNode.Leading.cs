using Moldau.Base;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Raft;

/// <summary>What a leader does.</summary>
public sealed partial class RaftNode
{
    /// <summary>Committed bytes kept in memory for followers.</summary>
    private const long CacheBytes = 1024 * 1024;

    private void Lead(Ballot ballot, Instant now, EffectList<RaftEffect> effects)
    {
        var leader = new LeaderState(Epoch, _options.Self.Id, _log.EndOffset, [.. ballot.Granting]);
        leader.Deadline = IsOnlyVoter ? Instant.Never : now + CheckQuorumTimeout;
        MoveTo(leader, now, effects);
        foreach (ReplicaKey voter in _voters.Current.Keys)
        {
            if (!voter.Matches(_options.Self)) leader.Progress(voter).LastFetch = now;
        }

        AppendOwn(EpochStart(leader, now), now, effects);
    }

    private Duration CheckQuorumTimeout => Duration.FromMs(_options.FetchTimeout.Ms * 3 / 2);

    /// <summary>The first batch of an epoch: who leads; and the voters, where the log does not have them yet or this
    /// node's entry is not as it should be.</summary>
    private RaftBatch EpochStart(LeaderState leader, Instant now)
    {
        var message = new LeaderChangeMessage { Version = 0, LeaderId = _options.Self.Id };
        foreach (ReplicaKey voter in _voters.Current.Keys)
            message.Voters.Add(new LeaderChangeMessage.Voter { VoterId = voter.Id });
        foreach (int id in leader.Granting) message.GrantingVoters.Add(new LeaderChangeMessage.Voter { VoterId = id });
        var records = new List<(ControlRecordType, IMessage)> { (ControlRecordType.LeaderChange, message) };
        VoterNode? self = _voters.Current.Find(_options.Self.Id);
        if (KRaftVersion > 0 && self is not null)
        {
            bool isMoved = _options.Endpoints.Count > 0 && !self.Endpoints.SequenceEqual(_options.Endpoints);
            if (_voters.CurrentOffset < 0 || isMoved)
            {
                VoterSet voters = isMoved ? _voters.Current.With(self with { Endpoints = [.. _options.Endpoints] })
                    : _voters.Current;
                if (_voters.CurrentOffset < 0)
                    records.Add((ControlRecordType.KRaftVersion,
                        new KRaftVersionRecord { KRaftVersion = KRaftVersion }));
                records.Add((ControlRecordType.KRaftVoters, voters.ToRecord()));
            }
        }

        return RaftBatch.OfControl(records, _log.EndOffset, Epoch, now.UnixMs);
    }

    private void AppendOwn(RaftBatch batch, Instant now, EffectList<RaftEffect> effects)
    {
        _log.Append(batch);
        if (batch.IsControl) LearnVoters(batch);
        CountForSnapshot(batch);
        Emit(new AppendToLog(batch), effects);
        if (_state is LeaderState leader) ServeParked(leader, now, effects);
    }

    private void AdvanceAsLeader(LeaderState leader, Instant now, EffectList<RaftEffect> effects)
    {
        long end = leader.MajorityEnd(_voters.Current, _options.Self, _log.SyncedOffset);
        // Records of older epochs are committed only together with one of this epoch.
        if (end <= leader.EpochStartOffset || end <= HighWatermark) return;
        Advance(end, effects);
        if (!leader.IsAnnounced)
        {
            leader.IsAnnounced = true;
            Emit(new BecomeLeader(Epoch), effects);
        }

        FinishVoterChange(leader, now, effects);
        ServeParked(leader, now, effects);
        if (IsSnapshotDueBySize) OnSnapshotDue(now, effects);
    }

    /// <summary>A leader that a majority no longer fetches from cannot commit, and lets others try.</summary>
    private void CheckQuorum(LeaderState leader, Instant now, EffectList<RaftEffect> effects)
    {
        int alive = IsVoter ? 1 : 0;
        Instant oldest = now;
        foreach (ReplicaKey voter in _voters.Current.Keys)
        {
            if (voter.Matches(_options.Self) || leader.Find(voter) is not { } progress) continue;
            if (progress.LastFetch + CheckQuorumTimeout <= now) continue;
            alive++;
            oldest = Instant.Min(oldest, progress.LastFetch);
        }

        if (alive >= _voters.Current.Majority) leader.Deadline = oldest + CheckQuorumTimeout;
        else Resign(leader, now, effects);
        if (_state == leader && leader.Deadline <= now) leader.Deadline = now + CheckQuorumTimeout;
    }

    private void Resign(LeaderState leader, Instant now, EffectList<RaftEffect> effects)
    {
        // Those with the most of the log first.
        List<ReplicaKey> successors = [.. _voters.Current.Keys.Where(k => !k.Matches(_options.Self))
            .OrderByDescending(k => leader.Find(k)?.EndOffset ?? -1).ThenBy(static k => k.Id)];
        MoveTo(new ResignedState(Epoch, _options.Self.Id) { Deadline = now + ElectionTimeout() }, now, effects);
        foreach (ReplicaKey voter in successors)
        {
            var topic = new EndQuorumEpochRequest.TopicData { TopicName = MetadataTopic };
            var data = new EndQuorumEpochRequest.PartitionData { LeaderId = _options.Self.Id, LeaderEpoch = Epoch };
            foreach (ReplicaKey candidate in successors)
            {
                data.PreferredCandidates.Add(new EndQuorumEpochRequest.ReplicaInfo
                {
                    CandidateId = candidate.Id,
                    CandidateDirectoryId = candidate.DirectoryId,
                });
            }

            topic.Partitions.Add(data);
            var request = new EndQuorumEpochRequest { ClusterId = _options.ClusterId };
            request.Topics.Add(topic);
            foreach (RaftEndpoint e in _options.Endpoints)
                request.LeaderEndpoints.Add(new EndQuorumEpochRequest.LeaderEndpoint
                {
                    Name = e.Name,
                    Host = e.Host,
                    Port = e.Port
                });
            Send(voter.Id, EndpointFor(voter.Id), request, EndQuorumEpochRequest.HighestVersion, now, effects);
        }
    }

    private BeginQuorumEpochRequest BeginEpochFor(ReplicaKey voter)
    {
        var topic = new BeginQuorumEpochRequest.TopicData { TopicName = MetadataTopic };
        topic.Partitions.Add(new BeginQuorumEpochRequest.PartitionData
        {
            VoterDirectoryId = voter.DirectoryId,
            LeaderId = _options.Self.Id,
            LeaderEpoch = Epoch,
        });
        var request = new BeginQuorumEpochRequest { ClusterId = _options.ClusterId, VoterId = voter.Id };
        request.Topics.Add(topic);
        foreach (RaftEndpoint e in _options.Endpoints)
            request.LeaderEndpoints.Add(new BeginQuorumEpochRequest.LeaderEndpoint
            {
                Name = e.Name,
                Host = e.Host,
                Port = e.Port
            });
        return request;
    }
}
