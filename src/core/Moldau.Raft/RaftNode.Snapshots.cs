using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Raft;

/// <summary>Snapshots: when to write them, and how they travel.</summary>
public sealed partial class RaftNode
{
    private const int SnapshotPartBytes = 1024 * 1024;

    private readonly SortedDictionary<long, (long Token, short Version, FetchSnapshotRequest Request)> _snapshotReads = [];
    private Instant _snapshotDeadline = Instant.Never;
    private long _bytesSinceSnapshot;
    private bool _isSnapshotAsked;

    private bool IsSnapshotDueBySize => _bytesSinceSnapshot >= _options.SnapshotBytes;

    /// <summary>Answers <see cref="SnapshotDue"/>: the image's records at the high watermark, framed. Null where there
    /// is
    /// nothing new to put into a snapshot.</summary>
    /// <param name="values">The records of the committed image.</param>
    /// <param name="endOffset">The offset after the last one that is in the image.</param>
    /// <param name="lastTimestampMs">Of the last batch that is in the image.</param>
    /// <param name="now">The time of the turn.</param>
    /// <param name="effects">Gets <see cref="WriteSnapshotFile"/>.</param>
    public OffsetAndEpoch? WriteSnapshot(
        IReadOnlyList<byte[]> values, long endOffset, long lastTimestampMs, Instant now, EffectList<RaftEffect> effects)
    {
        _isSnapshotAsked = false;
        Verify.That(endOffset <= HighWatermark);
        if (endOffset <= (_log.Snapshot?.Offset ?? 0)) return null;
        var id = new OffsetAndEpoch(endOffset, _log.EpochAt(endOffset - 1));
        var content = new SnapshotContent(
            lastTimestampMs, _voters.KRaftVersionAt(endOffset - 1), _voters.At(endOffset - 1), values);
        Emit(new WriteSnapshotFile(id, SnapshotFiles.Name(id), SnapshotFiles.Write(content, id, now.UnixMs)), effects);
        _bytesSinceSnapshot = 0;
        if (_options.SnapshotInterval is { } interval) _snapshotDeadline = now + interval;
        return id;
    }

    /// <summary>A snapshot file is on disk. What older snapshots needed of the log may go.</summary>
    public void OnSnapshotWritten(OffsetAndEpoch id, EffectList<RaftEffect> effects)
    {
        if (_log.Snapshot is { } older && older.Offset >= id.Offset) return;
        OffsetAndEpoch? before = _log.Snapshot;
        _log.Snapshot = id;
        // One snapshot back stays readable, so that a follower that just began to fetch it can finish.
        if (before is { Offset: > 0 } previous && previous.Offset > _log.StartOffset)
        {
            _log.DeleteBefore(previous.Offset);
            Emit(new DeleteLogBefore(previous.Offset), effects);
        }
    }

    /// <summary>A fetched snapshot is on disk under its name, and this is what it holds.</summary>
    public void OnSnapshotFetched(OffsetAndEpoch id, SnapshotContent content, Instant now,
        EffectList<RaftEffect> effects)
    {
        if (_state is not FollowerState { IsInstalling: true } follower) return;
        follower.IsInstalling = false;
        follower.Snapshot = null;
        follower.NextFetch = now;
        follower.Deadline = now + _options.FetchTimeout;
        _log.StartAt(id);
        _delivered = HighWatermark = id.Offset;
        if (content.KRaftVersion > 0) _voters.Add(id.Offset - 1, content.KRaftVersion, content.Voters);
        Emit(new StartLogAt(id), effects);
        Emit(new LoadSnapshot(id), effects);
        Poll(now, effects);
    }

    /// <summary>Bytes of a snapshot that <see cref="ReadSnapshot"/> asked for, with the size of the file; a negative
    /// size
    /// where there is no such file.</summary>
    public void OnSnapshotRead(long token, ReadOnlyMemory<byte> bytes, long fileSize, EffectList<RaftEffect> effects)
    {
        if (!_snapshotReads.Remove(token, out (long Token, short Version, FetchSnapshotRequest Request) read)) return;
        FetchSnapshotRequest.PartitionSnapshot asked = read.Request.Topics[0].Partitions[0];
        ErrorCode error = fileSize < 0 ? ErrorCode.SnapshotNotFound
            : asked.Position >= fileSize ? ErrorCode.PositionOutOfRange
            : ErrorCode.None;
        FetchSnapshotResponse response = SnapshotAnswer(
            read.Request, read.Version, error, out FetchSnapshotResponse.PartitionSnapshot data);
        if (error == ErrorCode.None)
        {
            data.Size = fileSize;
            data.Position = asked.Position;
            data.UnalignedRecords = bytes.ToArray();
        }

        Emit(new ReplyToRequest(read.Token, response), effects);
    }

    private void CountForSnapshot(RaftBatch batch) => _bytesSinceSnapshot += batch.Bytes.Length;

    private void OnSnapshotDeadline(Instant now, EffectList<RaftEffect> effects)
    {
        _snapshotDeadline = _options.SnapshotInterval is { } interval ? now + interval : Instant.Never;
        if (HighWatermark > (_log.Snapshot?.Offset ?? 0)) OnSnapshotDue(now, effects);
    }

    private void OnSnapshotDue(Instant now, EffectList<RaftEffect> effects)
    {
        if (_isSnapshotAsked) return;
        _isSnapshotAsked = true;
        Emit(new SnapshotDue(), effects);
        _ = now;
    }

    private FetchSnapshotRequest SnapshotFetch(OffsetAndEpoch id, long position)
    {
        var topic = new FetchSnapshotRequest.TopicSnapshot { Name = MetadataTopic };
        topic.Partitions.Add(new FetchSnapshotRequest.PartitionSnapshot
        {
            CurrentLeaderEpoch = Epoch,
            SnapshotId = new FetchSnapshotRequest.SnapshotId { EndOffset = id.Offset, Epoch = id.Epoch },
            Position = position,
            ReplicaDirectoryId = _options.Self.DirectoryId,
        });
        var request = new FetchSnapshotRequest
        {
            ClusterId = _options.ClusterId,
            ReplicaId = _options.Self.Id,
            MaxBytes = SnapshotPartBytes,
        };
        request.Topics.Add(topic);
        return request;
    }

    private void OnFetchSnapshot(long token, FetchSnapshotRequest request, short version, Instant now, EffectList<RaftEffect> effects)
    {
        FetchSnapshotRequest.PartitionSnapshot? asked =
            request.Topics is [{ Partitions: [{ } only] }] ? only : null;
        ErrorCode top = CheckRequest(request.ClusterId, asked is not null);
        if (top != ErrorCode.None || asked is null)
        {
            Emit(new ReplyToRequest(token, new FetchSnapshotResponse { ErrorCode = (short)top }), effects);
            return;
        }

        var id = new OffsetAndEpoch(asked.SnapshotId.EndOffset, asked.SnapshotId.Epoch);
        ErrorCode error = request.Topics[0].Name != MetadataTopic || asked.Partition != 0
            ? ErrorCode.UnknownTopicOrPartition
            : CheckLeaderEpoch(asked.CurrentLeaderEpoch);
        // What the bootstrap snapshot says, the first leader has written into the log.
        if (error == ErrorCode.None && id.Offset <= 0) error = ErrorCode.SnapshotNotFound;
        if (error == ErrorCode.None && asked.Position < 0) error = ErrorCode.PositionOutOfRange;
        if (error != ErrorCode.None)
        {
            Emit(new ReplyToRequest(token, SnapshotAnswer(request, version, error, out _)), effects);
            return;
        }

        if (_state is LeaderState leader
            && leader.Find(new ReplicaKey(request.ReplicaId, asked.ReplicaDirectoryId)) is { } progress)
            progress.LastFetch = now;
        _snapshotReads.Add(++_readToken, (token, version, request));
        int maxBytes = Math.Clamp(request.MaxBytes, 0, SnapshotPartBytes);
        Emit(new ReadSnapshot(_readToken, id, asked.Position, maxBytes), effects);
    }

    private FetchSnapshotResponse SnapshotAnswer(
        FetchSnapshotRequest request, short version, ErrorCode error, out FetchSnapshotResponse.PartitionSnapshot data)
    {
        FetchSnapshotRequest.PartitionSnapshot asked = request.Topics[0].Partitions[0];
        data = new FetchSnapshotResponse.PartitionSnapshot
        {
            Index = asked.Partition,
            ErrorCode = (short)error,
            SnapshotId = new FetchSnapshotResponse.SnapshotId
            {
                EndOffset = asked.SnapshotId.EndOffset,
                Epoch = asked.SnapshotId.Epoch
            },
            CurrentLeader = new FetchSnapshotResponse.LeaderIdAndEpoch { LeaderId = LeaderId, LeaderEpoch = Epoch },
            UnalignedRecords = [],
        };
        var topic = new FetchSnapshotResponse.TopicSnapshot { Name = request.Topics[0].Name };
        topic.Partitions.Add(data);
        var response = new FetchSnapshotResponse();
        response.Topics.Add(topic);
        if (version >= 1 && LeaderEndpoint is { } leader)
            response.NodeEndpoints.Add(
                new FetchSnapshotResponse.NodeEndpoint { NodeId = LeaderId, Host = leader.Host, Port = leader.Port });
        return response;
    }

    private void OnFetchSnapshotResponse(InFlight sent, FetchSnapshotResponse response, Instant now,
        EffectList<RaftEffect> effects)
    {
        if (_state is not FollowerState follower || follower.LeaderId != sent.NodeId) return;
        follower.IsFetching = false;
        FetchSnapshotResponse.PartitionSnapshot? data =
            response.Topics.Count == 1 && response.Topics[0].Partitions.Count == 1 ? response.Topics[0].Partitions[0]
                : null;
        if (data?.CurrentLeader is { } leader && OnPeerEpoch(leader.LeaderEpoch, leader.LeaderId, now, effects)) return;
        if (response.ErrorCode != 0 || data is null || data.ErrorCode != 0 || follower.Snapshot is not { } id
            || data.Position != follower.SnapshotPosition)
        {
            // Begin again: the leader may have another snapshot by now.
            follower.Snapshot = null;
            Fail(sent, now);
            return;
        }

        byte[] bytes = data.UnalignedRecords ?? [];
        follower.Deadline = now + _options.FetchTimeout;
        Emit(new WriteSnapshotPart(id, follower.SnapshotPosition, bytes), effects);
        follower.SnapshotPosition += bytes.Length;
        if (follower.SnapshotPosition < data.Size && bytes.Length > 0) return;
        follower.IsInstalling = true;
        follower.Deadline = Instant.Never;
        Emit(new FinishSnapshot(id), effects);
    }
}
