using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>What DescribeCluster tells.</summary>
/// <param name="ClusterId">The cluster's id.</param>
/// <param name="ControllerId">The broker that takes calls for the controller, −1 where none is known.</param>
/// <param name="Brokers">In the order of their ids.</param>
public sealed record ClusterDescription(string ClusterId, int ControllerId, IReadOnlyList<BrokerInfo> Brokers);

internal static class ClusterAdmin
{
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
}
