using Moldau.Client.Tests.Matrix;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Support;

/// <summary>The servers that the client is tried against, each started when first asked for and shared by all tests of
/// the assembly.</summary>
public sealed class Servers : IDisposable
{
    private const string Apache = "apache-", Three = "x3", Table = "table-";
    private static readonly Lock _lock = new();
    private readonly Dictionary<string, ServerUnderTest> _running = [];
    private readonly Dictionary<string, ApacheCluster> _clusters = [];

    private readonly Lazy<OldBrokers> _tables = new(() => new OldBrokers());

    public static TheoryData<string> Names => new("moldau", "apache-4.4.0");

    /// <summary>All there are: also older ones, and three nodes of the newest.</summary>
    public static TheoryData<string> All =>
        new("moldau", "apache-4.4.0", "apache-4.3.1", "apache-3.9.1", "apache-2.8.2", "apache-4.4.0x3");

    /// <summary>Releases that cannot be run here any more, by their version tables.</summary>
    public static TheoryData<string> Tables => new(OldBrokers.Releases.Select(r => Table + r).ToArray());

    /// <summary>Addresses of a server, or of all nodes of a cluster.</summary>
    public string BootstrapOf(string name)
    {
        if (name.StartsWith(Table, StringComparison.Ordinal)) return $"127.0.0.1:{GetTable(name).Port}";
        return name.EndsWith(Three, StringComparison.Ordinal) ? GetCluster(name).Bootstrap : Get(name).Bootstrap;
    }

    internal OldBroker GetTable(string name)
    {
        SkipWithout(name);
        return _tables.Value[name[Table.Length..]];
    }

    public ServerUnderTest Get(string name)
    {
        lock (_lock)
        {
            if (_running.TryGetValue(name, out ServerUnderTest? server)) return server;
            SkipWithout(name);
            server = Create(name);
            _running.Add(name, server);
            server.Start();
            return server;
        }
    }

    public ApacheCluster GetCluster(string name)
    {
        lock (_lock)
        {
            if (_clusters.TryGetValue(name, out ApacheCluster? cluster)) return cluster;
            SkipWithout(name);
            cluster = new ApacheCluster(name[Apache.Length..^Three.Length]);
            _clusters.Add(name, cluster);
            cluster.Start();
            return cluster;
        }
    }

    public void Dispose()
    {
        foreach (ServerUnderTest server in _running.Values) server.Dispose();
        foreach (ApacheCluster cluster in _clusters.Values) cluster.Dispose();
        if (_tables.IsValueCreated) _tables.Value.Dispose();
    }

    private static void SkipWithout(string name)
    {
        string? missing = name == "moldau" ? MoldauServer.WhyMissing : ApacheServer.WhyMissing;
        if (missing is not null) Assert.Skip(missing);
    }

    private static ServerUnderTest Create(string name)
    {
        ServerOptions options = new() { Properties = ServerOptions.WithoutRetention };
        if (name == "moldau") return new MoldauServer(options);
        options = options with { Version = name[Apache.Length..] };
        if (options.Version.StartsWith("4.", StringComparison.Ordinal)) options = options with { Properties = ServerOptions.QuickGroups };
        return options.Version.StartsWith("2.", StringComparison.Ordinal) ? new ZooKeeperServer(options) : new ApacheServer(options);
    }
}
