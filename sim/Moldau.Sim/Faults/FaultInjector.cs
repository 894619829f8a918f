using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>Carries a plan out, and ends it: after <see cref="HealAll"/> every node runs on a healthy disk and network.</summary>
internal sealed class FaultInjector(SimWorld world, Scenario scenario, FaultPlan plan) : ISimActor
{
    private const int Begin = 0, EndOf = 1;
    private const long Ms = 1_000_000;
    private const int BrokenStartMs = 500;

    private bool _isOver;

    /// <summary>What comes before the first start.</summary>
    public void Prepare()
    {
        for (int i = 0; i < plan.Faults.Count; i++)
            if (plan.Faults[i].AtMs < 0) OnEvent(Begin, i, null);
    }

    public void Start()
    {
        for (int i = 0; i < plan.Faults.Count; i++)
            if (plan.Faults[i].AtMs >= 0) world.After(plan.Faults[i].AtMs * Ms, this, Begin, i);
    }

    public void OnEvent(int code, long number, object? payload)
    {
        if (_isOver) return;
        Fault fault = plan.Faults[(int)number];
        SimNode node = world.Nodes[fault.Node % world.Nodes.Count];
        world.Trace.Add(code == Begin ? "FAULT" : "END OF FAULT", node.Number, int.MaxValue, number, null);
        if (code == EndOf)
        {
            Calm(fault.Kind, node);
            return;
        }

        world.Coverage.Faults[(int)fault.Kind]++;
        Inject(fault, node, number);
    }

    public void HealAll()
    {
        _isOver = true;
        foreach (SimNode node in world.Nodes)
        {
            bool wasDamaged = node.Disk.InjectedErrors > 0;
            foreach (FaultKind kind in Enum.GetValues<FaultKind>()) Calm(kind, node);
            node.Disk.Heal();
            // A process that has seen its disk fail may rightly serve nothing any more: it is replaced.
            if (wasDamaged) node.Kill();
            if (node.State == SimNodeState.Down) node.StartAfter(Ms);
            else if (node.State == SimNodeState.Stopping) node.RestartWhenDown = true;
        }
    }

    private void Inject(in Fault fault, SimNode node, long number)
    {
        switch (fault.Kind)
        {
            case FaultKind.Kill:
                node.Kill();
                node.StartAfter(fault.A * Ms);
                return;
            case FaultKind.PowerLoss:
                node.LosePower();
                node.StartAfter(fault.A * Ms);
                return;
            case FaultKind.CleanRestart:
                node.RestartWhenDown = true;
                node.RestartDelayNs = fault.A * Ms;
                node.Stop();
                return;
            case FaultKind.CrashInCall: node.Disk.CrashAt((int)fault.A); return;
            case FaultKind.DiskError: node.Disk.FailCalls(DiskError.Io, (int)fault.A, (int)fault.B); return;
            case FaultKind.DiskFull: node.Disk.FailCalls(DiskError.NoSpace, (int)fault.A, (int)fault.B); return;
            case FaultKind.DirectoryFails:
                if (node.LogDirectories.Count > 0)
                    node.Disk.BreakDirectory(node.LogDirectories[(int)(fault.B % node.LogDirectories.Count)], (int)fault.A);
                return;
            case FaultKind.BrokenAtStart:
                if (node.LogDirectories.Count < 2) return;
                node.Kill();
                node.Disk.BreakDirectory(node.LogDirectories[1 + (int)(fault.B % (node.LogDirectories.Count - 1))], 0);
                node.StartAfter(BrokenStartMs * Ms);
                break;
            case FaultKind.RotAtRest:
                scenario.RotAtRest(node, 1 + (int)(fault.B / 2));
                if (fault.B % 2 == 1)
                {
                    node.RestartWhenDown = true;
                    node.RestartDelayNs = fault.A * Ms;
                    node.Stop();
                    return;
                }

                node.Kill();
                node.StartAfter(fault.A * Ms);
                return;
            case FaultKind.PauseMachine: node.PauseMachine((int)fault.B, fault.A * Ms); return;
            case FaultKind.Reset: world.Network.Disturb(fault.A / 100.0, cut: false); return;
            case FaultKind.WallJump: node.Clock.JumpWall(fault.A); return;
            case FaultKind.HalfOpen or FaultKind.OneWay or FaultKind.Partition:
                Cut(fault);
                world.After(fault.B * Ms, this, EndOf, number);
                return;
            case FaultKind.SlowDisk: node.Temper.DiskDelayNs = fault.B * Ms; break;
            case FaultKind.LateAppends: node.Temper.LateAppends = 1; break;
            case FaultKind.SlowMail: node.Temper.MailDelayNs = fault.B * Ms; break;
            case FaultKind.SlowNetwork: world.Network.ExtraDelayNs = fault.B * Ms; break;
            case FaultKind.ClockDrift: node.Clock.DriftThousandths = fault.B; break;
            case FaultKind.BitRot: scenario.Rot(node, (int)fault.B, fault.A); break;
        }

        world.After(fault.A * Ms, this, EndOf, number);
    }

    private void Cut(in Fault fault)
    {
        if (fault.Kind == FaultKind.HalfOpen) world.Network.Disturb(fault.A / 100.0, cut: true);
        else if (fault.Kind == FaultKind.OneWay) world.Network.DisturbOneWay(fault.A / 100.0);
        else world.Network.Partition(toServer: fault.A != 2, toClient: fault.A != 1);
    }

    private void Calm(FaultKind kind, SimNode node)
    {
        SimTemper usual = new();
        switch (kind)
        {
            case FaultKind.SlowDisk: node.Temper.DiskDelayNs = usual.DiskDelayNs; break;
            case FaultKind.LateAppends: node.Temper.LateAppends = usual.LateAppends; break;
            case FaultKind.SlowMail: node.Temper.MailDelayNs = usual.MailDelayNs; break;
            case FaultKind.HalfOpen or FaultKind.OneWay or FaultKind.Partition: world.Network.Heal(); break;
            case FaultKind.SlowNetwork: world.Network.ExtraDelayNs = 0; break;
            case FaultKind.ClockDrift: node.Clock.DriftThousandths = 0; break;
            case FaultKind.BitRot: node.Disk.EndRot(); break;
            case FaultKind.BrokenAtStart: node.Disk.MendDirectory(); break;
        }
    }
}
