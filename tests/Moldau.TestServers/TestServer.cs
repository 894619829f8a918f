namespace Moldau.TestServers;

/// <summary>Chooses the server that the tests run against.</summary>
public static class TestServer
{
    public static bool IsApache { get; } = Environment.GetEnvironmentVariable("MOLDAU_TEST_SERVER") == "apache";

    /// <summary>Why the chosen server cannot run here, or null.</summary>
    public static string? WhyMissing => IsApache ? ApacheServer.WhyMissing : MoldauServer.WhyMissing;

    public static ServerUnderTest Create(ServerOptions? options = null) =>
        IsApache ? new ApacheServer(options ?? new()) : new MoldauServer(options ?? new());
}
