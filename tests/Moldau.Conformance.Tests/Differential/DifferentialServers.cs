using Moldau.TestServers;

namespace Moldau.Conformance.Tests.Differential;

/// <summary>The two nodes that are asked the same, each started when first needed, with equal properties.</summary>
public sealed class DifferentialServers : IDisposable
{
    private static readonly ServerOptions _options = new()
    {
        Properties = new Dictionary<string, string>
        {
            ["group.max.size"] = "2",
            // The scenarios' records are of 2023.
            ["log.initial.task.delay.ms"] = "3600000",
            ["group.min.session.timeout.ms"] = "1000",
            ["offsets.topic.num.partitions"] = "1",
        },
    };

    private readonly Lazy<ServerUnderTest> _apache = new(() => Started(new ApacheServer(_options)));
    private ServerUnderTest? _ours;

    public ServerUnderTest Apache
    {
        get
        {
            if (ApacheServer.WhyMissing is { } reason) Assert.Skip(reason);
            return _apache.Value;
        }
    }

    public ServerUnderTest Ours
    {
        get
        {
            if (MoldauServer.WhyMissing is { } reason) Assert.Skip(reason);
            // One scenario that ends the node fails alone: the next gets a new one.
            if (_ours?.Process.HasExited == true)
            {
                _ours.Dispose();
                _ours = null;
            }

            return _ours ??= Started(new MoldauServer(_options));
        }
    }

    public void Dispose()
    {
        if (_apache.IsValueCreated) _apache.Value.Dispose();
        _ours?.Dispose();
    }

    private static ServerUnderTest Started(ServerUnderTest server)
    {
        server.Start();
        return server;
    }
}
