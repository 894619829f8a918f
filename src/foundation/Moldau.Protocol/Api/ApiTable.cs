using System.Collections.Immutable;

namespace Moldau.Protocol;

/// <summary>The kinds of listener that answer an API.</summary>
[Flags]
public enum ApiListeners
{
    None = 0,
    Broker = 1,
    Controller = 2,
}

/// <summary>One row of the table of APIs. A removed API has no versions.</summary>
public sealed record ApiInfo(
    ApiKey Key,
    short LowestVersion,
    short HighestVersion,
    short FirstFlexibleRequest,
    short FirstFlexibleResponse,
    ApiListeners Listeners,
    bool LatestUnstable)
{
    public string Name { get; } = Key.ToString();

    public bool IsRemoved => HighestVersion < LowestVersion;

    /// <summary>The highest version that a node advertises unless <c>unstable.api.versions.enable</c> is set.</summary>
    public short HighestStableVersion => LatestUnstable ? (short)(HighestVersion - 1) : HighestVersion;

    public bool Has(short version) => version >= LowestVersion && version <= HighestVersion;

    public short RequestHeaderVersion(short version) => (short)(version >= FirstFlexibleRequest ? 2 : 1);

    /// <summary>Version 0 for ApiVersions always: a client must be able to read the answer before it knows the
    /// node.</summary>
    public short ResponseHeaderVersion(short version) =>
        (short)(Key != ApiKey.ApiVersions && version >= FirstFlexibleResponse ? 1 : 0);
}

/// <summary>Every API by key, removed ones included.</summary>
public static partial class ApiTable
{
    /// <summary>In the order of keys, without a gap: the key is the index.</summary>
    public static ImmutableArray<ApiInfo> All { get; } = Rows();

    public static ApiInfo? Find(short key) => key >= 0 && key < All.Length ? All[key] : null;

    public static ApiInfo Get(ApiKey key) => All[(int)key];
}
