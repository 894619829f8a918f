using Moldau.Protocol;

namespace Moldau.Cli.Probing;

/// <summary>What the versions of its APIs say about the age of a server.</summary>
internal static class ServerVersions
{
    /// <summary>What came first with a release, newest first: an API, or a version of one.</summary>
    private static readonly (string Release, ApiKey Api, short Version)[] Marks =
    [
        ("4.1", ApiKey.StreamsGroupHeartbeat, 0), ("4.0", ApiKey.ConsumerGroupHeartbeat, 1), ("3.9", ApiKey.AddRaftVoter, 0),
        ("3.7", ApiKey.PushTelemetry, 0), ("3.5", ApiKey.Fetch, 15), ("3.3", ApiKey.Fetch, 13), ("2.8", ApiKey.DescribeCluster, 0),
        ("2.7", ApiKey.DescribeUserScramCredentials, 0), ("2.6", ApiKey.DescribeClientQuotas, 0), ("2.4", ApiKey.OffsetDelete, 0),
        ("2.3", ApiKey.IncrementalAlterConfigs, 0), ("2.1", ApiKey.Fetch, 10),
    ];

    /// <summary>The newest release that it has everything of, as far as the table knows; null below 2.1.</summary>
    public static string? Guess(ApiVersionsResponse versions)
    {
        Dictionary<short, short> highest = versions.ApiKeys.ToDictionary(a => a.ApiKey, a => a.MaxVersion);
        foreach ((string release, ApiKey api, short version) in Marks)
            if (highest.TryGetValue((short)api, out short max) && max >= version) return release;
        return null;
    }
}
