using Moldau.Base;
using Moldau.Config;
using Moldau.Storage;

namespace Moldau.Broker;

public enum NodeEffectKind : byte
{
    /// <summary>Payload <see cref="OutgoingFrame"/>: queue it on the connection. Frames leave in the order given.</summary>
    Send,

    /// <summary>Close the connection after what is queued has left (or at once if <see cref="NodeEffect.Flag"/>).</summary>
    Close,

    /// <summary>Stop reading the connection's socket (back-pressure).</summary>
    PauseReads,

    ResumeReads,

    /// <summary>Payload <see cref="DiskOp"/>.</summary>
    Disk,

    /// <summary>Payload to the mailbox of <see cref="NodeEffect.Target"/>. FIFO per pair of machines.</summary>
    Post,

    /// <summary>The node serves requests from now on: its listeners may accept.</summary>
    Ready,

    /// <summary>Payload <see cref="BrokerConfig"/>: administrators changed the broker's configuration, or asked again for
    /// what it already says, which has files read anew.</summary>
    Configured,

    /// <summary>The machine has finished its clean end; the shell may let go of it.</summary>
    Stopped,

    /// <summary>The node cannot go on (payload: why, one line): the process ends with an error.</summary>
    Halt,
}

/// <summary>An effect: a small union, like <see cref="NodeEvent"/>.</summary>
public readonly struct NodeEffect
{
    public NodeEffectKind Kind { get; private init; }

    public ConnectionId Connection { get; private init; }

    public MachineId Target { get; private init; }

    public object? Payload { get; private init; }

    public bool Flag { get; private init; }

    public static NodeEffect Send(ConnectionId connection, OutgoingFrame frame) =>
        new() { Kind = NodeEffectKind.Send, Connection = connection, Payload = frame };

    public static NodeEffect Close(ConnectionId connection, bool atOnce = false) =>
        new() { Kind = NodeEffectKind.Close, Connection = connection, Flag = atOnce };

    public static NodeEffect PauseReads(ConnectionId connection) =>
        new() { Kind = NodeEffectKind.PauseReads, Connection = connection };

    public static NodeEffect ResumeReads(ConnectionId connection) =>
        new() { Kind = NodeEffectKind.ResumeReads, Connection = connection };

    public static NodeEffect Disk(DiskOp op) => new() { Kind = NodeEffectKind.Disk, Payload = op };

    public static NodeEffect Post(MachineId target, object message) =>
        new() { Kind = NodeEffectKind.Post, Target = target, Payload = message };

    public static NodeEffect Ready => new() { Kind = NodeEffectKind.Ready };

    public static NodeEffect Configured(BrokerConfig config) => new() { Kind = NodeEffectKind.Configured, Payload = config };

    public static NodeEffect Stopped => new() { Kind = NodeEffectKind.Stopped };

    public static NodeEffect Halt(string reason) => new() { Kind = NodeEffectKind.Halt, Payload = reason };
}
