using Moldau.Base;
using Moldau.Config;
using Moldau.Transport;

namespace Moldau.Runtime;

/// <summary>The part of the configuration that the shell holds and that may change while the node runs: limits of
/// connections, and key stores. Called on machines' threads: a shard's asks, the control machine's changes.</summary>
internal sealed class LiveListeners
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (string Fingerprint, TlsServer Server)> _tls = new(StringComparer.Ordinal);
    private readonly LogArea _log;

    public LiveListeners(BrokerConfig config, LogArea log)
    {
        _log = log;
        List<ListenerOptions> options = [];
        foreach (Endpoint endpoint in config.Listeners)
        {
            TlsServer? server = ListenerTls.For(endpoint, config);
            if (server is not null) _tls.Add(endpoint.ListenerName, (ListenerTls.Fingerprint(endpoint, config), server));
            options.Add(NodeLimits.Listener(endpoint, config, server));
        }

        Options = options;
    }

    /// <summary>As the node starts.</summary>
    public IReadOnlyList<ListenerOptions> Options { get; }

    /// <summary>Why the listeners cannot be as the configuration wants; null if they can.</summary>
    public string? WhyNot(BrokerConfig wanted)
    {
        try
        {
            NodeLimits.Quotas(wanted);
            Read(wanted);
            return null;
        }
        catch (NodeStartException e)
        {
            return e.Message;
        }
    }

    public void Apply(NodeHost host, BrokerConfig config)
    {
        try
        {
            host.SetQuotas(NodeLimits.Quotas(config));
            foreach ((Endpoint endpoint, string fingerprint, TlsServer server) in Read(config))
            {
                lock (_lock) _tls[endpoint.ListenerName] = (fingerprint, server);
                host.SetTls(endpoint.ListenerName, server);
                _log.Info($"listener {endpoint.ListenerName} has read its key store anew: {server.Subject}");
            }
        }
        catch (NodeStartException e)
        {
            // A file that was in order when it was asked about, or that the last run of the node still had.
            _log.Error($"{e.Message}; what was in force stays");
        }
    }

    /// <summary>The certificates that are not as they were.</summary>
    private List<(Endpoint Endpoint, string Fingerprint, TlsServer Server)> Read(BrokerConfig config)
    {
        List<(Endpoint, string, TlsServer)> changed = [];
        foreach (Endpoint endpoint in config.Listeners)
        {
            (string Fingerprint, TlsServer Server) before;
            lock (_lock)
                if (!_tls.TryGetValue(endpoint.ListenerName, out before)) continue;
            string fingerprint = ListenerTls.Fingerprint(endpoint, config);
            if (fingerprint == before.Fingerprint || ListenerTls.For(endpoint, config) is not { } server) continue;
            ConfigValues values = config.ForListener(endpoint.ListenerName);
            string? why = server.WhyNoSuccessorOf(
                before.Server, values.Bool("ssl.allow.dn.changes"), values.Bool("ssl.allow.san.changes"));
            if (why is not null) throw new NodeStartException($"listener {endpoint.ListenerName}: {why}");
            changed.Add((endpoint, fingerprint, server));
        }

        return changed;
    }
}
