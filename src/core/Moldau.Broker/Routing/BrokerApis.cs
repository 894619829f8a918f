using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>The APIs of a broker listener. What is not here is not offered.</summary>
internal static class BrokerApis
{
    public static ApiRouter<ShardMachine> Create(bool unstable) => new(
        unstable,
        new ProduceHandler(),
        new FetchHandler(),
        new ListOffsetsHandler(),
        new MetadataHandler(),
        new OffsetCommitHandler(),
        new OffsetFetchHandler(),
        new FindCoordinatorHandler(),
        new JoinGroupHandler(),
        new HeartbeatHandler(),
        new LeaveGroupHandler(),
        new SyncGroupHandler(),
        new DescribeGroupsHandler(),
        new ListGroupsHandler(),
        new ApiVersionsHandler(),
        new ForwardHandler<CreateTopicsRequest>(),
        new ForwardHandler<DeleteTopicsRequest>(),
        new DeleteRecordsHandler(),
        new InitProducerIdHandler(),
        new OffsetForLeaderEpochHandler(),
        new DescribeConfigsHandler(),
        new AlterConfigsHandler(),
        new DescribeLogDirsHandler(),
        new ForwardHandler<CreatePartitionsRequest>(),
        new DeleteGroupsHandler(),
        new ForwardHandler<ElectLeadersRequest>(),
        new IncrementalAlterConfigsHandler(),
        new ForwardHandler<AlterPartitionReassignmentsRequest>(),
        new ForwardHandler<ListPartitionReassignmentsRequest>(),
        new OffsetDeleteHandler(),
        new ForwardHandler<DescribeQuorumRequest>(),
        new ForwardHandler<UpdateFeaturesRequest>(),
        new DescribeClusterHandler(),
        new DescribeProducersHandler(),
        new ForwardHandler<UnregisterBrokerRequest>(),
        new ListConfigResourcesHandler(),
        new DescribeTopicPartitionsHandler(),
        new ForwardHandler<AddRaftVoterRequest>(),
        new ForwardHandler<RemoveRaftVoterRequest>(),
        new ForwardHandler<UnregisterControllerRequest>());
}
