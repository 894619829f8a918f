using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Raft;

/// <summary>Fetches of other replicas, as the leader serves them.</summary>
public sealed partial class RaftNode
{
    private readonly SortedDictionary<long, ParkedFetch> _reading = [];
    private long _readToken;

    /// <summary>The bytes that a <see cref="ReadLog"/> asked for; empty where they could not be read.</summary>
    public void OnLogRead(long token, ReadOnlyMemory<byte> bytes, Instant now, EffectList<RaftEffect> effects)
    {
        if (!_reading.Remove(token, out ParkedFetch? fetch)) return;
        if (_state is not LeaderState)
        {
            Emit(new ReplyToRequest(fetch.Token, FetchError(fetch.Request, fetch.Version, ErrorCode.NotLeaderOrFollower)), effects);
            return;
        }

        FetchResponse response = FetchAnswer(fetch.Request, fetch.Version, ErrorCode.None, out FetchResponse.PartitionData data);
        data.HighWatermark = HighWatermark;
        data.Records = bytes.ToArray();
        Emit(new ReplyToRequest(fetch.Token, response), effects);
        _ = now;
    }

    private void OnFetch(long token, FetchRequest request, short version, Instant now, EffectList<RaftEffect> effects)
    {
        // Before version 13 a topic has no id, and by name the log is not fetched.
        FetchRequest.FetchPartition? asked =
            request.Topics is [{ Partitions: [{ Partition: 0 } only] } topic] && topic.TopicId == Uuid.MetadataTopic ? only : null;
        ErrorCode error = CheckRequest(request.ClusterId, asked is not null);
        if (error != ErrorCode.None || asked is null)
        {
            Emit(new ReplyToRequest(token, new FetchResponse { ErrorCode = (short)error }), effects);
            return;
        }

        bool isPossible = request.MaxWaitMs >= 0 && asked.FetchOffset >= 0 && asked.LastFetchedEpoch >= 0
            && asked.LastFetchedEpoch <= asked.CurrentLeaderEpoch;
        error = isPossible ? CheckLeaderEpoch(asked.CurrentLeaderEpoch) : ErrorCode.InvalidRequest;
        if (error != ErrorCode.None || _state is not LeaderState leader)
        {
            Emit(new ReplyToRequest(token, FetchError(request, version, error)), effects);
            return;
        }

        Serve(leader, new ParkedFetch(token, version, request, now + Duration.FromMs(request.MaxWaitMs)), now,
            mayPark: true, effects);
    }

    private ErrorCode CheckLeaderEpoch(int epoch)
    {
        if (epoch < Epoch) return ErrorCode.FencedLeaderEpoch;
        if (epoch > Epoch) return ErrorCode.UnknownLeaderEpoch;
        return _state is LeaderState ? ErrorCode.None : ErrorCode.NotLeaderOrFollower;
    }

    private void Serve(LeaderState leader, ParkedFetch fetch, Instant now, bool mayPark, EffectList<RaftEffect> effects)
    {
        FetchRequest.FetchPartition asked = fetch.Request.Topics[0].Partitions[0];
        FetchResponse response = FetchAnswer(fetch.Request, fetch.Version, ErrorCode.None, out FetchResponse.PartitionData data);
        data.HighWatermark = HighWatermark;
        if (Diverges(asked, data))
        {
            Emit(new ReplyToRequest(fetch.Token, response), effects);
            return;
        }

        int replica = fetch.Version >= 15 ? fetch.Request.ReplicaState.ReplicaId : fetch.Request.ReplicaId;
        if (mayPark && replica >= 0 && replica != _options.Self.Id)
            Note(leader, new ReplicaKey(replica, asked.ReplicaDirectoryId), asked.FetchOffset, now, effects);
        data.HighWatermark = HighWatermark;
        // A fetch that already has everything waits, unless the high watermark is news to it (version 18).
        bool isUpToDate = asked.FetchOffset >= _log.EndOffset && asked.HighWatermark >= HighWatermark;
        if (isUpToDate && mayPark && fetch.Deadline > now)
        {
            leader.Parked.Add(fetch);
            return;
        }

        List<RaftBatch>? batches = asked.FetchOffset >= _log.EndOffset ? []
            : _log.ReadCached(asked.FetchOffset, asked.PartitionMaxBytes);
        if (batches is null)
        {
            _reading.Add(++_readToken, fetch);
            Emit(new ReadLog(_readToken, asked.FetchOffset, asked.PartitionMaxBytes), effects);
            return;
        }

        data.Records = [.. batches.SelectMany(static b => b.Bytes.ToArray())];
        Emit(new ReplyToRequest(fetch.Token, response), effects);
    }

    /// <summary>Where the follower's log is not a beginning of ours, it is told where to begin again.</summary>
    private bool Diverges(FetchRequest.FetchPartition asked, FetchResponse.PartitionData data)
    {
        if (_log.Snapshot is { } snapshot && snapshot.Offset > 0
            && (asked.FetchOffset < _log.StartOffset || (asked.FetchOffset == 0 && _log.StartOffset > 0)))
        {
            data.SnapshotId = new FetchResponse.SnapshotId { EndOffset = snapshot.Offset, Epoch = snapshot.Epoch };
            return true;
        }

        if (asked.FetchOffset == 0 && asked.LastFetchedEpoch == 0) return false;
        OffsetAndEpoch end = _log.EndOf(asked.LastFetchedEpoch);
        if (end.Epoch == asked.LastFetchedEpoch && asked.FetchOffset <= end.Offset) return false;
        data.DivergingEpoch = new FetchResponse.EpochEndOffset { Epoch = end.Epoch, EndOffset = end.Offset };
        return true;
    }

    private void Note(LeaderState leader, ReplicaKey replica, long offset, Instant now, EffectList<RaftEffect> effects)
    {
        ReplicaProgress progress = leader.Find(replica) ?? leader.Progress(replica);
        progress.KnowsEpoch = true;
        progress.LastFetch = now;
        progress.LastFetchMs = now.UnixMs;
        progress.EndOffset = Math.Max(progress.EndOffset, offset);
        if (offset >= _log.EndOffset) progress.LastCaughtUpMs = now.UnixMs;
        AdvanceAsLeader(leader, now, effects);
    }

    private void ServeParked(LeaderState leader, Instant now, EffectList<RaftEffect> effects)
    {
        foreach (ParkedFetch parked in leader.Parked.ToList())
        {
            FetchRequest.FetchPartition asked = parked.Request.Topics[0].Partitions[0];
            if (asked.FetchOffset >= _log.EndOffset && asked.HighWatermark >= HighWatermark) continue;
            leader.Parked.Remove(parked);
            Serve(leader, parked, now, mayPark: false, effects);
        }
    }

    private void ExpireParked(LeaderState leader, Instant now, EffectList<RaftEffect> effects)
    {
        foreach (ParkedFetch parked in leader.Parked.Where(p => p.Deadline <= now).ToList())
        {
            leader.Parked.Remove(parked);
            Serve(leader, parked, now, mayPark: false, effects);
        }
    }

    private FetchResponse FetchError(FetchRequest request, short version, ErrorCode error) =>
        FetchAnswer(request, version, error, out _);

    private FetchResponse FetchAnswer(
        FetchRequest request, short version, ErrorCode error, out FetchResponse.PartitionData data)
    {
        data = new FetchResponse.PartitionData
        {
            ErrorCode = (short)error,
            HighWatermark = -1,
            LogStartOffset = _log.StartOffset,
            AbortedTransactions = [],
            CurrentLeader = new FetchResponse.LeaderIdAndEpoch { LeaderId = LeaderId, LeaderEpoch = Epoch },
            Records = [],
        };
        var topic = new FetchResponse.FetchableTopicResponse
        {
            Topic = request.Topics.Count > 0 ? request.Topics[0].Topic : "",
            TopicId = Uuid.MetadataTopic,
        };
        topic.Partitions.Add(data);
        var response = new FetchResponse();
        response.Responses.Add(topic);
        if (version >= 17 && LeaderEndpoint is { } endpoint)
            response.NodeEndpoints.Add(new FetchResponse.NodeEndpoint
            {
                NodeId = LeaderId,
                Host = endpoint.Host,
                Port = endpoint.Port
            });
        return response;
    }
}
