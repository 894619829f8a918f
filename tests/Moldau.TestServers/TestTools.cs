using System.Collections.Concurrent;

namespace Moldau.TestServers;

/// <summary>
/// Foreign programs and clients: found on the path, or installed once by <c>tests/tools/install-clients.sh</c>.
/// </summary>
public static class TestTools
{
    private static readonly ConcurrentDictionary<string, string?> _reasons = new();

    /// <summary>The folder that the clients are installed in.</summary>
    public static string Cache { get; } =
        Environment.GetEnvironmentVariable("MOLDAU_TEST_CACHE") is { Length: > 0 } folder
            ? folder
            : Path.Combine(
                Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "moldau-tests");

    /// <summary>The Python with the clients installed.</summary>
    public static string Python => Path.Combine(Cache, "python", "bin", "python");

    /// <summary>
    /// Makes sure that the named set of clients is installed; returns null, or the reason why it is not there.
    /// </summary>
    public static string? WhyMissing(string name) => _reasons.GetOrAdd(name, Install);

    /// <summary>The full path of a program on the path, or null.</summary>
    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);

    private static string? Install(string name)
    {
        var script = Path.Combine(Repository.Root, "tests", "tools", "install-clients.sh");
        if (!File.Exists(script)) return $"{name} is not installed: no tests/tools/install-clients.sh";
        var environment = new Dictionary<string, string> { ["MOLDAU_TEST_CACHE"] = Cache };
        if (Repository.Peers is { } peers) environment["PEERS"] = peers;
        var result = ChildProcess.Run("/bin/bash", [script, name], TimeSpan.FromMinutes(8), environment: environment);
        return result.ExitCode == 0 ? null : result.Output.Trim();
    }
}
