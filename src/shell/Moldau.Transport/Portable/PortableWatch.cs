namespace Moldau.Transport;

/// <summary>What a <see cref="PortablePoller"/> knows of a socket. Its lock guards all of it: the poller's thread watches,
/// and threads of the base library tell what has become ready.</summary>
/// <param name="startRead">Starts waiting until there is something to read or to accept; true if there is already, else
/// <see cref="ReadEnded"/> is called once there is.</param>
internal sealed class PortableWatch(Func<bool> startRead)
{
    /// <summary>Null before it is added and after it is removed.</summary>
    internal PortablePoller? Poller { get; set; }

    internal long Tag { get; set; }

    internal Interest Interest { get; set; }

    /// <summary>The base library waits for something to read.</summary>
    internal bool IsReadPending { get; set; }

    /// <summary>There was something to read, which has not been told yet.</summary>
    internal bool IsReadable { get; set; }

    /// <summary>A send or a connect is under way: nothing can be sent until it ends.</summary>
    internal bool IsWritePending { get; set; }

    /// <summary>In the poller's queue of those that may be ready.</summary>
    internal bool IsQueued { get; set; }

    /// <summary>In the poller's list of those to look after before it waits.</summary>
    internal bool IsListed { get; set; }

    internal Interest Ready =>
        ((IsReadable ? Interest.Readable : Interest.None) | (IsWritePending ? Interest.None : Interest.Writable)) & Interest;

    internal bool StartRead() => startRead();

    internal void ReadEnded()
    {
        if (Poller is { } poller) poller.ReadEnded(this);
        else IsReadPending = false;
    }

    internal void WriteEnded()
    {
        if (Poller is { } poller) poller.WriteEnded(this);
        else IsWritePending = false;
    }
}
