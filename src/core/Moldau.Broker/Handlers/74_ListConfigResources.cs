using Moldau.Metadata;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>ListConfigResources (KIP-1142): version 0 is Kafka's old list of client metrics subscriptions.</summary>
internal sealed class ListConfigResourcesHandler : ApiHandler<ShardMachine, ListConfigResourcesRequest>
{
    private const sbyte Topic = 2;
    private const sbyte Broker = 4;
    private const sbyte BrokerLogger = 8;
    private const sbyte ClientMetrics = 16;
    private const sbyte Group = 32;
    private static readonly sbyte[] All = [Topic, Broker, BrokerLogger, ClientMetrics, Group];

    protected override void Handle(ListConfigResourcesRequest body, RequestContext request, ShardMachine machine)
    {
        List<sbyte> types = request.Version == 0 ? [ClientMetrics] : body.ResourceTypes;
        if (types.Count == 0) types = [.. All];
        ListConfigResourcesResponse response = new();
        foreach (sbyte type in types)
        {
            if (Array.IndexOf(All, type) < 0)
            {
                request.Respond(new ListConfigResourcesResponse { ErrorCode = (short)ErrorCode.UnsupportedVersion });
                return;
            }
        }

        foreach (sbyte type in All)
            if (types.Contains(type))
                foreach (string name in Names(type, machine.Image))
                    response.ConfigResources.Add(new() { ResourceName = name, ResourceType = type });
        request.Respond(response);
    }

    private static IEnumerable<string> Names(sbyte type, MetadataImage image) => type switch
    {
        Topic => image.Topics.ByName.Keys,
        Broker or BrokerLogger => image.Cluster.Brokers.Keys.Select(id => id.ToString()),
        _ => image.Configs.ByResource.Keys.Where(r => (sbyte)r.Type == type).Select(r => r.Name),
    };
}
