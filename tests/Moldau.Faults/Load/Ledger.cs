using System.Collections.Concurrent;
using System.Diagnostics;
using Moldau.Base;

namespace Moldau.Faults;

/// <summary>What all clients were told, for the checks to hold the logs against.</summary>
internal sealed class Ledger(Findings findings) : ILoadEvents
{
    private readonly ConcurrentDictionary<TopicPartition, PartitionLedger> _partitions = new();
    private readonly ConcurrentDictionary<string, TopicState> _topics = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _errors = new(StringComparer.Ordinal);
    private long _acked;
    private long _commits;

    public IEnumerable<KeyValuePair<TopicPartition, PartitionLedger>> Partitions => _partitions.OrderBy(p => p.Key);

    public IEnumerable<KeyValuePair<string, TopicState>> Topics => _topics.OrderBy(t => t.Key, StringComparer.Ordinal);

    /// <summary>How often sends failed for good, by Kafka's name of the error.</summary>
    public IEnumerable<KeyValuePair<string, long>> Errors => _errors.OrderBy(e => e.Key, StringComparer.Ordinal);

    public int DeletedTopics => _topics.Count(t => t.Value == TopicState.Deleted);

    public long AckedCount => Volatile.Read(ref _acked);

    public long CommitCount => Volatile.Read(ref _commits);

    public PartitionLedger this[TopicPartition partition] => _partitions.GetOrAdd(partition, static _ => new());

    public TopicState? StateOf(string topic) => _topics.TryGetValue(topic, out var state) ? state : null;

    public void Sent(TopicPartition partition, long id) => this[partition].Sent(id);

    public void Acked(TopicPartition partition, long offset, long id)
    {
        if (this[partition].Acked(offset, id) is { } problem) findings.Add($"{partition}: {problem}");
        Interlocked.Increment(ref _acked);
    }

    public void Failed(TopicPartition partition, string error) => _errors.AddOrUpdate(error, 1, static (_, n) => n + 1);

    /// <summary>The longest time from a send to its acknowledgement since the last call.</summary>
    public TimeSpan TakeSlowestAck(IEnumerable<TopicPartition> partitions) => partitions.Max(p => this[p].TakeSlowestAck());

    public void Read(TopicPartition partition, long offset, long id)
    {
        if (this[partition].Read(offset, id) is { } problem) findings.Add($"{partition}: {problem}");
    }

    public void Committing(TopicPartition partition, long next) => this[partition].Committing(next);

    public void Committed(TopicPartition partition, long next)
    {
        this[partition].Committed(next);
        Interlocked.Increment(ref _commits);
    }

    public void Topic(string name, TopicState state) => _topics[name] = state;

    public void Trimming(TopicPartition partition, long before) => this[partition].Trimming(before);
}

/// <summary>What clients were told of one partition.</summary>
internal sealed class PartitionLedger
{
    private readonly Lock _lock = new();
    // By offset; 0 where nothing is known.
    private readonly List<long> _acked = [];
    private readonly List<long> _read = [];
    private readonly List<long> _ackedSomewhere = [];
    private readonly Dictionary<int, long> _lastSent = [];
    private readonly Dictionary<long, long> _underWay = [];
    private long _slowest;
    private long _ackCount;

    public long AckCount => Volatile.Read(ref _ackCount);

    /// <summary>Records below it may be gone: somebody asked for that.</summary>
    public long RemovableBelow { get; private set; }

    /// <summary>Largest offset that a member was about to commit.</summary>
    public long LargestCommit { get; private set; } = -1;

    /// <summary>Largest offset whose commit was acknowledged.</summary>
    public long LargestAckedCommit { get; private set; } = -1;

    /// <summary>The ids of acknowledged records by their offsets, 0 where there is none, and those of unknown offset.</summary>
    public (long[] ByOffset, long[] Somewhere) AckedRecords()
    {
        lock (_lock) return ([.. _acked], [.. _ackedSomewhere]);
    }

    public long[] ReadRecords()
    {
        lock (_lock) return [.. _read];
    }

    /// <summary>Whether this was ever given to a producer.</summary>
    public bool WasSent(long id)
    {
        lock (_lock) return _lastSent.TryGetValue(Payload.WorkerOf(id), out var last) && Payload.SequenceOf(id) <= last;
    }

    public void Sent(long id)
    {
        lock (_lock)
        {
            _lastSent[Payload.WorkerOf(id)] = Payload.SequenceOf(id);
            _underWay[id] = Stopwatch.GetTimestamp();
        }
    }

    public string? Acked(long offset, long id)
    {
        lock (_lock)
        {
            _ackCount++;
            if (_underWay.Remove(id, out var sentAt)) _slowest = Math.Max(_slowest, Stopwatch.GetTimestamp() - sentAt);
            if (offset >= 0) return Note(_acked, offset, id, "acknowledged") ?? Compare(_read, offset, id, "acknowledged", "read");
            _ackedSomewhere.Add(id);
            return null;
        }
    }

    public string? Read(long offset, long id)
    {
        lock (_lock)
        {
            if (id == 0) return $"what was read at offset {offset} is not what anybody sent";
            return Note(_read, offset, id, "read") ?? Compare(_acked, offset, id, "read", "acknowledged");
        }
    }

    public void Committing(long next)
    {
        lock (_lock) LargestCommit = Math.Max(LargestCommit, next);
    }

    public void Committed(long next)
    {
        lock (_lock) LargestAckedCommit = Math.Max(LargestAckedCommit, next);
    }

    public void Trimming(long before)
    {
        lock (_lock) RemovableBelow = Math.Max(RemovableBelow, before);
    }

    /// <summary>The longest time from a send to its acknowledgement since the last call.</summary>
    public TimeSpan TakeSlowestAck()
    {
        lock (_lock)
        {
            var slowest = _slowest;
            _slowest = 0;
            return Stopwatch.GetElapsedTime(0, slowest);
        }
    }

    private static string? Note(List<long> known, long offset, long id, string what)
    {
        while (known.Count <= offset) known.Add(0);
        var before = known[(int)offset];
        known[(int)offset] = id;
        return before == 0 || before == id ? null
            : $"at offset {offset} {Payload.Text(before)} was {what}, and then {Payload.Text(id)}";
    }

    private static string? Compare(List<long> known, long offset, long id, string what, string other) =>
        offset >= known.Count || known[(int)offset] == 0 || known[(int)offset] == id ? null
            : $"at offset {offset} {Payload.Text(id)} was {what}, but {Payload.Text(known[(int)offset])} was {other}";
}

/// <summary>What is wrong, as sentences; the first of many are kept.</summary>
internal sealed class Findings
{
    private const int MostKept = 40;
    private readonly Lock _lock = new();
    private readonly List<string> _all = [];

    /// <summary>Put in front of each: the kind, the round and the seed.</summary>
    public string Where { get; set; } = "";

    public int Count { get; private set; }

    public IReadOnlyList<string> All { get { lock (_lock) return [.. _all]; } }

    public void Add(string text)
    {
        lock (_lock)
        {
            Count++;
            if (_all.Count < MostKept) _all.Add($"{Where}: {text}");
        }
    }
}
