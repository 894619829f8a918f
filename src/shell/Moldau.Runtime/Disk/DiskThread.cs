using Moldau.Base;

namespace Moldau.Runtime;

/// <summary>A dedicated thread with a queue. The queue's lock is held for a pointer move only, never across a call to
/// the disk; both sides are the reactors that submit and the one thread that takes.</summary>
internal abstract class DiskThread<T> : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly string _name;
    private readonly Action<Exception> _fault;
    private List<T> _queued = [];
    private List<T> _taken = [];
    private Thread? _thread;
    private bool _isStopping;

    protected DiskThread(string name, Action<Exception> fault)
    {
        _name = name;
        _fault = fault;
    }

    /// <summary>Items not yet taken by the thread.</summary>
    internal int Waiting
    {
        get
        {
            lock (_lock) return _queued.Count;
        }
    }

    internal void Submit(T item)
    {
        bool wake;
        lock (_lock)
        {
            Verify.That(!_isStopping);
            // Threads cost memory: one starts when its first work comes.
            if (_thread is null) Start();
            wake = _queued.Count == 0;
            _queued.Add(item);
        }

        if (wake) _arrived.Release();
    }

    /// <summary>Ends the thread once all that was submitted has run.</summary>
    public void Dispose()
    {
        Thread? thread;
        lock (_lock)
        {
            if (_isStopping) return;
            _isStopping = true;
            thread = _thread;
        }

        _arrived.Release();
        thread?.Join();
        _arrived.Dispose();
    }

    /// <summary>Runs what has gathered since the last time, in order of submission.</summary>
    protected abstract void Run(List<T> batch);

    private void Start()
    {
        _thread = new Thread(Loop) { Name = _name, IsBackground = true };
        _thread.Start();
    }

    private void Loop()
    {
        try
        {
            while (true)
            {
                bool isLast;
                lock (_lock)
                {
                    (_queued, _taken) = (_taken, _queued);
                    isLast = _isStopping;
                }

                if (_taken.Count > 0)
                {
                    Run(_taken);
                    _taken.Clear();
                }
                else if (isLast)
                {
                    return;
                }
                else
                {
                    _arrived.Wait();
                }
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _fault(e);
        }
    }
}
