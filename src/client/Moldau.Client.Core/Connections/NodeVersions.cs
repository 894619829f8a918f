using Moldau.Protocol;

namespace Moldau.Client;

/// <summary>Which versions of which APIs a broker has, as its ApiVersions answer says.</summary>
internal sealed class NodeVersions
{
    private readonly Dictionary<short, (short Lowest, short Highest)> _ranges = [];
    private readonly Dictionary<string, short> _finalized = [];

    public NodeVersions(ApiVersionsResponse answer)
    {
        foreach (ApiVersionsResponse.ApiVersion api in answer.ApiKeys)
            _ranges[api.ApiKey] = (api.MinVersion, api.MaxVersion);
        FeaturesEpoch = answer.FinalizedFeaturesEpoch;
        foreach (ApiVersionsResponse.FinalizedFeatureKey feature in answer.FinalizedFeatures)
            _finalized[feature.Name] = feature.MaxVersionLevel;
    }

    /// <summary>Grows with each change of the finalized features; −1 where the broker does not tell.</summary>
    public long FeaturesEpoch { get; }

    /// <summary>The level of a feature in the whole cluster; 0 where it is not finalized.</summary>
    public short FinalizedLevel(string feature) => _finalized.GetValueOrDefault(feature);

    public bool Has(ApiKey api) => _ranges.ContainsKey((short)api);

    /// <summary>The highest version in the caller's range that the broker has too.</summary>
    public bool TryAgree(ClientCall call, out short version)
    {
        version = 0;
        if (!_ranges.TryGetValue((short)call.Api.Key, out var theirs)) return false;
        version = Math.Min(call.HighestVersion, theirs.Highest);
        return version >= Math.Max(call.LowestVersion, theirs.Lowest);
    }

    public string Describe(ApiKey api) => _ranges.TryGetValue((short)api, out var range)
        ? $"versions {range.Lowest} to {range.Highest}"
        : "no version";
}
