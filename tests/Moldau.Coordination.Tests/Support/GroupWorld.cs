using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Coordination.Tests;

/// <summary>One record of the fake log; a marker has no record.</summary>
internal sealed record LogEntry(CoordinatorRecord Record, long ProducerId = -1, bool? MarkerIsCommit = null);

/// <summary>A group shard on virtual time with a log in memory that can hold commits back, refuse appends, lose its
/// tail and be replayed.</summary>
internal sealed class GroupWorld : ICoordinatorHost
{
    private readonly PriorityQueue<(CoordinatorTimer Timer, int Life), (long Ns, long Sequence)> _timers = new();
    private long _nowNs;
    private long _sequence;
    private int _life;

    public GroupWorld(GroupOptions? options = null, ulong seed = 1)
    {
        Options = options ?? DefaultOptions;
        Prng = new Prng(seed);
        Shard = new GroupShard(this, Options);
        Shard.Start(0);
    }

    public static GroupOptions DefaultOptions => new()
    {
        MinSessionTimeoutMs = 1000,
        MaxSessionTimeoutMs = 1_800_000,
        InitialRebalanceDelayMs = 3000,
        MaxSize = int.MaxValue,
        CommitTimeoutMs = 5000,
        OffsetMetadataMaxBytes = 4096,
        OffsetsRetentionMs = 7L * 24 * 3600 * 1000,
        OffsetsRetentionCheckIntervalMs = 600_000,
    };

    public GroupOptions Options { get; set; }

    public GroupShard Shard { get; private set; }

    public List<LogEntry> Log { get; } = [];

    public int CommittedEnd { get; private set; }

    /// <summary>Appends are taken but not committed until this is false again.</summary>
    public bool IsHoldingCommits { get; set; }

    /// <summary>Appends are refused with this error.</summary>
    public ErrorCode Refusal { get; set; }

    public int RefusedSinceLoad { get; private set; }

    public int TimerCount => _timers.Count;

    public Instant Now => new(_nowNs, 1_700_000_000_000 + (_nowNs / 1_000_000));

    public Prng Prng { get; }

    public ErrorCode Append(IReadOnlyList<CoordinatorRecord> records, out long endOffset)
    {
        endOffset = -1;
        if (Refusal != ErrorCode.None)
        {
            RefusedSinceLoad++;
            return Refusal;
        }

        foreach (CoordinatorRecord record in records) Log.Add(new LogEntry(record));
        endOffset = Log.Count;
        return ErrorCode.None;
    }

    public void Schedule(CoordinatorTimer timer, Duration delay) =>
        _timers.Enqueue((timer, _life), (_nowNs + delay.Ns, _sequence++));

    /// <summary>A record that a transaction's producer wrote; the shard sees it as it sees the log.</summary>
    public void AppendTransactional(CoordinatorRecord record, long producerId)
    {
        Log.Add(new LogEntry(record, producerId));
        Shard.Replay(record.Key, record.Value, record.Value is null, producerId);
    }

    public void EndTransaction(long producerId, bool isCommit)
    {
        Log.Add(new LogEntry(default, producerId, isCommit));
        Shard.ReplayMarker(producerId, isCommit);
    }

    /// <summary>Commits what may be committed.</summary>
    public void Settle()
    {
        if (IsHoldingCommits) return;
        // Answers may decide more.
        while (CommittedEnd < Log.Count)
        {
            CommittedEnd = Log.Count;
            Shard.Writes.Advance(CommittedEnd);
        }
    }

    public void Advance(long ms)
    {
        long until = _nowNs + (ms * 1_000_000);
        while (_timers.TryPeek(out (CoordinatorTimer Timer, int Life) next, out (long Ns, long Sequence) at) && at.Ns <= until)
        {
            _timers.Dequeue();
            _nowNs = at.Ns;
            if (next.Life == _life) next.Timer.OnDue(Now);
            Settle();
        }

        _nowNs = until;
    }

    /// <summary>The log keeps this many entries; the coordinator stops and another is loaded from what is left.</summary>
    public void Reload(int kept)
    {
        Assert.InRange(kept, CommittedEnd, Log.Count);
        Log.RemoveRange(kept, Log.Count - kept);
        CommittedEnd = kept;
        Shard.Stop();
        _life++;
        RefusedSinceLoad = 0;
        Shard = Replayed(this, Log);
        Shard.Start(kept);
    }

    /// <summary>What a reader of the log alone would know.</summary>
    public GroupShard Replayed() => Replayed(new Bystander(Now), Log);

    private GroupShard Replayed(ICoordinatorHost host, List<LogEntry> log)
    {
        GroupShard shard = new(host, Options);
        foreach (LogEntry entry in log)
        {
            if (entry.MarkerIsCommit is { } isCommit) shard.ReplayMarker(entry.ProducerId, isCommit);
            else shard.Replay(entry.Record.Key, entry.Record.Value, entry.Record.Value is null, entry.ProducerId);
        }

        return shard;
    }

    private sealed class Bystander(Instant now) : ICoordinatorHost
    {
        public Instant Now => now;

        public Prng Prng { get; } = new(0);

        public ErrorCode Append(IReadOnlyList<CoordinatorRecord> records, out long endOffset)
        {
            endOffset = -1;
            return ErrorCode.NotLeaderOrFollower;
        }

        public void Schedule(CoordinatorTimer timer, Duration delay)
        {
        }
    }
}
