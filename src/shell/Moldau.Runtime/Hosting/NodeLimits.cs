using System.Net;
using System.Net.Sockets;
using Moldau.Config;
using Moldau.Transport;

namespace Moldau.Runtime;

/// <summary>Kafka's properties of sockets, connections and disks as the runtime takes them.</summary>
internal static class NodeLimits
{
    // What runs for the first time is compiled first; nobody can do anything about such a turn.
    private const long WarmUpNs = 5_000_000_000;

    public static ReactorLimits Reactor(BrokerConfig config, int shards)
    {
        ReactorLimits limits = new()
        {
            MaxFrameBytes = config.SocketRequestMaxBytes,
            MaxIdleMs = config.ConnectionsMaxIdleMs,
            SlowTurnNs = config.TurnWarnMs * 1_000_000L,
            WarmUpNs = WarmUpNs,
        };
        // The property is the node's, the limit a reactor's; -1 leaves the runtime's own bound.
        return config.QueuedMaxRequestBytes <= 0
            ? limits
            : limits with { PoolBytes = Math.Max(1, config.QueuedMaxRequestBytes / shards) };
    }

    public static DiskLimits Disk(BrokerConfig config) => new() { DirtyBudgetBytes = config.DiskDirtyMaxBytes };

    public static ConnectionQuotas Quotas(BrokerConfig config)
    {
        Dictionary<IPAddress, int> overrides = [];
        foreach ((string host, int limit) in config.MaxConnectionsPerIpOverrides)
            foreach (IPAddress address in Resolve(host, "max.connections.per.ip.overrides")) overrides[address] = limit;
        return new()
        {
            MaxConnections = config.MaxConnections,
            MaxPerAddress = config.MaxConnectionsPerIp,
            PerAddress = overrides,
            CreationRate = config.MaxConnectionCreationRate,
            ProtectedListener = config.InterBrokerListenerName,
            Listeners = config.Listeners.ToDictionary(l => l.ListenerName, l => QuotaOf(l, config), StringComparer.Ordinal),
            RateSamples = config.Values.Int("quota.window.num"),
            RateSampleNs = config.Values.Int("quota.window.size.seconds") * 1_000_000_000L,
        };
    }

    public static ListenerOptions Listener(Endpoint endpoint, BrokerConfig config, TlsServer? tls) =>
        new(endpoint.ListenerName, Addresses(endpoint), endpoint.Port)
        {
            IsController = config.ControllerListenerNames.Contains(endpoint.ListenerName, StringComparer.Ordinal),
            Tls = tls,
            Backlog = config.SocketListenBacklogSize,
            SendBufferBytes = config.SocketSendBufferBytes,
            ReceiveBufferBytes = config.SocketReceiveBufferBytes,
        };

    private static ListenerQuota QuotaOf(Endpoint listener, BrokerConfig config)
    {
        ConfigValues values = config.ForListener(listener.ListenerName);
        return new(values.Int("max.connections"), values.Int("max.connection.creation.rate"));
    }

    /// <summary>Where to bind: everywhere without a host, both loopbacks for localhost, else what the name stands for.</summary>
    private static IReadOnlyList<IPAddress> Addresses(Endpoint endpoint)
    {
        string? host = endpoint.Host;
        if (string.IsNullOrEmpty(host)) return [IPAddress.IPv6Any];
        if (host == "localhost") return Socket.OSSupportsIPv6 ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : [IPAddress.Loopback];
        return Resolve(host, $"listener {endpoint.ListenerName}");
    }

    private static IReadOnlyList<IPAddress> Resolve(string host, string what)
    {
        if (IPAddress.TryParse(host, out IPAddress? address)) return [address];
        try
        {
            return Dns.GetHostAddresses(host);
        }
        catch (SocketException e)
        {
            throw new NodeStartException($"{what}: the host '{host}' cannot be resolved: {e.Message}");
        }
    }
}
