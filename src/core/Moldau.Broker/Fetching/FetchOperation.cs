using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>One fetch request on its connection's shard: spread over the owners, gathered, cut to size, answered.</summary>
internal sealed class FetchOperation
{
    private readonly ShardMachine _shard;
    private readonly RequestContext _request;
    private readonly FetchSession? _session;
    private readonly bool _isIncremental;
    private readonly SortedDictionary<int, FetchCall> _calls = [];
    private readonly List<FetchTarget> _targets = [];
    private FetchResult[] _results = [];
    private int _outstanding;
    private bool _isFlushed;

    public FetchOperation(ShardMachine shard, RequestContext request, FetchSession? session, bool isIncremental)
    {
        _shard = shard;
        _request = request;
        _session = session;
        _isIncremental = isIncremental;
    }

    public bool IsReadCommitted { get; init; }

    /// <summary>What the request asks for makes no sense: nothing is read, every partition gets the error.</summary>
    public ErrorCode Refusal { get; init; }

    /// <summary>A broker asks, as a follower. None of them has a replica here yet.</summary>
    public bool IsReplica { get; init; }

    public int MaxBytes { get; init; }

    public int MinBytes { get; init; }

    public int MaxWaitMs { get; init; }

    /// <summary>Starts with the targets in their order; each is known here only by id or name.</summary>
    public void Start(IEnumerable<FetchTarget> targets)
    {
        _targets.AddRange(targets);
        _results = new FetchResult[_targets.Count];
        bool hasError = false;
        for (int i = 0; i < _targets.Count; i++)
        {
            TopicIdPartition partition = default;
            ErrorCode error = Refusal != ErrorCode.None ? Refusal : _shard.ResolveForFetch(_targets[i].Key, out partition);
            if (error == ErrorCode.None && IsReplica)
            {
                _results[i] = FetchResult.Failed(ErrorCode.NotLeaderOrFollower);
                _results[i].CurrentLeader = _shard.LeaderOf(partition);
                hasError = true;
                continue;
            }

            if (error != ErrorCode.None)
            {
                _results[i] = FetchResult.Refused(error);
                hasError = true;
                continue;
            }

            CallTo(_shard.Map.OwnerOf(partition)).Entries.Add(new FetchCall.Entry(i, _targets[i], partition));
        }

        _outstanding = _calls.Count;
        if (_outstanding == 0)
        {
            // Errors only, or nothing asked for: as in Apache Kafka the answer is immediate.
            Answer();
            return;
        }

        int share = (Math.Max(MinBytes, 0) + _outstanding - 1) / _outstanding;
        Instant deadline = hasError ? _shard.Now : _shard.Now + Duration.FromMs(MaxWaitMs);
        foreach ((int owner, FetchCall call) in _calls)
        {
            call.MinBytes = share;
            call.Deadline = deadline;
            if (owner != _shard.Id.Number) _shard.Call(new MachineId(owner), call);
        }

        // The own part last: it may return at once, and what it then tells the others must come behind their calls.
        if (_calls.TryGetValue(_shard.Id.Number, out FetchCall? own)) _shard.Call(_shard.Id, own);
    }

    public void OnReturned(FetchCall call)
    {
        foreach (FetchCall.Entry entry in call.Entries) _results[entry.Index] = entry.Result;
        if (--_outstanding == 0)
        {
            Answer();
            return;
        }

        if (_isFlushed) return;
        // One owner has something, or its time is over: the others return what they have.
        _isFlushed = true;
        foreach ((int owner, FetchCall other) in _calls)
        {
            if (other == call) continue;
            MachineId target = new(owner);
            if (target == _shard.Id) _shard.Fetches.Flush(other);
            else _shard.Post(target, new FetchFlush(_shard.Id, other.Id));
        }
    }

    private FetchCall CallTo(MachineId owner)
    {
        if (!_calls.TryGetValue(owner.Number, out FetchCall? call))
            _calls.Add(owner.Number, call = new FetchCall(this, _shard.Fetches.NextCallId()));
        return call;
    }

    private void Answer()
    {
        CutToSize();
        if (_request.IsAbandoned)
        {
            for (int i = 0; i < _results.Length; i++) _results[i].DropRecords();
            _request.RespondNothing();
            return;
        }

        List<int> answered = new(_targets.Count);
        for (int i = 0; i < _targets.Count; i++)
        {
            bool isChanged = _session is null || _targets[i].TakeChange(_results[i]);
            if (isChanged || !_isIncremental) answered.Add(i);
            if (_session is not null && _results[i].RecordBytes > 0) _session.MoveToEnd(_targets[i]);
        }

        _shard.CountFetched(_targets, _results);
        _request.Respond(FetchEncoder.Encode(_shard, _request, _session?.Id ?? 0, Refusal, _targets, _results, answered));
    }

    /// <summary>max_bytes holds for the answer as a whole; the first batch goes through whatever its size (KIP-74).</summary>
    private void CutToSize()
    {
        long left = MaxBytes;
        bool isFirst = true;
        for (int i = 0; i < _results.Length; i++)
        {
            int bytes = _results[i].RecordBytes;
            if (bytes == 0) continue;
            if (!isFirst && bytes > left) _results[i].DropRecords();
            else left -= bytes;
            isFirst = false;
        }
    }
}
