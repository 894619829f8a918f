using Moldau.Base;
using Moldau.Storage;

namespace Moldau.Runtime;

/// <summary>A few dedicated threads for blocking jobs. Jobs of one order key run one after the other, in the order
/// submitted; the completion is posted before the next one starts.</summary>
internal sealed class JobPool : IDisposable
{
    private readonly IDisk _disk;
    private readonly Action<Exception> _fault;
    private readonly string _name;
    private readonly int _maxThreads;
    // A monitor, since it sleeps at once: a semaphore first spins, which takes the processor from the reactors.
    private readonly object _lock = new();
    private readonly Queue<DiskRequest> _ready = new();
    // Keys with a job running or ready, and what waits behind it.
    private readonly Dictionary<object, Queue<DiskRequest>?> _busy = new(ReferenceEqualityComparer.Instance);
    private readonly List<Thread> _threads = [];
    private int _idle;
    private bool _isStopping;

    internal JobPool(string name, IDisk disk, int maxThreads, Action<Exception> fault)
    {
        _name = name;
        _disk = disk;
        _maxThreads = maxThreads;
        _fault = fault;
    }

    internal void Submit(in DiskRequest request)
    {
        lock (_lock)
        {
            Verify.That(!_isStopping);
            object? key = request.Op.OrderKey;
            if (key is not null && _busy.TryGetValue(key, out Queue<DiskRequest>? behind))
            {
                behind ??= _busy[key] = new();
                behind.Enqueue(request);
                return;
            }

            if (key is not null) _busy.Add(key, null);
            MakeReady(request);
        }
    }

    /// <summary>Ends the threads once all that was submitted has run.</summary>
    public void Dispose()
    {
        Thread[] threads;
        lock (_lock)
        {
            if (_isStopping) return;
            _isStopping = true;
            threads = [.. _threads];
            Monitor.PulseAll(_lock);
        }

        foreach (Thread thread in threads) thread.Join();
    }

    private void MakeReady(in DiskRequest request)
    {
        _ready.Enqueue(request);
        Monitor.Pulse(_lock);
        if (_ready.Count <= _idle || _threads.Count >= _maxThreads) return;
        Thread thread = new(Loop) { Name = $"{_name}-{_threads.Count}", IsBackground = true };
        _threads.Add(thread);
        thread.Start();
    }

    private void Loop()
    {
        try
        {
            while (TryTake(out DiskRequest request))
            {
                request.Op.Execute(_disk);
                object? key = request.Op.OrderKey;
                request.ReplyTo.Complete(request.Op);
                if (key is not null) Unblock(key);
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _fault(e);
        }
    }

    private bool TryTake(out DiskRequest request)
    {
        lock (_lock)
        {
            while (!_ready.TryDequeue(out request))
            {
                // A key that is still busy has a thread at work, which takes what waits behind it.
                if (_isStopping) return false;
                _idle++;
                Monitor.Wait(_lock);
                _idle--;
            }

            return true;
        }
    }

    private void Unblock(object key)
    {
        lock (_lock)
        {
            Queue<DiskRequest>? behind = _busy[key];
            if (behind is null || behind.Count == 0)
            {
                _busy.Remove(key);
                return;
            }

            _ready.Enqueue(behind.Dequeue());
            Monitor.Pulse(_lock);
        }
    }
}
