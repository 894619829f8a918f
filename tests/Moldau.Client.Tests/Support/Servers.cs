using Moldau.TestServers;

namespace Moldau.Client.Tests.Support;

/// <summary>The servers that the client is tried against, each started when first asked for and shared by all tests of
/// the assembly.</summary>
public sealed class Servers : IDisposable
{
    private static readonly Lock _lock = new();
    private readonly Dictionary<string, ServerUnderTest> _running = [];

    public static TheoryData<string> Names => new("moldau", "apache-4.4.0");

    public ServerUnderTest Get(string name)
    {
        lock (_lock)
        {
            if (_running.TryGetValue(name, out ServerUnderTest? server)) return server;
            string? missing = name == "moldau" ? MoldauServer.WhyMissing : ApacheServer.WhyMissing;
            if (missing is not null) Assert.Skip(missing);
            server = name == "moldau"
                ? new MoldauServer(new ServerOptions { Properties = ServerOptions.WithoutRetention })
                : new ApacheServer(new ServerOptions
                {
                    Version = name["apache-".Length..],
                    Properties = new Dictionary<string, string>(ServerOptions.WithoutRetention)
                    {
                        // Tests wait for the end of locks and sessions.
                        ["group.share.min.record.lock.duration.ms"] = "1000",
                        ["group.consumer.min.session.timeout.ms"] = "1000",
                        ["group.consumer.min.heartbeat.interval.ms"] = "100",
                        ["group.consumer.heartbeat.interval.ms"] = "500",
                    },
                });
            server.Start();
            return _running[name] = server;
        }
    }

    public void Dispose()
    {
        foreach (ServerUnderTest server in _running.Values) server.Dispose();
    }
}
