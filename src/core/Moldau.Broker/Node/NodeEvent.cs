using Moldau.Base;
using Moldau.Storage;

namespace Moldau.Broker;

public enum NodeEventKind : byte
{
    /// <summary>The machine's turn after construction.</summary>
    Start,

    /// <summary>A client connected: <see cref="NodeEvent.Connection"/>, payload <see cref="ConnectionInfo"/>.</summary>
    Connected,

    /// <summary>The connection is gone, whoever ended it. No effect for it may follow.</summary>
    Disconnected,

    /// <summary>One whole frame without its length prefix: payload <see cref="BufferLease"/>, Start, Length.
    /// The machine owns one hold on the lease.</summary>
    Received,

    /// <summary>All that was handed to Send for the connection has left (the kernel took it).</summary>
    SendDrained,

    /// <summary>Payload <see cref="DiskOp"/>, with its outcome.</summary>
    DiskDone,

    /// <summary>Payload: a message of another machine of the node.</summary>
    Message,

    /// <summary><see cref="INodeMachine.NextDeadline"/> has come.</summary>
    Deadline,

    /// <summary>The operator asks for a clean end (SIGTERM).</summary>
    StopRequested,
}

/// <summary>An event: a small union, passed by reference, that allocates nothing (docs/adr/0001).</summary>
public readonly struct NodeEvent
{
    public NodeEventKind Kind { get; private init; }

    public ConnectionId Connection { get; private init; }

    public object? Payload { get; private init; }

    public int Start { get; private init; }

    public int Length { get; private init; }

    public static NodeEvent Started => new() { Kind = NodeEventKind.Start };

    public static NodeEvent Deadline => new() { Kind = NodeEventKind.Deadline };

    public static NodeEvent StopRequested => new() { Kind = NodeEventKind.StopRequested };

    public static NodeEvent Connected(ConnectionId connection, ConnectionInfo info) =>
        new() { Kind = NodeEventKind.Connected, Connection = connection, Payload = info };

    public static NodeEvent Disconnected(ConnectionId connection) =>
        new() { Kind = NodeEventKind.Disconnected, Connection = connection };

    public static NodeEvent Received(ConnectionId connection, BufferLease lease, int start, int length) =>
        new() { Kind = NodeEventKind.Received, Connection = connection, Payload = lease, Start = start, Length = length };

    public static NodeEvent SendDrained(ConnectionId connection) =>
        new() { Kind = NodeEventKind.SendDrained, Connection = connection };

    public static NodeEvent DiskDone(DiskOp op) => new() { Kind = NodeEventKind.DiskDone, Payload = op };

    public static NodeEvent Message(object message) => new() { Kind = NodeEventKind.Message, Payload = message };
}

/// <summary>What the transport knows of a connection when it is made.</summary>
/// <param name="ListenerName">Kafka's listener name, such as PLAINTEXT or CONTROLLER.</param>
/// <param name="PeerAddress">Numeric address of the peer, without port.</param>
/// <param name="PeerPort">Port of the peer.</param>
/// <param name="IsTls">Whether bytes are encrypted on the wire (then file slices are read and sent buffered).</param>
public sealed record ConnectionInfo(string ListenerName, string PeerAddress, int PeerPort, bool IsTls);
