using System.Collections.Frozen;
using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Changes by AlterConfigs, for brokers before 2.3, which have no IncrementalAlterConfigs (KIP-339). AlterConfigs
/// replaces everything that a thing has of its own: what is there is asked for, changed here and sent back whole. What
/// somebody else changes between the two is lost, which that API cannot help.</summary>
internal static class ConfigReplacement
{
    /// <summary>What is a list, of what such brokers let change; they do not tell it themselves.</summary>
    private static readonly FrozenSet<string> _lists = FrozenSet.ToFrozenSet(
        [
            "cleanup.policy", "leader.replication.throttled.replicas", "follower.replication.throttled.replicas", "log.cleanup.policy",
            "metric.reporters", "sasl.enabled.mechanisms", "ssl.cipher.suites", "ssl.enabled.protocols",
        ],
        StringComparer.Ordinal);

    /// <summary>Only these have a configuration that AlterConfigs of such brokers changes.</summary>
    public static bool IsFor(ConfigResource resource) => resource.Kind is ConfigResourceKind.Topic or ConfigResourceKind.Broker;

    /// <summary>Null, or why nothing of it was changed.</summary>
    public static ClientOperation<ClientError?> Change(
        ClientMachine machine,
        ClientTurn turn,
        ConfigResource resource,
        IReadOnlyList<ConfigChange> changes,
        bool validateOnly)
    {
        ClientOperation<ClientError?> operation = new();
        ConsumerPart.Watch(ConfigAdmin.Describe(machine, turn, resource), turn, (described, now) =>
        {
            if (described.Error is { } failed)
            {
                operation.TryFail(failed, now);
            }
            else if (Merge(resource, described.Result, changes, out SortedDictionary<string, string?> merged) is { } refused)
            {
                operation.TrySucceed(refused, now);
            }
            else
            {
                ConsumerPart.Watch(Replace(machine, now, resource, merged, validateOnly), now, (replaced, end) =>
                {
                    if (replaced.Error is { } error) operation.TryFail(error, end);
                    else operation.TrySucceed(replaced.Result, end);
                });
            }
        });
        return operation;
    }

    /// <summary>What the thing is to have of its own after the changes; null, or why that cannot be said.</summary>
    private static ClientError? Merge(
        ConfigResource resource,
        IReadOnlyList<ConfigValue> described,
        IReadOnlyList<ConfigChange> changes,
        out SortedDictionary<string, string?> merged)
    {
        merged = new SortedDictionary<string, string?>(StringComparer.Ordinal);
        foreach (ConfigValue value in described)
        {
            if (!IsOwn(resource, value)) continue;
            if (!value.IsSensitive) merged[value.Name] = value.Value;
            else if (!changes.Any(c => c.Name == value.Name)) return Refused(resource, $"{value.Name} is secret and would be lost");
        }

        foreach (ConfigChange change in changes)
        {
            switch (change.Kind)
            {
                case ConfigChangeKind.Set:
                    merged[change.Name] = change.Value;
                    break;
                case ConfigChangeKind.Delete:
                    merged.Remove(change.Name);
                    break;
                case ConfigChangeKind.Append or ConfigChangeKind.Subtract:
                    if (!_lists.Contains(change.Name)) return Refused(resource, $"{change.Name} is not known to be a list");
                    if (merged.GetValueOrDefault(change.Name) is not { } old)
                    {
                        ConfigValue? inherited = described.FirstOrDefault(v => v.Name == change.Name);
                        if (inherited is null || inherited.IsSensitive) return Refused(resource, $"the value of {change.Name} is not told");
                        old = inherited.Value ?? "";
                    }

                    merged[change.Name] = Changed(old, change);
                    break;
                default:
                    return Refused(resource, $"a change of {change.Name} that it does not have");
            }
        }

        return null;
    }

    private static string Changed(string old, ConfigChange change)
    {
        const StringSplitOptions Clean = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;
        string[] have = old.Split(',', Clean);
        string[] named = (change.Value ?? "").Split(',', Clean);
        return string.Join(',', change.Kind == ConfigChangeKind.Append ? have.Union(named) : have.Except(named));
    }

    private static bool IsOwn(ConfigResource resource, ConfigValue value) => value.Source == resource switch
    {
        { Kind: ConfigResourceKind.Topic } => ConfigSource.TopicConfig,
        { Name: "" } => ConfigSource.DynamicDefaultBrokerConfig,
        _ => ConfigSource.DynamicBrokerConfig,
    };

    private static ClientError Refused(ConfigResource resource, string why) => new(ErrorCode.UnsupportedVersion,
        $"{resource} was not changed: the broker only has AlterConfigs, which replaces everything, and {why}");

    private static ClientOperation<ClientError?> Replace(
        ClientMachine machine,
        ClientTurn turn,
        ConfigResource resource,
        SortedDictionary<string, string?> values,
        bool validateOnly) =>
        AdminCalls.Start<AlterConfigsRequest, AlterConfigsResponse, ClientError?>(
            machine, turn, ConfigAdmin.TargetOf(resource, CallTarget.Controller),
            _ => new AlterConfigsRequest
            {
                ValidateOnly = validateOnly,
                Resources =
                [
                    new AlterConfigsRequest.AlterConfigsResource
                    {
                        ResourceType = (sbyte)resource.Kind,
                        ResourceName = resource.Name,
                        Configs = [.. values.Select(v => new AlterConfigsRequest.AlterableConfig { Name = v.Key, Value = v.Value })],
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
}
