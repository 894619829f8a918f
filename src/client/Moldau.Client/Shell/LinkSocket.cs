using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Moldau.Client;

/// <summary>One link's socket: connects, cuts what comes into frames, sends frames in their order.</summary>
internal sealed class LinkSocket : ILink
{
    private const int SizeBytes = 4;
    private const int ReceiveBytes = 64 << 10;

    private readonly ClientDriver _driver;
    private readonly long _number;
    private readonly BrokerAddress _address;
    private readonly SocketOptions _options;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _lock = new();
    private readonly Queue<ClientFrame> _outgoing = new();
    private Stream? _stream;
    private bool _isSending;
    private bool _isFlushDue;
    private bool _isClosed;

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

        _ = SendAsync();
    }

    public void Close()
    {
        lock (_lock)
        {
            if (_isClosed) return;
            _isClosed = true;
            while (_outgoing.TryDequeue(out ClientFrame? frame)) frame.Release();
        }

        _closing.Cancel();
    }

    private async Task RunAsync()
    {
        LinkFailure? failure = null;
        Socket? socket = null;
        try
        {
            socket = await ConnectAsync().ConfigureAwait(false);
            _stream = new NetworkStream(socket, ownsSocket: false);
            _driver.Post(ClientEvent.Opened(_number));
            failure = await ReceiveAsync(_stream).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            // The machine closed the link.
        }
        catch (Exception error) when (error is SocketException or IOException or ObjectDisposedException)
        {
            failure = new LinkFailure($"{_address}: {error.Message}");
        }
        finally
        {
            Close();
            socket?.Dispose();
            _driver.Post(ClientEvent.Closed(_number, failure));
        }
    }

    private async Task<Socket> ConnectAsync()
    {
        IPAddress[] addresses;
        try
        {
            addresses = await Dns.GetHostAddressesAsync(_address.Host, _closing.Token).ConfigureAwait(false);
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
                if (_options.SendBufferBytes > 0) socket.SendBufferSize = _options.SendBufferBytes;
                if (_options.ReceiveBufferBytes > 0) socket.ReceiveBufferSize = _options.ReceiveBufferBytes;
                await socket.ConnectAsync(new IPEndPoint(address, _address.Port), _closing.Token).ConfigureAwait(false);
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
            int n = await stream.ReadAsync(buffer.AsMemory(have), _closing.Token).ConfigureAwait(false);
            if (n == 0) return null;
            have += n;
            int at = 0;
            while (have - at >= SizeBytes)
            {
                int size = BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(at));
                if (size < SizeBytes || size > _options.MaxFrameBytes)
                {
                    return new LinkFailure(
                        $"{_address} claims an answer of {size} bytes: it speaks no Kafka, or expects TLS", IsFinal: true);
                }

                int there = Math.Min(size, have - at - SizeBytes);
                if (there < size && size <= buffer.Length - SizeBytes) break;
                ClientFrame frame = ClientFrame.Rent(size);
                buffer.AsSpan(at + SizeBytes, there).CopyTo(frame.Span);
                at += SizeBytes + there;
                if (there < size && !await FillAsync(stream, frame.Memory[there..]).ConfigureAwait(false))
                {
                    frame.Release();
                    return null;
                }

                _driver.Post(ClientEvent.Received(_number, frame));
            }

            buffer.AsSpan(at, have - at).CopyTo(buffer);
            have -= at;
        }
    }

    private async ValueTask<bool> FillAsync(Stream stream, Memory<byte> rest)
    {
        while (rest.Length > 0)
        {
            int n = await stream.ReadAsync(rest, _closing.Token).ConfigureAwait(false);
            if (n == 0) return false;
            rest = rest[n..];
        }

        return true;
    }

    private async Task SendAsync()
    {
        try
        {
            while (true)
            {
                ClientFrame? frame;
                lock (_lock)
                {
                    if (!_outgoing.TryDequeue(out frame))
                    {
                        _isSending = false;
                        return;
                    }
                }

                try
                {
                    await _stream!.WriteAsync(frame.Memory, _closing.Token).ConfigureAwait(false);
                }
                finally
                {
                    frame.Release();
                }
            }
        }
        catch (Exception error) when (error is SocketException or IOException or ObjectDisposedException
            or OperationCanceledException)
        {
            // The receiving side sees the same end and reports it; make sure that it does.
            await _closing.CancelAsync().ConfigureAwait(false);
        }
    }
}
