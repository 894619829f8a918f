using Moldau.TestServers;

namespace Moldau.Conformance.Tests;

/// <summary>The one node that all tests of foreign clients use; started by the first that asks.</summary>
public sealed class SharedServer : IDisposable
{
    private readonly Lazy<ServerUnderTest> _server = new(() =>
    {
        var server = TestServer.Create(new ServerOptions
        {
            Properties = new Dictionary<string, string> { ["delete.topic.enable"] = "true" },
        });
        server.Start();
        return server;
    });

    /// <summary>The running node; the test is skipped, with the reason, when it cannot run here.</summary>
    public ServerUnderTest Server
    {
        get
        {
            if (TestServer.WhyMissing is { } reason) Assert.Skip(reason);
            return _server.Value;
        }
    }

    public void Dispose()
    {
        if (_server.IsValueCreated) _server.Value.Dispose();
    }
}
