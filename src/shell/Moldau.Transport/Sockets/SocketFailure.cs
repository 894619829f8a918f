using System.Net;
using System.Runtime.InteropServices;

namespace Moldau.Transport;

/// <summary>A socket that could not be made: bad address, port in use, no permission.</summary>
/// <param name="call">What was tried.</param>
/// <param name="address">With this address.</param>
/// <param name="port">And this port.</param>
/// <param name="error">An <see cref="Errno"/>.</param>
/// <param name="reason">In words; null: Linux's words for the number.</param>
public sealed class SocketFailure(string call, IPAddress address, int port, int error, string? reason = null)
    : IOException($"{call} {new IPEndPoint(address, port)}: {reason ?? Errno.Describe(error)}")
{
    /// <summary>An <see cref="Errno"/>.</summary>
    public int Error { get; } = error;

    internal static SocketFailure Last(string call, IPAddress address, int port) =>
        new(call, address, port, Marshal.GetLastPInvokeError());
}
