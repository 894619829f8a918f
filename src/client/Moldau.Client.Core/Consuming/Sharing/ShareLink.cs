using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>A share session with one broker: ShareFetch and ShareAcknowledge, one at a time, since each raises the session's
/// epoch. Locks end with their session: by its loss, or by a connection that breaks.</summary>
internal sealed class ShareLink(ClientMachine machine, SharePart consumer, ShareSettings settings, int brokerId, int lane)
{
    private const int FirstEpoch = 0;
    private const int FinalEpoch = -1;

    /// <summary>Renewals are known from here on.</summary>
    private const short FirstRenewVersion = 2;

    /// <summary>Acknowledgements that no fetch takes along wait this long for more.</summary>
    private static readonly Duration _acksWait = Duration.FromMs(500);

    private static readonly Duration _closeTimeout = Duration.FromSeconds(5);

    private readonly SortedSet<SharePartition> _inSession = [];
    private ShareAcks _acks = new();
    private ShareAcks _renewals = new();
    private ShareAcks? _underWay;
    private Instant _acksDue = Instant.Never;
    private Instant _retryAt;
    private int _failures;
    private int _epoch = FirstEpoch;
    private bool _isBusy;
    private bool _isClosing;
    private bool _isFinalSent;

    public int BrokerId { get; } = brokerId;

    /// <summary>Other after the session was lost.</summary>
    public int Session { get; private set; }

    public bool HasAcks => !_acks.IsEmpty || !_renewals.IsEmpty || _underWay is not null;

    /// <summary>Nothing is acknowledged or fetched any more.</summary>
    public bool HasEnded { get; private set; }

    public Instant NextDeadline => _isBusy || _isClosing ? Instant.Never : _acksDue;

    /// <summary>True where the link has become due earlier: a turn has to see to it.</summary>
    public bool Add(SharePartition partition, long offset, sbyte type, ClientTurn turn)
    {
        bool isRenewal = type == (sbyte)AcknowledgeType.Renew;
        (isRenewal ? _renewals : _acks).Add(partition, offset, type);
        Instant due = isRenewal ? turn.Now : turn.Now + _acksWait;
        if (_acksDue <= due) return false;
        _acksDue = due;
        return true;
    }

    /// <summary>Sends what is to be acknowledged without waiting for more.</summary>
    public void Flush(ClientTurn turn)
    {
        if (!_acks.IsEmpty || !_renewals.IsEmpty) _acksDue = turn.Now;
    }

    /// <param name="wanted">What is assigned and led by this broker; null where the reader wants nothing now.</param>
    /// <param name="turn">The step under way.</param>
    public void OnTurn(SortedSet<SharePartition>? wanted, ClientTurn turn)
    {
        if (_isBusy || _isClosing) return;
        if (!_renewals.IsEmpty)
        {
            (ShareAcks renewals, _renewals) = (_renewals, new ShareAcks());
            if (_acks.IsEmpty) _acksDue = Instant.Never;
            Acknowledge(renewals, _epoch, isRenewal: true, turn);
            return;
        }

        bool mustAcknowledge = _acksDue <= turn.Now || (wanted is not null && !_acks.Partitions.All(wanted.Contains));
        if (!_acks.IsEmpty && mustAcknowledge)
        {
            Acknowledge(TakeAcks(), _epoch, isRenewal: false, turn);
            return;
        }

        if (wanted is { Count: > 0 } && _retryAt <= turn.Now) Fetch(wanted, turn);
    }

    /// <summary>When a fetch may be tried again.</summary>
    public Instant RetryAt => _isBusy ? Instant.Never : _retryAt;

    /// <summary>Acknowledges what is left and ends the session: the broker releases what is still locked.</summary>
    public void Close(ClientTurn turn)
    {
        if (_isClosing) return;
        _isClosing = true;
        if (!_isBusy) EndSession(turn);
    }

    private ShareAcks TakeAcks()
    {
        ShareAcks acks = _acks;
        _acks = new ShareAcks();
        _acksDue = Instant.Never;
        return acks;
    }

    private void Fetch(SortedSet<SharePartition> wanted, ClientTurn turn)
    {
        bool isFirst = _epoch == FirstEpoch;
        if (isFirst) _inSession.Clear();
        _underWay = TakeAcks();
        ShareFetchRequest request = new()
        {
            GroupId = settings.GroupId,
            MemberId = consumer.MemberId,
            ShareSessionEpoch = _epoch,
            MaxWaitMs = (int)settings.FetchMaxWait.Ms,
            MinBytes = settings.FetchMinBytes,
            MaxBytes = settings.FetchMaxBytes,
            MaxRecords = settings.MaxPollRecords,
            BatchSize = settings.MaxPollRecords,
            ShareAcquireMode = (sbyte)settings.AcquireMode,
        };
        foreach (var topic in wanted.Where(p => !_inSession.Contains(p) || _underWay.Has(p)).GroupBy(p => p.TopicId))
        {
            request.Topics.Add(new ShareFetchRequest.FetchTopic
            {
                TopicId = topic.Key,
                Partitions = [.. topic.Select(p => new ShareFetchRequest.FetchPartition
                {
                    PartitionIndex = p.Name.Partition,
                    AcknowledgementBatches = [.. _underWay.BatchesOf(p).Select(b => new ShareFetchRequest.AcknowledgementBatch
                    {
                        FirstOffset = b.First,
                        LastOffset = b.Last,
                        AcknowledgeTypes = b.Types,
                    })],
                })],
            });
        }

        foreach (var topic in _inSession.Where(p => !wanted.Contains(p)).GroupBy(p => p.TopicId))
        {
            request.ForgottenTopicsData.Add(new ShareFetchRequest.ForgottenTopic
            {
                TopicId = topic.Key,
                Partitions = [.. topic.Select(p => p.Name.Partition)],
            });
        }

        _inSession.Clear();
        _inSession.UnionWith(wanted);
        Send<ShareFetchRequest, ShareFetchResponse>(request, settings.FetchMaxWait, Instant.Never, 0, TakeFetch, turn);
    }

    private void Acknowledge(ShareAcks acks, int epoch, bool isRenewal, ClientTurn turn)
    {
        Verify.That(epoch != FirstEpoch);
        _underWay = acks;
        ShareAcknowledgeRequest request = new()
        {
            GroupId = settings.GroupId,
            MemberId = consumer.MemberId,
            ShareSessionEpoch = epoch,
            IsRenewAck = isRenewal,
        };
        foreach (var topic in acks.Partitions.GroupBy(p => p.TopicId))
        {
            request.Topics.Add(new ShareAcknowledgeRequest.AcknowledgeTopic
            {
                TopicId = topic.Key,
                Partitions = [.. topic.Select(p => new ShareAcknowledgeRequest.AcknowledgePartition
                {
                    PartitionIndex = p.Name.Partition,
                    AcknowledgementBatches = [.. acks.BatchesOf(p).Select(b => new ShareAcknowledgeRequest.AcknowledgementBatch
                    {
                        FirstOffset = b.First,
                        LastOffset = b.Last,
                        AcknowledgeTypes = b.Types,
                    })],
                })],
            });
        }

        Instant deadline = epoch == FinalEpoch ? turn.Now + _closeTimeout : Instant.Never;
        Send<ShareAcknowledgeRequest, ShareAcknowledgeResponse>(
            request, Duration.Zero, deadline, isRenewal ? FirstRenewVersion : (short)1, TakeAcknowledge, turn);
    }

    private void Send<TRequest, TResponse>(
        TRequest request, Duration extra, Instant deadline, short from, Action<TResponse, ClientTurn> take, ClientTurn turn)
        where TRequest : IRequest
        where TResponse : IResponse, IMessage<TResponse>
    {
        _isBusy = true;
        ClientCall<TRequest, TResponse> call = new(
            CallTarget.Broker(BrokerId, lane),
            _ => request,
            (answer, now) =>
            {
                _isBusy = false;
                take(answer, now);
                AfterAnswer(now);
                return CallOutcome.Done;
            },
            (error, now) =>
            {
                _isBusy = false;
                OnFailed(error, now);
                AfterAnswer(now);
            })
        {
            MayRepeat = false,
            ExtraTime = extra,
            Deadline = deadline,
            From = from,
        };
        machine.Calls.Start(call, turn);
    }

    private void AfterAnswer(ClientTurn turn)
    {
        if (_isClosing && !_isBusy) EndSession(turn);
        consumer.OnAnswer(turn);
    }

    private void EndSession(ClientTurn turn)
    {
        if (_epoch == FirstEpoch || _isFinalSent)
        {
            HasEnded = true;
            ReportUnsent(turn);
            consumer.OnLinkEnded(turn);
            return;
        }

        _isFinalSent = true;
        Acknowledge(TakeAcks(), FinalEpoch, isRenewal: false, turn);
    }

    private void OnFailed(ClientError error, ClientTurn turn)
    {
        Lose(error.Code, turn);
        machine.Metadata.Refresh(turn);
        if (!error.IsRetriable && !_isClosing) consumer.Fail(error, turn);
    }

    /// <summary>Nobody knows what the broker got, or it has no session: begin anew.</summary>
    private void Lose(ErrorCode code, ClientTurn turn)
    {
        Session++;
        _epoch = FirstEpoch;
        _inSession.Clear();
        ShareAcks? lost = _underWay;
        _underWay = null;
        if (lost is not null) Report(lost, _ => code, turn);
        ReportUnsent(turn);
        _retryAt = turn.Now + Backoff.After(
            ++_failures, machine.Settings.RetryBackoff, machine.Settings.RetryBackoffMax, machine.Prng);
        consumer.OnSessionLost(this, turn);
    }

    /// <summary>The session that these belonged to is gone, and their locks with it.</summary>
    private void ReportUnsent(ClientTurn turn)
    {
        Report(TakeAcks(), _ => ErrorCode.InvalidRecordState, turn);
        Report(_renewals, _ => ErrorCode.InvalidRecordState, turn);
        _renewals = new ShareAcks();
    }

    private void Report(ShareAcks acks, Func<SharePartition, ErrorCode> result, ClientTurn turn)
    {
        foreach (SharePartition partition in acks.Partitions)
            if (result(partition) is var code and not ErrorCode.None) consumer.OnAckFailed(partition, acks.OffsetsOf(partition), code, turn);
    }

    private bool TakeTop(short error, string? text, ClientTurn turn)
    {
        ErrorCode code = ErrorCodes.FromWire(error);
        if (code == ErrorCode.None)
        {
            _failures = 0;
            _epoch = _epoch == int.MaxValue ? 1 : _epoch + 1;
            return true;
        }

        Lose(code, turn);
        bool isSessions = code is ErrorCode.ShareSessionNotFound or ErrorCode.InvalidShareSessionEpoch
            or ErrorCode.ShareSessionLimitReached;
        if (code is ErrorCode.UnknownMemberId or ErrorCode.FencedMemberEpoch) consumer.OnUnknownMember(turn);
        else if (!isSessions && !code.IsRetriable() && !_isClosing)
            consumer.Fail(ClientError.Of(code, text, $"share group {settings.GroupId} cannot fetch from broker {BrokerId}"), turn);
        return false;
    }

    private void TakeFetch(ShareFetchResponse answer, ClientTurn turn)
    {
        if (!TakeTop(answer.ErrorCode, answer.ErrorMessage, turn)) return;
        consumer.LockTimeoutMs = answer.AcquisitionLockTimeoutMs;
        ShareAcks acks = _underWay!;
        _underWay = null;
        Dictionary<(Uuid, int), ErrorCode> results = [];
        foreach (var topic in answer.Responses)
        {
            foreach (var p in topic.Partitions)
            {
                ErrorCode ack = ErrorCodes.FromWire(p.AcknowledgeErrorCode);
                if (ack != ErrorCode.None) results[(topic.TopicId, p.PartitionIndex)] = ack;
                SharePartition partition = _inSession.FirstOrDefault(
                    s => s.TopicId == topic.TopicId && s.Name.Partition == p.PartitionIndex);
                if (partition.Name.Topic is null) continue;
                ErrorCode code = ErrorCodes.FromWire(p.ErrorCode);
                if (code != ErrorCode.None) OnPartitionError(partition, code, p, turn);
                else if (p.AcquiredRecords.Count > 0) consumer.OnRecords(this, partition, p);
            }
        }

        Report(acks, p => results.GetValueOrDefault((p.TopicId, p.Name.Partition)), turn);
    }

    private void OnPartitionError(
        SharePartition partition, ErrorCode code, ShareFetchResponse.PartitionData answer, ClientTurn turn)
    {
        machine.Metadata.NoteLeader(partition.Name, answer.CurrentLeader.LeaderId, answer.CurrentLeader.LeaderEpoch, turn);
        machine.Metadata.Refresh(turn);
        _retryAt = turn.Now + machine.Settings.RetryBackoff;
        if (!code.IsRetriable() && code != ErrorCode.UnknownTopicId && code != ErrorCode.InconsistentTopicId)
            consumer.Fail(ClientError.Of(code, answer.ErrorMessage, $"{partition.Name} cannot be fetched"), turn);
    }

    private void TakeAcknowledge(ShareAcknowledgeResponse answer, ClientTurn turn)
    {
        if (!TakeTop(answer.ErrorCode, answer.ErrorMessage, turn)) return;
        ShareAcks acks = _underWay!;
        _underWay = null;
        Dictionary<(Uuid, int), ErrorCode> results = [];
        foreach (var topic in answer.Responses)
            foreach (var p in topic.Partitions)
                results[(topic.TopicId, p.PartitionIndex)] = ErrorCodes.FromWire(p.ErrorCode);
        Report(acks, p => results.GetValueOrDefault((p.TopicId, p.Name.Partition)), turn);
    }
}
