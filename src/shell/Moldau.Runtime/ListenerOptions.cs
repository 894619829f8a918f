using System.Net;
using Moldau.Transport;

namespace Moldau.Runtime;

/// <summary>A listener to open.</summary>
/// <param name="Name">Kafka's listener name, such as PLAINTEXT.</param>
/// <param name="Addresses">Addresses to bind, all on one port; "::" also takes IPv4.</param>
/// <param name="Port">The port; 0 takes a free one.</param>
public sealed record ListenerOptions(string Name, IReadOnlyList<IPAddress> Addresses, int Port)
{
    /// <summary>Served by the control machine instead of the shards.</summary>
    public bool IsController { get; init; }

    /// <summary>Encrypts the listener's connections; null: plain.</summary>
    public TlsServer? Tls { get; init; }

    /// <summary>Sockets that are open already, which the node takes over instead of opening its own; null: there are
    /// none.</summary>
    public IReadOnlyList<ListenSocket>? Opened { get; init; }

    public int Backlog { get; init; } = 50;

    /// <summary>SO_SNDBUF and SO_RCVBUF; negative leaves the system's default.</summary>
    public int SendBufferBytes { get; init; } = -1;

    public int ReceiveBufferBytes { get; init; } = -1;
}
