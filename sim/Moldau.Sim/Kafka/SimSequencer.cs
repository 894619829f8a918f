using Moldau.Base;
using Moldau.Protocol;
using Moldau.Records;

namespace Moldau.Sim;

/// <summary>Knows for each of its idempotent batches what the answer must be (P2): the next in order is written; the one
/// before, sent again, is answered with the offset it has; one behind a gap is refused and not written. A client that is
/// answered otherwise would write twice, or lose.</summary>
internal sealed class SimSequencer : SimAsker
{
    private const int Remembered = 5;
    private const int BatchesOfAnId = 40;

    private readonly RecordHistory _history;
    private readonly int _number;
    private readonly List<Lane> _lanes;
    private ProducerIdAndEpoch _id = ProducerIdAndEpoch.None;
    private int _counter;
    private int _left;
    private int _since;
    private bool _isStopping;

    public SimSequencer(SimWorld world, SimNode node, RecordHistory history, IReadOnlyList<TopicPartition> partitions, int number)
        : base(world, node, "sequencer")
    {
        (_history, _number) = (history, number);
        _lanes = [.. partitions.Select(p => new Lane(p))];
    }

    private sealed record Batch(int Sequence, IReadOnlyList<long> Ids, byte[] Bytes)
    {
        public long Offset { get; set; } = -1;

        public int NextSequence => Sequence + Ids.Count;
    }

    private sealed class Lane(TopicPartition partition)
    {
        public TopicPartition Partition => partition;

        /// <summary>Acknowledged, newest last.</summary>
        public List<Batch> Written { get; } = [];

        /// <summary>Sent, and not answered yet.</summary>
        public Batch? Open { get; set; }
    }

    /// <summary>Nothing waits for its answer, and it has worked since the faults ended.</summary>
    public bool IsSettled => _isStopping && _since > 4 && _lanes.TrueForAll(l => l.Open is null);

    public string Unsettled => $"{Name} has {_lanes.Count(l => l.Open is not null)} batches without an answer";

    public void Finish() => (_isStopping, _since) = (true, 0);

    protected override void OnTurn()
    {
        if (IsBusy || IsSettled) return;
        Lane? open = _lanes.Find(l => l.Open is not null);
        if (open is not null)
        {
            Send(open, open.Open!); // found so
        }
        else if (_id.Id < 0 || _left <= 0)
        {
            AskForId();
        }
        else
        {
            Lane lane = _lanes[Prng.Next(_lanes.Count)];
            int draw = lane.Written.Count == 0 ? 0 : Prng.Next(10);
            if (draw <= 5) Send(lane, lane.Open = Make(lane, isSent: true, gap: 0));
            else if (draw <= 8) Send(lane, lane.Written[^(1 + (Prng.Chance(0.6) ? 0 : Prng.Next(lane.Written.Count)))]);
            else SendGap(lane);
        }
    }

    private void AskForId() =>
        Ask<InitProducerIdRequest, InitProducerIdResponse>(new() { TransactionalId = null, TransactionTimeoutMs = 60_000 }, 4, response =>
        {
            ErrorCode error = (ErrorCode)response.ErrorCode;
            if (error == ErrorCode.None)
            {
                _id = new ProducerIdAndEpoch(response.ProducerId, response.ProducerEpoch);
                _left = BatchesOfAnId;
                foreach (Lane lane in _lanes) lane.Written.Clear();
            }
            else if (!IsPassing(error))
            {
                Unexpected("InitProducerId", error);
            }

            LaterMs(50);
        });

    private Batch Make(Lane lane, bool isSent, int gap)
    {
        int sequence = (lane.Written.Count == 0 ? 0 : lane.Written[^1].NextSequence) + gap;
        RecordBatchOptions options = new() { Codec = (CompressionCodec)Prng.Next(5), Producer = _id, BaseSequence = sequence };
        using RecordBatchBuilder builder = new(options, World.Codecs);
        List<long> ids = [];
        for (int i = 1 + Prng.Next(3); i > 0; i--)
        {
            long id = ((long)(_number + 1) << 32) | (uint)++_counter;
            long now = World.Now.UnixMs;
            if (isSent) _history.Sent(lane.Partition, id, now);
            builder.TryAppend(now, OptionalBytes.Null, RecordHistory.ValueOf(id));
            ids.Add(id);
        }

        _left--;
        return new Batch(sequence, ids, builder.BuildArray());
    }

    private void Send(Lane lane, Batch batch) => Produce(lane, batch, (error, offset) =>
    {
        bool isLast = lane.Written.Count == 0 || batch == lane.Written[^1] || batch == lane.Open;
        if (error == ErrorCode.None) Answered(lane, batch, offset);
        else if (!IsPassing(error) && (isLast || error is not (ErrorCode.OutOfOrderSequenceNumber or ErrorCode.DuplicateSequenceNumber)))
            World.Fail($"[P2] {Name}: sequence {batch.Sequence} to {lane.Partition}, "
                + $"{(batch.Offset < 0 ? "next in order" : $"which stands at {batch.Offset}")}, was answered {error}");
    });

    private void Answered(Lane lane, Batch batch, long offset)
    {
        if (batch.Offset >= 0)
        {
            World.Coverage.Hit(SimMark.DuplicateAnswered);
            if (offset != batch.Offset)
                World.Fail($"[P2] {Name}: sequence {batch.Sequence} to {lane.Partition} stands at {batch.Offset}, "
                    + $"sent again it is said to be at {offset}");
            return;
        }

        batch.Offset = offset;
        for (int i = 0; i < batch.Ids.Count; i++) _history.Acked(lane.Partition, offset + i, batch.Ids[i]);
        lane.Written.Add(batch);
        lane.Open = null;
        if (lane.Written.Count > Remembered) lane.Written.RemoveAt(0);
    }

    private void SendGap(Lane lane)
    {
        Batch batch = Make(lane, isSent: false, gap: 1 + Prng.Next(20));
        Produce(lane, batch, (error, offset) =>
        {
            if (error == ErrorCode.None)
                World.Fail($"[P2] {Name}: sequence {batch.Sequence} to {lane.Partition} is behind a gap, and was written at {offset}");
            else if (error == ErrorCode.OutOfOrderSequenceNumber) World.Coverage.Hit(SimMark.GapRefused);
            else if (!IsPassing(error)) Unexpected("Produce behind a gap", error);
        });
    }

    private void Produce(Lane lane, Batch batch, Action<ErrorCode, long> done)
    {
        ProduceRequest request = new() { Acks = -1, TimeoutMs = 5_000 };
        ProduceRequest.TopicProduceData topic = new() { Name = lane.Partition.Topic };
        topic.PartitionData.Add(new() { Index = lane.Partition.Partition, Records = batch.Bytes });
        request.TopicData.Add(topic);
        Ask<ProduceRequest, ProduceResponse>(request, 11, response =>
        {
            ProduceResponse.PartitionProduceResponse answer = response.Responses[0].PartitionResponses[0];
            done((ErrorCode)answer.ErrorCode, answer.BaseOffset);
            _since++;
            LaterMs(_isStopping ? 30 : 120);
        });
    }
}
