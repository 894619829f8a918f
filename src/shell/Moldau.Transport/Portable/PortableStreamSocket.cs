using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Moldau.Base;

namespace Moldau.Transport;

/// <summary>By the base library. What the system does not take at once is copied and leaves by an asynchronous send; a
/// socket that is closed meanwhile stays open until that has ended.</summary>
internal sealed class PortableStreamSocket : StreamSocket
{
    private const int StageBytes = 64 * 1024;

    private readonly Socket _socket;
    // Guards the end of the send under way against the close: the owner's thread and one of the base library's.
    private readonly Lock _lock = new();
    private SocketAsyncEventArgs? _receiving;
    private SocketAsyncEventArgs? _sending;
    private byte[]? _staged;
    private PortablePoller? _poller;
    private bool _isSending;
    private bool _isClosed;
    private bool _dropsOnClose;
    private SocketError _connectError;

    internal PortableStreamSocket(Socket socket, IPEndPoint peer)
        : base(peer)
    {
        _socket = socket;
        _socket.Blocking = false;
        _socket.NoDelay = true;
        Watch = new(StartRead);
    }

    public override bool IsClosed => _isClosed;

    internal PortableWatch Watch { get; }

    internal static PortableStreamSocket StartConnect(IPAddress address, int port)
    {
        Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        IPEndPoint peer = new(address, port);
        PortableStreamSocket made = new(socket, peer);
        SocketAsyncEventArgs connecting = new() { RemoteEndPoint = peer };
        connecting.Completed += (_, e) => made.Connected(e);
        made.Watch.IsWritePending = true;
        if (!socket.ConnectAsync(connecting)) made.Connected(connecting);
        return made;
    }

    /// <summary>The poller that watches it from now on.</summary>
    internal PortableWatch Adopt(PortablePoller poller)
    {
        _poller = poller;
        return Watch;
    }

    public override int TakeError() => PortableErrors.Of(_connectError);

    public override IoResult Receive(Span<byte> buffer)
    {
        if (_isClosed) return IoResult.Failed(Errno.BadDescriptor);
        int count = _socket.Receive(buffer, SocketFlags.None, out SocketError error);
        return error == SocketError.Success ? IoResult.Of(count) : IoResult.Failed(PortableErrors.Of(error));
    }

    public override IoResult Send(ReadOnlySpan<byte> bytes, bool more)
    {
        if (RefusesToSend(out IoResult refused)) return refused;
        long done = 0;
        while (done < bytes.Length)
        {
            ReadOnlySpan<byte> piece = bytes[(int)done..];
            if (piece.Length > StageBytes) piece = piece[..StageBytes];
            if (!TrySend(piece, out SocketError error)) return Ended(done, error);
            done += piece.Length;
            if (Volatile.Read(ref _isSending)) break;
        }

        return IoResult.Of(done);
    }

    public override unsafe IoResult Send(GatherList parts, bool more)
    {
        ArgumentNullException.ThrowIfNull(parts);
        if (RefusesToSend(out IoResult refused)) return refused;
        byte[] stage = ArrayPool<byte>.Shared.Rent(StageBytes);
        int staged = 0;
        long done = 0;
        SocketError error = SocketError.Success;
        for (int i = 0; i < parts.Count && error == SocketError.Success && !Volatile.Read(ref _isSending); i++)
        {
            ReadOnlySpan<byte> part = new(parts.Vectors[i].Base, (int)parts.Vectors[i].Length);
            while (part.Length > 0 && error == SocketError.Success && !Volatile.Read(ref _isSending))
            {
                int count = Math.Min(part.Length, StageBytes - staged);
                part[..count].CopyTo(stage.AsSpan(staged));
                staged += count;
                part = part[count..];
                bool isDue = staged == StageBytes || (part.IsEmpty && i == parts.Count - 1);
                if (!isDue) continue;
                if (TrySend(stage.AsSpan(0, staged), out error)) done += staged;
                staged = 0;
            }
        }

        ArrayPool<byte>.Shared.Return(stage);
        return error == SocketError.Success ? IoResult.Of(done) : Ended(done, error);
    }

    public override IoResult SendFile(PosixFile file, long position, long count)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (!file.TryRetain()) return IoResult.Failed(Errno.BadDescriptor);
        byte[] stage = ArrayPool<byte>.Shared.Rent(StageBytes);
        try
        {
            if (RefusesToSend(out IoResult refused)) return refused;
            long done = 0;
            while (done < count && !Volatile.Read(ref _isSending))
            {
                IoResult read = file.ReadAt(position + done, stage.AsSpan(0, (int)Math.Min(count - done, StageBytes)));
                if (!read.IsOk) return done > 0 ? IoResult.Of(done) : read;
                if (read.Count == 0) break;
                if (!TrySend(stage.AsSpan(0, (int)read.Count), out SocketError error)) return Ended(done, error);
                done += read.Count;
            }

            return IoResult.Of(done);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stage);
            file.Release();
        }
    }

    public override void SetBuffers(int sendBytes, int receiveBytes)
    {
        if (sendBytes >= 0) _socket.SendBufferSize = sendBytes;
        if (receiveBytes >= 0) _socket.ReceiveBufferSize = receiveBytes;
    }

    public override void ResetOnClose()
    {
        _dropsOnClose = true;
        _socket.LingerState = new LingerOption(enable: true, 0);
    }

    public override void ShutdownSend()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The peer has gone already.
        }
    }

    public override void Dispose()
    {
        lock (_lock)
        {
            if (_isClosed) return;
            _isClosed = true;
            bool mayLinger = _isSending && !_dropsOnClose && _poller is not null;
            if (mayLinger && _poller!.TryLinger(this)) return; // not null: it may linger
        }

        CloseAtOnce();
    }

    internal void CloseAtOnce()
    {
        _socket.Dispose();
        _receiving?.Dispose();
        _sending?.Dispose();
    }

    private bool RefusesToSend(out IoResult refused)
    {
        refused = IoResult.Failed(_isClosed ? Errno.BadDescriptor : Errno.Again);
        return _isClosed || Volatile.Read(ref _isSending);
    }

    /// <summary>What left before the error counts; the error comes again with the next call.</summary>
    private static IoResult Ended(long done, SocketError error) =>
        done > 0 ? IoResult.Of(done) : IoResult.Failed(PortableErrors.Of(error));

    /// <summary>Takes all of the bytes: into the system's buffer, and the rest into our own. False: the connection is
    /// broken.</summary>
    private bool TrySend(ReadOnlySpan<byte> bytes, out SocketError error)
    {
        int sent = _socket.Send(bytes, SocketFlags.None, out error);
        if (error is SocketError.WouldBlock or SocketError.IOPending) sent = 0;
        else if (error != SocketError.Success) return false;
        error = SocketError.Success;
        if (sent < bytes.Length) SendLater(bytes[sent..]);
        return true;
    }

    private void SendLater(ReadOnlySpan<byte> rest)
    {
        _staged ??= new byte[StageBytes];
        rest.CopyTo(_staged);
        if (_sending is null)
        {
            _sending = new();
            _sending.Completed += (_, e) => SendEnded(e);
        }

        Watch.IsWritePending = true;
        Volatile.Write(ref _isSending, true);
        _sending.SetBuffer(_staged, 0, rest.Length);
        if (!_socket.SendAsync(_sending)) SendEnded(_sending);
    }

    private void SendEnded(SocketAsyncEventArgs e)
    {
        bool isLast;
        lock (_lock)
        {
            Volatile.Write(ref _isSending, false);
            isLast = _isClosed;
        }

        if (isLast)
        {
            _poller?.HasLeft(this);
            CloseAtOnce();
            return;
        }

        Verify.That(e.SocketError != SocketError.Success || e.BytesTransferred == e.Count);
        // An error is found by the next call.
        Watch.WriteEnded();
    }

    private void Connected(SocketAsyncEventArgs e)
    {
        _connectError = e.SocketError;
        e.Dispose();
        Watch.WriteEnded();
    }

    private bool StartRead()
    {
        if (_receiving is null)
        {
            _receiving = new();
            _receiving.SetBuffer(Memory<byte>.Empty);
            _receiving.Completed += (_, _) => Watch.ReadEnded();
        }

        try
        {
            return !_socket.ReceiveAsync(_receiving);
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }
}
