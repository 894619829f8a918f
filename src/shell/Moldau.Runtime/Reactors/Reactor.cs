using Moldau.Base;
using Moldau.Broker;
using Moldau.Config;
using Moldau.Storage;
using Moldau.Transport;

namespace Moldau.Runtime;

/// <summary>One thread that drives one machine: mailbox and sockets → <see cref="INodeMachine.Step"/> → effects in order
/// → sleep until the next deadline. All state is the thread's own, except the mailbox.</summary>
public sealed partial class Reactor : IDisposable
{
    private const long ListenerTagBase = -1;
    private const long IdleWindowNs = 5_000_000_000;

    // Quantiles are of the last one to two minutes.
    private const int WindowsPerRotation = 12;

    private readonly INodeMachine _machine;
    private readonly ReactorLimits _limits;
    private readonly DiskLanes _lanes;
    private readonly LogArea _log;
    private readonly IReactorHost _host;
    private readonly BufferPool _pool;
    private readonly Poller _poller;
    private readonly SystemClock _clock = new();
    private readonly EffectList<NodeEffect> _effects = new();
    // Events that effects of this turn gave rise to: inline appends, drained and closed connections, posts to itself.
    private readonly Queue<NodeEvent> _local = new();
    // The last reading of the clock, good enough for activity stamps: at most one turn old.
    private long _nowNs = SystemClock.MonotonicNs;
    private readonly long _startedNs = SystemClock.MonotonicNs;
    private Thread? _thread;
    private bool _mustExit;
    private bool _isHalted;
    private bool _hasStopped;
    // When the turn under way began.
    private long _turnNs;
    private readonly RequestTimes?[] _requestTimes = new RequestTimes?[RequestStamp.ApiCount];
    private long _windowNs = SystemClock.MonotonicNs;
    private long _sleptNs;
    private int _windows;

    internal Reactor(MachineId id, INodeMachine machine, BufferPool pool, DiskLanes lanes, ReactorLimits limits,
        LogArea log, IReactorHost host, SocketTransport transport)
    {
        Id = id;
        _machine = machine;
        _pool = pool;
        _lanes = lanes;
        _limits = limits;
        _log = log;
        _host = host;
        _poller = transport.NewPoller();
        Mail = new(limits.MailboxCapacity, _poller);
    }

    public MachineId Id { get; }

    public ReactorMetrics Metrics { get; } = new();

    /// <summary>By API key; null where none was answered yet.</summary>
    public IReadOnlyList<RequestTimes?> RequestTimes => _requestTimes;

    /// <summary>Bytes that this thread has allocated on the managed heap so far; read by the thread itself each time
    /// it goes to sleep.</summary>
    public long AllocatedBytes => Volatile.Read(ref _allocatedBytes);

    private long _allocatedBytes;

    /// <summary>Whether the caller is a thread that must not block.</summary>
    internal static bool IsReactorThread => t_isReactorThread;

    [ThreadStatic]
    private static bool t_isReactorThread;

    internal Mailbox Mail { get; }

    internal void Start()
    {
        _thread = new Thread(Main) { Name = Id.ToString(), IsBackground = true };
        _thread.Start();
    }

    /// <summary>Waits for the thread's end; false if the time ran out.</summary>
    internal bool Join(int timeoutMs) => _thread is null || _thread.Join(timeoutMs);

    /// <summary>After the thread and the disk threads have ended.</summary>
    public void Dispose()
    {
        DropMail();
        _gather.Dispose();
        _poller.Dispose();
    }

    private void Main()
    {
        t_isReactorThread = true;
        try
        {
            Turn(NodeEvent.Started);
            while (!_mustExit) Loop();
            FlushListed();
            CloseAll();
            _encrypted?.Release();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _host.Fault(Id, e);
        }
    }

    private void Loop()
    {
        FlushListed();
        DrainLocal();
        Volatile.Write(ref _allocatedBytes, GC.GetAllocatedBytesForCurrentThread());
        int timeoutMs = HasWork || !Mail.TrySleep() ? 0 : TimeoutMs();
        long sleepsNs = SystemClock.MonotonicNs;
        int ready = _poller.Wait(timeoutMs);
        _clock.Refresh();
        _nowNs = SystemClock.MonotonicNs;
        _sleptNs += _nowNs - sleepsNs;
        if (_nowNs - _windowNs >= IdleWindowNs) EndWindow();
        _handshakesThisTurn = 0;
        TakeMail();
        FlushListed();
        for (int i = 0; i < ready; i++)
        {
            TakeReady(_poller[i]);
            // Each client's answers leave before the next client's requests are looked at.
            FlushListed();
        }

        RetryPosts();
        DeliverResumed();
        ResumeListeners();
        CloseIdle();
        if (!_isHalted && _machine.NextDeadline <= _clock.Now) Turn(NodeEvent.Deadline);
    }

    private void EndWindow()
    {
        Metrics.IdlePermille.Set(_sleptNs * 1000 / (_nowNs - _windowNs));
        _sleptNs = 0;
        _windowNs = _nowNs;
        if (++_windows % WindowsPerRotation != 0) return;
        foreach (RequestTimes? times in _requestTimes) times?.Rotate();
    }

    private bool HasWork => _resumed.Count > 0 || _flushes.Count > 0 || _local.Count > 0;

    private int TimeoutMs()
    {
        long now = SystemClock.MonotonicNs;
        long deadline = _isHalted ? long.MaxValue : _machine.NextDeadline.MonotonicNs;
        long at = Math.Min(deadline, Math.Min(NextIdleNs(), NextAcceptNs()));
        // Posts that did not fit are tried again soon; the target makes room without telling us.
        if (_delayedPosts > 0) at = Math.Min(at, now + 1_000_000);
        // A directory's writer and the other holders of the pool's memory do not tell us either.
        if (_diskPaused.Count > 0 || _memoryPaused.Count > 0) at = Math.Min(at, now + 5_000_000);
        if (at == long.MaxValue) return -1;
        if (at <= now) return 0;
        // Rounded up: waking early would only spin until the deadline has come.
        return (int)Math.Min((at - now + 999_999) / 1_000_000, 60_000);
    }

    private void TakeReady(in Ready ready)
    {
        if (ready.Tag >= 0) TakeConnection(ready);
        else Accept((int)(ListenerTagBase - ready.Tag));
    }

    private void TakeMail()
    {
        foreach (ref readonly Mail mail in Mail.Take())
        {
            switch (mail.Kind)
            {
                case MailKind.Message:
                    Turn(NodeEvent.Message(mail.Payload!)); // a message is never null: see Mailbox.TryPost
                    break;
                case MailKind.DiskDone:
                    TakeCompletion((DiskOp)mail.Payload!); // as above: see Mailbox.Complete
                    break;
                case MailKind.Adopt:
                    Adopt((AcceptedClient)mail.Payload!); // as above: see Accept
                    break;
                case MailKind.Serve:
                    Serve((ListenerState)mail.Payload!); // posted with one
                    break;
                case MailKind.Limits:
                    CloseExcess();
                    RetryAccepting();
                    break;
                case MailKind.StopRequested:
                    Turn(NodeEvent.StopRequested);
                    break;
                default:
                    _mustExit = true;
                    break;
            }
        }
    }

    private void DrainLocal()
    {
        if (_local.TryDequeue(out NodeEvent first)) Turn(first);
    }

    /// <summary>Steps the machine through one event and all that follows from it on this thread.</summary>
    private void Turn(in NodeEvent first)
    {
        Instant now = _clock.Now;
        _turnNs = now.MonotonicNs;
        Step(first, now);
        while (_local.TryDequeue(out NodeEvent next)) Step(next, _clock.Now);
        if (IsSlowSince(now.MonotonicNs)) NoteSlow(first.Kind.ToString(), now.MonotonicNs);
    }

    /// <summary>Reads the clock and says whether what began then took too long for the others that wait.</summary>
    private bool IsSlowSince(long startedNs)
    {
        _nowNs = SystemClock.MonotonicNs;
        long elapsedNs = _nowNs - startedNs;
        if (elapsedNs > Metrics.LongestTurnNs.Value) Metrics.LongestTurnNs.Set(elapsedNs);
        return elapsedNs > _limits.SlowTurnNs;
    }

    private void NoteSlow(string what, long startedNs)
    {
        Metrics.SlowTurns.Increment();
        long ms = (_nowNs - startedNs) / 1_000_000;
        if (_nowNs - _startedNs < _limits.WarmUpNs) _log.Debug($"{Id}: a turn took {ms} ms, event={what}");
        else _log.Warn($"{Id}: a turn took {ms} ms, event={what}");
    }

    private void Step(in NodeEvent e, Instant now)
    {
        if (_isHalted)
        {
            // The machine has given up; what it would have owned is let go of here.
            if (e.Kind == NodeEventKind.Received) (e.Payload as BufferLease)?.Release();
            return;
        }

        _effects.Clear();
        _current = e.Kind == NodeEventKind.Received ? e.Connection : default;
        Metrics.Steps.Increment();
        _machine.Step(e, now, _effects);
        for (int i = 0; i < _effects.Count; i++) Perform(_effects[i]);
        _effects.Clear();
    }
}

/// <summary>What a reactor needs of the node around it.</summary>
internal interface IReactorHost
{
    Reactor Find(MachineId id);

    /// <summary>The node serves requests from now on.</summary>
    void Ready();

    /// <summary>The configuration of the broker was changed or is to be read anew.</summary>
    void Configured(BrokerConfig config);

    /// <summary>More connections are open than may be.</summary>
    void TrimConnections();

    /// <summary>The machine has finished its clean end.</summary>
    void Stopped(MachineId id);

    /// <summary>The machine says that the node cannot go on.</summary>
    void Halt(MachineId id, string reason);

    /// <summary>A bug ended the thread.</summary>
    void Fault(MachineId id, Exception e);
}
