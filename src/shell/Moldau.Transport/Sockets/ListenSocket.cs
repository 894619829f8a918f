using System.Net;

namespace Moldau.Transport;

/// <summary>A listening TCP socket, non-blocking.</summary>
public abstract class ListenSocket : IDisposable
{
    private protected ListenSocket(IPEndPoint bound) => LocalEndPoint = bound;

    public IPEndPoint LocalEndPoint { get; }

    /// <summary>The next client, or null with the reason (<see cref="Errno.Again"/>: none waits).</summary>
    public abstract StreamSocket? Accept(out int error);

    /// <summary>When descriptors have run out: takes one waiting client and hangs up, so that it is not left waiting.
    /// False if that was not possible.</summary>
    public abstract bool RefuseOne();

    public abstract void Dispose();
}
