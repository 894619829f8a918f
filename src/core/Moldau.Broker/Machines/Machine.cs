using Moldau.Base;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>What shard and control machine share: connections with their pipelines, deadlines, calls to other machines,
/// and the effects of the current turn. Owner: one thread (or the simulator).</summary>
internal abstract partial class Machine : INodeMachine
{
    private readonly EffectList<DiskOp> _diskOps = new();
    private EffectList<NodeEffect>? _effects;

    protected Machine(MachineId id, NodeOptions options, BufferPool pool, Prng prng)
    {
        Id = id;
        Options = options;
        Pool = pool;
        Prng = prng;
    }

    public MachineId Id { get; }

    public NodeOptions Options { get; }

    /// <summary>Buffers of this machine and its reactor.</summary>
    public BufferPool Pool { get; }

    public OutgoingFramePool Frames { get; } = new();

    public Prng Prng { get; }

    /// <summary>The finalized level of kraft.version: kept by the quorum in its own log records, not in the image.</summary>
    public short KRaftVersion { get; protected set; }

    /// <summary>Time of the current turn.</summary>
    public Instant Now { get; private set; }

    public TimerQueue Timers { get; } = new();

    /// <summary>Disk operations emitted by logs in this turn; they join the effects when the turn ends.</summary>
    public EffectList<DiskOp> DiskOps => _diskOps;

    public Instant NextDeadline => Timers.Next;

    public void Step(in NodeEvent e, Instant now, EffectList<NodeEffect> effects)
    {
        Now = now;
        _effects = effects;
        switch (e.Kind)
        {
            case NodeEventKind.Start: OnStart(); break;
            case NodeEventKind.Connected: OnConnected(e.Connection, (ConnectionInfo)e.Payload!); break;
            case NodeEventKind.Disconnected: OnDisconnected(e.Connection); break;
            case NodeEventKind.Received: OnReceived(e.Connection, (BufferLease)e.Payload!, e.Start, e.Length); break;
            case NodeEventKind.SendDrained: OnSendDrained(e.Connection); break;
            case NodeEventKind.DiskDone: OnDiskDone((DiskOp)e.Payload!); break;
            case NodeEventKind.Message: OnMessage(e.Payload!); break;
            case NodeEventKind.StopRequested: OnStopRequested(); break;
            case NodeEventKind.Deadline: break;
            default: Verify.Fail($"unknown event {e.Kind}"); break;
        }

        Timers.RunDue(now);
        do
        {
            BeginWaiting();
            EndTurn();
        }
        while (_toBegin.Count > 0);
        FlushDiskOps();
        _effects = null;
    }

    /// <summary>Has another machine (or this one) do the work.</summary>
    public void Call(MachineId target, MachineCall call)
    {
        call.SendFrom(Id);
        if (target == Id) call.RunAt(this);
        else Post(target, call);
    }

    /// <summary>Gives finished work back to where it came from.</summary>
    public void Return(MachineCall call)
    {
        if (call.Origin == Id)
        {
            call.ReturnedTo(this);
            return;
        }

        call.MarkReturning();
        Post(call.Origin, call);
    }

    public void Post(MachineId target, object message) => Emit(NodeEffect.Post(target, message));

    public void Emit(in NodeEffect effect)
    {
        // Disk operations emitted earlier in this turn keep their place before what follows them.
        FlushDiskOps();
        _effects!.Add(effect);
    }

    public void After(Duration delay, TimedTask task) => Timers.Schedule(Now + delay, task);

    protected abstract void OnStart();

    protected abstract void OnStopRequested();

    protected abstract void OnDiskDone(DiskOp op);

    /// <summary>A message that is not a <see cref="MachineCall"/>.</summary>
    protected abstract void OnNotice(object message);

    /// <summary>Last thing of each turn: completes what the turn made ready.</summary>
    protected virtual void EndTurn()
    {
    }

    private void OnMessage(object message)
    {
        if (message is not MachineCall call) OnNotice(message);
        else if (call.IsReturning) call.ReturnedTo(this);
        else call.RunAt(this);
    }

    private void FlushDiskOps()
    {
        if (_diskOps.Count == 0) return;
        for (int i = 0; i < _diskOps.Count; i++) _effects!.Add(NodeEffect.Disk(_diskOps[i]));
        _diskOps.Clear();
    }
}
