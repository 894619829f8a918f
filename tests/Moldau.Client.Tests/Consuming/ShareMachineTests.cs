using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;

namespace Moldau.Client.Tests.Consuming;

/// <summary>A share consumer against scripted brokers, on virtual time.</summary>
public sealed class ShareMachineTests
{
    private const int IntervalMs = 5000;

    private readonly MachineWorld _world = new();
    private readonly ScriptedBroker _one;
    private readonly List<string> _acks = [];
    private readonly Queue<ErrorCode> _beatErrors = new();
    private readonly Queue<ErrorCode> _topErrors = new();
    private readonly Queue<(long First, long Last, short Count)> _records = new();
    private (string Topic, int Partition)[] _assigned = [("t", 0)];
    private bool _isNews = true;

    public ShareMachineTests()
    {
        _one = _world.Broker(1, "one");
        _one.Topic("t", 1, 1);
        Serve(_one);
    }

    private IEnumerable<ShareGroupHeartbeatRequest> Beats =>
        _one.Of(ApiKey.ShareGroupHeartbeat).Select(r => (ShareGroupHeartbeatRequest)r.Message);

    private IEnumerable<ShareFetchRequest> Fetches => _one.Of(ApiKey.ShareFetch).Select(r => (ShareFetchRequest)r.Message);

    [Fact]
    public void NothingIsFetched_BeforeAReaderWaits_SinceLocksRun()
    {
        SharePart part = Join();
        _world.RunFor(60_000);
        Assert.Single(part.Assigned);
        Assert.Empty(Fetches);
        Assert.InRange(Beats.Count(), 12, 14);
        Assert.Equal(0, Beats.First().MemberEpoch);
        Assert.Equal(["t"], Beats.First().SubscribedTopicNames);
        Assert.Null(Beats.ElementAt(1).SubscribedTopicNames);
    }

    [Fact]
    public void Acknowledgements_GoWithTheNextFetch_AndOffsetsWithoutARecordAsGaps()
    {
        _records.Enqueue((0, 4, 1));
        SharePart part = Join();
        ShareLease lease = Take(part);
        Assert.Equal(1, Read(part, lease, 0));
        Assert.True(Acknowledge(part, lease, 0, AcknowledgeType.Accept));
        Assert.Equal(1, Read(part, lease, 3));
        Assert.True(Acknowledge(part, lease, 3, AcknowledgeType.Reject));
        Assert.False(Acknowledge(part, lease, 3, AcknowledgeType.Accept));
        _world.Do((_, turn) =>
        {
            part.Finish(lease, turn);
            return 0;
        });
        Assert.Empty(_acks);
        _records.Enqueue((5, 5, 3));
        Assert.Equal(3, Take(part).DeliveryCount(5));
        Assert.Equal(["fetch 1 t-0 0-4 10030"], _acks);
        ShareFetchRequest[] fetches = [.. Fetches];
        Assert.Equal([0, 1], fetches.Select(f => f.ShareSessionEpoch));
        Assert.Equal(Beats.First().MemberId, fetches[0].MemberId);
        Assert.Equal(500, fetches[0].MaxRecords);
    }

    [Fact]
    public void RecordsThatAreNotLocked_AreNotThisConsumers()
    {
        _records.Enqueue((2, 3, 1));
        SharePart part = Join();
        ShareLease lease = Take(part);
        Assert.Equal([0, 0, 1, 1, 0], Enumerable.Range(0, 5).Select(o => Read(part, lease, o)));
    }

    [Fact]
    public void AcknowledgementsWithoutAFetch_GoAfterHalfASecond_AndACommitWaitsForTheWord()
    {
        _records.Enqueue((0, 2, 1));
        SharePart part = Join();
        ShareLease lease = Take(part);
        Acknowledge(part, lease, 0, AcknowledgeType.Accept);
        _world.RunFor(499);
        Assert.Empty(_acks);
        _world.RunFor(2);
        Assert.Equal(["acknowledge 1 t-0 0-0 1"], _acks);
        Acknowledge(part, lease, 1, AcknowledgeType.Release);
        _topErrors.Enqueue(ErrorCode.None);
        ClientOperation<bool> commit = _world.Do((_, turn) => part.Commit(turn));
        Assert.True(commit.IsDone);
        Assert.Null(commit.Error);
        Assert.Equal("acknowledge 2 t-0 1-1 2", _acks[^1]);
    }

    [Fact]
    public void CommitsAtTheSameTime_AllEnd()
    {
        _records.Enqueue((0, 1, 1));
        SharePart part = Join();
        ShareLease lease = Take(part);
        _one.On(ApiKey.ShareAcknowledge, _ => null);
        Acknowledge(part, lease, 0, AcknowledgeType.Accept);
        ClientOperation<bool> first = _world.Do((_, turn) => part.Commit(turn));
        ClientOperation<bool> second = _world.Do((_, turn) => part.Commit(turn));
        Assert.NotSame(first, second);
        Assert.False(first.IsDone || second.IsDone);
        _one.Answer(_one.Of(ApiKey.ShareAcknowledge).Single(), new ShareAcknowledgeResponse());
        Assert.True(first.IsDone && second.IsDone);
    }

    [Fact]
    public void Renewal_GoesAtOnce_AndLeavesTheRecordOpen()
    {
        _records.Enqueue((0, 1, 1));
        SharePart part = Join();
        ShareLease lease = Take(part);
        Assert.True(Acknowledge(part, lease, 0, AcknowledgeType.Renew));
        Assert.Equal(["acknowledge 1 t-0 0-0 4 renew"], _acks);
        Assert.True(Acknowledge(part, lease, 0, AcknowledgeType.Accept));
        Assert.False(Acknowledge(part, lease, 0, AcknowledgeType.Renew));
        _world.RunFor(1000);
        Assert.Equal("acknowledge 2 t-0 0-0 1", _acks[^1]);
    }

    [Theory]
    [InlineData(ErrorCode.ShareSessionNotFound)]
    [InlineData(ErrorCode.InvalidShareSessionEpoch)]
    [InlineData(ErrorCode.ShareSessionLimitReached)]
    public void LostSession_BeginsAnew_AndItsAcknowledgementsHaveFailed(ErrorCode code)
    {
        _records.Enqueue((0, 2, 1));
        SharePart part = Join(this);
        ShareLease lease = Take(part);
        Acknowledge(part, lease, 0, AcknowledgeType.Accept);
        _topErrors.Enqueue(code);
        ClientOperation<bool> commit = _world.Do((_, turn) => part.Commit(turn));
        Assert.Equal(code, commit.Error!.Code);
        Assert.Equal([0], ((AcknowledgeFailedCall)_world.UserCalls.Single()).Offsets);
        Assert.False(lease.Chunk.IsCurrent);

        // The lock is gone: nothing is told the broker of it any more, and the user is told.
        int told = _acks.Count;
        Assert.True(Acknowledge(part, lease, 1, AcknowledgeType.Accept));
        Assert.Equal(told, _acks.Count);
        Assert.Equal(2, _world.UserCalls.Count);
        _records.Enqueue((0, 2, 2));
        Assert.Equal(2, Take(part).DeliveryCount(0));
        Assert.Equal(0, Fetches.Last().ShareSessionEpoch);
        Assert.Single(Fetches.Last().Topics);
        Assert.False(part.TryTakeError(out _));
    }

    [Fact]
    public void LinkThatBreaks_EndsTheSession()
    {
        _records.Enqueue((0, 2, 1));
        SharePart part = Join();
        ShareLease lease = Take(part);
        ClientOperation<bool> waiting = Wait(part);
        Assert.Equal(1, Fetches.Last().ShareSessionEpoch);
        _one.Break("cut");
        Assert.False(lease.Chunk.IsCurrent);
        _records.Enqueue((0, 2, 2));
        _world.RunUntil(() => waiting.IsDone, 20_000);
        Assert.Equal(0, Fetches.Last().ShareSessionEpoch);
    }

    [Fact]
    public void ReaderThatStopsWhileAFetchIsUnderWay_LeavesNothingLocked()
    {
        SharePart part = Join();
        Wait(part);
        ScriptedRequest fetch = _one.Of(ApiKey.ShareFetch).Single();
        _world.Do((_, turn) =>
        {
            part.ReleaseUnread(turn);
            return 0;
        });
        _records.Enqueue((0, 2, 1));
        _one.Answer(fetch, Fetch((ShareFetchRequest)fetch.Message)!);
        _world.RunFor(1000);
        Assert.Equal(["acknowledge 1 t-0 0-2 2"], _acks);
        Assert.Single(Fetches);
    }

    [Fact]
    public void ReaderThatStops_ReleasesWhatItHasNotComeTo_AndKeepsWhatItHas()
    {
        _records.Enqueue((0, 3, 1));
        SharePart part = Join();
        ShareLease lease = Take(part);
        Read(part, lease, 0);
        Read(part, lease, 1);
        _world.Do((_, turn) =>
        {
            part.ReleaseUnread(turn);
            return 0;
        });
        Acknowledge(part, lease, 1, AcknowledgeType.Accept);
        _world.RunFor(1000);
        Assert.Equal(["acknowledge 1 t-0 1-3 122"], _acks);
    }

    [Fact]
    public void PartitionThatGoes_IsForgotten_AndOneThatComesIsAdded()
    {
        _records.Enqueue((0, 0, 1));
        SharePart part = Join();
        ShareLease lease = Take(part);
        Acknowledge(part, lease, 0, AcknowledgeType.Accept);
        Assign(("t", 1));
        _world.RunFor(IntervalMs + 100);
        Wait(part);
        ShareFetchRequest fetch = Fetches.Last();
        Assert.Equal([1], fetch.Topics.Single().Partitions.Select(p => p.PartitionIndex));
        Assert.Equal([0], fetch.ForgottenTopicsData.Single().Partitions);
        Assert.Equal(["acknowledge 1 t-0 0-0 1"], _acks);
    }

    [Theory]
    [InlineData(ErrorCode.UnknownMemberId)]
    [InlineData(ErrorCode.FencedMemberEpoch)]
    public void MemberThatIsPutOut_JoinsAgainWithItsId(ErrorCode code)
    {
        SharePart part = Join();
        string id = Beats.First().MemberId;
        _beatErrors.Enqueue(code);
        _world.RunUntil(() => Beats.Count() == 2, 2 * IntervalMs);
        Assert.Empty(part.Assigned);
        _isNews = true;
        _world.RunUntil(() => Beats.Count() == 3, 2 * IntervalMs);
        Assert.Equal((0, id), (Beats.Last().MemberEpoch, Beats.Last().MemberId));
        Assert.Equal(["t"], Beats.Last().SubscribedTopicNames);
        Assert.Single(part.Assigned);
    }

    [Fact]
    public void BrokerThatDoesNotKnowTheMember_IsAReasonForAHeartbeat()
    {
        SharePart part = Join();
        _world.RunFor(100);
        _topErrors.Enqueue(ErrorCode.UnknownMemberId);
        int beats = Beats.Count();
        _records.Enqueue((0, 0, 1));
        Wait(part);
        Assert.Equal(beats + 1, Beats.Count());
    }

    [Fact]
    public void CoordinatorThatMoves_IsFound()
    {
        Join();
        _beatErrors.Enqueue(ErrorCode.NotCoordinator);
        int asked = _one.Of(ApiKey.FindCoordinator).Count();
        _world.RunUntil(() => Beats.Count() == 3, 3 * IntervalMs);
        Assert.Equal(asked + 1, _one.Of(ApiKey.FindCoordinator).Count());
        Assert.NotEqual(0, Beats.Last().MemberEpoch);
        Assert.Equal(["t"], Beats.Last().SubscribedTopicNames);
    }

    [Fact]
    public void LeaderThatMoves_GetsASessionOfItsOwn()
    {
        ScriptedBroker two = _world.Broker(2, "two");
        Serve(two);
        _one.Topic("t", 1, 1);
        _topErrors.Enqueue(ErrorCode.None);
        SharePart part = Join();
        _one.On(ApiKey.ShareFetch, request => new ShareFetchResponse
        {
            Responses =
            [
                new()
                {
                    TopicId = ((ShareFetchRequest)request.Message).Topics[0].TopicId,
                    Partitions = [new() { ErrorCode = (short)ErrorCode.NotLeaderOrFollower, CurrentLeader = new() { LeaderId = -1 } }],
                },
            ],
        });
        _one.Topic("t", 2, 2);
        _records.Enqueue((0, 0, 1));
        ClientOperation<bool> waiting = Wait(part);
        _world.RunUntil(() => waiting.IsDone, 10_000);
        Assert.Equal(0, ((ShareFetchRequest)two.Of(ApiKey.ShareFetch).First().Message).ShareSessionEpoch);
        Assert.Equal(2, part.Take()!.Link.BrokerId);
    }

    [Fact]
    public void Closing_AcknowledgesEndsTheSessionAndLeaves()
    {
        _records.Enqueue((0, 2, 1));
        SharePart part = Join();
        ShareLease lease = Take(part);
        Read(part, lease, 0);
        Acknowledge(part, lease, 0, AcknowledgeType.Accept);
        ClientOperation<bool> left = _world.Do((_, turn) => part.Leave(turn));
        Assert.True(left.IsDone);
        Assert.Equal(["acknowledge -1 t-0 0-2 122"], _acks);
        Assert.Equal(-1, Beats.Last().MemberEpoch);
        int requests = _one.Requests.Count;
        _world.RunFor(60_000);
        Assert.Equal(requests, _one.Requests.Count);
    }

    [Fact]
    public void ClosingWhileAFetchIsUnderWay_WaitsForItAndThenEndsTheSession()
    {
        SharePart part = Join();
        Wait(part);
        ScriptedRequest fetch = _one.Of(ApiKey.ShareFetch).Single();
        ClientOperation<bool> left = _world.Do((_, turn) => part.Leave(turn));
        Assert.False(left.IsDone);
        _one.Answer(fetch, new ShareFetchResponse());
        Assert.True(left.IsDone);
        Assert.Equal(-1, _one.Of(ApiKey.ShareAcknowledge).Select(r => ((ShareAcknowledgeRequest)r.Message).ShareSessionEpoch).Single());
    }

    [Theory]
    [InlineData(ErrorCode.UnsupportedVersion, "KIP-932")]
    [InlineData(ErrorCode.GroupAuthorizationFailed, "s")]
    public void RefusalForGood_IsToldTheUser(ErrorCode code, string text)
    {
        _beatErrors.Enqueue(code);
        SharePart part = Join();
        Assert.True(part.TryTakeError(out ClientError? error));
        Assert.Equal(code, error!.Code);
        Assert.Contains(text, error.Text, StringComparison.Ordinal);
        _world.RunFor(60_000);
        Assert.Single(Beats);
    }

    private SharePart Join(object? listener = null)
    {
        SharePart part = _world.Do((machine, _) =>
            new SharePart(machine, new ShareSettings { GroupId = "s", Listener = listener }));
        _world.Do((_, turn) =>
        {
            part.Subscribe(["t"], turn);
            return 0;
        });
        return part;
    }

    private void Assign(params (string, int)[] assigned) => (_assigned, _isNews) = (assigned, true);

    private ClientOperation<bool> Wait(SharePart part) => _world.Do((_, turn) => part.WaitForRecords(turn));

    private ShareLease Take(SharePart part)
    {
        ClientOperation<bool> waiting = Wait(part);
        _world.RunUntil(() => waiting.IsDone, 10_000);
        return part.Take()!;
    }

    private int Read(SharePart part, ShareLease lease, long offset) =>
        _world.Do((_, turn) => part.Advance(lease, offset, turn));

    private bool Acknowledge(SharePart part, ShareLease lease, long offset, AcknowledgeType type) =>
        _world.Do((_, turn) => part.Acknowledge(lease, offset, (sbyte)type, turn));

    private void Serve(ScriptedBroker broker)
    {
        broker.On(ApiKey.FindCoordinator, _ => new FindCoordinatorResponse
        {
            Coordinators = { new() { Key = "s", NodeId = 1, Host = "one", Port = 9092 } },
        });
        broker.On(ApiKey.ShareGroupHeartbeat, request => Beat((ShareGroupHeartbeatRequest)request.Message));
        broker.On(ApiKey.ShareFetch, request => Fetch((ShareFetchRequest)request.Message));
        broker.On(ApiKey.ShareAcknowledge, request =>
        {
            ShareAcknowledgeRequest acknowledge = (ShareAcknowledgeRequest)request.Message;
            foreach (var topic in acknowledge.Topics)
            {
                foreach (var p in topic.Partitions)
                {
                    foreach (var b in p.AcknowledgementBatches)
                    {
                        Note("acknowledge", acknowledge.ShareSessionEpoch, topic.TopicId, p.PartitionIndex,
                            b.FirstOffset, b.LastOffset, b.AcknowledgeTypes, acknowledge.IsRenewAck);
                    }
                }
            }

            return new ShareAcknowledgeResponse { ErrorCode = _topErrors.TryDequeue(out ErrorCode code) ? (short)code : (short)0 };
        });
    }

    private ShareGroupHeartbeatResponse Beat(ShareGroupHeartbeatRequest beat)
    {
        if (_beatErrors.TryDequeue(out ErrorCode code)) return new() { ErrorCode = (short)code };
        ShareGroupHeartbeatResponse answer = new() { MemberId = beat.MemberId, MemberEpoch = 3, HeartbeatIntervalMs = IntervalMs };
        if (!_isNews) return answer;
        _isNews = false;
        answer.Assignment = new()
        {
            TopicPartitions = [.. _assigned.GroupBy(a => a.Topic, a => a.Partition).Select(t =>
                new ShareGroupHeartbeatResponse.TopicPartitions { TopicId = _one.Topics[t.Key].TopicId, Partitions = [.. t] })],
        };
        return answer;
    }

    /// <summary>Without records the answer is held back.</summary>
    private ShareFetchResponse? Fetch(ShareFetchRequest fetch)
    {
        foreach (var topic in fetch.Topics)
        {
            foreach (var p in topic.Partitions)
            {
                foreach (var b in p.AcknowledgementBatches)
                {
                    Note("fetch", fetch.ShareSessionEpoch, topic.TopicId, p.PartitionIndex,
                        b.FirstOffset, b.LastOffset, b.AcknowledgeTypes, false);
                }
            }
        }

        if (_topErrors.TryDequeue(out ErrorCode code) && code != ErrorCode.None) return new() { ErrorCode = (short)code };
        if (!_records.TryDequeue(out var acquired)) return null;
        return new ShareFetchResponse
        {
            AcquisitionLockTimeoutMs = 30_000,
            Responses =
            [
                new()
                {
                    TopicId = _one.Topics["t"].TopicId,
                    Partitions =
                    [
                        new()
                        {
                            Records = Fetched.Batch(acquired.First, "v"),
                            AcquiredRecords =
                            [
                                new() { FirstOffset = acquired.First, LastOffset = acquired.Last, DeliveryCount = acquired.Count },
                            ],
                        },
                    ],
                },
            ],
        };
    }

    private void Note(
        string by, int epoch, Uuid topic, int partition, long first, long last, List<sbyte> types, bool isRenewal) =>
        _acks.Add($"{by} {epoch} {_one.Topics.Single(t => t.Value.TopicId == topic).Key}-{partition} {first}-{last}"
            + $" {string.Concat(types)}{(isRenewal ? " renew" : "")}");
}
