using System.Net;
using Moldau.Base;
using Moldau.Broker;
using Moldau.Config;
using Moldau.Transport;

namespace Moldau.Runtime;

/// <summary>Runs a node's machines on threads of their own, opens its listeners, and ends it. Made, started, waited for
/// and disposed of by one thread; <see cref="RequestStop"/> and <see cref="StopNow"/> may come from any.</summary>
public sealed class NodeHost : IReactorHost, IDisposable
{
    private const int JoinTimeoutMs = 10_000;
    private const int BindAttempts = 16;

    private readonly NodeHostOptions _options;
    private readonly Dictionary<MachineId, Reactor> _reactors = [];
    private readonly Reactor[] _shards;
    private readonly DiskLanes _dataLanes;
    private readonly DiskLanes _controlLanes;
    // The broker's listeners share their limits, the controller's has its own, as in Kafka.
    private readonly ConnectionLimits _brokerLimits;
    private readonly ConnectionLimits _controllerLimits;
    private readonly List<BoundListener> _bound = [];
    private readonly List<ListenerState> _listeners = [];
    private readonly List<(Reactor Acceptor, ListenerState Listener)> _notReady = [];
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<NodeEnd> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    // Counted down by the reactors' threads.
    private int _running;
    private bool _isStarted;
    private bool _isDisposed;

    public NodeHost(NodeHostOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _brokerLimits = new(options.Quotas);
        _controllerLimits = new(options.Quotas);
        _dataLanes = new("data", options.Disk, options.DiskLimits, e => Fault(MachineId.Shard(0), e));
        _controlLanes = new("control", options.Disk, options.DiskLimits, e => Fault(MachineId.Control, e));
        foreach (HostedMachine hosted in options.Machines)
        {
            DiskLanes lanes = hosted.Id == MachineId.Control ? _controlLanes : _dataLanes;
            _reactors.Add(hosted.Id, new Reactor(
                hosted.Id, hosted.Machine, hosted.Pool, lanes, options.Limits, options.Log, this, options.Transport));
        }

        _shards = [.. _reactors.Where(r => r.Key != MachineId.Control).OrderBy(r => r.Key.Number).Select(r => r.Value)];
        _running = _reactors.Count;
    }

    public IReadOnlyList<BoundListener> Listeners => _bound;

    /// <summary>What the listeners' accepting has come to.</summary>
    public IReadOnlyList<ListenerMetrics> ReadListeners()
    {
        long now = SystemClock.MonotonicNs;
        return [.. _listeners.Select(l => new ListenerMetrics(
            l.Name, l.BlockedNs.Value, l.ThrottledNs.Value, l.Throttles.Value, l.Limits.RateOf(l.Name, now), l.Options.IsController))];
    }

    /// <summary>Connections of the broker accepted a second, those between brokers left out.</summary>
    public double AcceptRate => _brokerLimits.RateAt(SystemClock.MonotonicNs);

    public IReadOnlyCollection<Reactor> Reactors => _reactors.Values;

    /// <summary>Disk counters per log directory; the control machine's are apart.</summary>
    public DiskLanes DataLanes => _dataLanes;

    public DiskLanes ControlLanes => _controlLanes;

    /// <summary>Completes when the machines have said that the node serves requests.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Somebody has asked for the end.</summary>
    public bool IsStopping { get; private set; }

    /// <summary>Completes when the node has ended, cleanly or not.</summary>
    public Task<NodeEnd> Ended => _end.Task;

    /// <summary>Opens the listeners, then starts the threads.</summary>
    /// <exception cref="SocketFailure">An address cannot be bound.</exception>
    public void Start()
    {
        Verify.That(!_isStarted);
        for (int i = 0; i < _options.Listeners.Count; i++) Open(_options.Listeners[i], i);
        _isStarted = true;
        foreach (Reactor reactor in _reactors.Values) reactor.Start();
    }

    /// <summary>Sets other limits, in force when this returns: what is too many is closed soon after. From any
    /// thread.</summary>
    public void SetQuotas(ConnectionQuotas quotas)
    {
        _brokerLimits.Set(quotas);
        _controllerLimits.Set(quotas);
        TellLimits();
    }

    /// <summary>Gives new connections of a listener another certificate; open ones keep theirs. From any thread.</summary>
    public void SetTls(string listener, TlsServer tls)
    {
        ListenerState state = _listeners.Single(l => l.Name == listener);
        Verify.That(state.Tls is not null);
        state.Tls = tls;
    }

    /// <summary>Asks every machine for a clean end; <see cref="Ended"/> completes when all have finished.</summary>
    public void RequestStop()
    {
        IsStopping = true;
        foreach (Reactor reactor in _reactors.Values) reactor.Mail.Post(new(MailKind.StopRequested, null));
    }

    /// <summary>Ends without waiting for the machines, as after a second signal.</summary>
    public void StopNow() => _end.TrySetResult(new(false, MachineId.Control, "stopped before the clean end", null));

    /// <summary>Asks for a clean end and waits for it; false if the time ran out. The threads run until
    /// <see cref="Dispose"/>.</summary>
    public bool Stop(TimeSpan timeout)
    {
        RequestStop();
        return _end.Task.Wait(timeout) && _end.Task.Result.IsClean;
    }

    /// <summary>Closes all connections and ends the threads, whether or not the machines have finished.</summary>
    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        foreach (Reactor reactor in _reactors.Values) reactor.Mail.Post(new(MailKind.Exit, null));
        bool haveAllEnded = true;
        foreach (Reactor reactor in _reactors.Values) haveAllEnded &= reactor.Join(JoinTimeoutMs);
        _end.TrySetResult(new(false, MachineId.Control, "disposed of before the clean end", null));
        // A thread that is stuck still uses its descriptors; the process is about to end anyway.
        if (!haveAllEnded) return;
        _dataLanes.Dispose();
        _controlLanes.Dispose();
        foreach (Reactor reactor in _reactors.Values) reactor.Dispose();
        // Those that nobody accepted from yet.
        foreach (ListenSocket socket in _listeners.SelectMany(l => l.Sockets)) socket.Dispose();
    }

    Reactor IReactorHost.Find(MachineId id) => _reactors[id];

    void IReactorHost.Stopped(MachineId id)
    {
        if (Interlocked.Decrement(ref _running) == 0) _end.TrySetResult(new(true, id, null, null));
    }

    void IReactorHost.Ready()
    {
        // Said once, by the control machine's thread; the list was filled before the threads began.
        if (!_ready.TrySetResult()) return;
        foreach ((Reactor acceptor, ListenerState listener) in _notReady) acceptor.Mail.Post(new(MailKind.Serve, listener));
    }

    void IReactorHost.Configured(BrokerConfig config) => _options.Configured?.Invoke(this, config);

    void IReactorHost.TrimConnections() => TellLimits();

    void IReactorHost.Halt(MachineId id, string reason)
    {
        _options.Log.Write(LogLevel.Fatal, $"{id} stops the node: {reason}");
        _end.TrySetResult(new(false, id, reason, null));
    }

    void IReactorHost.Fault(MachineId id, Exception e) => Fault(id, e);

    private void TellLimits()
    {
        foreach (Reactor reactor in _reactors.Values) reactor.Mail.Post(new(MailKind.Limits, null));
    }

    private void Fault(MachineId id, Exception e)
    {
        _options.Log.Write(LogLevel.Fatal, $"a bug stops the node, thread of {id}: {e}");
        _end.TrySetResult(new(false, id, $"internal error: {e.Message}", e));
    }

    private void Open(ListenerOptions listener, int index)
    {
        Reactor[] servedBy = listener.IsController ? [_reactors[MachineId.Control]] : _shards;
        Verify.That(servedBy.Length > 0);
        List<ListenSocket> sockets = Bind(listener);
        ConnectionLimits limits = listener.IsController ? _controllerLimits : _brokerLimits;
        limits.Add(listener.Name);
        ListenerState state = new(listener, sockets, servedBy, limits);
        _listeners.Add(state);
        // Listeners take turns too, so that one shard does not accept for all of them.
        Reactor acceptor = servedBy[index % servedBy.Length];
        if (_options.WaitsForReady && !listener.IsController) _notReady.Add((acceptor, state));
        else acceptor.Serve(state);
        IPEndPoint[] endPoints = [.. sockets.Select(s => s.LocalEndPoint)];
        _bound.Add(new(listener.Name, endPoints));
        _options.Log.Info($"listener {listener.Name} is open on {string.Join(", ", endPoints.AsEnumerable())}");
    }

    /// <summary>All addresses of a listener on one port. A free port that the first address got may be taken on the
    /// next one, then another is tried.</summary>
    private List<ListenSocket> Bind(ListenerOptions listener)
    {
        if (listener.Opened is { } opened) return [.. opened];
        for (int attempt = 1; ; attempt++)
        {
            List<ListenSocket> sockets = [];
            try
            {
                int port = listener.Port;
                foreach (IPAddress address in listener.Addresses)
                {
                    sockets.Add(_options.Transport.Listen(address, port, listener.Backlog));
                    port = sockets[0].LocalEndPoint.Port;
                }

                return sockets;
            }
            catch (SocketFailure e)
            {
                foreach (ListenSocket socket in sockets) socket.Dispose();
                bool mayRetry = listener.Port == 0 && e.Error == Errno.AddressInUse && attempt < BindAttempts;
                if (!mayRetry) throw;
            }
        }
    }
}
