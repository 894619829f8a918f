using Moldau.Base;
using Moldau.Client;
using Moldau.Records;

namespace Moldau.Sim;

/// <summary>The real idempotent producer. Whatever happens to node and network, each record is written once, in order, and
/// none is given up within a run.</summary>
internal sealed class RealProducer : ISimActor
{
    private readonly SimWorld _world;
    private readonly RecordHistory _history;
    private readonly ClientHost _host;
    private readonly ProducerPart _part;
    private readonly Prng _prng;
    private readonly int _number;
    private readonly PlantedBug _bug;
    private readonly List<TopicPartition> _partitions;
    private readonly HashSet<long> _open = [];
    private readonly Dictionary<ProduceBatch, SortedDictionary<int, long>> _batches = new(ReferenceEqualityComparer.Instance);
    private int _counter;
    private bool _isStopping;

    public RealProducer(
        SimWorld world,
        SimNode node,
        RecordHistory history,
        IReadOnlyList<TopicPartition> partitions,
        int number,
        PlantedBug bug)
    {
        (_world, _history, _number, _partitions, _bug) = (world, history, number, [.. partitions], bug);
        _prng = world.Fork();
        _host = new ClientHost(world, node, Name);
        ProducerOptions options = new()
        {
            BatchBytes = 4_000,
            Linger = Duration.FromMs(20),
            Compression = (CompressionCodec)_prng.Next(5),
            DeliveryTimeout = Duration.FromSeconds(300),
            MaxBlock = Duration.FromSeconds(300),
        };
        _part = new ProducerPart(_host.Machine, options);
    }

    private string Name => $"real-producer-{_number}";

    public int Acked { get; private set; }

    public bool IsSettled => _isStopping && _open.Count == 0;

    public string Unsettled => $"{Name} has {_open.Count} records without an answer ({_host.State})";

    public void Add(TopicPartition partition) => _partitions.Add(partition);

    public void Start() => _world.After(0, this, 0);

    public void Finish() => _isStopping = true;

    public void OnEvent(int code, long number, object? payload)
    {
        if (_isStopping) return;
        if (_bug == PlantedBug.SentMemoryReused) Overwrite();
        for (int i = 1 + _prng.Next(5); i > 0; i--) Send(_partitions[_prng.Next(_partitions.Count)]);
        _world.After(_prng.Next(0, 60_000_000), this, 0);
    }

    private void Send(TopicPartition partition)
    {
        long id = ((long)(_number + 1) << 32) | (uint)++_counter;
        _history.Sent(partition, id, _world.Now.UnixMs);
        _open.Add(id);
        byte[] value = RecordHistory.ValueOf(id);
        ClientError? error = _host.Do(turn =>
        {
            ClientError? refusal = _part.Append(
                new ProduceRecord
                {
                    Topic = partition.Topic,
                    Partition = partition.Partition,
                    TimestampMs = turn.Now.UnixMs,
                    Key = OptionalBytes.Null,
                    Value = new OptionalBytes(value),
                }, turn, out ProduceBatch? batch, out int index, out ParkedRecord? parked);
            if (batch is not null) Note(batch, index, id);
            if (parked is not null) _host.When(parked, () => Unparked(partition, parked, id));
            return refusal;
        });
        if (error is not null) _world.Fail($"[P1] {Name}: {id:x} was refused: {error.Text}");
    }

    private void Unparked(TopicPartition partition, ParkedRecord parked, long id)
    {
        if (parked.Error is { } error) _world.Fail($"[V1] {Name}: {id:x} to {partition} found no batch: {error.Text}");
        else Note(parked.Batch!, parked.Index, id); // it has one where it has no error
    }

    /// <summary>The id stands in a batch. A batch may end in the very turn in which its last record came.</summary>
    private void Note(ProduceBatch batch, int index, long id)
    {
        if (!_batches.TryGetValue(batch, out SortedDictionary<int, long>? ids))
        {
            _batches.Add(batch, ids = []);
            _host.When(batch, () => Ended(batch));
        }

        ids.Add(index, id);
    }

    private void Ended(ProduceBatch batch)
    {
        _batches.Remove(batch, out SortedDictionary<int, long>? ids);
        TopicPartition partition = new(batch.Partition.Topic.Name, batch.Partition.Index);
        foreach ((int index, long id) in ids!) // noted
        {
            if (batch.Error is { } error) _world.Fail($"[P1] {Name}: {id:x} to {partition} was given up: {error.Text}");
            else if (batch.BaseOffset < 0) _world.Fail($"[L1] {Name}: {id:x} to {partition} was acknowledged without an offset");
            else _history.Acked(partition, batch.BaseOffset + index, id);
            _open.Remove(id);
            Acked++;
        }
    }

    /// <summary>The memory of batches that may be sent again is used for something else.</summary>
    private void Overwrite()
    {
        foreach (ProduceBatch batch in _batches.Keys)
            if (batch.HasSequence) ClientFrame.FillWithPoison(batch.Bytes.Span);
    }
}
