using Moldau.TestServers;

namespace Moldau.Conformance.Tests;

/// <summary>The one node that all tests of foreign clients use; started by the first that asks.</summary>
public sealed class SharedServer : IDisposable
{
    private readonly Lock _lock = new();
    private ServerUnderTest? _server;

    /// <summary>The running node; the test is skipped, with the reason, when it cannot run here.</summary>
    public ServerUnderTest Server
    {
        get
        {
            if (TestServer.WhyMissing is { } reason) Assert.Skip(reason);
            lock (_lock)
            {
                // A node that one test ended does not fail all the others, but nobody shall miss it.
                if (_server?.Process.HasExited == true)
                {
                    TestContext.Current.SendDiagnosticMessage("{0}", $"the node ended: {_server.Process.Error}");
                    Console.Error.WriteLine($"the shared node ended: {_server.Process.Error}");
                    _server.Dispose();
                    _server = null;
                }

                return _server ??= Started();
            }
        }
    }

    public void Dispose()
    {
        _server?.Dispose();
    }

    private static ServerUnderTest Started()
    {
        var server = TestServer.Create();
        server.Start();
        return server;
    }
}
