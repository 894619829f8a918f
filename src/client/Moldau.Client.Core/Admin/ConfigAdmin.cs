using System.Globalization;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>What has a configuration: the resource types of DescribeConfigs.</summary>
public enum ConfigResourceKind : sbyte
{
    Topic = 2,
    Broker = 4,
    BrokerLogger = 8,
    ClientMetrics = 16,
    Group = 32,
}

/// <summary>A thing with a configuration.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">A topic, a broker's id (empty for the default of all brokers), a group.</param>
public readonly record struct ConfigResource(ConfigResourceKind Kind, string Name)
{
    public override string ToString() => $"{Kind} {(Name.Length > 0 ? Name : "(default)")}";
}

/// <summary>Where a value comes from: the sources of DescribeConfigs.</summary>
public enum ConfigSource : sbyte
{
    Unknown = 0,
    TopicConfig = 1,
    DynamicBrokerConfig = 2,
    DynamicDefaultBrokerConfig = 3,
    StaticBrokerConfig = 4,
    DefaultConfig = 5,
    DynamicBrokerLoggerConfig = 6,
    ClientMetricsConfig = 7,
    GroupConfig = 8,
}

/// <summary>One property as a broker tells it.</summary>
/// <param name="Name">Kafka's name.</param>
/// <param name="Value">Null where it is secret or not set.</param>
/// <param name="Source">Where the value comes from.</param>
/// <param name="IsReadOnly">Not to be changed while the broker runs.</param>
/// <param name="IsSensitive">Its value is never told.</param>
public sealed record ConfigValue(string Name, string? Value, ConfigSource Source, bool IsReadOnly, bool IsSensitive);

/// <summary>How a property is changed: the operations of IncrementalAlterConfigs.</summary>
public enum ConfigChangeKind : sbyte
{
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

internal static class ConfigAdmin
{
    /// <summary>A broker and its loggers are described by that broker alone, everything else by any.</summary>
    public static ClientOperation<Outcome<IReadOnlyList<ConfigValue>>> Describe(
        ClientMachine machine, ClientTurn turn, ConfigResource resource) =>
        AdminCalls.Start<DescribeConfigsRequest, DescribeConfigsResponse, Outcome<IReadOnlyList<ConfigValue>>>(
            machine, turn, TargetOf(resource),
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
            },
            (answer, operation, now) =>
            {
                DescribeConfigsResponse.DescribeConfigsResult result = answer.Results[0];
                ErrorCode code = ErrorCodes.FromWire(result.ErrorCode);
                operation.TrySucceed(code == ErrorCode.None
                    ? Outcome<IReadOnlyList<ConfigValue>>.Of([.. result.Configs
                        .OrderBy(c => c.Name, StringComparer.Ordinal)
                        .Select(c => new ConfigValue(
                            c.Name, c.Value, (ConfigSource)c.ConfigSource, c.ReadOnly, c.IsSensitive))])
                    : Outcome<IReadOnlyList<ConfigValue>>.Failed(
                        ClientError.Of(code, result.ErrorMessage, $"{resource} has no configuration to show")), now);
                return CallOutcome.Done;
            });

    public static ClientOperation<ClientError?> Change(
        ClientMachine machine,
        ClientTurn turn,
        ConfigResource resource,
        IReadOnlyList<ConfigChange> changes,
        bool validateOnly) =>
        AdminCalls.Start<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, ClientError?>(
            machine, turn, resource.Kind == ConfigResourceKind.BrokerLogger ? TargetOf(resource) : CallTarget.Controller,
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
                IncrementalAlterConfigsResponse.AlterConfigsResourceResponse result = answer.Responses[0];
                ErrorCode code = ErrorCodes.FromWire(result.ErrorCode);
                if (code == ErrorCode.NotController) return CallOutcome.RetryElsewhere;
                operation.TrySucceed(code == ErrorCode.None
                    ? null
                    : ClientError.Of(code, result.ErrorMessage, $"{resource} was not changed"), now);
                return CallOutcome.Done;
            });

    private static CallTarget TargetOf(ConfigResource resource) =>
        resource.Kind is ConfigResourceKind.Broker or ConfigResourceKind.BrokerLogger
        && int.TryParse(resource.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
            ? CallTarget.Broker(id)
            : CallTarget.Any;
}
