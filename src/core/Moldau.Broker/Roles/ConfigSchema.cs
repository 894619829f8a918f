using Moldau.Base;
using Moldau.Config;
using Moldau.Metadata;
using Moldau.Protocol;

namespace Moldau.Broker;

/// <summary>Answers the controller's questions about configuration from the tables of Moldau.Config.</summary>
internal sealed class ConfigSchema(BrokerConfig broker, IReadOnlyDictionary<string, string> staticProperties) : IConfigSchema
{
    public ControllerError Validate(
        ConfigResource resource, IReadOnlyDictionary<string, string> all, IReadOnlyDictionary<string, string> existing)
    {
        List<string> errors = [];
        switch (resource.Type)
        {
            case ConfigResourceType.Topic:
                TopicConfig.TryBuild(all, broker, out _, errors);
                break;
            case ConfigResourceType.Group:
                GroupConfig.TryBuild(all, broker, out _, errors);
                break;
            case ConfigResourceType.ClientMetrics:
                AlterResult result = AlterConfigs.AlterClientMetrics(
                    resource.Name, [.. all.Select(p => new ConfigOp(p.Key, AlterOp.Set, p.Value))], existing);
                return result.IsAccepted ? ControllerError.None : new ControllerError((ErrorCode)result.Error, result.Message);
        }

        return errors.Count == 0 ? ControllerError.None : new ControllerError(ErrorCode.InvalidConfig, errors[0]);
    }

    public bool IsList(ConfigResourceType type, string name) => Find(type, name)?.Type == ConfigType.List;

    public string? Default(ConfigResourceType type, string name) => Find(type, name)?.Default;

    public IEnumerable<EffectiveConfig> EffectiveTopicConfigs(
        IReadOnlyDictionary<string, string> overrides, MetadataImage image, int nodeId)
    {
        DynamicConfig config = new(staticProperties, broker);
        config.Apply(
            image.Configs.Of(ConfigResource.ClusterDefault),
            image.Configs.Of(new ConfigResource(ConfigResourceType.Broker, nodeId.ToString())), []);
        foreach (ConfigEntry entry in DescribeConfigs.DescribeTopic(overrides, config))
            yield return new EffectiveConfig(entry.Name, entry.Value, entry.IsReadOnly, (sbyte)entry.Source, entry.IsSensitive);
    }

    private static ConfigKey? Find(ConfigResourceType type, string name) => type switch
    {
        ConfigResourceType.Topic => TopicConfigTable.Table.Find(name),
        ConfigResourceType.Broker => BrokerConfigTable.Table.Find(name),
        ConfigResourceType.Group => GroupConfigTable.Table.Find(name),
        ConfigResourceType.ClientMetrics => ClientMetricsConfigTable.Table.Find(name),
        _ => null,
    };
}
