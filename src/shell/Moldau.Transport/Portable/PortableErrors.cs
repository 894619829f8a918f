using System.Net.Sockets;

namespace Moldau.Transport;

/// <summary>From the base library's names of socket errors, which are the same on every system, to <see cref="Errno"/>.</summary>
internal static class PortableErrors
{
    private const int NetworkUnreachable = 101;
    private const int NotConnected = 107;
    private const int TimedOut = 110;
    private const int ConnectionRefused = 111;
    private const int HostUnreachable = 113;

    internal static int Of(SocketError error) => error switch
    {
        SocketError.Success => 0,
        SocketError.WouldBlock or SocketError.IOPending or SocketError.TryAgain => Errno.Again,
        SocketError.Interrupted => Errno.Interrupted,
        SocketError.AccessDenied => Errno.AccessDenied,
        SocketError.TooManyOpenSockets => Errno.TooManyFilesInProcess,
        SocketError.InvalidArgument => Errno.Invalid,
        SocketError.Shutdown => Errno.BrokenPipe,
        SocketError.OperationAborted or SocketError.NotSocket => Errno.BadDescriptor,
        SocketError.AddressAlreadyInUse => Errno.AddressInUse,
        SocketError.AddressNotAvailable => Errno.AddressNotAvailable,
        SocketError.NetworkUnreachable or SocketError.NetworkDown => NetworkUnreachable,
        SocketError.ConnectionAborted => Errno.ConnectionAborted,
        SocketError.ConnectionReset or SocketError.NetworkReset => Errno.ConnectionReset,
        SocketError.NoBufferSpaceAvailable => Errno.NoBufferSpace,
        SocketError.NotConnected => NotConnected,
        SocketError.TimedOut => TimedOut,
        SocketError.ConnectionRefused => ConnectionRefused,
        SocketError.HostUnreachable or SocketError.HostDown => HostUnreachable,
        _ => Errno.InputOutput,
    };
}
