using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>What DescribeCluster tells.</summary>
/// <param name="ClusterId">The cluster's id.</param>
/// <param name="ControllerId">The broker that takes calls for the controller, −1 where none is known.</param>
/// <param name="Brokers">In the order of their ids.</param>
public sealed record ClusterDescription(string ClusterId, int ControllerId, IReadOnlyList<BrokerInfo> Brokers)
{
    /// <summary>Ids of brokers that are registered and take no part now; null where that was not asked
    /// (KIP-1073).</summary>
    public IReadOnlyList<int>? FencedBrokers { get; init; }

    /// <summary>What one may do with the cluster; null where that was not asked (KIP-430).</summary>
    public IReadOnlyList<AclOperation>? AuthorizedOperations { get; init; }
}

/// <summary>The cluster and its nodes.</summary>
internal static class ClusterAdmin
{
    /// <summary>Older versions leave fenced brokers out.</summary>
    private const short FirstFencedVersion = 2;

    /// <summary>By Metadata, which every broker since 2.1 answers.</summary>
    public static ClientOperation<ClusterDescription> Describe(ClientMachine machine, ClientTurn turn) =>
        AdminCalls.Start<MetadataRequest, MetadataResponse, ClusterDescription>(
            machine, turn, CallTarget.Any,
            _ => new MetadataRequest { Topics = [] },
            (answer, operation, now) =>
            {
                ClusterDescription result = new(answer.ClusterId ?? "", answer.ControllerId, [.. answer.Brokers
                    .OrderBy(b => b.NodeId)
                    .Select(b => new BrokerInfo(b.NodeId, new BrokerAddress(b.Host, b.Port), b.Rack))]);
                operation.TrySucceed(result, now);
                return CallOutcome.Done;
            });

    /// <summary>By DescribeCluster (KIP-700, from 2.8 on), which tells of more.</summary>
    public static ClientOperation<ClusterDescription> Describe(
        ClientMachine machine, ClientTurn turn, bool withFenced, bool withOperations) =>
        AdminCalls.Start<DescribeClusterRequest, DescribeClusterResponse, ClusterDescription>(
            machine, turn, CallTarget.Any,
            _ => new DescribeClusterRequest { IncludeClusterAuthorizedOperations = withOperations, IncludeFencedBrokers = withFenced },
            (answer, operation, now) =>
                AdminCalls.Refused(answer.ErrorCode, answer.ErrorMessage, "the cluster cannot be described", operation, now)
                ?? AdminCalls.Done(operation, new ClusterDescription(answer.ClusterId, answer.ControllerId, [.. answer.Brokers
                    .OrderBy(b => b.BrokerId)
                    .Select(b => new BrokerInfo(b.BrokerId, new BrokerAddress(b.Host, b.Port), b.Rack))])
                {
                    FencedBrokers = withFenced ? [.. answer.Brokers.Where(b => b.IsFenced).Select(b => b.BrokerId).Order()] : null,
                    AuthorizedOperations = AclOperations.Of(answer.ClusterAuthorizedOperations),
                }, now),
            from: withFenced ? FirstFencedVersion : (short)0);

    /// <summary>Forgets a broker that is gone for good (KIP-631).</summary>
    public static ClientOperation<ClientError?> UnregisterBroker(ClientMachine machine, ClientTurn turn, int brokerId) =>
        AdminCalls.Start<UnregisterBrokerRequest, UnregisterBrokerResponse, ClientError?>(
            machine, turn, CallTarget.Controller,
            _ => new UnregisterBrokerRequest { BrokerId = brokerId },
            (answer, operation, now) => AdminCalls.Again(ErrorCodes.FromWire(answer.ErrorCode)) ?? AdminCalls.Done(
                operation, AdminCalls.Error(answer.ErrorCode, answer.ErrorMessage, $"broker {brokerId} was not unregistered"), now));

    /// <summary>Forgets a controller that is gone for good.</summary>
    public static ClientOperation<ClientError?> UnregisterController(ClientMachine machine, ClientTurn turn, int controllerId) =>
        AdminCalls.Start<UnregisterControllerRequest, UnregisterControllerResponse, ClientError?>(
            machine, turn, CallTarget.Controller,
            _ => new UnregisterControllerRequest { ControllerId = controllerId },
            (answer, operation, now) => AdminCalls.Again(ErrorCodes.FromWire(answer.ErrorCode)) ?? AdminCalls.Done(
                operation, AdminCalls.Error(answer.ErrorCode, answer.ErrorMessage, $"controller {controllerId} was not unregistered"), now));
}
