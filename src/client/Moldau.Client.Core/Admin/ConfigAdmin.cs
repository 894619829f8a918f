using System.Globalization;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>What has a configuration: the resource types of DescribeConfigs.</summary>
public enum ConfigResourceKind : sbyte
{
    /// <summary>A topic.</summary>
    Topic = 2,

    /// <summary>A broker, or what holds for all of them.</summary>
    Broker = 4,

    /// <summary>The levels of a broker's loggers (KIP-412).</summary>
    BrokerLogger = 8,

    /// <summary>A subscription to clients' metrics (KIP-714).</summary>
    ClientMetrics = 16,

    /// <summary>A group (KIP-848).</summary>
    Group = 32,
}

/// <summary>A thing with a configuration.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">A topic, a broker's id (empty for the default of all brokers), a group.</param>
public readonly record struct ConfigResource(ConfigResourceKind Kind, string Name)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Kind} {(Name.Length > 0 ? Name : "(default)")}";
}

/// <summary>Where a value comes from: the sources of DescribeConfigs.</summary>
public enum ConfigSource : sbyte
{
    /// <summary>Not told.</summary>
    Unknown = 0,

    /// <summary>The topic's own.</summary>
    TopicConfig = 1,

    /// <summary>The broker's own, changed while it runs.</summary>
    DynamicBrokerConfig = 2,

    /// <summary>All brokers', changed while they run.</summary>
    DynamicDefaultBrokerConfig = 3,

    /// <summary>The broker's file.</summary>
    StaticBrokerConfig = 4,

    /// <summary>Kafka's default.</summary>
    DefaultConfig = 5,

    /// <summary>A level of a logger.</summary>
    DynamicBrokerLoggerConfig = 6,

    /// <summary>The subscription's own.</summary>
    ClientMetricsConfig = 7,

    /// <summary>The group's own.</summary>
    GroupConfig = 8,
}

/// <summary>One property as a broker tells it.</summary>
/// <param name="Name">Kafka's name.</param>
/// <param name="Value">Null where it is secret or not set.</param>
/// <param name="Source">Where the value comes from.</param>
/// <param name="IsReadOnly">Not to be changed while the broker runs.</param>
/// <param name="IsSensitive">Its value is never told.</param>
public sealed record ConfigValue(string Name, string? Value, ConfigSource Source, bool IsReadOnly, bool IsSensitive)
{
    /// <summary>Where the value could come from, the first that is set wins; null where it was not asked.</summary>
    public IReadOnlyList<ConfigSynonym>? Synonyms { get; init; }

    /// <summary><see cref="ConfigType.Unknown"/> from brokers before 2.6.</summary>
    public ConfigType Type { get; init; }

    /// <summary>Null where it was not asked, or the broker does not tell (before 2.6).</summary>
    public string? Documentation { get; init; }
}

/// <summary>A name and a place that a value may come from.</summary>
public sealed record ConfigSynonym(string Name, string? Value, ConfigSource Source);

/// <summary>How a value is written: the types of DescribeConfigs (KIP-569).</summary>
public enum ConfigType : sbyte
{
    /// <summary>Not told.</summary>
    Unknown = 0,

    /// <summary><c>true</c> or <c>false</c>.</summary>
    Boolean = 1,

    /// <summary>Text.</summary>
    String = 2,

    /// <summary>A number of 32 bits.</summary>
    Int = 3,

    /// <summary>A number of 16 bits.</summary>
    Short = 4,

    /// <summary>A number of 64 bits.</summary>
    Long = 5,

    /// <summary>A number with a fraction.</summary>
    Double = 6,

    /// <summary>Texts with commas between them.</summary>
    List = 7,

    /// <summary>A Java class.</summary>
    Class = 8,

    /// <summary>Never told.</summary>
    Password = 9,
}

/// <summary>How a property is changed: the operations of IncrementalAlterConfigs.</summary>
public enum ConfigChangeKind : sbyte
{
    /// <summary>To this value.</summary>
    Set = 0,

    /// <summary>Back to what holds without it.</summary>
    Delete = 1,

    /// <summary>Adds to a list.</summary>
    Append = 2,

    /// <summary>Takes out of a list.</summary>
    Subtract = 3,
}

/// <summary>A change of one property.</summary>
public readonly record struct ConfigChange(string Name, ConfigChangeKind Kind, string? Value);

/// <summary>Configurations of all kinds of things.</summary>
internal static class ConfigAdmin
{
    /// <summary>Older versions have no documentation.</summary>
    private const short FirstDocumentedVersion = 3;

    /// <summary>The older version lists the resources of client metrics alone.</summary>
    private const short FirstTypedListVersion = 1;

    /// <summary>A broker and its loggers are described by that broker alone, everything else by any.</summary>
    public static ClientOperation<IReadOnlyList<ConfigValue>> Describe(
        ClientMachine machine, ClientTurn turn, ConfigResource resource, bool withSynonyms = false, bool withDocumentation = false) =>
        AdminCalls.Start<DescribeConfigsRequest, DescribeConfigsResponse, IReadOnlyList<ConfigValue>>(
            machine, turn, TargetOf(resource, CallTarget.Any),
            _ => new DescribeConfigsRequest
            {
                Resources =
                [
                    new DescribeConfigsRequest.DescribeConfigsResource
                    {
                        ResourceType = (sbyte)resource.Kind,
                        ResourceName = resource.Name,
                        ConfigurationKeys = null,
                    },
                ],
                IncludeSynonyms = withSynonyms,
                IncludeDocumentation = withDocumentation,
            },
            (answer, operation, now) =>
            {
                if (answer.Results is not [{ } result, ..]) return AdminCalls.Lacking(operation, now);
                return AdminCalls.Refused(result.ErrorCode, result.ErrorMessage, $"{resource} has no configuration to show", operation, now)
                    ?? AdminCalls.Done(operation, [.. result.Configs
                        .OrderBy(c => c.Name, StringComparer.Ordinal)
                        .Select(c => Value(c, withSynonyms))], now);
            },
            from: withDocumentation ? FirstDocumentedVersion : (short)0);

    /// <summary>Null, or why nothing of it was changed. Brokers before 2.3 are asked another way.</summary>
    public static ClientOperation<ClientError?> Change(
        ClientMachine machine,
        ClientTurn turn,
        ConfigResource resource,
        IReadOnlyList<ConfigChange> changes,
        bool validateOnly)
    {
        ClientOperation<ClientError?> operation = new();
        ConsumerPart.Watch(ChangeSome(machine, turn, resource, changes, validateOnly), turn, Take);
        return operation;

        void Take(ClientOperation<ClientError?> answer, ClientTurn now)
        {
            bool isOld = answer.Error?.Code == ErrorCode.UnsupportedVersion && ConfigReplacement.IsFor(resource);
            if (isOld) ConsumerPart.Watch(ConfigReplacement.Change(machine, now, resource, changes, validateOnly), now, End);
            else End(answer, now);
        }

        void End(ClientOperation<ClientError?> answer, ClientTurn now)
        {
            if (answer.Error is { } error) operation.TryFail(error, now);
            else operation.TrySucceed(answer.Result, now);
        }
    }

    private static ClientOperation<ClientError?> ChangeSome(
        ClientMachine machine,
        ClientTurn turn,
        ConfigResource resource,
        IReadOnlyList<ConfigChange> changes,
        bool validateOnly) =>
        AdminCalls.Start<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, ClientError?>(
            machine, turn, TargetOf(resource, CallTarget.Controller),
            _ => new IncrementalAlterConfigsRequest
            {
                ValidateOnly = validateOnly,
                Resources =
                [
                    new IncrementalAlterConfigsRequest.AlterConfigsResource
                    {
                        ResourceType = (sbyte)resource.Kind,
                        ResourceName = resource.Name,
                        Configs = [.. changes.Select(c => new IncrementalAlterConfigsRequest.AlterableConfig
                        {
                            Name = c.Name,
                            ConfigOperation = (sbyte)c.Kind,
                            Value = c.Value,
                        })],
                    },
                ],
            },
            (answer, operation, now) =>
            {
                if (answer.Responses is not [{ } result, ..]) return AdminCalls.Lacking(operation, now);
                if (ErrorCodes.FromWire(result.ErrorCode) == ErrorCode.NotController) return CallOutcome.RetryElsewhere;
                return AdminCalls.Done(
                    operation, AdminCalls.Error(result.ErrorCode, result.ErrorMessage, $"{resource} was not changed"), now);
            });

    /// <summary>Everything of these kinds that has a configuration of its own, of all kinds where none is named
    /// (KIP-1142).</summary>
    public static ClientOperation<IReadOnlyList<ConfigResource>> List(
        ClientMachine machine, ClientTurn turn, IReadOnlyList<ConfigResourceKind> kinds) =>
        AdminCalls.Start<ListConfigResourcesRequest, ListConfigResourcesResponse, IReadOnlyList<ConfigResource>>(
            machine, turn, CallTarget.Any,
            version => new ListConfigResourcesRequest
            {
                ResourceTypes = version < FirstTypedListVersion ? [] : [.. kinds.Select(k => (sbyte)k)],
            },
            (answer, operation, now) =>
                AdminCalls.Refused(answer.ErrorCode, null, "the resources with a configuration cannot be listed", operation, now)
                ?? AdminCalls.Done(operation, [.. answer.ConfigResources
                    .Select(r => new ConfigResource((ConfigResourceKind)r.ResourceType, r.ResourceName))
                    .OrderBy(r => r.Kind).ThenBy(r => r.Name, StringComparer.Ordinal)], now),
            from: kinds is [ConfigResourceKind.ClientMetrics] ? (short)0 : FirstTypedListVersion);

    private static ConfigValue Value(DescribeConfigsResponse.DescribeConfigsResourceResult value, bool withSynonyms) =>
        new(value.Name, value.Value, (ConfigSource)value.ConfigSource, value.ReadOnly, value.IsSensitive)
        {
            Synonyms = withSynonyms
                ? [.. value.Synonyms.Select(s => new ConfigSynonym(s.Name, s.Value, (ConfigSource)s.Source))]
                : null,
            Type = (ConfigType)value.ConfigType,
            Documentation = value.Documentation,
        };

    internal static CallTarget TargetOf(ConfigResource resource, CallTarget otherwise) =>
        resource.Kind is ConfigResourceKind.Broker or ConfigResourceKind.BrokerLogger
        && int.TryParse(resource.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
            ? CallTarget.Broker(id)
            : otherwise;
}
