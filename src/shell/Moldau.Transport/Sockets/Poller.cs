namespace Moldau.Transport;

/// <summary>What a socket is watched for, and what it is ready for.</summary>
[Flags]
public enum Interest : uint
{
    None = 0,
    Readable = 0x1,
    Writable = 0x4,
    Error = 0x8,
    HangUp = 0x10,
}

/// <summary>A socket that is ready. <paramref name="Tag"/> is what it was registered with.</summary>
public readonly record struct Ready(Interest What, long Tag);

/// <summary>Tells one thread which of its sockets are ready, level-triggered: what is still ready is told again. All
/// but <see cref="Wake"/> belongs to that thread.</summary>
public abstract class Poller : IDisposable
{
    private protected Poller()
    {
    }

    public abstract bool TryAdd(StreamSocket socket, Interest interest, long tag);

    public abstract bool TryAdd(ListenSocket socket, Interest interest, long tag);

    public abstract void Modify(StreamSocket socket, Interest interest, long tag);

    public abstract void Modify(ListenSocket socket, Interest interest, long tag);

    public abstract void Remove(StreamSocket socket);

    public abstract void Remove(ListenSocket socket);

    /// <summary>Waits up to the timeout (-1: for ever) and returns how many sockets are ready; a signal or
    /// <see cref="Wake"/> ends the wait early, perhaps with none.</summary>
    public abstract int Wait(int timeoutMs);

    /// <summary>One of those that the last <see cref="Wait"/> counted.</summary>
    public abstract Ready this[int index] { get; }

    /// <summary>Ends the wait under way, or the next one. From any thread.</summary>
    public abstract void Wake();

    public abstract void Dispose();
}
