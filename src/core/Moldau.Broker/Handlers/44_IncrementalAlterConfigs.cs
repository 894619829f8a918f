using Moldau.Config;
using Moldau.Metadata;
using Moldau.Protocol;
using ConfigResourceType = Moldau.Config.ConfigResourceType;

namespace Moldau.Broker;

/// <summary>IncrementalAlterConfigs: loggers are this broker's own affair, changes to brokers are checked here first, the
/// rest is for the controller.</summary>
internal sealed class IncrementalAlterConfigsHandler : ApiHandler<ShardMachine, IncrementalAlterConfigsRequest>
{
    protected override void Handle(IncrementalAlterConfigsRequest body, RequestContext request, ShardMachine machine)
    {
        IncrementalAlterConfigsResponse response = new();
        IncrementalAlterConfigsRequest forward = new() { ValidateOnly = body.ValidateOnly };
        HashSet<(sbyte, string)> seen = [];
        HashSet<(sbyte, string)> repeated = [];
        foreach (IncrementalAlterConfigsRequest.AlterConfigsResource r in body.Resources)
            if (!seen.Add((r.ResourceType, r.ResourceName))) repeated.Add((r.ResourceType, r.ResourceName));
        foreach (IncrementalAlterConfigsRequest.AlterConfigsResource resource in body.Resources)
        {
            List<ConfigOp> ops = [.. resource.Configs.Select(c => new ConfigOp(c.Name, (AlterOp)c.ConfigOperation, c.Value))];
            AlterResult? local = repeated.Contains((resource.ResourceType, resource.ResourceName))
                ? LocalConfigChanges.Repeated
                : LocalConfigChanges.Check(resource.ResourceType, resource.ResourceName, ops, body.ValidateOnly, machine);
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
            response.Responses.AddRange(((IncrementalAlterConfigsResponse)answer).Responses);
            request.Respond(response);
        });
    }
}

/// <summary>The part of configuration changes that a broker decides itself.</summary>
internal static class LocalConfigChanges
{
    public static readonly AlterResult Repeated =
        new(ConfigErrorKind.InvalidRequest, "Each resource must appear at most once.", new Dictionary<string, string>());

    /// <summary>Null: the controller decides.</summary>
    public static AlterResult? Check(
        sbyte type, string name, IReadOnlyList<ConfigOp> ops, bool validateOnly, ShardMachine machine)
    {
        string nodeId = machine.Options.NodeId.ToString();
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (ConfigOp op in ops)
            if (!names.Add(op.Name)) return Invalid("Error due to duplicate config keys");
        switch ((ConfigResourceType)type)
        {
            case ConfigResourceType.Topic when name.Length == 0:
                return Invalid("Default topic resources are not allowed.");
            case ConfigResourceType.Topic when TopicNames.Check(name) is { } why:
                return new(ConfigErrorKind.InvalidTopic, why, new Dictionary<string, string>());
            case ConfigResourceType.BrokerLogger:
                if (name != nodeId) return Invalid(int.TryParse(name, out _)
                    ? $"Unexpected broker id, expected {nodeId} but received {name}"
                    : $"Node id must be an integer, but it is: {name}");
                AlterResult loggers = AlterConfigs.AlterLoggers(ops, machine.Options.Log.LevelNames());
                if (loggers.IsAccepted && !validateOnly) machine.Options.Log.Alter(ops);
                return loggers;
            case ConfigResourceType.Broker:
                if (name.Length > 0 && name != nodeId)
                    return Invalid(int.TryParse(name, out _)
                        ? $"Unexpected broker id, expected {nodeId} or empty string, but received {name}"
                        : $"Node id must be an integer, but it is: {name}");
                AlterResult broker = AlterConfigs.AlterBroker(
                    ops, isPerBroker: name.Length > 0, machine.Dynamic, machine.Image.Features.IsElrEnabled);
                return broker.IsAccepted ? null : broker;
            default:
                return null;
        }
    }

    private static AlterResult Invalid(string message) => new(ConfigErrorKind.InvalidRequest, message, new Dictionary<string, string>());
}
