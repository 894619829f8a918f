using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>One Fetch on its way. The answer's frame stays with the chunks that are cut from it. When it is over, its
/// <see cref="FetchNode"/> fills it again; one that was given up is left to its link.</summary>
internal sealed class FetchCall(Fetcher fetcher, FetchNode node) : ClientCall(ApiKey.Fetch, CallTarget.Broker(node.BrokerId))
{
    /// <summary>The last version that names topics.</summary>
    private const short LastNamedVersion = 12;

    private readonly Stack<FetchRequest.FetchTopic> _idleTopics = new();
    private readonly Stack<FetchRequest.FetchPartition> _idlePartitions = new();

    public FetchNode Node { get; } = node;

    public FetchRequest Request { get; } = new();

    /// <summary>Where each partition was when it was asked for.</summary>
    public Dictionary<TopicPartition, (long Offset, int Generation)> Asked { get; } = [];

    /// <summary>All topics have ids.</summary>
    public bool IsById { get; set; }

    /// <summary>One of its partitions is known to have records: it is answered at once.</summary>
    public bool HasRecords { get; set; }

    /// <summary>All of its partitions are known to have none: it waits at the broker.</summary>
    public bool IsAtEnds { get; set; }

    /// <summary>A replica that cannot be reached is not waited for: another one may serve.</summary>
    internal override bool HasOwnRetries => true;

    public override short HighestVersion => IsById ? Api.HighestStableVersion : LastNamedVersion;

    /// <summary>The topic of the request's next partitions.</summary>
    public FetchRequest.FetchTopic AddTopic(string name, Uuid id)
    {
        if (!_idleTopics.TryPop(out FetchRequest.FetchTopic? topic)) topic = new FetchRequest.FetchTopic();
        (topic.Topic, topic.TopicId) = (name, id);
        Request.Topics.Add(topic);
        return topic;
    }

    public FetchRequest.FetchPartition AddPartition(FetchRequest.FetchTopic topic)
    {
        if (!_idlePartitions.TryPop(out FetchRequest.FetchPartition? partition)) partition = new FetchRequest.FetchPartition();
        topic.Partitions.Add(partition);
        return partition;
    }

    /// <summary>It asks for nothing.</summary>
    public void Clear()
    {
        foreach (FetchRequest.FetchTopic topic in Request.Topics)
        {
            foreach (FetchRequest.FetchPartition partition in topic.Partitions) _idlePartitions.Push(partition);
            topic.Partitions.Clear();
            _idleTopics.Push(topic);
        }

        Request.Topics.Clear();
        Request.ForgottenTopicsData.Clear();
        Asked.Clear();
        (LastError, IsById, HasRecords, IsAtEnds) = (null, true, false, true);
    }

    protected internal override ClientFrame Encode(int correlationId, string clientId)
    {
        ClientFrame frame = ClientFrame.Rent(RequestFrame.Size(Api, Version, clientId, Request));
        RequestFrame.Write(frame.Span, Api, Version, correlationId, clientId, Request);
        return frame;
    }

    protected internal override CallOutcome OnFrame(ClientFrame frame, int bodyStart, ClientTurn turn) =>
        fetcher.OnAnswer(this, frame, bodyStart, turn);

    protected internal override void OnFailed(ClientError error, ClientTurn turn) => fetcher.OnFailed(this, error, turn);
}
