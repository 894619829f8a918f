using Moldau.Config;
using Moldau.Metadata;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>DescribeConfigs of topics, brokers, broker loggers, groups and client metrics.</summary>
internal sealed class DescribeConfigsHandler : ApiHandler<ShardMachine, DescribeConfigsRequest>
{
    protected override void Handle(DescribeConfigsRequest body, RequestContext request, ShardMachine machine)
    {
        DescribeConfigsResponse response = new();
        foreach (DescribeConfigsRequest.DescribeConfigsResource resource in body.Resources)
            response.Results.Add(ConfigDescriber.Describe(resource, body, machine.Options, machine.Image, machine.Dynamic));
        request.Respond(response);
    }
}

/// <summary>Answers for one resource; the same for broker and controller listeners.</summary>
internal static class ConfigDescriber
{
    public static DescribeConfigsResponse.DescribeConfigsResult Describe(
        DescribeConfigsRequest.DescribeConfigsResource resource,
        DescribeConfigsRequest body,
        NodeOptions options,
        MetadataImage image,
        DynamicConfig config)
    {
        DescribeConfigsResponse.DescribeConfigsResult result = new()
        {
            ResourceType = resource.ResourceType,
            ResourceName = resource.ResourceName,
            ErrorMessage = "",
        };
        string name = resource.ResourceName;
        string nodeId = options.NodeId.ToString();
        IReadOnlyList<ConfigEntry>? entries = null;
        switch ((ConfigResourceType)resource.ResourceType)
        {
            case ConfigResourceType.Topic when TopicNames.Check(name) is { } why:
                Fail(result, ErrorCode.InvalidTopicException, why);
                break;
            case ConfigResourceType.Topic when image.Topics.Find(name) is null:
                Fail(result, ErrorCode.UnknownTopicOrPartition, null);
                break;
            case ConfigResourceType.Topic:
                entries = DescribeConfigs.DescribeTopic(Overrides(image, ConfigResourceType.Topic, name), config);
                break;
            case ConfigResourceType.Broker when name.Length == 0:
                entries = DescribeConfigs.DescribeAllBrokers(config);
                break;
            case ConfigResourceType.Broker when name == nodeId:
                entries = DescribeConfigs.DescribeBroker(config);
                break;
            case ConfigResourceType.BrokerLogger when name.Length == 0:
                Fail(result, ErrorCode.InvalidRequest, "Broker id must not be empty");
                break;
            case ConfigResourceType.Broker or ConfigResourceType.BrokerLogger when !int.TryParse(name, out _):
                Fail(result, ErrorCode.InvalidRequest, $"Broker id must be an integer, but it is: {name}");
                break;
            case ConfigResourceType.Broker:
                Fail(result, ErrorCode.InvalidRequest, $"Unexpected broker id, expected {nodeId} or empty string, but received {name}");
                break;
            case ConfigResourceType.BrokerLogger when name != nodeId:
                Fail(result, ErrorCode.InvalidRequest, $"Unexpected broker id, expected {nodeId} but received {name}");
                break;
            case ConfigResourceType.BrokerLogger:
                entries = DescribeConfigs.DescribeLoggers(options.Log.LevelNames());
                break;
            case ConfigResourceType.Group when name.Length == 0:
                Fail(result, ErrorCode.InvalidRequest, "Group name must not be empty");
                break;
            case ConfigResourceType.Group:
                entries = DescribeConfigs.DescribeGroup(Overrides(image, ConfigResourceType.Group, name), config);
                break;
            case ConfigResourceType.ClientMetrics when name.Length == 0:
                Fail(result, ErrorCode.InvalidRequest, "Client metrics subscription name must not be empty");
                break;
            case ConfigResourceType.ClientMetrics:
                entries = DescribeConfigs.DescribeClientMetrics(Overrides(image, ConfigResourceType.ClientMetrics, name));
                break;
            default:
                Fail(result, ErrorCode.InvalidRequest, $"Unsupported resource type: {resource.ResourceType}");
                break;
        }

        if (entries is not null) Add(result, entries, resource.ConfigurationKeys, body);
        return result;
    }

    private static void Add(
        DescribeConfigsResponse.DescribeConfigsResult result,
        IReadOnlyList<ConfigEntry> entries,
        List<string>? wanted,
        DescribeConfigsRequest body)
    {
        foreach (ConfigEntry entry in entries)
        {
            if (wanted is { Count: > 0 } && !wanted.Contains(entry.Name)) continue;
            DescribeConfigsResponse.DescribeConfigsResourceResult answer = new()
            {
                Name = entry.Name,
                Value = entry.Value,
                ReadOnly = entry.IsReadOnly,
                ConfigSource = (sbyte)entry.Source,
                IsSensitive = entry.IsSensitive,
                ConfigType = (sbyte)entry.Type,
                Documentation = body.IncludeDocumentation ? entry.Documentation : null,
            };
            if (body.IncludeSynonyms)
                foreach (ConfigEntrySynonym synonym in entry.Synonyms)
                    answer.Synonyms.Add(new() { Name = synonym.Name, Value = synonym.Value, Source = (sbyte)synonym.Source });
            result.Configs.Add(answer);
        }
    }

    private static IReadOnlyDictionary<string, string> Overrides(MetadataImage image, ConfigResourceType type, string name) =>
        image.Configs.Of(new ConfigResource(type, name));

    private static void Fail(DescribeConfigsResponse.DescribeConfigsResult result, ErrorCode error, string? message)
    {
        result.ErrorCode = (short)error;
        result.ErrorMessage = message ?? "";
    }
}
