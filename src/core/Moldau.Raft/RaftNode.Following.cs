using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Raft;

/// <summary>What a follower or observer does: fetch, truncate where it diverged, append, sync, fetch again.</summary>
public sealed partial class RaftNode
{
    private const int FetchMaxBytes = 8 * 1024 * 1024;
    private const int FetchMaxWaitMs = 500;

    private void Follow(int epoch, int leaderId, RaftEndpoint? endpoint, Instant now, EffectList<RaftEffect> effects)
    {
        ReplicaKey? voted = epoch == Epoch ? _state.VotedFor : null;
        var follower = new FollowerState(epoch, leaderId, endpoint ?? EndpointFor(leaderId), voted)
        {
            Deadline = now + _options.FetchTimeout,
            NextFetch = now,
        };
        MoveTo(follower, now, effects);
    }

    private void PollFetch(FollowerState follower, Instant now, EffectList<RaftEffect> effects)
    {
        // The offset of a fetch tells the leader what is safe here, so it waits for the sync.
        if (follower.IsFetching || follower.IsInstalling || follower.NextFetch > now
            || _log.SyncedOffset < _log.EndOffset)
            return;
        if (follower.Endpoint is not { } endpoint || IsBusy(follower.LeaderId)) return;
        follower.IsFetching = true;
        if (follower.Snapshot is { } snapshot)
            Send(follower.LeaderId, endpoint, SnapshotFetch(snapshot, follower.SnapshotPosition),
                FetchSnapshotRequest.HighestVersion, now, effects);
        else
            Send(follower.LeaderId, endpoint, Fetch(), FetchRequest.HighestVersion, now, effects);
    }

    /// <summary>Asks any known server who leads: a fetch that it refuses with the leader's name.</summary>
    private void FindLeader(Instant now, EffectList<RaftEffect> effects)
    {
        if (_inFlight.Count > 0 || _backoff.Count > 0) return;
        List<RaftEndpoint> known = [.. _options.BootstrapServers, .. _voters.Current.Nodes.Values
            .Where(n => !n.Key.Matches(_options.Self)).SelectMany(static n => n.Endpoints.Take(1))];
        if (known.Count == 0) return;
        int choice = _random.Next(known.Count);
        // Bootstrap servers have no node id; Kafka counts them down from −2.
        Send(-2 - choice, known[choice], Fetch(), FetchRequest.HighestVersion, now, effects);
    }

    private FetchRequest Fetch()
    {
        var topic = new FetchRequest.FetchTopic { TopicId = Uuid.MetadataTopic };
        topic.Partitions.Add(new FetchRequest.FetchPartition
        {
            CurrentLeaderEpoch = Epoch,
            FetchOffset = _log.EndOffset,
            LastFetchedEpoch = _log.LastEpoch,
            LogStartOffset = _log.StartOffset,
            PartitionMaxBytes = FetchMaxBytes,
            ReplicaDirectoryId = _options.Self.DirectoryId,
            HighWatermark = HighWatermark,
        });
        var request = new FetchRequest
        {
            ClusterId = _options.ClusterId,
            ReplicaState = new FetchRequest.ReplicaStateData { ReplicaId = _options.Self.Id },
            MaxWaitMs = FetchMaxWaitMs,
            MaxBytes = FetchMaxBytes,
        };
        request.Topics.Add(topic);
        return request;
    }

    private void OnFetchResponse(InFlight sent, FetchResponse response, Instant now, EffectList<RaftEffect> effects)
    {
        if (_state is FollowerState fetching) fetching.IsFetching = false;
        FetchResponse.PartitionData? data =
            response.Responses.Count == 1 && response.Responses[0].Partitions.Count == 1
                ? response.Responses[0].Partitions[0] : null;
        if (response.ErrorCode != 0 || data is null)
        {
            Fail(sent, now);
            return;
        }

        var leader = data.CurrentLeader;
        if (leader is not null && leader.LeaderId >= 0 && leader.LeaderId != _options.Self.Id
            && leader.LeaderEpoch >= Epoch
            && FollowerCan(leader.LeaderEpoch))
        {
            FetchResponse.NodeEndpoint? node = response.NodeEndpoints.Find(n => n.NodeId == leader.LeaderId);
            RaftEndpoint? endpoint = node is null ? null : new RaftEndpoint("", node.Host, (ushort)node.Port);
            Follow(leader.LeaderEpoch, leader.LeaderId, endpoint, now, effects);
            return;
        }

        if (leader is not null && OnPeerEpoch(leader.LeaderEpoch, leader.LeaderId, now, effects)) return;
        if (_state is not FollowerState follower || follower.LeaderId != sent.NodeId || data.ErrorCode != 0)
        {
            Fail(sent, now);
            return;
        }

        follower.HasFetched = true;
        follower.NextFetch = now;
        follower.Deadline = now + _options.FetchTimeout;
        TakeFetched(follower, data, effects);
    }

    private void TakeFetched(FollowerState follower, FetchResponse.PartitionData data, EffectList<RaftEffect> effects)
    {
        if (data.SnapshotId is { EndOffset: >= 0, Epoch: >= 0 } snapshot)
        {
            follower.Snapshot = new OffsetAndEpoch(snapshot.EndOffset, snapshot.Epoch);
            follower.SnapshotPosition = 0;
            return;
        }

        if (data.DivergingEpoch is { Epoch: >= 0, EndOffset: >= 0 } diverging)
        {
            // What both have of the epoch, and no more; never below what is committed.
            long end = Math.Min(_log.EndOf(diverging.Epoch).Offset, diverging.EndOffset);
            Verify.That(end >= HighWatermark);
            if (end < _log.EndOffset)
            {
                _log.Truncate(end);
                _voters.TruncateTo(end);
                Emit(new TruncateLog(end), effects);
            }

            return;
        }

        if (data.Records is { Length: > 0 } records)
        {
            foreach (RaftBatch batch in RaftBatch.Split(records))
            {
                // A leader sends from the batch that holds the offset; anything else is not for this log.
                if (batch.BaseOffset != _log.EndOffset || batch.Epoch < _log.LastEpoch || batch.Epoch > Epoch) break;
                _log.Append(batch);
                if (batch.IsControl) LearnVoters(batch);
                CountForSnapshot(batch);
                Emit(new AppendToLog(batch), effects);
            }
        }

        _leaderHighWatermark = Math.Max(_leaderHighWatermark, data.HighWatermark);
        AdvanceAsFollower(effects);
    }

    private long _leaderHighWatermark;

    private void AdvanceAsFollower(EffectList<RaftEffect> effects)
    {
        if (_state is FollowerState) Advance(Math.Min(_leaderHighWatermark, _log.SyncedOffset), effects);
    }
}
