using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Threading.Tasks.Sources;

namespace Moldau.Client;

/// <summary>One link's socket: connects, encrypts where that is asked for, cuts what comes into frames, sends frames in their
/// order.</summary>
internal sealed class LinkSocket : ILink
{
    private const int SizeBytes = 4;
    private const int ReceiveBytes = 64 << 10;

    /// <summary>A broker that hangs up after at most so many answers may want another protocol than ours: the greeting is
    /// answered by listeners that want SASL too.</summary>
    private const int MostFramesOfStrangers = 1;

    private static readonly TimeSpan _lastFramesPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _lastWordPatience = TimeSpan.FromSeconds(1);

    private readonly ClientDriver _driver;
    private readonly long _number;
    private readonly BrokerAddress _address;
    private readonly SocketOptions _options;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _lock = new();
    private readonly Queue<ClientFrame> _outgoing = new();
    private readonly SendSignal _toSend = new();

    /// <summary>Readers whose records have come; only the receiving side has it.</summary>
    private readonly List<OperationWait> _woken = [];
    private Stream? _stream;
    private bool _isSending;
    private bool _isFlushDue;
    private bool _isClosed;
    private long _framesReceived;

    public LinkSocket(ClientDriver driver, long number, BrokerAddress address, SocketOptions options)
    {
        (_driver, _number, _address, _options) = (driver, number, address, options);
    }

    /// <summary>Over when nothing of it runs any more.</summary>
    public Task Ended { get; private set; } = Task.CompletedTask;

    public void Start() => Ended = Task.Run(RunAsync);

    /// <summary>True where <see cref="Flush"/> must follow.</summary>
    public bool Enqueue(ClientFrame frame)
    {
        lock (_lock)
        {
            if (!_isClosed)
            {
                _outgoing.Enqueue(frame);
                if (_isSending || _isFlushDue) return false;
                return _isFlushDue = true;
            }
        }

        frame.Release();
        return false;
    }

    /// <summary>Sends what waits, on the caller's thread as long as the system takes it at once.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            _isFlushDue = false;
            if (_isSending || _stream is null || _outgoing.Count == 0) return;
            _isSending = true;
        }

        _toSend.Set();
    }

    /// <summary>What was enqueued still goes out first: of requests without an answer nobody else knows.</summary>
    public void Close()
    {
        lock (_lock)
        {
            if (_isClosed) return;
            _isClosed = true;
            if (_stream is not null && (_isSending || _outgoing.Count > 0))
            {
                _closing.CancelAfter(_lastFramesPatience);
                return;
            }
        }

        _closing.Cancel();
    }

    /// <returns>Whether it was open still.</returns>
    private bool Abandon()
    {
        bool wasOpen;
        lock (_lock)
        {
            wasOpen = !_isClosed;
            _isClosed = true;
            while (_outgoing.TryDequeue(out ClientFrame? frame)) frame.Release();
        }

        _closing.Cancel();
        return wasOpen;
    }

    private async Task RunAsync()
    {
        LinkFailure? failure = null;
        Socket? socket = null;
        Stream? stream = null;
        CertificateCheck check = new();
        try
        {
            socket = await ConnectAsync(_closing.Token).ConfigureAwait(false);
            stream = new NetworkStream(socket, ownsSocket: false);
            if (_options.Tls is { } tls)
            {
                SslStream encrypted = new(stream);
                stream = encrypted;
                await encrypted.AuthenticateAsClientAsync(tls.For(_address.Host, check), _closing.Token).ConfigureAwait(false);
                check.IsAsked |= encrypted.IsMutuallyAuthenticated;
            }

            _stream = stream;
            _ = SendAsync(stream);
            _driver.Post(ClientEvent.Opened(_number));
            failure = await ReceiveAsync(stream).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            // The machine closed the link.
        }
        catch (Exception error) when (error is SocketException or IOException or ObjectDisposedException
            or AuthenticationException or ArgumentException)
        {
            // A broker may announce a name or a port that no address can have: that is the argument.
            failure = LinkTrouble.Of(_address, error, check, _options);
        }
        finally
        {
            foreach (OperationWait reader in _woken) reader.Release(isInline: false);
            _woken.Clear();
            bool wasOpen = Abandon();
            if (stream is not null) await stream.DisposeAsync().ConfigureAwait(false);
            socket?.Dispose();
            bool isStrange = wasOpen && socket is not null && _framesReceived <= MostFramesOfStrangers;
            if (isStrange && check.IsAsked && _framesReceived == 0) failure = LinkTrouble.OfOurCertificate(_address, failure, _options);
            if (isStrange && failure is not { IsFinal: true })
                failure = await LinkTrouble.AskAsync(_address, failure, _options, ConnectAsync, _framesReceived).ConfigureAwait(false);
            _driver.Post(ClientEvent.Closed(_number, failure));
        }
    }

    private async Task<Socket> ConnectAsync(CancellationToken cancel)
    {
        IPAddress[] addresses;
        try
        {
            addresses = await HostName.AddressesOfAsync(_address.Host, cancel).ConfigureAwait(false);
        }
        catch (SocketException)
        {
            throw new IOException($"the host name {_address.Host} cannot be resolved");
        }

        SocketException? last = null;
        foreach (IPAddress address in addresses)
        {
            Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                if (_options.SendBufferBytes >= 0) socket.SendBufferSize = _options.SendBufferBytes;
                if (_options.ReceiveBufferBytes >= 0) socket.ReceiveBufferSize = _options.ReceiveBufferBytes;
                await socket.ConnectAsync(new IPEndPoint(address, _address.Port), cancel).ConfigureAwait(false);
                return socket;
            }
            catch (SocketException error)
            {
                socket.Dispose();
                last = error;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw last ?? (Exception)new IOException($"the host name {_address.Host} has no address");
    }

    /// <summary>Frames until the peer closes. Small ones are cut from one buffer, the rest of a large one is received
    /// where it belongs.</summary>
    private async Task<LinkFailure?> ReceiveAsync(Stream stream)
    {
        byte[] buffer = new byte[ReceiveBytes];
        int have = 0;
        while (true)
        {
            int n = await new WakingRead(stream.ReadAsync(buffer.AsMemory(have), _closing.Token), _woken);
            if (n == 0) return null;
            have += n;
            int at = 0;
            while (have - at >= SizeBytes)
            {
                int size = BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(at));
                if (size < SizeBytes || size > _options.MaxFrameBytes)
                    return LinkTrouble.OfStrangeBytes(_address, buffer.AsSpan(at, have - at), size, _options);

                int there = Math.Min(size, have - at - SizeBytes);
                if (there < size && size <= buffer.Length - SizeBytes) break;
                ClientFrame frame = ClientFrame.Rent(size);
                buffer.AsSpan(at + SizeBytes, there).CopyTo(frame.Span);
                at += SizeBytes + there;
                bool isWhole = there == size;
                try
                {
                    if (!isWhole && !(isWhole = await FillAsync(stream, frame.Memory[there..]).ConfigureAwait(false))) return null;
                }
                finally
                {
                    if (!isWhole) frame.Release();
                }

                _framesReceived++;
                _driver.Post(ClientEvent.Received(_number, frame), _woken);
            }

            buffer.AsSpan(at, have - at).CopyTo(buffer);
            have -= at;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> FillAsync(Stream stream, Memory<byte> rest)
    {
        while (rest.Length > 0)
        {
            int n = await new WakingRead(stream.ReadAsync(rest, _closing.Token), _woken);
            if (n == 0) return false;
            rest = rest[n..];
        }

        return true;
    }

    /// <summary>The link's one sender, for as long as it lives: a loop that <see cref="Flush"/> wakes on its caller's
    /// thread.</summary>
    private async Task SendAsync(Stream stream)
    {
        try
        {
            while (true)
            {
                await _toSend.WaitAsync().ConfigureAwait(false);
                bool isLast;
                while (Next(out isLast) is { } frame)
                {
                    try
                    {
                        await stream.WriteAsync(frame.Memory, _closing.Token).ConfigureAwait(false);
                    }
                    finally
                    {
                        frame.Release();
                    }
                }

                if (!isLast) continue;
                await _closing.CancelAsync().ConfigureAwait(false);
                return;
            }
        }
        catch (Exception error) when (error is SocketException or IOException or ObjectDisposedException
            or OperationCanceledException)
        {
            // The receiving side sees the same end and reports it, with the peer's last word; make sure that it does.
            _closing.CancelAfter(_lastWordPatience);
        }
    }

    /// <summary>The next frame to send. Null where none is left, and then whether none will come any more.</summary>
    private ClientFrame? Next(out bool isLast)
    {
        lock (_lock)
        {
            if (_outgoing.TryDequeue(out ClientFrame? frame))
            {
                isLast = false;
                return frame;
            }

            _isSending = false;
            isLast = _isClosed;
            return null;
        }
    }

    /// <summary>Wakes the sender, again and again, on the thread that sets it.</summary>
    private sealed class SendSignal : IValueTaskSource
    {
        private ManualResetValueTaskSourceCore<bool> _core;

        public ValueTask WaitAsync() => new(this, _core.Version);

        /// <summary>Not again before the sender has come back for the next one.</summary>
        public void Set() => _core.SetResult(true);

        void IValueTaskSource.GetResult(short token)
        {
            _core.GetResult(token);
            _core.Reset();
        }

        ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

        void IValueTaskSource.OnCompleted(
            Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, token, flags);
    }
}
