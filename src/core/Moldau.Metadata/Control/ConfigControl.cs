using Moldau.Config;
using Moldau.Protocol;

namespace Moldau.Metadata;

/// <summary>IncrementalAlterConfigs and AlterConfigs, for resources whose configuration is in the metadata
/// log.</summary>
internal sealed class ConfigControl(ControllerContext context)
{
    private enum Operation : sbyte
    {
        Set = 0,
        Delete = 1,
        Append = 2,
        Subtract = 3,
    }

    /// <summary>Checks the configuration of a resource that is only being made.</summary>
    public ControllerError Validate(ConfigResource resource, IReadOnlyDictionary<string, string> all) =>
        context.Options.Schema.Validate(resource, all, ConfigurationsImage.None);

    public ControllerResult<IncrementalAlterConfigsResponse> AlterIncrementally(IncrementalAlterConfigsRequest request)
    {
        var response = new IncrementalAlterConfigsResponse();
        var records = new List<MetadataRecord>();
        var seen = new UniqueList<ConfigResource>();
        foreach (var r in request.Resources)
            seen.Add(new ConfigResource((ConfigResourceType)r.ResourceType, r.ResourceName));
        foreach (IncrementalAlterConfigsRequest.AlterConfigsResource r in request.Resources)
        {
            var resource = new ConfigResource((ConfigResourceType)r.ResourceType, r.ResourceName);
            ControllerError error = seen.Repeated.Contains(resource)
                ? new ControllerError(ErrorCode.InvalidRequest, "Each resource must appear at most once.")
                : AlterIncrementally(resource, r.Configs, records);
            response.Responses.Add(new IncrementalAlterConfigsResponse.AlterConfigsResourceResponse
            {
                ResourceType = r.ResourceType,
                ResourceName = r.ResourceName,
                ErrorCode = error.CodeNumber,
                ErrorMessage = error.Message,
            });
        }

        return new ControllerResult<IncrementalAlterConfigsResponse>(response, request.ValidateOnly ? [] : records);
    }

    public ControllerResult<AlterConfigsResponse> Replace(AlterConfigsRequest request)
    {
        var response = new AlterConfigsResponse();
        var records = new List<MetadataRecord>();
        foreach (AlterConfigsRequest.AlterConfigsResource r in request.Resources)
        {
            var resource = new ConfigResource((ConfigResourceType)r.ResourceType, r.ResourceName);
            ControllerError error = Replace(resource, r.Configs, records);
            response.Responses.Add(new AlterConfigsResponse.AlterConfigsResourceResponse
            {
                ResourceType = r.ResourceType,
                ResourceName = r.ResourceName,
                ErrorCode = error.CodeNumber,
                ErrorMessage = error.Message,
            });
        }

        return new ControllerResult<AlterConfigsResponse>(response, request.ValidateOnly ? [] : records);
    }

    private ControllerError AlterIncrementally(
        ConfigResource resource,
        List<IncrementalAlterConfigsRequest.AlterableConfig> configs,
        List<MetadataRecord> records)
    {
        ControllerError error = CheckResource(resource);
        if (error.IsFailure) return error;
        var changes = new SortedDictionary<string, string?>(StringComparer.Ordinal);
        foreach (IncrementalAlterConfigsRequest.AlterableConfig config in configs)
        {
            if (changes.ContainsKey(config.Name))
                return new ControllerError(ErrorCode.InvalidRequest, "Error due to duplicate config keys");
            error = Next(resource, config, out string? value);
            if (error.IsFailure) return error;
            changes.Add(config.Name, value);
        }

        return Decide(resource, changes, [], records);
    }

    private ControllerError Next(ConfigResource resource, IncrementalAlterConfigsRequest.AlterableConfig config,
        out string? value)
    {
        value = context.Image.Configs.Value(resource, config.Name);
        var operation = (Operation)config.ConfigOperation;
        if (operation != Operation.Delete && config.Value is null)
            return new ControllerError(ErrorCode.InvalidRequest, $"Null value not supported for : {config.Name}");
        switch (operation)
        {
            case Operation.Set:
                value = config.Value;
                return ControllerError.None;
            case Operation.Delete:
                value = null;
                return ControllerError.None;
            case Operation.Append or Operation.Subtract:
                if (!context.Options.Schema.IsList(resource.Type, config.Name))
                {
                    string word = operation == Operation.Append ? "APPEND" : "SUBTRACT";
                    return new ControllerError(
                        ErrorCode.InvalidConfig, $"Can't {word} to key {config.Name} because its type is not LIST.");
                }

                value = Combine(value ?? context.Options.Schema.Default(resource.Type, config.Name), config.Value!,
                    operation);
                return ControllerError.None;
            default:
                return new ControllerError(
                    ErrorCode.InvalidRequest,
                        $"Unknown operation type {config.ConfigOperation} is specified for {config.Name}");
        }
    }

    private static string Combine(string? old, string change, Operation operation)
    {
        List<string> parts = [.. (old ?? "").Split(',').Where(static p => p.Length > 0)];
        foreach (string part in change.Split(','))
        {
            if (operation == Operation.Subtract) parts.Remove(part);
            else if (!parts.Contains(part)) parts.Add(part);
        }

        return string.Join(',', parts);
    }

    private ControllerError Replace(
        ConfigResource resource, List<AlterConfigsRequest.AlterableConfig> configs, List<MetadataRecord> records)
    {
        ControllerError error = CheckResource(resource);
        if (error.IsFailure) return error;
        var changes = new SortedDictionary<string, string?>(StringComparer.Ordinal);
        foreach (AlterConfigsRequest.AlterableConfig config in configs)
        {
            if (config.Value is null)
                return new ControllerError(ErrorCode.InvalidRequest, $"Null value not supported for : {config.Name}");
            if (!changes.TryAdd(config.Name, config.Value))
                return new ControllerError(ErrorCode.InvalidRequest, "Error due to duplicate config keys");
        }

        List<string> dropped = [.. context.Image.Configs.Of(resource).Keys.Where(k => !changes.ContainsKey(k))];
        return Decide(resource, changes, dropped, records);
    }

    private ControllerError Decide(
        ConfigResource resource, SortedDictionary<string, string?> changes, List<string> dropped,
            List<MetadataRecord> records)
    {
        var existing = context.Image.Configs.Of(resource);
        var all = existing;
        foreach ((string name, string? value) in changes)
            all = value is null ? all.Remove(name) : all.SetItem(name, value);
        all = all.RemoveRange(dropped);
        ControllerError error = context.Options.Schema.Validate(resource, all, existing);
        if (!error.IsFailure) error = CheckExists(resource);
        if (error.IsFailure) return error;
        foreach ((string name, string? value) in changes)
        {
            // A broker's record is written even when nothing changes: it makes the broker read files again
            // (KAFKA-14136).
            if (resource.Type == ConfigResourceType.Broker || existing.GetValueOrDefault(name) != value)
                records.Add(ConfigurationsImage.Record(resource, name, value));
        }

        foreach (string name in dropped) records.Add(ConfigurationsImage.Record(resource, name, null));
        return ControllerError.None;
    }

    private static ControllerError CheckResource(ConfigResource resource)
    {
        string name = resource.Name;
        switch (resource.Type)
        {
            case ConfigResourceType.Topic:
                if (name.Length == 0) return Invalid("Default topic resources are not allowed.");
                return TopicNames.Check(name) is { } reason
                    ? new ControllerError(ErrorCode.InvalidTopicException, reason)
                    : ControllerError.None;
            case ConfigResourceType.Broker:
                if (name.Length == 0) return ControllerError.None;
                if (!int.TryParse(name, out int id)) return Invalid("Unable to parse broker name as a base 10 number.");
                return id < 0 ? Invalid("Invalid negative broker ID.") : ControllerError.None;
            case ConfigResourceType.Group:
                return name.Length == 0 ? Invalid("Default group resources are not allowed.") : ControllerError.None;
            case ConfigResourceType.ClientMetrics:
                return ControllerError.None;
            default:
                return Invalid($"Unexpected resource type {(sbyte)resource.Type}.");
        }
    }

    private static ControllerError Invalid(string why) => new(ErrorCode.InvalidRequest, why);

    private ControllerError CheckExists(ConfigResource resource) => resource.Type switch
    {
        ConfigResourceType.Topic when context.Image.Topics.Find(resource.Name) is null =>
            new ControllerError(ErrorCode.UnknownTopicOrPartition, "The topic '" + resource.Name + "' does not exist."),
        ConfigResourceType.Broker when resource.Name.Length > 0 && !BrokerExists(resource.Name) =>
            new ControllerError(ErrorCode.BrokerIdNotRegistered, $"No broker with id {resource.Name} found."),
        _ => ControllerError.None,
    };

    private bool BrokerExists(string name) =>
        int.TryParse(name, out int id)
        && (context.Image.Cluster.Broker(id) is not null || context.Image.Cluster.Controllers.ContainsKey(id)
            || id == context.Options.NodeId);
}
