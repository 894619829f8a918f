using Moldau.Protocol;

namespace Moldau.Sim;

/// <summary>Creates the topics and waits until each partition has a leader.</summary>
/// <param name="world">Where it lives.</param>
/// <param name="node">Whom it asks.</param>
/// <param name="topics">What is to be there.</param>
/// <param name="acknowledge">Their <c>moldau.acknowledge</c>; null: the node's.</param>
internal sealed class SimAdmin(
    SimWorld world, SimNode node, IReadOnlyList<(string Topic, int Partitions)> topics, string? acknowledge)
    : SimClient(world, node, "admin")
{
    private bool _areCreated;

    public bool IsDone { get; private set; }

    protected override void OnTurn()
    {
        if (IsDone) return;
        if (!_areCreated) Create();
        else Look();
    }

    protected override void OnBroken()
    {
    }

    private void Create()
    {
        CreateTopicsRequest request = new() { TimeoutMs = 5_000 };
        foreach ((string topic, int partitions) in topics)
        {
            CreateTopicsRequest.CreatableTopic wanted = new() { Name = topic, NumPartitions = partitions, ReplicationFactor = 1 };
            // Small enough that every seed sees segments end and begin.
            wanted.Configs.Add(new() { Name = "internal.segment.bytes", Value = "65536" });
            if (acknowledge is not null) wanted.Configs.Add(new() { Name = "moldau.acknowledge", Value = acknowledge });
            request.Topics.Add(wanted);
        }

        Send<CreateTopicsRequest, CreateTopicsResponse>(request, 7, response =>
        {
            _areCreated = true;
            foreach (CreateTopicsResponse.CreatableTopicResult result in response.Topics)
            {
                ErrorCode error = (ErrorCode)result.ErrorCode;
                if (error is ErrorCode.None or ErrorCode.TopicAlreadyExists) continue;
                _areCreated = false;
                if (!IsPassing(error) && error != ErrorCode.InvalidReplicationFactor) Unexpected($"CreateTopics: {result.ErrorMessage}", error);
            }

            LaterMs(200);
        });
    }

    private void Look()
    {
        MetadataRequest request = new() { Topics = [], AllowAutoTopicCreation = false };
        foreach ((string topic, int _) in topics) request.Topics.Add(new() { Name = topic });
        Send<MetadataRequest, MetadataResponse>(request, 12, response =>
        {
            IsDone = response.Topics.Count == topics.Count && response.Topics.TrueForAll(t =>
                t.ErrorCode == 0 && t.Partitions.Count > 0 && t.Partitions.TrueForAll(p => p.LeaderId >= 0));
            LaterMs(200);
        });
    }
}
