using System.Collections.Immutable;
using Moldau.Protocol;

namespace Moldau.Metadata;

/// <summary>The levels that this version of the node supports and a new cluster finalizes.</summary>
public static class SupportedFeatures
{
    /// <summary>In the order of their names.</summary>
    public static readonly ImmutableArray<SupportedFeature> All =
    [
        new(FeatureNames.EligibleLeaderReplicas, 0, 1),
        new(FeatureNames.Group, 0, 1),
        new(FeatureNames.KRaft, 0, 1),
        new(MetadataVersion.FeatureName, MetadataVersion.Minimum.Level, MetadataVersion.Latest.Level),
        new(FeatureNames.Share, 0, 2),
        new(FeatureNames.Streams, 0, 1),
        new(FeatureNames.Transaction, 0, 2),
    ];

    public static SupportedFeature? Find(string name) => All.FirstOrDefault(f => f.Name == name);

    /// <summary>What Kafka finalizes in a new cluster of this metadata version, apart from that version itself and
    /// kraft.version, which the quorum keeps.</summary>
    public static IEnumerable<(string Name, short Level)> DefaultsFor(MetadataVersion version)
    {
        // The level of the metadata version from which on each level is a cluster's default.
        if (version.Level >= 26) yield return (FeatureNames.EligibleLeaderReplicas, 1);
        if (version.Level >= 22) yield return (FeatureNames.Group, 1);
        if (version.Level >= 31) yield return (FeatureNames.Share, 2);
        else if (version.Level >= 28) yield return (FeatureNames.Share, 1);
        if (version.Level >= 29) yield return (FeatureNames.Streams, 1);
        if (version.Level >= 24) yield return (FeatureNames.Transaction, 2);
    }
}

/// <summary>UpdateFeatures.</summary>
internal sealed class FeatureControl(ControllerContext context)
{
    private const sbyte Upgrade = 1;
    private const sbyte SafeDowngrade = 2;
    private const sbyte UnsafeDowngrade = 3;

    // What Kafka begins each refusal with; tools show it as it is.
    private const string FailurePrefix = "The update failed for all features since the following feature had an error: ";

    public ControllerResult<UpdateFeaturesResponse> Update(UpdateFeaturesRequest request, short version)
    {
        var response = new UpdateFeaturesResponse { ErrorMessage = null };
        var records = new List<MetadataRecord>();
        short? kraftVersion = null;
        ControllerError failure = ControllerError.None;
        foreach (UpdateFeaturesRequest.FeatureUpdateKey update in request.FeatureUpdates)
        {
            sbyte type = version == 0 ? update.AllowDowngrade ? SafeDowngrade : Upgrade : update.UpgradeType;
            bool isOfQuorum = update.Feature == FeatureNames.KRaft;
            failure = Update(update.Feature, update.MaxVersionLevel, type, isOfQuorum ? [] : records);
            if (failure.IsFailure) break;
            if (isOfQuorum && update.MaxVersionLevel > context.KRaftVersion) kraftVersion = update.MaxVersionLevel;
        }

        if (failure.IsFailure)
        {
            response.ErrorCode = failure.CodeNumber;
            response.ErrorMessage = FailurePrefix + failure.Message;
            return new(response, []);
        }

        if (version < 2)
        {
            foreach (UpdateFeaturesRequest.FeatureUpdateKey update in request.FeatureUpdates)
                response.Results.Add(new() { Feature = update.Feature, ErrorMessage = ErrorCode.None.KafkaName() });
        }

        return request.ValidateOnly ? new(response, []) : new(response, records) { KRaftVersion = kraftVersion };
    }

    private ControllerError Update(string name, short level, sbyte type, List<MetadataRecord> records)
    {
        bool isVersion = name == MetadataVersion.FeatureName;
        bool isOfQuorum = name == FeatureNames.KRaft;
        short current = isVersion ? context.Version.Level
            : isOfQuorum ? context.KRaftVersion
            : context.Image.Features.Level(name);
        string? reason = type is < Upgrade or > UnsafeDowngrade
            ? "The controller does not support the given upgrade type."
            : level < 0
                ? "A feature version cannot be less than 0."
                : NotSupported(name, level) ?? Direction(level, current, type);
        if (reason is null && isOfQuorum && level < current)
            reason = "Can't downgrade the version of this feature.";
        if (reason is null && isVersion && level < current && Downgrade(level, current, type) is { } why)
            return new ControllerError(ErrorCode.InvalidUpdateVersion, $"Unsupported metadata.version downgrade from {current} to {level}. {why}");
        if (reason is not null)
            return new ControllerError(ErrorCode.InvalidUpdateVersion,
                $"Invalid update version {level} for feature {name}. {reason}");
        records.Add(new MetadataRecord(new FeatureLevelRecord { Name = name, FeatureLevel = level }, 0));
        if (name == FeatureNames.EligibleLeaderReplicas && level >= 1 && current == 0)
            records.AddRange(ActivationRecords.ElrSafety(context.Image, context.Options));
        return ControllerError.None;
    }

    private static string? Direction(short level, short current, sbyte type)
    {
        if (level < current && type == Upgrade)
            return "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.";
        return level > current && type != Upgrade ? "Can't downgrade to a newer version." : null;
    }

    /// <summary>Lowering the metadata version is safe only where no record type in use changes its form between the
    /// two.</summary>
    private static string? Downgrade(short level, short current, sbyte type)
    {
        // The levels that changed the log, as the released packages say.
        ReadOnlySpan<short> changed = [8, 11, 13, 14, 15, 17, 23, 30, 32, 33];
        bool isSafe = true;
        foreach (short change in changed) isSafe &= change <= level || change > current;
        if (isSafe) return null;
        return type == UnsafeDowngrade
            ? "Unsafe metadata downgrade is not supported in this version."
            : "Refusing to perform the requested downgrade because it might delete metadata information.";
    }

    private string? NotSupported(string name, short level)
    {
        string self = $"Local controller {context.Options.NodeId}";
        SupportedFeature? range = SupportedFeatures.Find(name);
        if (range is null && level == 0) return $"Feature {name} not found.";
        string? reason = range is null ? $"{self} does not support this feature." : Outside(self, name, level, range);
        foreach ((int id, BrokerRegistration broker) in context.Image.Cluster.Brokers)
            reason ??= Outside($"Broker {id}", name, level, broker.Feature(name));
        foreach ((int id, ControllerRegistration controller) in context.Image.Cluster.Controllers)
        {
            if (id != context.Options.NodeId)
                reason ??= Outside($"Controller {id}", name, level,
                    controller.Features.FirstOrDefault(f => f.Name == name));
        }

        return reason;
    }

    private static string? Outside(string who, string name, short level, SupportedFeature? range)
    {
        if (range is null && level == 0) return null;
        if (range is null || range.Max == 0) return $"{who} does not support this feature.";
        return level < range.Min || level > range.Max
            ? $"{who} only supports versions {range.Min}-{range.Max}"
            : null;
    }
}
