using System.Globalization;
using Moldau.Client;
using Moldau.Protocol;

namespace Moldau.Cli.Shims;

/// <summary><c>kafka-features.sh</c></summary>
internal static class FeaturesShim
{
    public static readonly Shim Shim = new("kafka-features", "bootstrap-server: bootstrap-controller: command-config: h help version", RunAsync)
    {
        HelpExitCode = ExitCodes.Ok,
        Actions = ["describe", "upgrade", "downgrade", "disable", "version-mapping", "feature-dependencies"],
        ActionOptions = new Dictionary<string, string>
        {
            ["upgrade"] = "metadata: release-version: feature: dry-run",
            ["downgrade"] = "metadata: release-version: feature: unsafe dry-run",
            ["disable"] = "feature: unsafe dry-run",
            ["version-mapping"] = "release-version:",
            ["feature-dependencies"] = "feature:",
        },
        UsageStyle = UsageStyle.TextAlone,
    };

    private static async Task<int> RunAsync(ShimContext context)
    {
        ShimArguments arguments = context.Arguments;
        context.RequireAddress();
        if (arguments.Value("command-config") is { } file && !File.Exists(file)) throw new ShimFailedException(file);
        switch (arguments.Action)
        {
            case "version-mapping":
                FeatureTable.WriteMapping(context.Out, arguments.Value("release-version"));
                break;
            case "feature-dependencies":
                if (!arguments.Has("feature")) throw new ShimUsageException("argument --feature is required");
                FeatureTable.WriteDependencies(context.Out, arguments.Values("feature"));
                break;
            case "describe":
                await DescribeAsync(context).ConfigureAwait(false);
                break;
            case { } action:
                await UpdateAsync(context, action, Updates(arguments, action)).ConfigureAwait(false);
                break;
            default:
                throw new ShimUsageException("too few arguments");
        }

        return ExitCodes.Ok;
    }

    private static async Task DescribeAsync(ShimContext context)
    {
        await ConnectAsync(context, "describeFeatures").ConfigureAwait(false);
        ApiVersionsResponse answer = await context.Asking.AskAsync<ApiVersionsRequest, ApiVersionsResponse>(
            CallTarget.Any, _ => new ApiVersionsRequest { ClientSoftwareName = "moldau", ClientSoftwareVersion = "1" }, context.Cancel).ConfigureAwait(false);
        Dictionary<string, short> finalized = answer.FinalizedFeatures.ToDictionary(f => f.Name, f => f.MaxVersionLevel);
        string epoch = answer.FinalizedFeaturesEpoch < 0 ? "-" : answer.FinalizedFeaturesEpoch.ToString(CultureInfo.InvariantCulture);
        foreach (ApiVersionsResponse.SupportedFeatureKey feature in answer.SupportedFeatures.OrderBy(f => f.Name, StringComparer.Ordinal))
        {
            string Level(short level) => FeatureTable.Name(feature.Name, level);
            context.Out.WriteLine(
                $"Feature: {feature.Name,-42}SupportedMinVersion: {Level(feature.MinVersion),-17}SupportedMaxVersion: "
                + $"{Level(feature.MaxVersion),-17}FinalizedVersionLevel: {Level(finalized.GetValueOrDefault(feature.Name)),-17}Epoch: {epoch}");
        }
    }

    /// <summary>What the options ask for, by feature.</summary>
    private static SortedDictionary<string, FeatureUpdate> Updates(ShimArguments arguments, string action)
    {
        FeatureUpgradeType type = action == "upgrade" ? FeatureUpgradeType.Upgrade
            : arguments.Has("unsafe") ? FeatureUpgradeType.UnsafeDowngrade : FeatureUpgradeType.SafeDowngrade;
        SortedDictionary<string, FeatureUpdate> updates = new(StringComparer.Ordinal);
        string? release = arguments.Value("release-version");
        string? metadata = arguments.Value("metadata");
        if (release is not null)
        {
            if (metadata is not null || arguments.Has("feature"))
                throw new ShimFailedException("Can not specify `release-version` with other feature flags.");
            short version = FeatureTable.Level(release);
            Add(FeatureTable.MetadataVersion, version);
            foreach ((string feature, short level) in FeatureTable.Defaults(version))
                if (level > 0 || type != FeatureUpgradeType.Upgrade) Add(feature, level);
            return updates;
        }

        if (metadata is not null)
        {
            Console.Out.WriteLine(" `metadata` flag is deprecated and may be removed in a future release.");
            Add(FeatureTable.MetadataVersion, FeatureTable.Level(metadata));
        }

        foreach (string text in arguments.Values("feature"))
        {
            (string feature, short level) = action == "disable" ? (text, (short)0) : FeatureTable.Parse(text);
            Add(feature, level);
        }

        return updates.Count > 0 ? updates : throw new ShimFailedException($"You must specify at least one feature to {action}");

        void Add(string feature, short level)
        {
            if (level < 0) throw new ShimFailedException("Cannot specify a negative version level.");
            if (level == 0 && type == FeatureUpgradeType.Upgrade)
            {
                throw new ShimFailedException(
                    "The upgradeType flag should be set to SAFE_DOWNGRADE or UNSAFE_DOWNGRADE when the provided maxVersionLevel:0 is < 1.");
            }

            if (!updates.TryAdd(feature, new FeatureUpdate(level, type)))
                throw new ShimFailedException($"Feature {feature} was specified more than once.");
        }
    }

    private static async Task UpdateAsync(ShimContext context, string action, SortedDictionary<string, FeatureUpdate> updates)
    {
        bool isDry = context.Arguments.Has("dry-run");
        await ConnectAsync(context, "updateFeatures").ConfigureAwait(false);
        IReadOnlyDictionary<string, ClientError?> errors = context.IsAtController
            ? await AskControllerAsync(context, updates, isDry).ConfigureAwait(false)
            : await context.Admin.Features.UpdateAsync(updates, isDry, context.Cancel).ConfigureAwait(false);
        int failed = 0;
        foreach ((string feature, FeatureUpdate update) in updates)
        {
            bool isDisabled = action == "disable";
            if (errors.GetValueOrDefault(feature) is { } error)
            {
                string wish = isDisabled ? $"disable {feature}" : $"{action} {feature} to {update.Level}";
                context.Out.WriteLine($"{(isDry ? "Can not " : "Could not ")}{wish}. {ShimErrors.TextOf(error)}");
                failed++;
            }
            else
            {
                context.Out.WriteLine($"{feature}{(isDry ? " can be " : " was ")}{(isDisabled ? "disabled." : $"{action}d to {update.Level}.")}");
            }
        }

        if (failed > 0) throw new ShimFailedException($"{failed} out of {updates.Count} operation(s) failed.");
    }

    /// <summary>All of the changes are made, or none.</summary>
    private static async Task<IReadOnlyDictionary<string, ClientError?>> AskControllerAsync(
        ShimContext context, SortedDictionary<string, FeatureUpdate> updates, bool isDry)
    {
        UpdateFeaturesResponse answer = await context.Asking.AskAsync<UpdateFeaturesRequest, UpdateFeaturesResponse>(
            CallTarget.Any,
            _ => new UpdateFeaturesRequest
            {
                TimeoutMs = (int)ShimContext.Patience.TotalMilliseconds,
                FeatureUpdates = [.. updates.Select(u => new UpdateFeaturesRequest.FeatureUpdateKey
                {
                    Feature = u.Key,
                    MaxVersionLevel = u.Value.Level,
                    UpgradeType = (sbyte)u.Value.Type,
                })],
                ValidateOnly = isDry,
            },
            context.Cancel).ConfigureAwait(false);
        ErrorCode code = ErrorCodes.FromWire(answer.ErrorCode);
        ClientError? error = code == ErrorCode.None ? null : ClientError.Of(code, answer.ErrorMessage, "the features were not changed");
        return updates.Keys.ToDictionary(f => f, _ => error, StringComparer.Ordinal);
    }

    private static Task ConnectAsync(ShimContext context, string call)
    {
        context.AddPropertiesFile(context.Arguments.Value("command-config"));
        return context.ConnectAsync(call);
    }
}
