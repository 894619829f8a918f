using System.Net;
using System.Runtime.InteropServices;

namespace Moldau.Transport;

/// <summary>By system calls of Linux.</summary>
internal sealed unsafe class LinuxStreamSocket : StreamSocket
{
    private const int NoSignal = 0x4000;
    private const int More = 0x8000;
    private const int LevelTcp = 6;
    private const int NoDelay = 1;
    private const int LevelSocket = 1;
    private const int SendBuffer = 7;
    private const int ReceiveBuffer = 8;
    private const int Linger = 13;
    private const int Stream = 1;
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const int ErrorOption = 4;

    private int _fd;

    internal LinuxStreamSocket(int fd, IPEndPoint peer)
        : base(peer) => _fd = fd;

    public override bool IsClosed => _fd < 0;

    internal int Descriptor => _fd;

    internal static LinuxStreamSocket StartConnect(IPAddress address, int port)
    {
        Platform.EnsureSupported();
        int fd = LibC.Socket(SocketAddress.FamilyOf(address), Stream | CloseOnExec | NonBlocking, 0);
        if (fd < 0) throw SocketFailure.Last("socket", address, port);
        byte* bytes = stackalloc byte[SocketAddress.MaxBytes];
        int length = SocketAddress.Write(address, port, new Span<byte>(bytes, SocketAddress.MaxBytes));
        LinuxStreamSocket socket = new(fd, new IPEndPoint(address, port));
        socket.DisableDelay();
        if (LibC.Connect(fd, bytes, (uint)length) == 0) return socket;
        int error = Marshal.GetLastPInvokeError();
        if (error == Errno.InProgress) return socket;
        socket.Dispose();
        throw new SocketFailure("connect", address, port, error);
    }

    public override int TakeError()
    {
        int value = 0;
        uint length = sizeof(int);
        return LibC.GetSocketOption(_fd, LevelSocket, ErrorOption, &value, &length) < 0
            ? Marshal.GetLastPInvokeError()
            : value;
    }

    public override IoResult Receive(Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                IoResult result = IoResult.Of(LibC.Receive(_fd, start, (nuint)buffer.Length, 0));
                if (result.Error != Errno.Interrupted) return result;
            }
        }
    }

    public override IoResult Send(ReadOnlySpan<byte> bytes, bool more)
    {
        fixed (byte* start = bytes)
        {
            while (true)
            {
                int flags = NoSignal | (more ? More : 0);
                IoResult result = IoResult.Of(LibC.Send(_fd, start, (nuint)bytes.Length, flags));
                if (result.Error != Errno.Interrupted) return result;
            }
        }
    }

    public override IoResult Send(GatherList parts, bool more)
    {
        ArgumentNullException.ThrowIfNull(parts);
        LibC.MessageHeader header = new() { Vectors = parts.Vectors, VectorCount = (nuint)parts.Count };
        while (true)
        {
            IoResult result = IoResult.Of(LibC.SendMessage(_fd, &header, NoSignal | (more ? More : 0)));
            if (result.Error != Errno.Interrupted) return result;
        }
    }

    public override IoResult SendFile(PosixFile file, long position, long count)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (!file.TryRetain()) return IoResult.Failed(Errno.BadDescriptor);
        try
        {
            while (true)
            {
                long offset = position;
                IoResult result = IoResult.Of(LibC.SendFile(_fd, file.Descriptor, &offset, (nuint)count));
                if (result.Error != Errno.Interrupted) return result;
            }
        }
        finally
        {
            file.Release();
        }
    }

    internal void DisableDelay() => SetOption(LevelTcp, NoDelay, 1);

    public override void SetBuffers(int sendBytes, int receiveBytes)
    {
        if (sendBytes >= 0) SetOption(LevelSocket, SendBuffer, sendBytes);
        if (receiveBytes >= 0) SetOption(LevelSocket, ReceiveBuffer, receiveBytes);
    }

    public override void ResetOnClose()
    {
        int* value = stackalloc int[2];
        value[0] = 1;
        value[1] = 0;
        LibC.SetSocketOption(_fd, LevelSocket, Linger, value, 2 * sizeof(int));
    }

    public override void ShutdownSend() => LibC.Shutdown(_fd, 1);

    public override void Dispose()
    {
        if (_fd >= 0) LibC.Close(_fd);
        _fd = -1;
    }

    private void SetOption(int level, int name, int value) =>
        LibC.SetSocketOption(_fd, level, name, &value, sizeof(int));
}
