using Moldau.Base;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Sim;

/// <summary>Produces with acks=all. Idempotent: keeps up to five requests in flight and sends a batch without an answer
/// again, with the same sequence. Otherwise one request at a time, and what has no answer is never sent again.</summary>
internal sealed class SimProducer : SimClient
{
    private const int MaxInFlight = 5;

    private readonly RecordHistory _history;
    private readonly bool _isIdempotent;
    private readonly int _number;
    private readonly List<Lane> _lanes;
    private ProducerIdAndEpoch _id = ProducerIdAndEpoch.None;
    private int _counter;
    private bool _isStopping;
    private bool _isAsking;

    public SimProducer(
        SimWorld world,
        SimNode node,
        RecordHistory history,
        IReadOnlyList<TopicPartition> partitions,
        int number,
        bool isIdempotent)
        : base(world, node, $"producer-{number}")
    {
        (_history, _number, _isIdempotent) = (history, number, isIdempotent);
        _lanes = [.. partitions.Select(p => new Lane(p))];
    }

    /// <summary>One partition: batches that wait, in order, and those in flight, in order.</summary>
    private sealed class Lane(TopicPartition partition)
    {
        public TopicPartition Partition => partition;

        public LinkedList<Batch> Waiting { get; } = new();

        public LinkedList<Batch> InFlight { get; } = new();

        public int NextSequence { get; set; }

        /// <summary>The partition has acknowledged a batch: from now on the node can tell a gap.</summary>
        public bool IsKnown { get; set; }
    }

    private sealed record Batch(Lane Lane, IReadOnlyList<long> Ids, int Sequence, byte[] Bytes);

    public bool IsSettled => _isStopping && _lanes.TrueForAll(l => l.Waiting.Count == 0 && l.InFlight.Count == 0);

    public string Unsettled => $"{Name} has {_lanes.Sum(l => l.Waiting.Count)} batches waiting, {_lanes.Sum(l => l.InFlight.Count)} in flight";

    /// <summary>A partition has been added to a topic.</summary>
    public void Add(TopicPartition partition) => _lanes.Add(new Lane(partition));

    public void Finish() => _isStopping = true;

    protected override void OnTurn()
    {
        if (_isIdempotent && _id.Id < 0)
        {
            AskForId();
            return;
        }

        if (!_isStopping && (_isIdempotent || Link!.InFlight == 0)) Make(); // a turn has a link
        int most = _isIdempotent ? MaxInFlight : 1;
        while (Link!.InFlight < most && Pick() is { } lane) SendBatch(lane);
        LaterMs(_isStopping ? 20 : 60);
    }

    protected override void OnBroken()
    {
        _isAsking = false;
        foreach (Lane lane in _lanes)
        {
            if (_isIdempotent)
                for (LinkedListNode<Batch>? node = lane.InFlight.Last; node is not null; node = node.Previous)
                    lane.Waiting.AddFirst(node.Value);
            lane.InFlight.Clear();
        }
    }

    private void AskForId()
    {
        if (_isAsking) return;
        _isAsking = true;
        Send<InitProducerIdRequest, InitProducerIdResponse>(new() { TransactionalId = null, TransactionTimeoutMs = 60_000 }, 4, response =>
        {
            _isAsking = false;
            ErrorCode error = (ErrorCode)response.ErrorCode;
            if (error == ErrorCode.None) _id = new ProducerIdAndEpoch(response.ProducerId, response.ProducerEpoch);
            else if (!IsPassing(error)) Unexpected("InitProducerId", error);
            LaterMs(50);
        });
    }

    private void Make()
    {
        Lane lane = _lanes[Prng.Next(_lanes.Count)];
        List<long> ids = [];
        RecordBatchOptions options = new()
        {
            Codec = Prng.Chance(0.6) ? CompressionCodec.None : (CompressionCodec)(1 + Prng.Next(4)),
            Producer = _id,
            BaseSequence = _isIdempotent ? lane.NextSequence : RecordBatchLayout.NoSequence,
        };
        using RecordBatchBuilder builder = new(options, World.Codecs);
        for (int i = 1 + Prng.Next(4); i > 0; i--)
        {
            long id = ((long)(_number + 1) << 32) | (uint)++_counter;
            ids.Add(id);
            _history.Sent(lane.Partition, id, World.Now.UnixMs);
            builder.TryAppend(World.Now.UnixMs, OptionalBytes.Null, RecordHistory.ValueOf(id));
        }

        lane.Waiting.AddLast(new Batch(lane, ids, lane.NextSequence, builder.BuildArray()));
        lane.NextSequence += ids.Count;
    }

    private Lane? Pick()
    {
        int start = Prng.Next(_lanes.Count);
        for (int i = 0; i < _lanes.Count; i++)
        {
            Lane lane = _lanes[(start + i) % _lanes.Count];
            if (lane.Waiting.Count > 0 && (lane.IsKnown || lane.InFlight.Count == 0)) return lane;
        }

        return null;
    }

    private void SendBatch(Lane lane)
    {
        Batch batch = lane.Waiting.First!.Value; // Pick found it
        lane.Waiting.RemoveFirst();
        lane.InFlight.AddLast(batch);
        ProduceRequest request = new() { Acks = -1, TimeoutMs = 5_000 };
        ProduceRequest.TopicProduceData topic = new() { Name = lane.Partition.Topic };
        topic.PartitionData.Add(new() { Index = lane.Partition.Partition, Records = batch.Bytes });
        request.TopicData.Add(topic);
        Send<ProduceRequest, ProduceResponse>(request, 11, response => Answered(batch, response));
    }

    private void Answered(Batch batch, ProduceResponse response)
    {
        ProduceResponse.PartitionProduceResponse answer = response.Responses[0].PartitionResponses[0];
        ErrorCode error = (ErrorCode)answer.ErrorCode;
        Lane lane = batch.Lane;
        bool wasFirst = lane.InFlight.First?.Value == batch;
        lane.InFlight.Remove(batch);
        if (error == ErrorCode.None)
        {
            lane.IsKnown = true;
            for (int i = 0; i < batch.Ids.Count; i++) _history.Acked(lane.Partition, answer.BaseOffset + i, batch.Ids[i]);
        }
        else if (!_isIdempotent)
        {
            if (!IsPassing(error)) Unexpected("Produce", error);
        }
        else if (IsPassing(error) || (error == ErrorCode.OutOfOrderSequenceNumber && (!wasFirst || IsBehindRetry(lane, batch))))
        {
            Requeue(lane, batch);
        }
        else if (error != ErrorCode.DuplicateSequenceNumber)
        {
            Unexpected($"Produce of sequence {batch.Sequence} to {lane.Partition} as {_id}", error);
        }

        Later(1_000_000 + Prng.Next(0, 20_000_000));
    }

    /// <summary>A batch with a lower sequence has not been written yet, so this one rightly does not fit.</summary>
    private static bool IsBehindRetry(Lane lane, Batch batch) =>
        lane.Waiting.Any(b => b.Sequence < batch.Sequence) || lane.InFlight.Any(b => b.Sequence < batch.Sequence);

    private static void Requeue(Lane lane, Batch batch)
    {
        LinkedListNode<Batch>? at = lane.Waiting.First;
        while (at is not null && at.Value.Sequence < batch.Sequence) at = at.Next;
        if (at is null) lane.Waiting.AddLast(batch);
        else lane.Waiting.AddBefore(at, batch);
    }
}
