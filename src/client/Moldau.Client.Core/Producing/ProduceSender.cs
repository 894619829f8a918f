using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>A broker as a producer sees it.</summary>
internal sealed class ProduceNode(int brokerId)
{
    public int BrokerId { get; } = brokerId;

    /// <summary>Requests that wait for their answers.</summary>
    public int InFlight { get; set; }

    /// <summary>The request that is being put together.</summary>
    public ProduceCall? Next { get; set; }

    public long NextBytes { get; set; }

    /// <summary>Since when a batch is due that it does not take, because it cannot be reached or has as many requests as it
    /// may; <see cref="Instant.Never"/> where it takes them.</summary>
    public Instant BlockedSince { get; set; } = Instant.Never;

    /// <summary>Calls that are over, no more than may be under way.</summary>
    public Stack<ProduceCall> Idle { get; } = new();

    /// <summary>The last round of the sender in which a batch for it was waiting.</summary>
    public long WantedInRound { get; set; }
}

/// <summary>Takes batches that are due to the leaders of their partitions, at most one batch of a partition per request,
/// and decides what becomes of them when the answer is there.</summary>
internal sealed partial class ProduceSender(ProducerPart producer)
{
    /// <summary>What a partition takes in a request beside its batch, a topic's name included, at most.</summary>
    private const int PartitionOverheadBytes = 300;

    private readonly ProducerOptions _options = producer.Options;
    private readonly Dictionary<int, ProduceNode> _nodes = [];
    private readonly List<ProduceNode> _toSend = [];
    private int _firstTopic;
    private long _round;

    /// <summary>Batches that requests carry.</summary>
    public int InFlightBatches { get; private set; }

    private RecordAccumulator Accumulator => producer.Accumulator;

    private ProducerIdentity Identity => producer.Identity;

    /// <summary>True where a broker has not taken a batch that is due for <c>partitioner.availability.timeout.ms</c>
    /// (KIP-794).</summary>
    public bool IsBlocked(int leader, ClientTurn turn) =>
        _nodes.TryGetValue(leader, out ProduceNode? node) && node.BlockedSince != Instant.Never
        && turn.Now >= node.BlockedSince + _options.PartitionerAvailabilityTimeout;

    /// <summary>Sends everything that can go now, and says when there is more to do.</summary>
    public Instant Drain(ClientTurn turn)
    {
        Instant next;
        do next = DrainOnce(turn);
        while (next == turn.Now);
        return next;
    }

    private Instant DrainOnce(ClientTurn turn)
    {
        Instant next = Instant.Never;
        _round++;
        List<ProduceTopic> topics = Accumulator.Topics;
        for (int i = 0; i < topics.Count; i++)
        {
            // Whoever comes first gets into a full request: everybody in turn.
            ProduceTopic topic = topics[(_firstTopic + i) % topics.Count];
            topic.Look(producer.Machine.Metadata);
            for (int k = topic.Busy.Count - 1; k >= 0; k--)
            {
                ProducePartition partition = topic.Busy[k];
                if (partition.First is null)
                {
                    topic.Busy.RemoveAt(k);
                    partition.IsListed = false;
                    continue;
                }

                next = Instant.Min(next, Look(partition, turn));
            }
        }

        if (_options.PartitionerAvailabilityTimeout > Duration.Zero) Unblock();
        _firstTopic = topics.Count == 0 ? 0 : (_firstTopic + 1) % topics.Count;
        if (_toSend.Count == 0) return next;
        foreach (ProduceNode node in _toSend) Send(node, turn);
        _toSend.Clear();
        return turn.Now;
    }

    /// <summary>Puts the partition's first batch into the next request of its leader where it is due; says when to look
    /// again without an event.</summary>
    private Instant Look(ProducePartition partition, ClientTurn turn)
    {
        ProduceBatch first = partition.First!;
        if (first.State == ProduceBatchState.Compressing) return Instant.Never;
        int leader = partition.Topic.LeaderOf(partition.Index);
        if (_nodes.TryGetValue(leader, out ProduceNode? node)) node.WantedInRound = _round;
        if (first.RetryAt > turn.Now) return first.RetryAt;
        if (first.State == ProduceBatchState.Open && DueAt(first, turn) is var due && due > turn.Now) return due;
        if (leader < 0 || !producer.Machine.Metadata.View.TryGetAddress(leader, out _))
        {
            producer.Machine.Metadata.Refresh(turn);
            return Instant.Never;
        }

        if (!Identity.MaySend(partition, first, turn) || !producer.MaySend(partition, turn)) return Instant.Never;

        // With one request in flight nothing may overtake what is sent again, even where the leader has changed.
        if (_options.MaxInFlight == 1 && partition.InFlight > 0) return Instant.Never;
        if (node is null) _nodes.Add(leader, node = new ProduceNode(leader) { WantedInRound = _round });
        bool takes = node.InFlight < _options.MaxInFlight && producer.Machine.Links.IsReady(leader, producer.Lane);
        node.BlockedSince = takes ? Instant.Never : Instant.Min(node.BlockedSince, turn.Now);
        if (node.InFlight >= _options.MaxInFlight) return Instant.Never;
        Instant usable = producer.Machine.Links.UsableAt(leader, producer.Lane);
        if (usable > turn.Now) return usable;
        if (first.State == ProduceBatchState.Open) Accumulator.Close(first, turn);
        if (first.State == ProduceBatchState.Ready) Add(node, first);
        return Instant.Never;
    }

    /// <summary>A broker that nothing waits for is worth a try again.</summary>
    private void Unblock()
    {
        foreach (ProduceNode node in _nodes.Values)
            if (node.InFlight == 0 && node.Next is null && node.WantedInRound < _round) node.BlockedSince = Instant.Never;
    }

    private Instant DueAt(ProduceBatch open, ClientTurn turn) =>
        open.Number <= Accumulator.FlushUpTo || Accumulator.IsShort ? turn.Now : open.Created + _options.Linger;

    private void Add(ProduceNode node, ProduceBatch batch)
    {
        long bytes = batch.Bytes.Length + PartitionOverheadBytes;
        if (node.Next is null)
        {
            node.Next = node.Idle.TryPop(out ProduceCall? idle) ? idle : new ProduceCall(producer, node);
            node.NextBytes = 0;
            _toSend.Add(node);
        }
        else if (node.NextBytes + bytes > _options.MaxRequestBytes)
        {
            return;
        }

        node.NextBytes += bytes;
        node.Next.Add(batch);
    }

    private void Send(ProduceNode node, ClientTurn turn)
    {
        ProduceCall call = node.Next!;
        node.Next = null;
        node.InFlight++;
        foreach (ProduceBatch batch in call.Batches)
        {
            ProducePartition partition = batch.Partition;
            Verify.That(partition.Waiting[0] == batch);
            partition.Waiting.RemoveAt(0);
            partition.InFlight++;
            InFlightBatches++;
            batch.State = ProduceBatchState.InFlight;
            batch.Carrier = call;
            batch.Attempts++;
            Identity.Stamp(batch);
            Identity.Write(batch);
        }

        producer.Machine.Metadata.View.TryGetAddress(node.BrokerId, out BrokerAddress address);
        producer.Machine.Links.Enqueue(call, node.BrokerId, producer.Lane, address, turn);
    }
}
