using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>One fetch request at its session's home: spread over the owners, gathered, cut to size, answered. Holds the
/// deadline and the sum of what the owners have.</summary>
internal sealed class FetchOperation(ShardMachine home, FetchExchange exchange)
{
    private readonly SortedDictionary<int, (FetchCall Call, long Available)> _waiting = [];
    private readonly List<FetchVisit> _visits = [];
    private readonly List<(FetchTarget Target, FetchResult Result)> _refused = [];
    private FetchSession _session = null!; // set before anything is asked of an owner
    private int _outstanding;
    private long _available;
    private bool _isCollecting;
    private TimedTask? _deadline;

    public void Start()
    {
        if (!TryOpenSession())
        {
            Return();
            return;
        }

        bool isHurried = Resolve() || exchange.MaxWaitMs <= 0;
        _session.SpreadChanges();
        _session.CloseEmptyShares(home);
        _outstanding = _session.Shares.Count;
        if (_outstanding == 0) Answer();
        else Ask(isHurried);
    }

    /// <summary>An owner returns its part: it has enough, an error, or was asked to.</summary>
    public void OnReturned(FetchCall call)
    {
        foreach (FetchVisit visit in call.Visits)
        {
            _visits.Add(visit);
            if (visit.IsGone && visit.Watch.Target.Watch == visit.Watch) _session.Lost(visit.Watch.Target);
        }

        _waiting.Remove(call.Owner.Number);
        if (--_outstanding == 0) Answer();
        else Collect();
    }

    /// <summary>An owner that waits has so many bytes.</summary>
    public void OnProgress(MachineId owner, long bytes)
    {
        if (!_waiting.TryGetValue(owner.Number, out (FetchCall Call, long Available) part)) return;
        _available += bytes - part.Available;
        _waiting[owner.Number] = part with { Available = bytes };
        if (_available >= exchange.MinBytes) Collect();
    }

    /// <summary>False: the answer is known already.</summary>
    private bool TryOpenSession()
    {
        if (exchange.IsFull)
        {
            _session = new FetchSession(exchange.UsesTopicIds, exchange.IsReplica, home.Now);
        }
        else
        {
            exchange.Error = home.Sessions.Find(
                exchange.SessionId, exchange.SessionEpoch, exchange.UsesTopicIds, out FetchSession? session);
            if (exchange.Error != ErrorCode.None) return false;
            _session = session!; // there is one where there is no error
        }

        foreach ((FetchKey key, FetchAsk ask) in exchange.Named) _session.Ask(key, ask);
        return exchange.IsFull ? TryBegin() : TryGoOn();
    }

    private bool TryBegin()
    {
        if (exchange.Refusal != ErrorCode.None) return Refuse();
        bool isWanted = exchange.SessionEpoch == FetchExchange.InitialEpoch;
        if (isWanted && home.Sessions.TryAdd(_session, home.Now, out FetchSession? evicted)) evicted?.Close(home);
        exchange.AnsweredSessionId = _session.Id;
        return true;
    }

    private bool TryGoOn()
    {
        foreach (FetchKey key in exchange.Forgotten) _session.Forget(key);
        if (_session.Count == 0)
        {
            // As in Apache Kafka: with its last partition a session ends.
            home.Sessions.Remove(_session.Id);
            _session.Close(home);
            return false;
        }

        _session.LastUsed = home.Now;
        _session.AdvanceEpoch();
        if (exchange.Refusal != ErrorCode.None) return Refuse();
        exchange.AnsweredSessionId = _session.Id;
        return true;
    }

    /// <summary>A client that cannot read an error of the whole is told of each partition that it names.</summary>
    private bool Refuse()
    {
        exchange.Error = exchange.Refusal;
        exchange.AnsweredSessionId = exchange.SessionId;
        if (exchange.UsesTopicIds) return false;
        foreach ((FetchKey key, _) in exchange.Named)
            exchange.Answers.Add(new FetchAnswer(key, FetchResult.Refused(exchange.Refusal)));
        return false;
    }

    /// <summary>Finds the partitions that no owner watches yet; true if the answer cannot wait. As in Apache Kafka an unknown
    /// topic does not keep a fetch from waiting for the others.</summary>
    private bool Resolve()
    {
        bool isHurried = false;
        foreach (FetchTarget target in _session.TakeUnwatched())
        {
            ErrorCode error = home.ResolveForFetch(target.Key, out TopicIdPartition partition);
            if (error == ErrorCode.None && !exchange.IsReplica)
            {
                _session.Watch(target, partition, home.Map.OwnerOf(partition));
                continue;
            }

            FetchResult result = error == ErrorCode.None
                ? FetchResult.Failed(ErrorCode.NotLeaderOrFollower)
                : FetchResult.Refused(error);
            if (error == ErrorCode.None) result.CurrentLeader = home.LeaderOf(partition);
            isHurried |= error == ErrorCode.None;
            _refused.Add((target, result));
            _session.Lost(target);
        }

        return isHurried;
    }

    private void Ask(bool isHurried)
    {
        FetchCall? own = null;
        foreach (OwnerShare share in _session.Shares)
        {
            FetchCall call = new(this, home.Fetches.NextCallId(), share.List)
            {
                Owner = share.Owner,
                Changes = share.Changes,
                Dropped = share.Dropped,
                IsKept = _session.Id != 0,
                IsReadCommitted = exchange.IsReadCommitted,
                MaxBytes = exchange.MaxBytes,
                MinBytes = exchange.MinBytes,
                IsShared = _outstanding > 1,
                IsHurried = isHurried,
            };
            share.ClearChanges();
            _waiting.Add(share.Owner.Number, (call, 0));
            if (share.Owner == home.Id) own = call;
            else home.Call(share.Owner, call);
        }

        // The own part last: it may return at once, and what it then tells the others must come behind their calls.
        if (own is not null) home.Call(home.Id, own);
        if (_outstanding == 0 || _isCollecting || isHurried) return;
        home.Fetches.WaitingCount++;
        _deadline = new TimedCall(_ =>
        {
            home.Metrics.FetchExpirations.Increment();
            Collect();
        });
        home.After(Duration.FromMs(exchange.MaxWaitMs), _deadline);
    }

    /// <summary>There is something to answer: the owners return what they have. The own part last, as above.</summary>
    private void Collect()
    {
        if (_isCollecting) return;
        _isCollecting = true;
        FetchFlush? own = null;
        foreach ((int owner, (FetchCall call, _)) in _waiting)
        {
            FetchFlush flush = new(call.List, call.Id);
            if (owner == home.Id.Number) own = flush;
            else home.Post(new MachineId(owner), flush);
        }

        if (own is not null) home.Fetches.Flush(own);
    }

    private void Answer()
    {
        if (_deadline is not null)
        {
            _deadline.IsCancelled = true;
            home.Fetches.WaitingCount--;
        }

        bool isSuperseded = !exchange.IsFull && _session.NextEpoch != FetchSession.EpochAfter(exchange.SessionEpoch);
        if (isSuperseded) Discard();
        else Fill();
        Return();
    }

    private void Return()
    {
        home.Errors.Of(ApiKey.Fetch).Count((short)exchange.Error);
        home.Return(exchange);
    }

    /// <summary>The session went on while this fetch waited: what it found is told by a later one.</summary>
    private void Discard()
    {
        exchange.Error = ErrorCode.InvalidFetchSessionEpoch;
        foreach (FetchVisit visit in _visits)
        {
            visit.Result.Slice.Release();
            _session.Change(visit.Watch.Target);
        }
    }

    private void Fill()
    {
        if (!IsInOrder()) _visits.Sort(static (a, b) => PlaceOf(a).CompareTo(PlaceOf(b)));
        long left = exchange.MaxBytes;
        bool isFirst = true;
        foreach (FetchVisit visit in _visits)
        {
            FetchResult result = visit.Result;
            // max_bytes holds for the answer as a whole; the first batch goes through whatever its size (KIP-74).
            if (!isFirst) result.CutTo((int)Math.Max(0, left));
            isFirst &= result.RecordBytes == 0;
            left -= result.RecordBytes;
            Add(visit.Watch.Target, result);
        }

        AddRefused(isUnknownId: true);
        AddRefused(isUnknownId: false);
    }

    /// <summary>As in Apache Kafka behind all others, unknown ids first.</summary>
    private void AddRefused(bool isUnknownId)
    {
        foreach ((FetchTarget target, FetchResult result) in _refused)
            if (result.Error == ErrorCode.UnknownTopicId == isUnknownId) Add(target, result);
    }

    /// <summary>One owner's part comes in order unless it waited.</summary>
    private bool IsInOrder()
    {
        for (int i = 1; i < _visits.Count; i++)
            if (PlaceOf(_visits[i - 1]) > PlaceOf(_visits[i])) return false;
        return true;
    }

    private static long PlaceOf(in FetchVisit visit) => visit.Watch.Target.Place;

    private void Add(FetchTarget target, in FetchResult result)
    {
        home.CountFetched(target, result);
        bool isChanged = target.TakeChange(result);
        if (exchange.IsFull || isChanged) exchange.Answers.Add(new FetchAnswer(target.Key, result));
        if (!exchange.IsFull && result.RecordBytes > 0) _session.MoveToEnd(target);
    }
}
