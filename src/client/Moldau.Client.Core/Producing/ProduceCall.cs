using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>One Produce request: at most one batch of each partition that its broker leads. When it is over, the broker's
/// <see cref="ProduceNode"/> keeps it for another one.</summary>
internal sealed class ProduceCall(ProducerPart producer, ProduceNode node)
    : ClientCall(ApiKey.Produce, CallTarget.Broker(node.BrokerId, producer.Lane))
{
    /// <summary>The last version in which partitions are added to a transaction by a request of their own
    /// (KIP-890).</summary>
    private const short LastWithoutImplicitAdd = 11;

    private const short LastWithNames = 12;

    private readonly List<Uuid> _topicIds = [];
    private bool _needsNames;

    public ProduceNode Node { get; } = node;

    /// <summary>Batches of one topic stand side by side.</summary>
    public List<ProduceBatch> Batches { get; } = [];

    public override short HighestVersion
    {
        get
        {
            if (producer.Transactions is { UsesImplicitAdd: false }) return LastWithoutImplicitAdd;
            return _needsNames ? LastWithNames : base.HighestVersion;
        }
    }

    /// <summary>False where the version names topics by their ids.</summary>
    public bool NamesTopics => Version <= LastWithNames;

    internal override bool HasAnswer => producer.Options.Acks != Acks.None;

    internal override bool HasOwnRetries => true;

    public void Add(ProduceBatch batch)
    {
        Batches.Add(batch);
        Uuid id = batch.Partition.Topic.Info!.Id;
        _topicIds.Add(id);
        _needsNames |= id.IsZero;
    }

    /// <summary>It is over: nobody holds it.</summary>
    public void Clear()
    {
        Batches.Clear();
        _topicIds.Clear();
        _needsNames = false;
        LastError = null;
    }

    /// <summary>The topic of a batch as the request names it.</summary>
    public Uuid TopicIdOf(int batch) => _topicIds[batch];

    protected internal override ClientFrame Encode(int correlationId, string clientId)
    {
        ProduceRequestWriter counter = ProduceRequestWriter.Counter(Version);
        ClientFrame frame = ClientFrame.Rent(Write(ref counter, correlationId, clientId));
        ProduceRequestWriter writer = new(frame.Span, Version);
        Verify.That(Write(ref writer, correlationId, clientId) == frame.Length);
        return frame;
    }

    protected internal override CallOutcome OnFrame(ClientFrame frame, int bodyStart, ClientTurn turn)
    {
        ProduceResponseView written = new(frame.Span, bodyStart, Version);
        if (written.IsAllWell())
        {
            producer.Sender.OnWritten(this, written, turn);
            return CallOutcome.Done;
        }

        KafkaReader reader = new(frame.Span[bodyStart..]);
        ProduceResponse response = ProduceResponse.Read(ref reader, Version);
        if (reader.Failed) OnFailed(new ClientError(ErrorCode.NetworkException, "the answer to Produce cannot be read"), turn);
        else producer.Sender.OnAnswer(this, response, turn);
        return CallOutcome.Done;
    }

    protected internal override void OnFailed(ClientError error, ClientTurn turn) =>
        producer.Sender.OnFailed(this, error, turn);

    protected internal override void OnSent(ClientTurn turn) => producer.Sender.OnSent(this, turn);

    private int Write(ref ProduceRequestWriter writer, int correlationId, string clientId)
    {
        int timeoutMs = (int)Math.Min(producer.Machine.Settings.RequestTimeout.Ms, int.MaxValue);
        writer.Begin(
            correlationId, clientId, producer.Options.TransactionalId, (short)producer.Options.Acks, timeoutMs, CountTopics());
        for (int i = 0; i < Batches.Count;)
        {
            ProduceTopic topic = Batches[i].Partition.Topic;
            int end = i;
            while (end < Batches.Count && Batches[end].Partition.Topic == topic) end++;
            writer.BeginTopic(topic.Name, _topicIds[i], end - i);
            for (; i < end; i++) writer.Partition(Batches[i].Partition.Index, Batches[i].Bytes.Span);
            writer.EndTopic();
        }

        return writer.End();
    }

    private int CountTopics()
    {
        int topics = 0;
        for (int i = 0; i < Batches.Count; i++)
            if (i == 0 || Batches[i].Partition.Topic != Batches[i - 1].Partition.Topic) topics++;
        return topics;
    }
}
