using System.Net;

namespace Moldau.Transport;

/// <summary>A connected TCP socket, non-blocking. Used by one thread at a time; closing is final. Errors are
/// <see cref="Errno"/> numbers on every system.</summary>
public abstract class StreamSocket : IDisposable
{
    private protected StreamSocket(IPEndPoint peer) => Peer = peer;

    public IPEndPoint Peer { get; }

    public abstract bool IsClosed { get; }

    /// <summary>The error of a connect that has ended, zero if there is none.</summary>
    public abstract int TakeError();

    public abstract IoResult Receive(Span<byte> buffer);

    /// <summary>Sends what the system takes: less than there is means that it takes no more for now.
    /// <paramref name="more"/>: the rest of the message follows at once, so a small packet may wait for it.</summary>
    public abstract IoResult Send(ReadOnlySpan<byte> bytes, bool more);

    /// <inheritdoc cref="Send(ReadOnlySpan{byte}, bool)"/>
    public abstract IoResult Send(GatherList parts, bool more);

    /// <summary>Sends bytes of a file out of the page cache. Blocks if they are not there: only for recently written
    /// bytes. Zero bytes without an error: the file ends before the position.</summary>
    public abstract IoResult SendFile(PosixFile file, long position, long count);

    /// <summary>SO_SNDBUF and SO_RCVBUF; negative values leave the system's default (as Kafka's -1).</summary>
    public abstract void SetBuffers(int sendBytes, int receiveBytes);

    /// <summary>Makes the close drop what is queued in the kernel and reset the connection.</summary>
    public abstract void ResetOnClose();

    public abstract void ShutdownSend();

    public abstract void Dispose();
}
