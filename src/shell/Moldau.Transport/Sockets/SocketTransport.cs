using System.Net;
using System.Runtime.InteropServices;

namespace Moldau.Transport;

/// <summary>The sockets of a kind of system, and what waits for them.</summary>
public abstract class SocketTransport
{
    private protected SocketTransport()
    {
    }

    /// <summary>System calls of 64-bit Linux: epoll, gathered sends, sendfile.</summary>
    public static SocketTransport Linux { get; } = new LinuxTransport();

    /// <summary>The base library's sockets, on every system that it runs on.</summary>
    public static SocketTransport Portable { get; } = new PortableTransport();

    /// <summary>The best that this system has.</summary>
    public static SocketTransport Default => Platform.IsSupported ? Linux : Portable;

    public abstract Poller NewPoller();

    /// <summary>Binds and listens; port 0 takes a free one. The address "::" also takes IPv4.</summary>
    /// <exception cref="SocketFailure">The address cannot be bound.</exception>
    public abstract ListenSocket Listen(IPAddress address, int port, int backlog);

    /// <summary>Starts connecting; the socket becomes writable when that has ended (then ask
    /// <see cref="StreamSocket.TakeError"/>).</summary>
    /// <exception cref="SocketFailure">There is no socket, or it failed at once.</exception>
    public abstract StreamSocket Connect(IPAddress address, int port);

    private sealed class LinuxTransport : SocketTransport
    {
        public override Poller NewPoller() => new Epoll();

        public override ListenSocket Listen(IPAddress address, int port, int backlog) => LinuxListenSocket.Open(address, port, backlog);

        public override StreamSocket Connect(IPAddress address, int port) => LinuxStreamSocket.StartConnect(address, port);

        public override string ToString() => "linux";
    }

    private sealed class PortableTransport : SocketTransport
    {
        public override Poller NewPoller() => new PortablePoller();

        public override ListenSocket Listen(IPAddress address, int port, int backlog) => PortableListenSocket.Open(address, port, backlog);

        public override StreamSocket Connect(IPAddress address, int port) => PortableStreamSocket.StartConnect(address, port);

        public override string ToString() => $"portable on {RuntimeInformation.OSDescription}";
    }
}
