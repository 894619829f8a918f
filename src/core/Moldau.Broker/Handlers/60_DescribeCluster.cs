using Moldau.Metadata;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>DescribeCluster, of brokers (endpoint type 1) or of controllers (2, KIP-919; only on controller listeners).</summary>
internal static class DescribeClusterAnswer
{
    public const sbyte Brokers = 1;
    public const sbyte Controllers = 2;

    public static DescribeClusterResponse Answer(
        DescribeClusterRequest body, short version, string clusterId, MetadataImage image, string listener, bool isController, int leaderId)
    {
        sbyte served = isController ? Controllers : Brokers;
        if (isController && version == 0)
        {
            return new()
            {
                ErrorCode = (short)ErrorCode.InvalidRequest,
                ErrorMessage = "A controller answers from version 1 on.",
                ControllerId = -1,
            };
        }

        if (body.EndpointType != served)
        {
            bool isKnown = body.EndpointType is Brokers or Controllers;
            return new()
            {
                ErrorCode = (short)(isKnown ? ErrorCode.MismatchedEndpointType : ErrorCode.UnsupportedEndpointType),
                ErrorMessage = isKnown
                    ? $"The request was sent to an endpoint of type {(isController ? "CONTROLLER" : "BROKER")}, but we wanted an endpoint of type {(isController ? "BROKER" : "CONTROLLER")}"
                    : $"Unsupported endpoint type {body.EndpointType}",
                ControllerId = -1,
            };
        }

        DescribeClusterResponse response = new() { ClusterId = clusterId, EndpointType = served, ControllerId = leaderId };
        if (body.IncludeClusterAuthorizedOperations) response.ClusterAuthorizedOperations = AuthorizedOperations.OfCluster;
        if (isController)
        {
            foreach (ControllerRegistration controller in image.Cluster.Controllers.Values)
                foreach (ListenerEndpoint endpoint in controller.Listeners)
                    if (endpoint.Name == listener)
                        response.Brokers.Add(new() { BrokerId = controller.Id, Host = endpoint.Host, Port = endpoint.Port });
            return response;
        }

        foreach ((int id, BrokerRegistration broker) in image.Cluster.Brokers)
        {
            if (broker.IsFenced && !body.IncludeFencedBrokers) continue;
            if (broker.Listener(listener) is not { } endpoint) continue;
            response.Brokers.Add(new()
            {
                BrokerId = id,
                Host = endpoint.Host,
                Port = endpoint.Port,
                Rack = broker.Rack,
                IsFenced = broker.IsFenced,
            });
        }

        return response;
    }
}

internal sealed class DescribeClusterHandler : ApiHandler<ShardMachine, DescribeClusterRequest>
{
    protected override void Handle(DescribeClusterRequest body, RequestContext request, ShardMachine machine)
    {
        string listener = request.Connection.Info.ListenerName;
        request.Respond(DescribeClusterAnswer.Answer(
            body, request.Version, machine.Options.ClusterId, machine.Image, listener, isController: false,
            MetadataTopics.ControllerFor(machine.Image, listener)));
    }
}
