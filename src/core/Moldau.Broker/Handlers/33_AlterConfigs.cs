using Moldau.Config;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>AlterConfigs, the older form that replaces all of a resource's configuration.</summary>
internal sealed class AlterConfigsHandler : ApiHandler<ShardMachine, AlterConfigsRequest>
{
    protected override void Handle(AlterConfigsRequest body, RequestContext request, ShardMachine machine)
    {
        AlterConfigsRequest forward = new() { ValidateOnly = body.ValidateOnly };
        List<AlterConfigsResponse.AlterConfigsResourceResponse> decided = LocalConfigChanges.Split(
            body.Resources, resource => Check(resource, machine), forward.Resources,
            static (resource, result) => new AlterConfigsResponse.AlterConfigsResourceResponse
            {
                ErrorCode = (short)result.Error,
                ErrorMessage = result.Message,
                ResourceType = resource.ResourceType,
                ResourceName = resource.ResourceName,
            });
        LocalConfigChanges.Forward(forward, forward.Resources.Count, request, machine, answer =>
        {
            AlterConfigsResponse response = (AlterConfigsResponse?)answer ?? new();
            response.Responses.InsertRange(0, decided);
            return response;
        });
    }

    private static AlterResult? Check(AlterConfigsRequest.AlterConfigsResource resource, ShardMachine machine)
    {
        Dictionary<string, string> nothing = [];
        switch ((ConfigResourceType)resource.ResourceType)
        {
            case ConfigResourceType.BrokerLogger:
                return new(ConfigErrorKind.InvalidRequest, $"Unknown resource type {resource.ResourceType}", nothing);
            case ConfigResourceType.Broker:
                bool isPerBroker = resource.ResourceName.Length > 0;
                IReadOnlyDictionary<string, string> existing = isPerBroker ? machine.Dynamic.PerBroker : machine.Dynamic.ClusterWide;
                List<(string, string?)> wanted = [.. resource.Configs.Select(c => (c.Name, c.Value))];
                IReadOnlyList<ConfigOp> ops = AlterConfigs.ReplaceAll(wanted, existing);
                return LocalConfigChanges.Check(resource.ResourceType, resource.ResourceName, ops, true, machine);
            default:
                return null;
        }
    }
}
