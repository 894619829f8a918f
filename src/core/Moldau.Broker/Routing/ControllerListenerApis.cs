using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>The APIs of a controller listener.</summary>
internal static class ControllerListenerApis
{
    public static ApiRouter<ControlMachine> Create(bool unstable) => new(
        unstable,
        new ControllerHandler<FetchRequest>(),
        new ControllerApiVersionsHandler(),
        new ControllerHandler<CreateTopicsRequest>(),
        new ControllerHandler<DeleteTopicsRequest>(),
        new ControllerDescribeConfigsHandler(),
        new ControllerHandler<AlterConfigsRequest>(),
        new ControllerHandler<CreatePartitionsRequest>(),
        new ControllerHandler<ElectLeadersRequest>(),
        new ControllerHandler<IncrementalAlterConfigsRequest>(),
        new ControllerHandler<AlterPartitionReassignmentsRequest>(),
        new ControllerHandler<ListPartitionReassignmentsRequest>(),
        new ControllerHandler<VoteRequest>(),
        new ControllerHandler<BeginQuorumEpochRequest>(),
        new ControllerHandler<EndQuorumEpochRequest>(),
        new ControllerHandler<DescribeQuorumRequest>(),
        new ControllerHandler<AlterPartitionRequest>(),
        new ControllerHandler<UpdateFeaturesRequest>(),
        new ControllerHandler<FetchSnapshotRequest>(),
        new ControllerDescribeClusterHandler(),
        new ControllerHandler<BrokerRegistrationRequest>(),
        new ControllerHandler<BrokerHeartbeatRequest>(),
        new ControllerHandler<UnregisterBrokerRequest>(),
        new ControllerHandler<AllocateProducerIdsRequest>(),
        new ControllerHandler<ControllerRegistrationRequest>(),
        new ControllerHandler<AssignReplicasToDirsRequest>(),
        new ControllerHandler<AddRaftVoterRequest>(),
        new ControllerHandler<RemoveRaftVoterRequest>(),
        new ControllerHandler<UpdateRaftVoterRequest>(),
        new ControllerHandler<UnregisterControllerRequest>());
}

/// <summary>A request that the controller decides.</summary>
internal sealed class ControllerHandler<TRequest> : ApiHandler<ControlMachine, TRequest>
    where TRequest : class, IRequest, IMessage<TRequest>
{
    protected override void Handle(TRequest body, RequestContext request, ControlMachine machine) =>
        machine.Serve(TRequest.ApiKey, body, request.Version, request.Respond);
}

internal sealed class ControllerApiVersionsHandler : IApiHandler<ControlMachine>
{
    public ApiKey Api => ApiKey.ApiVersions;

    public void Handle(RequestContext request, ControlMachine machine) => ApiVersionsAnswer.Handle(request, machine, machine.Image);
}

internal sealed class ControllerDescribeClusterHandler : ApiHandler<ControlMachine, DescribeClusterRequest>
{
    protected override void Handle(DescribeClusterRequest body, RequestContext request, ControlMachine machine) =>
        request.Respond(DescribeClusterAnswer.Answer(
            body, request.Version, machine.Options.ClusterId, machine.Image, request.Connection.Info.ListenerName, isController: true,
            machine.Options.NodeId));
}

internal sealed class ControllerDescribeConfigsHandler : ApiHandler<ControlMachine, DescribeConfigsRequest>
{
    protected override void Handle(DescribeConfigsRequest body, RequestContext request, ControlMachine machine)
    {
        DescribeConfigsResponse response = new();
        foreach (DescribeConfigsRequest.DescribeConfigsResource resource in body.Resources)
            response.Results.Add(ConfigDescriber.Describe(resource, body, machine.Options, machine.Image, machine.Dynamic));
        request.Respond(response);
    }
}
