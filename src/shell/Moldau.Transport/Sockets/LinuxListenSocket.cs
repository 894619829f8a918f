using System.Net;
using System.Runtime.InteropServices;

namespace Moldau.Transport;

/// <summary>By system calls of Linux.</summary>
internal sealed unsafe class LinuxListenSocket : ListenSocket
{
    private const int Stream = 1;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int LevelSocket = 1;
    private const int ReuseAddress = 2;
    private const int LevelV6 = 41;
    private const int V6Only = 26;

    private int _fd;
    // Kept open so that, when the process has no descriptor left, one can be freed to accept and refuse a client.
    private int _spare = -1;

    private LinuxListenSocket(int fd, IPEndPoint bound)
        : base(bound)
    {
        _fd = fd;
        _spare = OpenSpare();
    }

    internal int Descriptor => _fd;

    internal static LinuxListenSocket Open(IPAddress address, int port, int backlog)
    {
        Platform.EnsureSupported();
        int family = SocketAddress.FamilyOf(address);
        int fd = LibC.Socket(family, Stream | NonBlocking | CloseOnExec, 0);
        if (fd < 0) throw SocketFailure.Last("socket", address, port);
        try
        {
            int on = 1;
            LibC.SetSocketOption(fd, LevelSocket, ReuseAddress, &on, sizeof(int));
            int only = address.Equals(IPAddress.IPv6Any) ? 0 : 1;
            if (family == SocketAddress.FamilyV6) LibC.SetSocketOption(fd, LevelV6, V6Only, &only, sizeof(int));
            byte* bytes = stackalloc byte[SocketAddress.MaxBytes];
            Span<byte> span = new(bytes, SocketAddress.MaxBytes);
            uint length = (uint)SocketAddress.Write(address, port, span);
            if (LibC.Bind(fd, bytes, length) < 0) throw SocketFailure.Last("bind", address, port);
            if (LibC.Listen(fd, backlog) < 0) throw SocketFailure.Last("listen", address, port);
            length = SocketAddress.MaxBytes;
            if (LibC.GetSocketName(fd, bytes, &length) < 0) throw SocketFailure.Last("getsockname", address, port);
            LinuxListenSocket opened = new(fd, SocketAddress.Read(span));
            fd = -1;
            return opened;
        }
        finally
        {
            if (fd >= 0) LibC.Close(fd);
        }
    }

    public override StreamSocket? Accept(out int error)
    {
        byte* bytes = stackalloc byte[SocketAddress.MaxBytes];
        uint length = SocketAddress.MaxBytes;
        int fd = LibC.Accept4(_fd, bytes, &length, NonBlocking | CloseOnExec);
        error = fd < 0 ? Marshal.GetLastPInvokeError() : 0;
        if (fd < 0) return null;
        LinuxStreamSocket socket = new(fd, SocketAddress.Read(new Span<byte>(bytes, SocketAddress.MaxBytes)));
        socket.DisableDelay();
        return socket;
    }

    public override bool RefuseOne()
    {
        if (_spare < 0) return false;
        LibC.Close(_spare);
        int fd = LibC.Accept4(_fd, null, null, NonBlocking | CloseOnExec);
        if (fd >= 0) LibC.Close(fd);
        _spare = OpenSpare();
        return fd >= 0;
    }

    public override void Dispose()
    {
        if (_fd >= 0) LibC.Close(_fd);
        if (_spare >= 0) LibC.Close(_spare);
        _fd = _spare = -1;
    }

    private static int OpenSpare() => LibC.Open("/dev/null", CloseOnExec, 0);
}
