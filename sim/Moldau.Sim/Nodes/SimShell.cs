using Moldau.Base;
using Moldau.Broker;
using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>Plays the reactor of one machine: hands it events, performs its effects in order, and owns its connections'
/// ends. Everything between machines comes late and in order; a paused shell lets its mail wait.</summary>
internal sealed partial class SimShell : ISimActor
{
    private const int Mail = 0, DeadlineDue = 1, Done = 2, Pump = 3, Resumed = 4, StopAsked = 5;

    private readonly SimNode _node;
    private readonly SimWorld _world;
    private readonly SimMachine _machine;
    private readonly Prng _prng;
    private readonly EffectList<NodeEffect> _effects = new();
    private readonly Queue<NodeEvent> _local = new();
    private readonly Queue<(int Code, long Number, object? Payload)> _deferred = new();
    private readonly Dictionary<MachineId, long> _lastPostNs = [];
    private long _scheduledDeadlineNs = long.MaxValue;
    private long _pausedUntilNs;
    private bool _isStepping;
    private bool _hasStopped;

    internal SimShell(SimNode node, SimMachine machine, Prng prng)
    {
        _node = node;
        _world = node.World;
        _machine = machine;
        _prng = prng;
        Disk = node.Session;
    }

    internal MachineId Id => _machine.Id;

    internal IReadOnlyList<string> Listeners => _machine.Listeners;

    internal IDisk Disk { get; }

    internal bool IsDead { get; set; }

    internal void Begin() => Turn(NodeEvent.Started);

    internal void PostStop() => _world.After(Mailing(), this, StopAsked);

    internal void PostDone(DiskOp op, long atNs) => _world.At(atNs, this, Done, 0, op);

    internal void Pause(long forNs)
    {
        _pausedUntilNs = Math.Max(_pausedUntilNs, _world.Clock.NowNs + forNs);
        _world.At(_pausedUntilNs, this, Resumed);
    }

    internal void Hold() => _pausedUntilNs = long.MaxValue;

    internal void GoOn()
    {
        _pausedUntilNs = _world.Clock.NowNs;
        _world.After(0, this, Resumed);
    }

    public void OnEvent(int code, long number, object? payload)
    {
        if (IsDead) return;
        if (code == Resumed)
        {
            while (!IsDead && _deferred.Count > 0 && _world.Clock.NowNs >= _pausedUntilNs)
            {
                (int c, long n, object? p) = _deferred.Dequeue();
                Handle(c, n, p);
            }
        }
        else if (_world.Clock.NowNs < _pausedUntilNs || _deferred.Count > 0)
        {
            _deferred.Enqueue((code, number, payload));
        }
        else
        {
            Handle(code, number, payload);
        }
    }

    private void Handle(int code, long number, object? payload)
    {
        switch (code)
        {
            case Mail: Turn(NodeEvent.Message(payload!)); break; // posts always carry a message
            case Done: TakeDone((DiskOp)payload!); break; // set by PostDone
            case StopAsked: Turn(NodeEvent.StopRequested); break;
            case Pump: PumpOut((ServerEnd)payload!); break; // scheduled with its connection
            case Arrived: TakeBytes((ServerEnd)payload!); break;
            case Gone: TakeClose((ServerEnd)payload!); break;
            case NewConnection: TakeConnection((ServerEnd)payload!); break;
            case DeadlineDue: TakeDeadline(number); break;
        }
    }

    private void TakeDone(DiskOp op)
    {
        _node.Lanes.Taken(op);
        Turn(NodeEvent.DiskDone(op));
    }

    private void TakeDeadline(long scheduledNs)
    {
        if (scheduledNs == _scheduledDeadlineNs) _scheduledDeadlineNs = long.MaxValue;
        if (_machine.Machine.NextDeadline.MonotonicNs <= _world.Clock.NowNs) Turn(NodeEvent.Deadline);
        else ScheduleDeadline();
    }

    /// <summary>One turn: the event, what completes within it, and the effects of all.</summary>
    private void Turn(in NodeEvent e)
    {
        _local.Enqueue(e);
        if (_isStepping) return;
        _isStepping = true;
        try
        {
            while (!IsDead && _world.Failure is null && _local.TryDequeue(out NodeEvent next)) StepOnce(next);
        }
        catch (SimCrashException)
        {
            _node.Crash();
        }
        catch (Exception x) when (x is not SimCrashException)
        {
            _world.Fail($"node {_node.Number} {Id}: {x.GetType().Name}: {x.Message}\n{x.StackTrace}");
        }

        _isStepping = false;
        if (!IsDead && _world.Failure is null) ScheduleDeadline();
    }

    private void StepOnce(in NodeEvent e)
    {
        TraceEvent(e);
        _effects.Clear();
        _node.Observer?.BeforeStep(_machine, e);
        _machine.Machine.Step(e, _node.Clock.Now, _effects);
        _node.Observer?.AfterStep(_machine, e);
        for (int i = 0; i < _effects.Count && !IsDead; i++)
        {
            TraceEffect(_effects[i]);
            Perform(_effects[i]);
        }
    }

    private void Perform(in NodeEffect effect)
    {
        switch (effect.Kind)
        {
            case NodeEffectKind.Send:
                QueueFrame(effect.Connection, (OutgoingFrame)effect.Payload!); // the factory sets it
                break;
            case NodeEffectKind.Close:
                CloseByMachine(effect.Connection, effect.Flag);
                break;
            case NodeEffectKind.PauseReads:
                if (_ends.TryGetValue(effect.Connection.Number, out ServerEnd? paused)) paused.IsPaused = true;
                break;
            case NodeEffectKind.ResumeReads:
                Resume(effect.Connection);
                break;
            case NodeEffectKind.Disk:
                DiskOp op = (DiskOp)effect.Payload!; // the factory sets it
                if (_node.Lanes.Submit(this, op)) _local.Enqueue(NodeEvent.DiskDone(op));
                break;
            case NodeEffectKind.Post:
                Post(effect.Target, effect.Payload!); // the factory sets it
                break;
            case NodeEffectKind.Ready:
                _node.BecomeReady();
                break;
            case NodeEffectKind.Stopped:
                if (_hasStopped) break;
                _hasStopped = true;
                _node.MachineStopped();
                break;
            case NodeEffectKind.Configured:
                // Sockets and files of key stores are all that a shell has of it.
                break;
            default:
                _node.End(effect.Payload as string ?? "no reason given");
                break;
        }
    }

    private void Post(MachineId target, object message)
    {
        if (target == Id)
        {
            _local.Enqueue(NodeEvent.Message(message));
            return;
        }

        // FIFO for a pair of machines; nothing is said of two senders.
        long at = Math.Max(_lastPostNs.GetValueOrDefault(target), _world.Clock.NowNs + Mailing());
        _lastPostNs[target] = at;
        _world.At(at, _node.Find(target), Mail, 0, message);
    }

    private long Mailing() => 1_000 + _prng.Next(0, _node.Temper.MailDelayNs);

    private void ScheduleDeadline()
    {
        long due = _machine.Machine.NextDeadline.MonotonicNs;
        if (due == long.MaxValue || due >= _scheduledDeadlineNs) return;
        // The thread wakes a little late, as a real one.
        long at = Math.Max(due, _world.Clock.NowNs) + _prng.Next(0, 200_000);
        _scheduledDeadlineNs = due;
        _world.At(at, this, DeadlineDue, due);
    }

    private void TraceEvent(in NodeEvent e)
    {
        ulong bytes = e.Payload switch
        {
            BufferLease lease => SimTrace.HashOf(lease.Whole.Slice(e.Start, e.Length)),
            DiskOp op => (ulong)op.Error,
            _ => 0,
        };
        _world.Trace.Add(EventNames[(int)e.Kind], _node.Number, Id.Number, e.Connection.Number, e.Payload, bytes);
    }

    private void TraceEffect(in NodeEffect effect)
    {
        ulong bytes = effect.Payload switch
        {
            AppendOp append => SimTrace.HashOf(append.Data.Whole.Slice(append.Start, append.Length)) ^ ((ulong)append.Position << 8),
            OutgoingFrame frame => (ulong)frame.TotalBytes << 32,
            _ => 0,
        };
        _world.Trace.Add(EffectNames[(int)effect.Kind], _node.Number, Id.Number, effect.Connection.Number, effect.Payload, bytes);
    }

    private static readonly string[] EventNames = [.. Enum.GetNames<NodeEventKind>().Select(n => "> " + n)];
    private static readonly string[] EffectNames = [.. Enum.GetNames<NodeEffectKind>().Select(n => "  < " + n)];
}
