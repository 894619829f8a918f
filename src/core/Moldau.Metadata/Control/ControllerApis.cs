using Moldau.Protocol;

namespace Moldau.Metadata;

/// <summary>The requests that <see cref="QuorumController.Handle"/> decides.</summary>
public static class ControllerApis
{
    public static bool Contains(ApiKey api) =>
        api is ApiKey.CreateTopics or ApiKey.DeleteTopics or ApiKey.CreatePartitions
        or ApiKey.BrokerRegistration or ApiKey.BrokerHeartbeat or ApiKey.UnregisterBroker
            or ApiKey.ControllerRegistration
        or ApiKey.UnregisterController or ApiKey.AlterPartition or ApiKey.AssignReplicasToDirs or ApiKey.ElectLeaders
        or ApiKey.IncrementalAlterConfigs or ApiKey.AlterConfigs or ApiKey.UpdateFeatures or ApiKey.AllocateProducerIds
        or ApiKey.AlterPartitionReassignments or ApiKey.ListPartitionReassignments;
}
