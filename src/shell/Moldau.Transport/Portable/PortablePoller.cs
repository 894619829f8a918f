using Moldau.Base;

namespace Moldau.Transport;

/// <summary>Readiness on any system, made of the base library's asynchronous operations: a receive of zero bytes ends when
/// there is something to read, an accept when there is a client, and what the system does not take at once goes out by
/// an asynchronous send, during which the socket is not writable.</summary>
internal sealed class PortablePoller : Poller
{
    // A monitor: one side waits for the other with a timeout.
    private readonly object _lock = new();
    private readonly Queue<PortableWatch> _queue = new();
    private readonly List<Ready> _ready = [];
    private readonly HashSet<PortableStreamSocket> _lingering = [];
    private List<PortableWatch> _listed = [];
    private List<PortableWatch> _taken = [];
    private bool _isWoken;
    private bool _isDisposed;

    public override Ready this[int index] => _ready[index];

    public override bool TryAdd(StreamSocket socket, Interest interest, long tag) =>
        TryAdd(((PortableStreamSocket)socket).Adopt(this), interest, tag);

    public override bool TryAdd(ListenSocket socket, Interest interest, long tag) =>
        TryAdd(((PortableListenSocket)socket).Watch, interest, tag);

    public override void Modify(StreamSocket socket, Interest interest, long tag) =>
        Modify(((PortableStreamSocket)socket).Watch, interest, tag);

    public override void Modify(ListenSocket socket, Interest interest, long tag) =>
        Modify(((PortableListenSocket)socket).Watch, interest, tag);

    public override void Remove(StreamSocket socket) => Remove(((PortableStreamSocket)socket).Watch);

    public override void Remove(ListenSocket socket) => Remove(((PortableListenSocket)socket).Watch);

    public override int Wait(int timeoutMs)
    {
        StartReads();
        lock (_lock)
        {
            if (_queue.Count == 0 && !_isWoken && timeoutMs != 0) Monitor.Wait(_lock, timeoutMs);
            _isWoken = false;
            _ready.Clear();
            while (_queue.TryDequeue(out PortableWatch? watch))
            {
                watch.IsQueued = false;
                if (watch.Poller != this || watch.Ready == Interest.None) continue;
                _ready.Add(new(watch.Ready, watch.Tag));
                watch.IsReadable &= (watch.Ready & Interest.Readable) == 0;
                // What is still ready then is told again.
                List(watch);
            }

            return _ready.Count;
        }
    }

    public override void Wake()
    {
        lock (_lock)
        {
            _isWoken = true;
            Monitor.Pulse(_lock);
        }
    }

    public override void Dispose()
    {
        PortableStreamSocket[] lingering;
        lock (_lock)
        {
            _isDisposed = true;
            lingering = [.. _lingering];
            _lingering.Clear();
        }

        foreach (PortableStreamSocket socket in lingering) socket.CloseAtOnce();
    }

    internal void ReadEnded(PortableWatch watch)
    {
        lock (_lock)
        {
            watch.IsReadPending = false;
            watch.IsReadable = true;
            Queue(watch);
        }
    }

    internal void WriteEnded(PortableWatch watch)
    {
        lock (_lock)
        {
            watch.IsWritePending = false;
            Queue(watch);
        }
    }

    /// <summary>The socket is closed once what it took has left, or when the poller ends; false if it has
    /// ended.</summary>
    internal bool TryLinger(PortableStreamSocket socket)
    {
        lock (_lock)
        {
            if (!_isDisposed) _lingering.Add(socket);
            return !_isDisposed;
        }
    }

    internal void HasLeft(PortableStreamSocket socket)
    {
        lock (_lock) _lingering.Remove(socket);
    }

    private bool TryAdd(PortableWatch watch, Interest interest, long tag)
    {
        lock (_lock)
        {
            Verify.That(watch.Poller is null);
            watch.Poller = this;
            Set(watch, interest, tag);
        }

        return true;
    }

    private void Modify(PortableWatch watch, Interest interest, long tag)
    {
        lock (_lock) Set(watch, interest, tag);
    }

    private void Remove(PortableWatch watch)
    {
        lock (_lock) watch.Poller = null;
    }

    private void Set(PortableWatch watch, Interest interest, long tag)
    {
        watch.Interest = interest;
        watch.Tag = tag;
        List(watch);
    }

    private void List(PortableWatch watch)
    {
        if (watch.IsListed) return;
        watch.IsListed = true;
        _listed.Add(watch);
    }

    private void Queue(PortableWatch watch)
    {
        if (watch.IsQueued || watch.Ready == Interest.None) return;
        watch.IsQueued = true;
        _queue.Enqueue(watch);
        Monitor.Pulse(_lock);
    }

    /// <summary>Looks after the sockets that changed since the last wait: what is ready is told, the rest is waited
    /// for.</summary>
    private void StartReads()
    {
        lock (_lock) (_listed, _taken) = (_taken, _listed);
        foreach (PortableWatch watch in _taken)
        {
            lock (_lock)
            {
                watch.IsListed = false;
                if (watch.Poller != this) continue;
                Queue(watch);
                bool isWaitDue = (watch.Interest & Interest.Readable) != 0 && !watch.IsReadable && !watch.IsReadPending;
                if (!isWaitDue) continue;
                watch.IsReadPending = true;
            }

            // Outside of the lock, since it may end at once on another thread.
            if (watch.StartRead()) ReadEnded(watch);
        }

        _taken.Clear();
    }
}
