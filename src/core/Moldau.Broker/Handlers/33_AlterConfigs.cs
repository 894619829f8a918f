using Moldau.Config;
using Moldau.Protocol;
using ConfigResourceType = Moldau.Config.ConfigResourceType;

namespace Moldau.Broker;

/// <summary>AlterConfigs, the older form that replaces all of a resource's configuration.</summary>
internal sealed class AlterConfigsHandler : ApiHandler<ShardMachine, AlterConfigsRequest>
{
    protected override void Handle(AlterConfigsRequest body, RequestContext request, ShardMachine machine)
    {
        AlterConfigsResponse response = new();
        AlterConfigsRequest forward = new() { ValidateOnly = body.ValidateOnly };
        foreach (AlterConfigsRequest.AlterConfigsResource resource in body.Resources)
        {
            AlterResult? local = Check(resource, machine);
            if (local is null) forward.Resources.Add(resource);
            else response.Responses.Add(new()
            {
                ErrorCode = (short)local.Error,
                ErrorMessage = local.Message,
                ResourceType = resource.ResourceType,
                ResourceName = resource.ResourceName,
            });
        }

        if (forward.Resources.Count == 0)
        {
            request.Respond(response);
            return;
        }

        machine.CallController(forward, request.Version, answer =>
        {
            response.Responses.AddRange(((AlterConfigsResponse)answer).Responses);
            request.Respond(response);
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
