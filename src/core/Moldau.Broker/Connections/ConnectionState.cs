using Moldau.Base;

namespace Moldau.Broker;

/// <summary>One client connection: its requests in the order they came. Responses leave in that order. As in Apache
/// Kafka a request begins when the one before it is answered, except that produce requests behind produce requests
/// begin at once: their order at each partition is kept by the mailboxes, and the client need not wait a disk turn.</summary>
internal sealed class ConnectionState(ConnectionId id, ConnectionInfo info)
{
    /// <summary>Requests a connection may have waiting or under way before its socket is no longer read.</summary>
    public const int MaxPipelined = 64;

    public ConnectionId Id { get; } = id;

    public ConnectionInfo Info { get; } = info;

    /// <summary>Started, oldest first; the head's response is the next to leave.</summary>
    public Queue<RequestContext> Started { get; } = new();

    public Queue<RequestContext> Waiting { get; } = new();

    public bool IsPaused { get; set; }

    /// <summary>Set once the machine has given up on the connection; later frames are dropped.</summary>
    public bool IsClosing { get; set; }

    /// <summary>From ApiVersions v3+ (KIP-511), for metrics and logs.</summary>
    public string SoftwareName { get; set; } = "unknown";

    public string SoftwareVersion { get; set; } = "unknown";

    /// <summary>Request bytes held by requests not yet answered.</summary>
    public long HeldBytes { get; set; }

    /// <summary>Its waiting requests are looked at when the work under way is over.</summary>
    public bool IsToBegin { get; set; }

    public int Pipelined => Started.Count + Waiting.Count;
}
