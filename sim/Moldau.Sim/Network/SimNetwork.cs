using Moldau.Base;

namespace Moldau.Sim;

/// <summary>Carries bytes between clients and nodes: in order, in pieces of any size, late, and, when the plan says so,
/// not at all.</summary>
public sealed class SimNetwork : ISimActor
{
    private const int ToServer = 0, ToClient = 1, Opened = 2, CloseAtServer = 3, CloseAtClient = 4, Accepted = 5;
    private const int MaxPieces = 4;

    private readonly SimWorld _world;
    private readonly Prng _prng;
    private readonly List<SimConnection> _open = [];
    private readonly Stack<Piece> _free = new();
    private long _nextConnection;
    private bool _isPartitioned;

    internal SimNetwork(SimWorld world)
    {
        _world = world;
        _prng = world.Fork();
    }

    /// <summary>Added to the delay of everything while the plan wants a slow network, nanoseconds.</summary>
    public long ExtraDelayNs { get; set; }

    /// <summary>Upper bound of the delay that a piece in fifty has besides, nanoseconds.</summary>
    public int RareDelayNs { get; set; } = 30_000_000;

    private sealed class Piece
    {
        public byte[] Data = new byte[1024];
        public int Length;
        public SimConnection? Connection;
    }

    public SimConnection Connect(ISimPeer peer, SimNode node, string listener)
    {
        SimConnection connection = new(this, ++_nextConnection, peer, node, listener);
        _open.Add(connection);
        if (_isPartitioned) connection.IsCutToServer = true;
        _world.After(Delay(), this, Accepted, 0, connection);
        return connection;
    }

    /// <summary>Both ends learn at once that the connection is broken; what was under way is lost.</summary>
    public void Reset(SimConnection connection)
    {
        _world.After(Delay(), this, CloseAtServer, 0, connection);
        _world.After(Delay(), this, CloseAtClient, 0, connection);
    }

    /// <summary>Lets a share of the open connections lose everything that goes one way.</summary>
    public void DisturbOneWay(double share)
    {
        foreach (SimConnection connection in _open.ToArray())
        {
            if (!_prng.Chance(share)) continue;
            if (_prng.Chance(0.5)) connection.IsCutToServer = true;
            else connection.IsCutToClient = true;
        }
    }

    /// <summary>Resets or cuts a share of the open connections.</summary>
    public void Disturb(double share, bool cut)
    {
        foreach (SimConnection connection in _open.ToArray())
        {
            if (!_prng.Chance(share)) continue;
            if (cut) connection.IsCutToServer = connection.IsCutToClient = true;
            else Reset(connection);
        }
    }

    /// <summary>Nothing gets through in one direction or both, of no connection, until the network heals; so no new
    /// connection is made.</summary>
    public void Partition(bool toServer, bool toClient)
    {
        _isPartitioned = true;
        foreach (SimConnection connection in _open)
        {
            connection.IsCutToServer |= toServer;
            connection.IsCutToClient |= toClient;
        }
    }

    /// <summary>The network is whole again: connections that were cut turn out to be dead.</summary>
    public void Heal()
    {
        _isPartitioned = false;
        foreach (SimConnection connection in _open.ToArray())
            if (connection.IsCut) Reset(connection);
    }

    /// <summary>The node's process is gone: its kernel resets what it had open.</summary>
    internal void NodeDied(SimNode node)
    {
        foreach (SimConnection connection in _open.ToArray())
        {
            if (connection.Node != node || connection.ServerGone) continue;
            connection.ServerGone = true;
            connection.Server = null;
            if (!connection.IsCut) _world.After(Delay(), this, CloseAtClient, 0, connection);
        }
    }

    internal void SendToServer(SimConnection c, ReadOnlySpan<byte> bytes)
    {
        if (c.ClientGone) return;
        int pieces = bytes.Length < 2 ? 1 : 1 + _prng.Next(MaxPieces);
        for (int i = 0; i < pieces && !bytes.IsEmpty; i++)
        {
            int n = i == pieces - 1 ? bytes.Length : 1 + _prng.Next(bytes.Length);
            c.ToServerNs = Math.Max(c.ToServerNs, _world.Clock.NowNs + Delay());
            _world.At(c.ToServerNs, this, ToServer, 0, Fill(c, bytes[..n]));
            bytes = bytes[n..];
        }
    }

    internal void SendToClient(SimConnection c, ReadOnlySpan<byte> bytes)
    {
        if (c.ServerGone) return;
        c.ToClientNs = Math.Max(c.ToClientNs, _world.Clock.NowNs + Delay());
        _world.At(c.ToClientNs, this, ToClient, 0, Fill(c, bytes));
    }

    internal void CloseByClient(SimConnection c)
    {
        if (c.ClientGone) return;
        c.ClientGone = true;
        Forget(c);
        c.ToServerNs = Math.Max(c.ToServerNs, _world.Clock.NowNs + Delay());
        if (!c.IsCut) _world.At(c.ToServerNs, this, CloseAtServer, 0, c);
    }

    internal void CloseByServer(SimConnection c)
    {
        if (c.ServerGone) return;
        c.ServerGone = true;
        c.Server = null;
        Forget(c);
        c.ToClientNs = Math.Max(c.ToClientNs, _world.Clock.NowNs + Delay());
        if (!c.IsCut) _world.At(c.ToClientNs, this, CloseAtClient, 0, c);
    }

    public void OnEvent(int code, long number, object? payload)
    {
        Piece? piece = payload as Piece;
        SimConnection c = piece?.Connection ?? (SimConnection)payload!; // every event here carries one of the two
        switch (code)
        {
            case ToServer:
                // Not gone: it was accepted.
                if (!c.IsCutToServer && !c.ServerGone) c.Server!.Receive(c, piece!.Data.AsSpan(0, piece.Length));
                break;
            case ToClient:
                if (!c.IsCutToClient && !c.ClientGone) c.Peer.OnBytes(c, piece!.Data.AsSpan(0, piece.Length));
                break;
            case Accepted:
                Accept(c);
                break;
            case Opened:
                if (!c.ClientGone) c.Peer.OnOpen(c);
                break;
            case CloseAtServer:
                if (c.ServerGone) break;
                c.ServerGone = true;
                SimShell? server = c.Server;
                c.Server = null;
                server?.ClosedByPeer(c);
                Forget(c);
                break;
            case CloseAtClient:
                if (c.ClientGone) break;
                c.ClientGone = true;
                Forget(c);
                c.Peer.OnClose(c);
                break;
        }

        if (piece is null) return;
        piece.Connection = null;
        _free.Push(piece);
    }

    internal long Delay()
    {
        // Mostly a fraction of a millisecond, now and then much more: what orders events differently.
        long ns = 20_000 + _prng.Next(400_000);
        if (_prng.Next(50) == 0) ns += _prng.Next(RareDelayNs);
        return ns + (ExtraDelayNs > 0 ? (long)(_prng.NextDouble() * ExtraDelayNs) : 0);
    }

    private void Accept(SimConnection c)
    {
        // What was asked for while nothing got through is never answered.
        if (c.ClientGone || c.IsCut) return;
        c.Server = c.Node.Accept(c);
        if (c.Server is null)
        {
            c.ServerGone = true;
            _world.After(Delay(), this, CloseAtClient, 0, c);
            return;
        }

        c.ToServerNs = c.ToClientNs = _world.Clock.NowNs;
        _world.After(Delay(), this, Opened, 0, c);
    }

    private void Forget(SimConnection c)
    {
        if (c.ClientGone && c.ServerGone) _open.Remove(c);
    }

    private Piece Fill(SimConnection c, ReadOnlySpan<byte> bytes)
    {
        Piece piece = _free.TryPop(out Piece? free) ? free : new Piece();
        if (piece.Data.Length < bytes.Length) piece.Data = new byte[bytes.Length * 2];
        bytes.CopyTo(piece.Data);
        (piece.Length, piece.Connection) = (bytes.Length, c);
        return piece;
    }
}
