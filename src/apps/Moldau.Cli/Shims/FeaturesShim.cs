using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-features.sh describe</c></summary>
internal static class FeaturesShim
{
    public static readonly Shim Shim = new("kafka-features", "bootstrap-server: bootstrap-controller: command-config: node-id: help version", RunAsync)
    {
        Actions = ["describe", "upgrade", "downgrade", "disable", "version-mapping", "feature-dependencies"],
    };

    /// <summary>Metadata versions by level: the release and the change within it that brought each.</summary>
    private static readonly string[] MetadataVersions =
    [
        "3.0-IV1", "3.1-IV0", "3.2-IV0", "3.3-IV0", "3.3-IV1", "3.3-IV2", "3.3-IV3", "3.4-IV0", "3.5-IV0", "3.5-IV1", "3.5-IV2", "3.6-IV0", "3.6-IV1",
        "3.6-IV2", "3.7-IV0", "3.7-IV1", "3.7-IV2", "3.7-IV3", "3.7-IV4", "3.8-IV0", "3.9-IV0", "4.0-IV0", "4.0-IV1", "4.0-IV2", "4.0-IV3", "4.1-IV0",
        "4.1-IV1", "4.2-IV0", "4.2-IV1", "4.3-IV0", "4.4-IV0", "4.4-IV1", "4.4-IV2",
    ];

    private static async Task<int> RunAsync(ShimContext context)
    {
        string bootstrap = context.Arguments.Value("bootstrap-server")
            ?? throw new ShimUsageException("one of the arguments --bootstrap-server --bootstrap-controller is required");
        if (context.Arguments.Action != "describe")
            throw new ShimUsageException(context.Arguments.Action is { } action ? $"{action} is not supported by this script yet" : "too few arguments");
        context.AddPropertiesFile(context.Arguments.Value("command-config"));
        context.Connect(bootstrap, "describeFeatures");
        ApiVersionsResponse answer = await context.Asking.AskAsync<ApiVersionsRequest, ApiVersionsResponse>(
            CallTarget.Any, _ => new ApiVersionsRequest { ClientSoftwareName = "moldau", ClientSoftwareVersion = "1" }, context.Cancel).ConfigureAwait(false);
        Dictionary<string, short> finalized = answer.FinalizedFeatures.ToDictionary(f => f.Name, f => f.MaxVersionLevel);
        foreach (ApiVersionsResponse.SupportedFeatureKey feature in answer.SupportedFeatures.OrderBy(f => f.Name, StringComparer.Ordinal))
        {
            string epoch = answer.FinalizedFeaturesEpoch < 0 ? "-" : answer.FinalizedFeaturesEpoch.ToString(System.Globalization.CultureInfo.InvariantCulture);
            context.Out.WriteLine(
                $"Feature: {feature.Name,-42}SupportedMinVersion: {Level(feature.Name, feature.MinVersion),-17}SupportedMaxVersion: "
                + $"{Level(feature.Name, feature.MaxVersion),-17}FinalizedVersionLevel: {Level(feature.Name, finalized.GetValueOrDefault(feature.Name)),-17}Epoch: {epoch}");
        }

        return ExitCodes.Ok;
    }

    private static string Level(string feature, short level) => feature != "metadata.version" ? $"{level}"
        : level >= 1 && level <= MetadataVersions.Length ? MetadataVersions[level - 1] : $"UNKNOWN {level}";
}
