using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Moldau.Client;

/// <summary>A link of a <see cref="CallerWorld"/>. The thread that waits works it; the machine's effects may come on another
/// one, so its state is under a lock, which is never held while the driver is told something.</summary>
internal sealed class CallerLink(ClientDriver driver, long number, BrokerAddress address, SocketOptions options, Socket? opened) : ILink
{
    private const int SizeBytes = 4;

    private const int SendPatienceMs = 5000;

    private readonly Lock _lock = new();
    private readonly byte[] _size = new byte[SizeBytes];
    private readonly Queue<ClientFrame> _outgoing = new();
    private Socket? _socket = opened;
    private State _state;
    private IPAddress[] _addresses = [];
    private int _nextAddress;
    private LinkFailure? _failure;

    /// <summary>What is received now, and how much of it or of its size is there. Of the thread that works alone.</summary>
    private ClientFrame? _frame;
    private int _have;
    private long _framesReceived;

    private enum State
    {
        New,
        Connecting,
        Open,
        Over,
    }

    public Task Ended => Task.CompletedTask;

    public bool IsOver
    {
        get
        {
            lock (_lock) return _state == State.Over;
        }
    }

    public void Start()
    {
        // It begins when somebody waits: the driver's lock is held here.
    }

    public bool Enqueue(ClientFrame frame)
    {
        lock (_lock)
        {
            if (_state != State.Over)
            {
                _outgoing.Enqueue(frame);
                return true;
            }
        }

        frame.Release();
        return false;
    }

    /// <summary>Sends what waits. That the peer is gone shows where it is received from.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            if (_state != State.Open) return;
            try
            {
                while (_outgoing.TryPeek(out ClientFrame? frame))
                {
                    for (ReadOnlySpan<byte> rest = frame.Span; rest.Length > 0;) rest = rest[_socket!.Send(rest)..];
                    _outgoing.Dequeue().Release();
                }
            }
            catch (SocketException error)
            {
                _failure = new LinkFailure($"{address}: {error.Message}");
                _socket!.Shutdown(SocketShutdown.Both);
            }
        }
    }

    /// <summary>What was enqueued still goes out first: of requests without an answer nobody else knows.</summary>
    public void Close()
    {
        Flush();
        End();
    }

    /// <summary>Begins to connect where that is still to do.</summary>
    /// <returns>Whether something happened.</returns>
    public bool Begin()
    {
        lock (_lock)
        {
            if (_state != State.New) return false;
            _state = State.Connecting;
        }

        try
        {
            if (_socket is null) _addresses = HostName.AddressesOf(address.Host);
        }
        catch (Exception error) when (error is SocketException or ArgumentException)
        {
            // A broker may announce a name that no host can have: that is the argument.
            string text = error is SocketException ? $"the host name {address.Host} cannot be resolved" : error.Message;
            Fail(new LinkFailure($"{address}: {text}"));
            return true;
        }

        if (_socket is null) TryNextAddress(new LinkFailure($"{address}: the host name {address.Host} has no address"));
        else Open();
        return true;
    }

    /// <summary>Waits until it can be worked.</summary>
    public void Await(int waitMs)
    {
        (Socket? socket, SelectMode mode) = Watched();
        if (socket is null) Idle.For(waitMs);
        else socket.Poll(waitMs * 1000, mode);
    }

    /// <summary>As <see cref="Await"/>, beside others.</summary>
    public void AddTo(List<Socket> readable, List<Socket> writable)
    {
        (Socket? socket, SelectMode mode) = Watched();
        if (socket is not null) (mode == SelectMode.SelectRead ? readable : writable).Add(socket);
    }

    /// <summary>Takes what came.</summary>
    public void Work()
    {
        try
        {
            while (Watched() is (Socket socket, SelectMode mode) && socket.Poll(0, mode))
            {
                if (mode == SelectMode.SelectWrite) Connected(socket);
                else if (!Receive(socket)) Fail(_failure);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            Fail(_failure ?? new LinkFailure($"{address}: {error.Message}"));
        }
    }

    private (Socket? Socket, SelectMode Mode) Watched()
    {
        lock (_lock)
        {
            return _state switch
            {
                State.Connecting => (_socket, SelectMode.SelectWrite),
                State.Open => (_socket, SelectMode.SelectRead),
                _ => (null, SelectMode.SelectError),
            };
        }
    }

    private void TryNextAddress(LinkFailure failure)
    {
        while (_nextAddress < _addresses.Length)
        {
            IPAddress next = _addresses[_nextAddress++];
            // This machine answers at once; a connection that is not waited for begins with an exception, which is slow.
            Socket socket = new(next.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
            {
                NoDelay = true,
                SendTimeout = SendPatienceMs,
                Blocking = IPAddress.IsLoopback(next),
            };
            if (options.SendBufferBytes >= 0) socket.SendBufferSize = options.SendBufferBytes;
            if (options.ReceiveBufferBytes >= 0) socket.ReceiveBufferSize = options.ReceiveBufferBytes;
            _socket = socket;
            try
            {
                socket.Connect(next, address.Port);
                Open();
                return;
            }
            catch (SocketException error) when (error.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
            {
                return;
            }
            catch (Exception error) when (error is SocketException or ArgumentException)
            {
                socket.Dispose();
                failure = new LinkFailure($"{address}: {error.Message}");
            }
        }

        Fail(failure);
    }

    private void Connected(Socket socket)
    {
        int error = (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
        if (error == 0)
        {
            Open();
            return;
        }

        socket.Dispose();
        TryNextAddress(new LinkFailure($"{address}: {new SocketException(error).Message}"));
    }

    private void Open()
    {
        lock (_lock)
        {
            if (_state == State.Over) return;
            _state = State.Open;
            _socket!.Blocking = true;
        }

        driver.Post(ClientEvent.Opened(number));
    }

    /// <summary>Takes a part of a frame, or of its size.</summary>
    /// <returns>False where the peer closed the link.</returns>
    private bool Receive(Socket socket)
    {
        int n = socket.Receive(_frame is null ? _size.AsSpan(_have) : _frame.Span[_have..]);
        if (n == 0) return false;
        _have += n;
        if (_frame is null)
        {
            if (_have < SizeBytes) return true;
            int size = BinaryPrimitives.ReadInt32BigEndian(_size);
            if (size < SizeBytes || size > options.MaxFrameBytes)
            {
                _failure = LinkTrouble.OfStrangeBytes(address, _size, size, options);
                return false;
            }

            (_frame, _have) = (ClientFrame.Rent(size), 0);
        }
        else if (_have == _frame.Length)
        {
            ClientFrame whole = _frame;
            (_frame, _have) = (null, 0);
            _framesReceived++;
            driver.Post(ClientEvent.Received(number, whole));
        }

        return true;
    }

    private void Fail(LinkFailure? failure)
    {
        bool wasOpen = _state == State.Open;
        if (!End()) return;
        if (wasOpen && failure is not { IsFinal: true })
            failure = LinkTrouble.AskAsync(address, failure, options, ConnectAsync, _framesReceived).GetAwaiter().GetResult();
        driver.Post(ClientEvent.Closed(number, failure));
    }

    /// <returns>Whether it was not over before.</returns>
    private bool End()
    {
        lock (_lock)
        {
            if (_state == State.Over) return false;
            _state = State.Over;
            while (_outgoing.TryDequeue(out ClientFrame? frame)) frame.Release();
            _socket?.Dispose();
        }

        return true;
    }

    /// <summary>Another connection to the same broker, to ask what its listener speaks.</summary>
    private async Task<Socket> ConnectAsync(CancellationToken cancel)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, cancel).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
