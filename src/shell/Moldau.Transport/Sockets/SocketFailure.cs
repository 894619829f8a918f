using System.Net;
using System.Runtime.InteropServices;

namespace Moldau.Transport;

/// <summary>A socket that could not be made: bad address, port in use, no permission.</summary>
public sealed class SocketFailure(string call, IPAddress address, int port, int error)
    : IOException($"{call} {new IPEndPoint(address, port)}: {Errno.Describe(error)}")
{
    /// <summary>An <see cref="Errno"/>.</summary>
    public int Error { get; } = error;

    internal static SocketFailure Last(string call, IPAddress address, int port) =>
        new(call, address, port, Marshal.GetLastPInvokeError());
}
