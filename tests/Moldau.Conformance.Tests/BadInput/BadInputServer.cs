using Moldau.TestServers;

namespace Moldau.Conformance.Tests.BadInput;

/// <summary>A node of its own, so that what is done to it disturbs no other test.</summary>
public sealed class BadInputServer : IDisposable
{
    private readonly Lazy<ServerUnderTest> _server = new(() =>
    {
        var server = TestServer.Create();
        server.Start();
        return server;
    });

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
