using Moldau.Metadata;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>FindCoordinator: groups only. A transactional client gets a final error instead of being left to retry.</summary>
internal sealed class FindCoordinatorHandler : ApiHandler<ShardMachine, FindCoordinatorRequest>
{
    private const sbyte GroupType = 0;
    private const sbyte TransactionType = 1;
    private const sbyte ShareType = 2;

    protected override void Handle(FindCoordinatorRequest body, RequestContext request, ShardMachine machine)
    {
        FindCoordinatorResponse response = new();
        if (request.Version >= 4)
        {
            foreach (string key in body.CoordinatorKeys) response.Coordinators.Add(Find(key, body.KeyType, request, machine));
        }
        else
        {
            FindCoordinatorResponse.Coordinator found = Find(body.Key, body.KeyType, request, machine);
            response.ErrorCode = found.ErrorCode;
            response.ErrorMessage = request.Version >= 1 ? found.ErrorCode == 0 ? "NONE" : found.ErrorMessage : null;
            response.NodeId = found.NodeId;
            response.Host = found.Host;
            response.Port = found.Port;
        }

        request.Respond(response);
    }

    private static FindCoordinatorResponse.Coordinator Find(string key, sbyte type, RequestContext request, ShardMachine machine)
    {
        switch (type)
        {
            case TransactionType:
                return Failed(key, ErrorCode.TransactionalIdAuthorizationFailed, "This node does not serve transactions yet.");
            case ShareType:
                return Failed(key, ErrorCode.InvalidRequest, "This node does not serve share groups yet.");
            case not GroupType:
                return Failed(key, ErrorCode.InvalidRequest, $"{type} is no type of coordinator.");
        }

        TopicImage? topic = machine.Image.Topics.Find(InternalTopics.ConsumerOffsets);
        if (topic is null)
        {
            machine.AutoCreate([InternalTopics.ConsumerOffsets]);
            return Failed(key, ErrorCode.CoordinatorNotAvailable, "The coordinator is not available.");
        }

        PartitionImage state = topic.Partitions[JavaHash.PartitionFor(key, topic.Partitions.Length)];
        BrokerRegistration? leader = state.HasLeader ? machine.Image.Cluster.Broker(state.Leader) : null;
        if (leader is null || leader.IsFenced || leader.Listener(request.Connection.Info.ListenerName) is not { } endpoint)
            return Failed(key, ErrorCode.CoordinatorNotAvailable, "The coordinator is not available.");
        return new() { Key = key, NodeId = leader.Id, Host = endpoint.Host, Port = endpoint.Port, ErrorMessage = "" };
    }

    private static FindCoordinatorResponse.Coordinator Failed(string key, ErrorCode error, string? message) => new()
    {
        Key = key,
        NodeId = -1,
        Host = "",
        Port = -1,
        ErrorCode = (short)error,
        ErrorMessage = message,
    };
}
