namespace Moldau.TestServers;

/// <summary>
/// Where things are: the repository that the tests were built in, and the foreign software beside it.
/// </summary>
public static class Repository
{
    /// <summary>The folder that holds global.json, found by walking up from the test's own folder.</summary>
    public static string Root { get; } =
        FindUpwards(folder => File.Exists(Path.Combine(folder, "global.json"))) ?? AppContext.BaseDirectory;

    /// <summary>The folder of foreign software, or null when this machine has none.</summary>
    public static string? Peers { get; } =
        FindUpwards(folder => Directory.Exists(Path.Combine(folder, "shared", "peers"))) is { } folder
            ? Path.Combine(folder, "shared", "peers")
            : null;

    /// <summary>The folder with Apache Kafka's jars and its <c>bin/kafka</c>, or null.</summary>
    public static string? KafkaHome { get; } =
        Environment.GetEnvironmentVariable("KAFKA_HOME") is { Length: > 0 } home ? home
        : Peers is { } peers && Directory.Exists(Path.Combine(peers, "kafka")) ? Path.Combine(peers, "kafka")
        : null;

    /// <summary>Debug or Release: the configuration that the running tests were built with.</summary>
    public static string Configuration { get; } =
        AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";

    private static string? FindUpwards(Func<string, bool> isWanted)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (isWanted(folder.FullName)) return folder.FullName;
        }

        return null;
    }
}
