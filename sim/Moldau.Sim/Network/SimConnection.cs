namespace Moldau.Sim;

/// <summary>The client's end of a connection: it is told of what arrives.</summary>
public interface ISimPeer
{
    void OnOpen(SimConnection connection);

    void OnBytes(SimConnection connection, ReadOnlySpan<byte> bytes);

    /// <summary>Refused, reset or closed by the other side. The last call for this connection.</summary>
    void OnClose(SimConnection connection);
}

/// <summary>A TCP connection between a client and a machine of a node: two byte streams, each in order, cut anywhere.</summary>
public sealed class SimConnection
{
    internal SimConnection(SimNetwork network, long number, ISimPeer peer, SimNode node, string listener)
    {
        Network = network;
        Number = number;
        Peer = peer;
        Node = node;
        Listener = listener;
    }

    public long Number { get; }

    public SimNode Node { get; }

    public string Listener { get; }

    /// <summary>What the client keeps with it.</summary>
    public object? Tag { get; set; }

    public bool IsClosed => ClientGone;

    /// <summary>It is cut, or about to turn out to be dead.</summary>
    public bool IsDisturbed => IsCut || ServerGone;

    internal SimNetwork Network { get; }

    internal ISimPeer Peer { get; }

    internal SimShell? Server { get; set; }

    /// <summary>The client's end is closed: it hears nothing more.</summary>
    internal bool ClientGone { get; set; }

    /// <summary>The server's end is closed, or was never opened.</summary>
    internal bool ServerGone { get; set; }

    /// <summary>Packets vanish without a word until the network heals; then the connection is reset.</summary>
    internal bool IsCut => IsCutToServer || IsCutToClient;

    internal bool IsCutToServer { get; set; }

    internal bool IsCutToClient { get; set; }

    /// <summary>When the last bytes under way to the server and to the client arrive: later ones arrive after them.</summary>
    internal long ToServerNs { get; set; }

    internal long ToClientNs { get; set; }

    /// <summary>The client sends; the bytes are copied.</summary>
    public void Send(ReadOnlySpan<byte> bytes) => Network.SendToServer(this, bytes);

    /// <summary>The client closes its end; it hears nothing more.</summary>
    public void Close() => Network.CloseByClient(this);
}
