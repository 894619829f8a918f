using Moldau.Config;
using Moldau.Metadata;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>IncrementalAlterConfigs: loggers are this broker's own affair, changes to brokers are checked here first, the
/// rest is for the controller.</summary>
internal sealed class IncrementalAlterConfigsHandler : ApiHandler<ShardMachine, IncrementalAlterConfigsRequest>
{
    protected override void Handle(IncrementalAlterConfigsRequest body, RequestContext request, ShardMachine machine)
    {
        IncrementalAlterConfigsRequest forward = new() { ValidateOnly = body.ValidateOnly };
        HashSet<(sbyte, string)> seen = [];
        HashSet<(sbyte, string)> repeated = [];
        foreach (IncrementalAlterConfigsRequest.AlterConfigsResource r in body.Resources)
            if (!seen.Add((r.ResourceType, r.ResourceName))) repeated.Add((r.ResourceType, r.ResourceName));
        List<IncrementalAlterConfigsResponse.AlterConfigsResourceResponse> decided = LocalConfigChanges.Split(
            body.Resources, Check, forward.Resources,
            static (resource, result) => new IncrementalAlterConfigsResponse.AlterConfigsResourceResponse
            {
                ErrorCode = (short)result.Error,
                ErrorMessage = result.Message,
                ResourceType = resource.ResourceType,
                ResourceName = resource.ResourceName,
            });
        LocalConfigChanges.Forward(forward, forward.Resources.Count, request, machine, answer =>
        {
            IncrementalAlterConfigsResponse response = (IncrementalAlterConfigsResponse?)answer ?? new();
            response.Responses.InsertRange(0, decided);
            return response;
        });

        AlterResult? Check(IncrementalAlterConfigsRequest.AlterConfigsResource resource)
        {
            if (repeated.Contains((resource.ResourceType, resource.ResourceName))) return LocalConfigChanges.Repeated;
            List<ConfigOp> ops = [.. resource.Configs.Select(c => new ConfigOp(c.Name, (AlterOp)c.ConfigOperation, c.Value))];
            return LocalConfigChanges.Check(resource.ResourceType, resource.ResourceName, ops, body.ValidateOnly, machine);
        }
    }
}

/// <summary>The part of configuration changes that a broker decides itself.</summary>
internal static class LocalConfigChanges
{
    public static readonly AlterResult Repeated =
        new(ConfigErrorKind.InvalidRequest, "Each resource must appear at most once.", new Dictionary<string, string>());

    /// <summary>The answers that are decided here; what the controller decides goes to <paramref name="forward"/>.</summary>
    /// <param name="resources">All of the request.</param>
    /// <param name="check">Null: the controller decides.</param>
    /// <param name="forward">Gets the others.</param>
    /// <param name="answer">Makes the answer for one that is decided.</param>
    public static List<TAnswer> Split<TResource, TAnswer>(
        List<TResource> resources,
        Func<TResource, AlterResult?> check,
        List<TResource> forward,
        Func<TResource, AlterResult, TAnswer> answer)
    {
        List<TAnswer> decided = [];
        foreach (TResource resource in resources)
        {
            if (check(resource) is { } result) decided.Add(answer(resource, result));
            else forward.Add(resource);
        }

        return decided;
    }

    /// <summary>Asks the controller for the rest, if there is any, and answers with both.</summary>
    public static void Forward<TRequest>(
        TRequest forward, int count, RequestContext request, ShardMachine machine, Func<IMessage?, IMessage> merge)
        where TRequest : class, IRequest, IMessage<TRequest>
    {
        if (count == 0) request.Respond(merge(null));
        else machine.CallController(forward, request.Version, answer => request.Respond(merge(answer)));
    }

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
