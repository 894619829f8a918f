using Moldau.TestServers;

namespace Moldau.Client.Tests.Matrix;

/// <summary>The releases from 2.1 to 2.7, by their version tables before one broker of 2.8.2, which has a listener for each:
/// what a client learns of its address leads through the table.</summary>
internal sealed class OldBrokers : IDisposable
{
    public static readonly string[] Releases = ["2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7"];

    private readonly Dictionary<string, OldBroker> _tables = Releases.ToDictionary(r => r, r => new OldBroker(r));
    private readonly ZooKeeperServer _server;

    public OldBrokers()
    {
        (int own, int unused) = FreePorts.Pair();
        int[] behind = [.. Releases.Select(_ => FreePorts.Take())];
        string ListOf(Func<int, int> port) =>
            string.Join(',', Releases.Select((_, i) => $"T{i}://127.0.0.1:{port(i)}").Prepend($"PLAINTEXT://127.0.0.1:{own}"));
        _server = new ZooKeeperServer(new ServerOptions
        {
            Version = "2.8.2",
            Ports = (own, unused),
            Properties = new Dictionary<string, string>(ServerOptions.WithoutRetention)
            {
                ["listeners"] = ListOf(i => behind[i]),
                ["advertised.listeners"] = ListOf(i => _tables[Releases[i]].Port),
                ["listener.security.protocol.map"] =
                    string.Join(',', Releases.Select((_, i) => $"T{i}:PLAINTEXT").Prepend("PLAINTEXT:PLAINTEXT")),
            },
        });
        _server.Start();
        for (int i = 0; i < Releases.Length; i++) _tables[Releases[i]].Serve(behind[i]);
    }

    public OldBroker this[string release] => _tables[release];

    public void Dispose()
    {
        foreach (OldBroker table in _tables.Values) table.Dispose();
        _server.Dispose();
    }
}
