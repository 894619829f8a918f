using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>A share consumer inside the machine (KIP-932): its membership, a session with each broker that leads something
/// of it, and the locked records that wait for the reader.</summary>
internal sealed class SharePart : IClientPart
{
    /// <summary>Locked offsets of one answer for one partition; a broker locks some thousand.</summary>
    private const long MostAcquired = 1_000_000;

    private static readonly ClientError _disposed = new(ErrorCode.NetworkException, "the consumer was disposed");

    private readonly ClientMachine _machine;
    private readonly ShareSettings _settings;
    private readonly SortedDictionary<int, ShareLink> _links = [];
    private readonly Queue<ShareLease> _ready = new();
    private readonly Queue<ClientError> _errors = new();
    private readonly int _lane;

    /// <summary>Commits that wait for the brokers' word; each has a waiter of its own.</summary>
    private readonly List<ClientOperation<bool>> _commits = [];

    private ShareMembership? _membership;
    private List<SharePartition> _assigned = [];
    private ShareLease? _current;
    private ClientOperation<bool>? _waiting;
    private ClientOperation<bool>? _leaving;
    private ClientError? _ackError;
    private Instant _lastTurn;
    private bool _isReading;
    private bool _isClosed;

    public SharePart(ClientMachine machine, ShareSettings settings)
    {
        (_machine, _settings) = (machine, settings);
        _lane = machine.NewLane();
        machine.Add(this);
    }

    public string MemberId => _membership!.MemberId;

    public string GroupId => _settings.GroupId;

    /// <summary>In the order of their names.</summary>
    public IReadOnlyList<SharePartition> Assigned => _assigned;

    /// <summary>How long a broker keeps records locked; 0 while no broker has told.</summary>
    public int LockTimeoutMs { get; set; }

    /// <summary>Records are fetched only for a reader that waits: a lock's time runs from the fetch on.</summary>
    private bool WantsRecords => _waiting is not null && _ready.Count == 0;

    public Instant NextDeadline
    {
        get
        {
            Instant next = _membership?.NextDeadline ?? Instant.Never;
            foreach (ShareLink link in _links.Values)
            {
                next = Instant.Min(next, link.NextDeadline);
                if (WantsRecords && link.RetryAt > _lastTurn) next = Instant.Min(next, link.RetryAt);
            }

            return next;
        }
    }

    public void Subscribe(IReadOnlyList<string> topics, ClientTurn turn)
    {
        if (_membership is { HasEnded: false }) _membership.Subscribe(topics, turn);
        else _membership = new ShareMembership(_machine, this, _settings.GroupId, topics, turn);
    }

    public void Assign(IEnumerable<SharePartition> partitions, ClientTurn turn) => _assigned = [.. partitions.Order()];

    public void OnTurn(ClientTurn turn)
    {
        if (_isClosed) return;
        _lastTurn = turn.Now;
        _membership?.OnTurn(turn);
        Dictionary<int, SortedSet<SharePartition>>? wanted = WantsRecords ? ByLeader(turn) : null;
        foreach (ShareLink link in _links.Values.ToArray())
            link.OnTurn(wanted is null ? null : wanted.GetValueOrDefault(link.BrokerId) ?? [], turn);
        EndCommit(turn);
    }

    public void OnClosed(ClientError error, ClientTurn turn)
    {
        _isClosed = true;
        _waiting?.TryFail(error, turn);
        foreach (ClientOperation<bool> commit in _commits) commit.TryFail(error, turn);
        _commits.Clear();
        _leaving?.TryFail(error, turn);
        while (_ready.TryDequeue(out ShareLease? lease)) lease.Chunk.Release();
    }

    /// <summary>Locked records, or null where none are there now.</summary>
    public ShareLease? Take()
    {
        _ready.TryDequeue(out _current);
        return _current;
    }

    public bool TryTakeError(out ClientError? error) => _errors.TryDequeue(out error);

    /// <summary>Ends when records or an error can be taken.</summary>
    public ClientOperation<bool> WaitForRecords(ClientTurn turn)
    {
        _isReading = true;
        ClientOperation<bool> waiting = new();
        _waiting = waiting;
        if (_isClosed || _leaving is not null) waiting.TryFail(_disposed, turn);
        else Wake(turn);
        return waiting;
    }

    /// <summary>The reader came to a record: what lies between it and the one before is acknowledged as empty.</summary>
    /// <returns>How often the record was given out; 0 where it is not this consumer's.</returns>
    public int Advance(ShareLease lease, long offset, ClientTurn turn)
    {
        foreach (long gap in lease.GapsBefore(offset)) Acknowledge(lease, gap, ShareAcks.Gap, turn);
        return lease.IsOpen(offset) ? lease.DeliveryCount(offset) : 0;
    }

    /// <summary>The reader has come to the end of the lease.</summary>
    public void Finish(ShareLease lease, ClientTurn turn) => Advance(lease, long.MaxValue, turn);

    /// <summary>Decides about a record; false where that was done before.</summary>
    public bool Acknowledge(ShareLease lease, long offset, sbyte type, ClientTurn turn)
    {
        bool isRenewal = type == (sbyte)AcknowledgeType.Renew;
        if (isRenewal ? !lease.IsOpen(offset) : !lease.Decide(offset)) return false;
        if (lease.Session != lease.Link.Session || lease.Link.HasEnded || _isClosed)
            OnAckFailed(lease.Partition, [offset], ErrorCode.InvalidRecordState, turn);
        else
            lease.Link.Add(lease.Partition, offset, type, turn);
        return true;
    }

    /// <summary>The reader stops: what it has not come to is somebody else's at once.</summary>
    public void ReleaseUnread(ClientTurn turn)
    {
        (_isReading, _waiting) = (false, null);
        if (_current is not null) ReleaseUnread(_current, turn);
        _current = null;
        while (_ready.TryDequeue(out ShareLease? lease))
        {
            ReleaseUnread(lease, turn);
            lease.Chunk.Release();
        }
    }

    /// <summary>Ends when all that was acknowledged is answered; fails with the first refusal since the last commit.</summary>
    public ClientOperation<bool> Commit(ClientTurn turn)
    {
        foreach (ShareLink link in _links.Values) link.Flush(turn);
        ClientOperation<bool> commit = new();
        _commits.Add(commit);
        EndCommit(turn);
        return commit;
    }

    /// <summary>Acknowledges what is decided, releases the rest and leaves the group.</summary>
    public ClientOperation<bool> Leave(ClientTurn turn)
    {
        ClientOperation<bool> leaving = new();
        if (_isClosed)
        {
            leaving.TrySucceed(true, turn);
            return leaving;
        }

        _leaving = leaving;
        _waiting?.TryFail(_disposed, turn);
        ReleaseUnread(turn);
        _assigned = [];
        foreach (ShareLink link in _links.Values.ToArray()) link.Close(turn);
        OnLinkEnded(turn);
        return leaving;
    }

    public void OnRecords(ShareLink link, SharePartition partition, ShareFetchResponse.PartitionData answer)
    {
        AcquiredRange[] acquired = [.. answer.AcquiredRecords
            .Where(r => r.LastOffset >= r.FirstOffset)
            .Select(r => new AcquiredRange(r.FirstOffset, r.LastOffset, r.DeliveryCount)).OrderBy(r => r.First)];
        if (acquired.Length == 0) return;
        if (acquired.Any(r => r.Last - r.First >= MostAcquired))
        {
            _errors.Enqueue(new ClientError(ErrorCode.CorruptMessage, $"the locks on {partition.Name} cannot be read"));
            return;
        }

        ReadOnlySpan<byte> records = answer.Records;
        ClientFrame frame = ClientFrame.Rent(records.Length);
        records.CopyTo(frame.Span);
        FetchedChunk chunk = new(
            new PartitionCursor(partition.Name), frame, 0, records.Length, acquired[0].First, []);
        _ready.Enqueue(new ShareLease(link, partition, chunk, acquired));
    }

    public void OnAnswer(ClientTurn turn)
    {
        // The reader went while the fetch was under way: nobody is to wait for the locks' end.
        if (!_isReading) ReleaseUnread(turn);
        Wake(turn);
        EndCommit(turn);
    }

    /// <summary>The locks are gone: what waits is not read, what is read can no longer be acknowledged.</summary>
    public void OnSessionLost(ShareLink link, ClientTurn turn)
    {
        if (_current?.Link == link) _current.Chunk.Cursor.Outdate();
        ShareLease[] ready = [.. _ready];
        _ready.Clear();
        foreach (ShareLease lease in ready)
        {
            if (lease.Link == link) lease.Chunk.Release();
            else _ready.Enqueue(lease);
        }
    }

    public void OnUnknownMember(ClientTurn turn) => _membership?.BeatSoon(turn);

    public void OnAckFailed(SharePartition partition, IEnumerable<long> offsets, ErrorCode code, ClientTurn turn)
    {
        ClientError error = ClientError.Of(code, null, $"records of {partition.Name} were not acknowledged");
        _ackError ??= error;
        if (_settings.Listener is null) return;
        turn.Effects.Add(ClientEffect.CallUser(
            new AcknowledgeFailedCall(partition.Name, [.. offsets], error) { Runner = _settings.Listener }));
    }

    public void OnLinkEnded(ClientTurn turn)
    {
        if (_leaving is null || _isClosed || _links.Values.Any(l => !l.HasEnded)) return;
        if (_membership is null) Close(turn);
        else _membership.Leave(turn, Close);
    }

    public void Fail(ClientError error, ClientTurn turn)
    {
        _errors.Enqueue(error);
        Wake(turn);
    }

    private void Close(ClientTurn turn)
    {
        if (_isClosed) return;
        _isClosed = true;
        _machine.Links.CloseLane(_lane, turn);
        _machine.Remove(this);
        foreach (ClientOperation<bool> commit in _commits) commit.TrySucceed(true, turn);
        _commits.Clear();
        _leaving?.TrySucceed(true, turn);
    }

    private void ReleaseUnread(ShareLease lease, ClientTurn turn)
    {
        foreach (long offset in lease.Unread()) Acknowledge(lease, offset, (sbyte)AcknowledgeType.Release, turn);
    }

    private void Wake(ClientTurn turn)
    {
        if (_waiting is null || (_ready.Count == 0 && _errors.Count == 0)) return;
        ClientOperation<bool> waiting = _waiting;
        _waiting = null;
        waiting.TrySucceed(true, turn);
    }

    private void EndCommit(ClientTurn turn)
    {
        if (_commits.Count == 0 || _links.Values.Any(l => l.HasAcks)) return;
        ClientError? error = _ackError;
        _ackError = null;
        ClientOperation<bool>[] commits = [.. _commits];
        _commits.Clear();
        foreach (ClientOperation<bool> commit in commits)
        {
            if (error is null) commit.TrySucceed(true, turn);
            else commit.TryFail(error, turn);
        }
    }

    private Dictionary<int, SortedSet<SharePartition>> ByLeader(ClientTurn turn)
    {
        Dictionary<int, SortedSet<SharePartition>> byLeader = [];
        foreach (SharePartition partition in _assigned)
        {
            if (!_machine.Metadata.View.TryGetLeader(partition.Name, out PartitionInfo? leader))
            {
                _machine.Metadata.Refresh(turn);
                continue;
            }

            if (!byLeader.TryGetValue(leader.LeaderId, out var partitions)) byLeader[leader.LeaderId] = partitions = [];
            partitions.Add(partition);
            if (!_links.ContainsKey(leader.LeaderId))
                _links[leader.LeaderId] = new ShareLink(_machine, this, _settings, leader.LeaderId, _lane);
        }

        return byLeader;
    }
}

/// <summary>The broker refused acknowledgements; nothing waits for the user's code.</summary>
internal sealed class AcknowledgeFailedCall(TopicPartition partition, IReadOnlyList<long> offsets, ClientError error) : UserCall
{
    public TopicPartition Partition { get; } = partition;

    public IReadOnlyList<long> Offsets { get; } = offsets;

    public ClientError Error { get; } = error;

    internal override void Done(ClientTurn turn)
    {
    }
}
