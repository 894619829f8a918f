using Moldau.Base;

namespace Moldau.Runtime;

/// <summary>A dedicated thread with a queue. The queue's lock is held for a pointer move only, never across a call to
/// the disk; both sides are the reactors that submit and the one thread that takes.</summary>
internal abstract class DiskThread<T> : IDisposable
{
    // A monitor, since it sleeps at once: a semaphore first spins, which takes the processor from the reactors.
    private readonly object _lock = new();
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
        lock (_lock)
        {
            Verify.That(!_isStopping);
            // Threads cost memory: one starts when its first work comes.
            if (_thread is null) Start();
            if (_queued.Count == 0) Monitor.Pulse(_lock);
            _queued.Add(item);
        }
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
            Monitor.Pulse(_lock);
        }

        thread?.Join();
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
            while (TryTake())
            {
                Run(_taken);
                _taken.Clear();
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _fault(e);
        }
    }
    /// <summary>Waits for work; false once there is none and none will come.</summary>
    private bool TryTake()
    {
        lock (_lock)
        {
            while (_queued.Count == 0)
            {
                if (_isStopping) return false;
                Monitor.Wait(_lock);
            }

            (_queued, _taken) = (_taken, _queued);
            return true;
        }
    }
}
