using Moldau.Base;
using Moldau.Client;
using Moldau.Records;

namespace Moldau.Sim;

/// <summary>The real consumer: of all partitions without a group, where nothing may be passed over or come twice; or as a
/// member of a classic group, where nothing may be passed over by all members together.</summary>
internal sealed class RealConsumer : ISimActor
{
    private readonly SimWorld _world;
    private readonly RecordHistory _history;
    private readonly ClientHost _host;
    private readonly Prng _prng;
    private readonly string _name;
    private readonly ConsumerSettings _settings;
    private readonly ReadProgress _progress;
    private readonly IReadOnlyList<TopicPartition> _partitions;
    private ConsumerPart? _part;
    private ChunkReader? _reader;

    /// <param name="progress">How far was read: shared by the members of a group.</param>
    public RealConsumer(
        SimWorld world,
        SimNode node,
        RecordHistory history,
        IReadOnlyList<TopicPartition> partitions,
        string name,
        string? group,
        ReadProgress progress,
        bool checksCrcs)
    {
        (_world, _history, _name, _progress, _partitions) = (world, history, name, progress, partitions);
        _prng = world.Fork();
        _host = new ClientHost(world, node, name);
        _settings = new()
        {
            GroupId = group,
            OffsetReset = OffsetReset.Earliest,
            SessionTimeout = Duration.FromSeconds(6),
            HeartbeatInterval = Duration.FromMs(700),
            AutoCommitInterval = Duration.FromMs(400),
            // A fetch of what has nothing new holds up those of the rest, and a small one brings little each time.
            FetchMaxWait = Duration.FromMs(100),
            MaxPartitionFetchBytes = 20_000,
            AllowAutoCreateTopics = false,
            CheckCrcs = checksCrcs,
        };
    }

    public int Read { get; private set; }

    public string Unsettled // Asked for once the consumer started.
    {
        get
        {
            var cursors = _part!.Cursors.Select(c =>
                $"{c.Partition} {c.State} at {c.FetchOffset}{(c.HasBuffered ? " buffered" : "")}{(c.IsAsking ? " asking" : "")}");
            return $"{_name} has {string.Join(", ", cursors)} ({_host.State})";
        }
    }

    public void Start()
    {
        _reader = new ChunkReader(_settings);
        _part = _host.Do(turn =>
        {
            ConsumerPart part = new(_host.Machine, _settings, turn);
            if (_settings.GroupId is null) part.Assign(_partitions, turn);
            else part.Subscribe(new Subscription([.. _partitions.Select(p => p.Topic).Distinct()], null), turn);
            return part;
        });
        OnEvent(0, 0, null);
    }

    /// <summary>The user's turn: reads a chunk, or waits for one.</summary>
    public void OnEvent(int code, long number, object? payload)
    {
        (FetchedChunk? chunk, ClientError? error) = _host.Do(_ =>
            (_part!.TryTakeError(out ClientError? e) ? null : _part.Take(), e)); // started
        if (error is { IsRetriable: false }) _world.Fail($"[L1] {_name}: {error.Code}: {error.Text}");
        if (chunk is null && error is null)
        {
            _host.When(_host.Do(turn => _part!.WaitForRecords(turn)), () => Later(1_000_000)); // started
            return;
        }

        if (chunk is not null) ReadAll(chunk);
        Later(_prng.Chance(0.05) ? 300_000_000 : 20_000_000);
    }

    private void Later(int mostNs) => _world.After(_prng.Next(1, mostNs), this, 0);

    private void ReadAll(FetchedChunk chunk)
    {
        _reader!.Open(chunk); // started
        ClientError? error;
        long next = chunk.Position;
        while (_reader.MoveNext(out RecordMemory record, out error))
        {
            TopicPartition partition = chunk.Cursor.Partition;
            if (!_progress.TryMove(partition, record.Offset, isExact: _settings.GroupId is null))
                _world.Fail(
                    $"[L3] {_name}: {partition} went from {_progress.Of(partition)} to {record.Offset}, in a chunk from {chunk.Position} of {chunk.Records.Length} bytes, "
                    + $"committed {chunk.Cursor.Committed}, consumed {chunk.Cursor.Consumed}");
            _history.Saw(partition, record.Offset, record.Value.GetValueOrDefault().Span);
            chunk.Cursor.ConsumedEpoch = _reader.BatchEpoch;
            chunk.Cursor.Consumed = record.Offset + 1;
            next = record.Offset + 1;
            Read++;
        }

        _reader.Close();
        if (error is null) return;
        if (!_history.MayRot(chunk.Cursor.Partition)) _world.Fail($"[D1] {_name}: {error.Text}");
        else _host.Do(_ => _part!.Seek(chunk.Cursor.Partition, next, -1)); // started
    }
}

/// <summary>The offset behind everything that was read of each partition.</summary>
internal sealed class ReadProgress
{
    private readonly SortedDictionary<TopicPartition, long> _next = [];

    public long Of(in TopicPartition partition) => _next.GetValueOrDefault(partition);

    /// <summary>A record was read; false if others before it were passed over, or, where it must be exact, if it was read
    /// before.</summary>
    public bool TryMove(in TopicPartition partition, long offset, bool isExact)
    {
        long next = Of(partition);
        if (offset > next || (isExact && offset < next)) return false;
        _next[partition] = Math.Max(next, offset + 1);
        return true;
    }

    /// <summary>The first partition of which not all was read that is acknowledged, in words; null if there is
    /// none.</summary>
    public string? Behind(RecordHistory history, IEnumerable<TopicPartition> partitions)
    {
        foreach (TopicPartition partition in partitions)
            if (Of(partition) <= history.HighestAcked(partition)) return $"{partition} from {Of(partition)} to {history.HighestAcked(partition)}";
        return null;
    }
}
