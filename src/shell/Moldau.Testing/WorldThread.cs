using System.Collections.Concurrent;
using System.Diagnostics;
using Moldau.Sim;

namespace Moldau.Testing;

/// <summary>The thread that owns a simulated world. Others only leave work for it; its clock may be read by all. Time
/// flows with the real one, but never leaps with it: a process that was held up finds the world as it left it.</summary>
internal sealed class WorldThread : IDisposable
{
    private const long LargestFlowNs = 50_000_000;
    private const int LongestWaitMs = 20;
    private const int FenceMs = 50;

    private readonly ConcurrentQueue<Action<SimWorld>> _inbox = new();
    private readonly AutoResetEvent _hasWork = new(false);
    private readonly Thread _thread;
    private readonly SimWorld _world;
    // Written by the world's thread, read by all.
    private long _nowNs;
    private long _unixMs;
    private bool _isEnding;
    private bool _hadClientTurn;

    internal WorldThread(SimWorld world)
    {
        _world = world;
        Note();
        _thread = new Thread(Run) { Name = "virtual-broker", IsBackground = true };
        _thread.Start();
    }

    internal long NowNs => Volatile.Read(ref _nowNs);

    internal long UnixMs => Volatile.Read(ref _unixMs);

    /// <summary>Leaves work for the world's thread. Work of one thread is done in its order.</summary>
    internal void Post(Action<SimWorld> work)
    {
        _inbox.Enqueue(work);
        _hasWork.Set();
    }

    /// <summary>Leaves work and waits for its end.</summary>
    /// <exception cref="VirtualBrokerException">The world has failed.</exception>
    internal Task DoAsync(Action<SimWorld> work)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isEnding), typeof(VirtualBroker));
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(world =>
        {
            try
            {
                if (world.Failure is null) work(world);
                Note();
                if (world.Failure is null) done.SetResult();
                else done.SetException(new VirtualBrokerException(world.Failure));
            }
            catch (VirtualBrokerException e)
            {
                done.SetException(e);
            }
        });
        return done.Task;
    }

    /// <summary>Lets the world run for so long, event by event, in no real time. Users' continuations get their turn between
    /// the events that may have caused them.</summary>
    internal void Advance(SimWorld world, long byNs)
    {
        long untilNs = world.Clock.NowNs + byNs;
        while (world.Failure is null && !Volatile.Read(ref _isEnding))
        {
            if (_hadClientTurn) LetOthersRun();
            TakeInbox();
            if (world.NextEventNs > untilNs) break;
            RunTo(world.NextEventNs);
        }

        RunTo(untilNs);
    }

    /// <summary>Lets the world run until the condition holds, in no real time; says whether it does.</summary>
    internal bool RunUntil(long untilNs, Func<bool> condition)
    {
        while (!condition() && _world.Failure is null && _world.NextEventNs <= untilNs) RunTo(_world.NextEventNs);
        return condition();
    }

    /// <summary>Something reached a client: users may have been woken by it.</summary>
    internal void NoteClientTurn() => _hadClientTurn = true;

    public void Dispose()
    {
        Volatile.Write(ref _isEnding, true);
        _hasWork.Set();
        if (Thread.CurrentThread != _thread) _thread.Join();
        _hasWork.Dispose();
    }

    private void Run()
    {
        long lastTicks = Stopwatch.GetTimestamp();
        while (!Volatile.Read(ref _isEnding))
        {
            TakeInbox();
            long ticks = Stopwatch.GetTimestamp();
            RunTo(_world.Clock.NowNs + Math.Min(Stopwatch.GetElapsedTime(lastTicks, ticks).Ticks * 100, LargestFlowNs));
            lastTicks = ticks;
            if (!_inbox.IsEmpty) continue;
            long untilNextNs = _world.NextEventNs == long.MaxValue ? long.MaxValue : _world.NextEventNs - _world.Clock.NowNs;
            _hasWork.WaitOne((int)Math.Clamp(untilNextNs / 1_000_000, 0, LongestWaitMs));
        }
    }

    private void TakeInbox()
    {
        while (_inbox.TryDequeue(out Action<SimWorld>? work)) work(_world);
    }

    private void RunTo(long ns)
    {
        // Events read the clock through clients, so it is told before each.
        while (_world.Failure is null && _world.NextEventNs <= ns)
        {
            Volatile.Write(ref _unixMs, _world.Now.UnixMs + ((_world.NextEventNs - _world.Clock.NowNs) / 1_000_000));
            Volatile.Write(ref _nowNs, _world.NextEventNs);
            _world.RunUntil(_world.NextEventNs);
            TakeInbox();
        }

        if (_world.Failure is null && ns > _world.Clock.NowNs) _world.RunUntil(ns);
        Note();
    }

    private void Note()
    {
        Volatile.Write(ref _unixMs, _world.Now.UnixMs);
        Volatile.Write(ref _nowNs, _world.Clock.NowNs);
    }

    /// <summary>What the thread pool had to do before is begun when it gets to the mark.</summary>
    private void LetOthersRun()
    {
        _hadClientTurn = false;
        for (int i = 0; i < 2; i++)
        {
            using ManualResetEventSlim mark = new();
            ThreadPool.UnsafeQueueUserWorkItem(static m => m.Set(), mark, preferLocal: false);
            mark.Wait(FenceMs);
        }
    }
}
