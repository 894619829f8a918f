using System.Net;
using System.Net.Sockets;

namespace Moldau.Transport;

/// <summary>By the base library. The client that ends the wait for clients is kept until it is asked for.</summary>
internal sealed class PortableListenSocket : ListenSocket
{
    private readonly Socket _socket;
    // Guards the client that is kept: the owner's thread and one of the base library's.
    private readonly Lock _lock = new();
    private readonly SocketAsyncEventArgs _accepting = new();
    private Socket? _kept;
    private SocketError _error;
    private bool _isClosed;

    private PortableListenSocket(Socket socket)
        : base(Plain((IPEndPoint)socket.LocalEndPoint!)) // bound
    {
        _socket = socket;
        Watch = new(StartAccept);
        _accepting.Completed += (_, e) =>
        {
            Keep(e);
            Watch.ReadEnded();
        };
    }

    internal PortableWatch Watch { get; }

    internal static PortableListenSocket Open(IPAddress address, int port, int backlog)
    {
        Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.AddressFamily == AddressFamily.InterNetworkV6) socket.DualMode = address.Equals(IPAddress.IPv6Any);
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(backlog);
            socket.Blocking = false;
            return new PortableListenSocket(socket);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new SocketFailure("bind", address, port, PortableErrors.Of(e.SocketErrorCode), e.Message);
        }
    }

    public override StreamSocket? Accept(out int error)
    {
        Socket? client = TakeKept(out SocketError failure);
        if (client is null && failure == SocketError.Success) client = AcceptNow(out failure);
        error = PortableErrors.Of(failure);
        if (client is null) return null;
        try
        {
            return new PortableStreamSocket(client, Plain((IPEndPoint)client.RemoteEndPoint!)); // connected
        }
        catch (SocketException)
        {
            // It gave up while it waited.
            client.Dispose();
            error = Errno.ConnectionAborted;
            return null;
        }
    }

    public override bool RefuseOne() => false;

    public override void Dispose()
    {
        lock (_lock)
        {
            if (_isClosed) return;
            _isClosed = true;
            _kept?.Dispose();
            _kept = null;
        }

        _socket.Dispose();
        _accepting.Dispose();
    }

    private static IPEndPoint Plain(IPEndPoint end) =>
        end.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(end.Address.MapToIPv4(), end.Port) : end;

    private Socket? TakeKept(out SocketError error)
    {
        lock (_lock)
        {
            (Socket? kept, error) = (_kept, _error);
            (_kept, _error) = (null, SocketError.Success);
            return kept;
        }
    }

    private Socket? AcceptNow(out SocketError error)
    {
        error = SocketError.WouldBlock;
        try
        {
            // Asked first: that nobody waits is no reason for an exception.
            return _socket.Poll(0, SelectMode.SelectRead) ? _socket.Accept() : null;
        }
        catch (SocketException e)
        {
            error = e.SocketErrorCode;
            return null;
        }
    }

    private bool StartAccept()
    {
        lock (_lock)
        {
            if (_isClosed || _kept is not null || _error != SocketError.Success) return true;
        }

        try
        {
            _accepting.AcceptSocket = null;
            if (_socket.AcceptAsync(_accepting)) return false;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }

        Keep(_accepting);
        return true;
    }

    private void Keep(SocketAsyncEventArgs e)
    {
        lock (_lock)
        {
            _error = e.SocketError;
            if (_isClosed || e.SocketError != SocketError.Success) e.AcceptSocket?.Dispose();
            else _kept = e.AcceptSocket;
        }
    }
}
