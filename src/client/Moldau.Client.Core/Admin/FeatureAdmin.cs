using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Levels of a feature, from the lowest to the highest.</summary>
public readonly record struct FeatureRange(short Lowest, short Highest);

/// <summary>What a cluster can and may do (KIP-584).</summary>
/// <param name="Supported">The levels that the asked broker's program knows.</param>
/// <param name="Finalized">The level that the whole cluster has agreed on, by feature.</param>
/// <param name="FinalizedEpoch">Grows with each change; null where the broker does not tell.</param>
public sealed record ClusterFeatures(
    IReadOnlyDictionary<string, FeatureRange> Supported,
    IReadOnlyDictionary<string, short> Finalized,
    long? FinalizedEpoch);

/// <summary>What a change of a feature may do.</summary>
public enum FeatureUpgradeType : sbyte
{
    /// <summary>Only to a higher level.</summary>
    Upgrade = 1,

    /// <summary>Down, where nothing is lost by it.</summary>
    SafeDowngrade = 2,

    /// <summary>Down, even where something is lost by it.</summary>
    UnsafeDowngrade = 3,
}

/// <summary>A feature's new level; 0 takes it away.</summary>
public readonly record struct FeatureUpdate(short Level, FeatureUpgradeType Type = FeatureUpgradeType.Upgrade);

/// <summary>Features of the cluster.</summary>
internal static class FeatureAdmin
{
    /// <summary>Older versions have no dry run, and know of a downgrade only whether it is allowed.</summary>
    private const short FirstTypedVersion = 1;

    public static ClientOperation<ClusterFeatures> Describe(ClientMachine machine, ClientTurn turn) =>
        AdminCalls.Start<ApiVersionsRequest, ApiVersionsResponse, ClusterFeatures>(
            machine, turn, CallTarget.Any,
            _ => Greeting.Request(),
            (answer, operation, now) =>
                AdminCalls.Refused(answer.ErrorCode, null, "features cannot be described", operation, now)
                ?? AdminCalls.Done(operation, new ClusterFeatures(
                    answer.SupportedFeatures.ByKey(
                        f => f.Name, f => new FeatureRange(f.MinVersion, f.MaxVersion), StringComparer.Ordinal),
                    answer.FinalizedFeatures.ByKey(f => f.Name, f => f.MaxVersionLevel, StringComparer.Ordinal),
                    answer.FinalizedFeaturesEpoch < 0 ? null : answer.FinalizedFeaturesEpoch), now));

    /// <summary>All of the changes, or none where one is refused (brokers before 4.0 decide of each).</summary>
    public static ClientOperation<IReadOnlyDictionary<string, ClientError?>> Update(
        ClientMachine machine, ClientTurn turn, IReadOnlyDictionary<string, FeatureUpdate> updates, bool validateOnly) =>
        AdminCalls.Start<UpdateFeaturesRequest, UpdateFeaturesResponse, IReadOnlyDictionary<string, ClientError?>>(
            machine, turn, CallTarget.Controller,
            version => new UpdateFeaturesRequest
            {
                TimeoutMs = (int)machine.Settings.RequestTimeout.Ms,
                FeatureUpdates = [.. updates.OrderBy(u => u.Key, StringComparer.Ordinal)
                    .Select(u => new UpdateFeaturesRequest.FeatureUpdateKey
                    {
                        Feature = u.Key,
                        MaxVersionLevel = u.Value.Level,
                        AllowDowngrade = version < FirstTypedVersion && u.Value.Type != FeatureUpgradeType.Upgrade,
                        UpgradeType = (sbyte)u.Value.Type,
                    })],
                ValidateOnly = validateOnly,
            },
            (answer, operation, now) =>
            {
                ErrorCode code = ErrorCodes.FromWire(answer.ErrorCode);
                if (AdminCalls.Again(code) is { } again) return again;
                Dictionary<string, ClientError?> results = updates.Keys.ByKey(
                    f => f, f => AdminCalls.Error(answer.ErrorCode, answer.ErrorMessage, $"feature '{f}' was not changed"),
                    StringComparer.Ordinal);
                foreach (UpdateFeaturesResponse.UpdatableFeatureResult result in answer.Results)
                    results[result.Feature] ??= AdminCalls.Error(
                        result.ErrorCode, result.ErrorMessage, $"feature '{result.Feature}' was not changed");
                return AdminCalls.Done(operation, results, now);
            },
            from: validateOnly ? FirstTypedVersion : (short)0);
}
