using Moldau.Base;
using Moldau.Broker;
using Moldau.Storage;

namespace Moldau.Sim;

public enum SimNodeState
{
    Down,
    Running,

    /// <summary>Asked to stop; some machines have not yet said Stopped.</summary>
    Stopping,
}

/// <summary>A node: its disk, and while it runs its machines, each in a shell that plays the reactor.</summary>
public sealed class SimNode : ISimActor
{
    private const int StartCode = 0, StopTimeoutCode = 1;
    private const long StopTimeoutNs = 60_000_000_000;

    private readonly SimWorld _world;
    private readonly MachineFactory _factory;
    private readonly Prng _prng;
    private readonly List<SimShell> _shells = [];
    private int _accepted;
    private int _stopped;
    private bool _isReady;
    private IDisk? _session;

    public SimNode(SimWorld world, MachineFactory factory)
    {
        _world = world;
        _factory = factory;
        _prng = world.Fork();
        Number = world.Nodes.Count;
        Clock = new SimClock(world.Clock);
        Disk = new SimDisk(Clock, world.Fork());
        Lanes = new SimDiskLanes(world, this, world.Fork());
        world.Nodes.Add(this);
    }

    public int Number { get; }

    public SimDisk Disk { get; }

    /// <summary>Its own wall clock, which faults set.</summary>
    public SimClock Clock { get; }

    /// <summary>Paths of its log directories, for faults that hit one of them.</summary>
    public IReadOnlyList<string> LogDirectories { get; init; } = [];

    public SimTemper Temper { get; } = new();

    public SimNodeState State { get; private set; }

    public int Incarnation { get; private set; } = -1;

    /// <summary>Why the process ended itself, if it did; a scenario may accept it after injected disk errors.</summary>
    public string? Halted { get; private set; }

    /// <summary>A process that ends itself after a disk error that the plan injected is started again; without such an
    /// error that is a failure of the run.</summary>
    public long RestartDelayNs { get; set; } = 500_000_000;

    /// <summary>A clean stop is followed by a start after <see cref="RestartDelayNs"/>.</summary>
    public bool RestartWhenDown { get; set; }

    /// <summary>Half of the deaths inside a disk call are power losses.</summary>
    public bool CrashMayLosePower { get; init; }

    /// <summary>Connections are refused until a machine says Ready.</summary>
    public bool WaitsForReady { get; init; }

    /// <summary>It runs and accepts connections.</summary>
    public bool IsServing => State == SimNodeState.Running && _isReady;

    /// <summary>What is wrong with its disk, if anything is.</summary>
    public PlantedBug Bug { get; init; }

    /// <summary>The disk as the running process sees it.</summary>
    internal IDisk Session => _session ?? throw new InvalidOperationException("no process is running");

    /// <summary>What happens to the disk when the process has ended the next time, and nobody else has looked.</summary>
    public Action? WhenDown { get; set; }

    /// <summary>Looks on, if anybody does.</summary>
    public INodeObserver? Observer { get; set; }

    internal SimDiskLanes Lanes { get; }

    internal SimWorld World => _world;

    public void Start()
    {
        if (State != SimNodeState.Down) return;
        Incarnation++;
        Halted = null;
        _stopped = 0;
        _isReady = !WaitsForReady;
        _world.Trace.Add("start", Number, int.MaxValue, Incarnation, null);
        IReadOnlyList<SimMachine> machines;
        try
        {
            IDisk session = Disk.OpenSession();
            _session = Bug == PlantedBug.None ? session : new PlantedDisk(session, Bug);
            machines = _factory(new SimHost(Number, Incarnation, _session, _prng.Fork(), Clock.Now));
        }
        catch (SimCrashException)
        {
            Crash();
            return;
        }
        catch (Exception e) when (Disk.InjectedErrors > 0 && e is not BrokenInvariantException)
        {
            End("cannot start: " + e.Message);
            return;
        }
        catch (Exception e) when (e is not SimCrashException)
        {
            _world.Fail($"node {Number} cannot start: {e.GetType().Name}: {e.Message}\n{e.StackTrace}");
            return;
        }

        State = SimNodeState.Running;
        foreach (SimMachine machine in machines) _shells.Add(new SimShell(this, machine, _prng.Fork()));
        // A start may be cut short by the death of the process, which takes the shells away.
        foreach (SimShell shell in _shells.ToArray())
            if (!shell.IsDead) shell.Begin();
    }

    /// <summary>SIGKILL: the process is gone between two instructions; the page cache lives on.</summary>
    public void Kill()
    {
        if (State == SimNodeState.Down) return;
        _world.Trace.Add("kill", Number, int.MaxValue, Incarnation, null);
        Lanes.TearPendingWrites();
        Drop();
    }

    public void LosePower()
    {
        _world.Trace.Add("power loss", Number, int.MaxValue, Incarnation, null);
        Lanes.TearPendingWrites();
        Drop(lostPower: true);
    }

    /// <summary>SIGTERM.</summary>
    public void Stop()
    {
        if (State != SimNodeState.Running) return;
        State = SimNodeState.Stopping;
        _world.Trace.Add("stop", Number, int.MaxValue, Incarnation, null);
        foreach (SimShell shell in _shells) shell.PostStop();
        _world.After(StopTimeoutNs, this, StopTimeoutCode, Incarnation);
    }

    public void StartAfter(long delayNs) => _world.After(delayNs, this, StartCode);

    public void PauseMachine(int index, long forNs)
    {
        if (_shells.Count > 0) _shells[index % _shells.Count].Pause(forNs);
    }

    /// <summary>SIGSTOP: nothing of the process runs until <see cref="GoOn"/>.</summary>
    public void Hold()
    {
        foreach (SimShell shell in _shells) shell.Hold();
    }

    /// <summary>SIGCONT.</summary>
    public void GoOn()
    {
        foreach (SimShell shell in _shells) shell.GoOn();
    }

    public void OnEvent(int code, long number, object? payload)
    {
        if (code == StartCode) Start();
        else if (State == SimNodeState.Stopping && number == Incarnation) _world.Fail($"[V1] node {Number} does not stop");
    }

    internal SimShell? Accept(SimConnection connection)
    {
        if (State != SimNodeState.Running || !_isReady) return null;
        List<SimShell> serving = _shells.FindAll(s => s.Listeners.Contains(connection.Listener));
        if (serving.Count == 0) return null;
        SimShell shell = serving[_accepted++ % serving.Count];
        shell.Accept(connection);
        return shell;
    }

    internal SimShell Find(MachineId id)
    {
        foreach (SimShell shell in _shells)
            if (shell.Id == id) return shell;
        throw new InvalidOperationException($"no machine {id}");
    }

    internal void BecomeReady() => _isReady = true;

    internal void MachineStopped()
    {
        if (++_stopped < _shells.Count) return;
        _world.Trace.Add("stopped", Number, int.MaxValue, Incarnation, null);
        if (State != SimNodeState.Stopping) _world.Fail($"node {Number} stopped without being asked to");
        else _world.Coverage.Hit(SimMark.CleanlyStopped);
        Drop();
        if (RestartWhenDown) StartAfter(RestartDelayNs);
        RestartWhenDown = false;
    }

    /// <summary>The process ends itself: legitimate only if its disk fails.</summary>
    internal void End(string reason)
    {
        _world.Trace.Add("halt", Number, int.MaxValue, Incarnation, null);
        if (Disk.InjectedErrors == 0) _world.Fail($"node {Number} halted on a healthy disk: {reason}");
        Halted = reason;
        _world.Coverage.Hit(SimMark.Halted);
        Drop();
        Disk.Heal();
        StartAfter(RestartDelayNs);
    }

    /// <summary>The plan's crash inside a disk call: as a kill, and the node comes back by itself.</summary>
    internal void Crash()
    {
        _world.Trace.Add("crash in call", Number, int.MaxValue, Disk.Calls, null);
        Lanes.TearPendingWrites();
        Drop(lostPower: CrashMayLosePower && _prng.Chance(0.5));
        StartAfter(RestartDelayNs);
    }

    private void Drop(bool lostPower = false)
    {
        if (WaitsForReady && !_isReady) _world.Coverage.Hit(SimMark.DiedStarting);
        State = SimNodeState.Down;
        foreach (SimShell shell in _shells) shell.IsDead = true;
        Lanes.Forget();
        Disk.EndSession();
        Disk.EndRot();
        _world.Network.NodeDied(this);
        foreach (SimShell shell in _shells) shell.LetGo();
        _shells.Clear();
        if (lostPower) Disk.LosePower();
        Action? strike = WhenDown;
        WhenDown = null;
        strike?.Invoke();
        Observer?.Died(lostPower);
    }
}
