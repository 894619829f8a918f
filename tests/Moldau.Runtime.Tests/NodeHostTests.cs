using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Net;
using Moldau.Base;
using Moldau.Broker;
using Moldau.Transport;

namespace Moldau.Runtime.Tests;

public sealed class NodeHostTests
{
    [Fact]
    public void Listener_OnSeveralAddresses_HasOnePort()
    {
        using TestNode node = new();
        BoundListener bound = node.Host.Listeners[0];
        Assert.Equal([IPAddress.Loopback, IPAddress.IPv6Loopback], bound.EndPoints.Select(e => e.Address));
        Assert.All(bound.EndPoints, e => Assert.Equal(bound.Port, e.Port));
        Assert.NotEqual(0, bound.Port);
    }

    [Fact]
    public void PortInUse_IsOneClearLine()
    {
        using TestNode node = new();
        ListenerOptions taken = new("PLAINTEXT", [IPAddress.Loopback], node.Port);
        using NodeHost second = Host(new ScriptMachine(), taken);
        SocketFailure e = Assert.Throws<SocketFailure>(second.Start);
        Assert.Equal(Errno.AddressInUse, e.Error);
        Assert.Equal($"bind 127.0.0.1:{node.Port}: Address already in use", e.Message);
    }

    [Fact]
    public void Deadline_Comes_NotBeforeItsTime()
    {
        ScriptMachine machine = new() { FirstDeadlineMs = 30 };
        using NodeHost host = Host(machine);
        host.Start();
        Assert.True(machine.DeadlineCame.Wait(10_000, TestContext.Current.CancellationToken));
        Assert.True(machine.DeadlineAt >= machine.DeadlineWanted);
        Assert.True(host.Stop(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Halt_EndsTheNodeWithTheReason()
    {
        ScriptMachine machine = new() { HaltsAtDeadline = true, FirstDeadlineMs = 1 };
        MemoryLog log = new();
        using NodeHost host = Host(machine, log: log);
        host.Start();
        NodeEnd end = await host.Ended.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.False(end.IsClean);
        Assert.Equal("the disk is gone", end.Reason);
        Assert.Contains(log.Lines, l => l == "Fatal shard-0 stops the node: the disk is gone");
    }

    [Fact]
    public async Task Bug_EndsTheNode()
    {
        ScriptMachine machine = new() { ThrowsAtDeadline = true, FirstDeadlineMs = 1 };
        using NodeHost host = Host(machine);
        host.Start();
        NodeEnd end = await host.Ended.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.False(end.IsClean);
        Assert.IsType<BrokenInvariantException>(end.Bug);
    }

    [Fact]
    public async Task MachineThatDoesNotFinish_IsLeftAfterTheTimeout_OrAtOnce()
    {
        ScriptMachine machine = new() { NeverStops = true };
        using NodeHost host = Host(machine);
        host.Start();
        Assert.False(host.Stop(TimeSpan.FromMilliseconds(50)));
        host.StopNow();
        Assert.False((await host.Ended).IsClean);
    }

    [Fact]
    public void Signals_FirstAsksForACleanEnd_SecondForAQuickOne()
    {
        using SemaphoreSlim first = new(0);
        using SemaphoreSlim second = new(0);
        using NodeSignals signals = new();
        signals.Attach(() => first.Release(), () => second.Release());
        Kill();
        Assert.True(first.Wait(10_000, TestContext.Current.CancellationToken));
        Assert.Equal(0, second.CurrentCount);
        Kill();
        Assert.True(second.Wait(10_000, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Signals_BeforeThereIsANode_AskItForACleanEnd()
    {
        using SemaphoreSlim first = new(0);
        using SemaphoreSlim come = new(0);
        using PosixSignalRegistration beside = PosixSignalRegistration.Create(PosixSignal.SIGTERM, c =>
        {
            c.Cancel = true;
            come.Release();
        });
        using NodeSignals signals = new();
        Kill();
        Assert.True(come.Wait(10_000, TestContext.Current.CancellationToken));
        signals.Attach(() => first.Release(), static () => { });
        Assert.True(first.Wait(10_000, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void SlowTurn_IsCountedAndLogged()
    {
        ScriptMachine machine = new() { FirstDeadlineMs = 1, IsSlowAtDeadline = true };
        MemoryLog log = new();
        using NodeHost host = Host(machine, log: log);
        host.Start();
        Assert.True(machine.DeadlineCame.Wait(10_000, TestContext.Current.CancellationToken));
        Assert.True(host.Stop(TimeSpan.FromSeconds(10)));
        host.Dispose();
        Assert.InRange(host.Reactors.First().Metrics.SlowTurns.Value, 1, 100);
        Assert.Contains(log.Lines, l => l.StartsWith("Warn shard-0: a turn took ", StringComparison.Ordinal));
    }

    private static void Kill()
    {
        using Process process = Process.Start("kill", ["-TERM", $"{Environment.ProcessId}"]);
        process.WaitForExit();
    }

    private static NodeHost Host(ScriptMachine machine, ListenerOptions? listener = null, ILogSink? log = null) =>
        new(new NodeHostOptions
        {
            Machines = [new(MachineId.Shard(0), machine, new BufferPool())],
            Listeners = listener is null ? [] : [listener],
            Disk = new FileDisk(),
            Log = new LogArea("kafka.network", log ?? new NullLogSink()),
        });

    /// <summary>A machine that does one thing at its first deadline.</summary>
    private sealed class ScriptMachine : INodeMachine
    {
        public long? FirstDeadlineMs { get; init; }

        public bool HaltsAtDeadline { get; init; }

        public bool ThrowsAtDeadline { get; init; }

        public bool IsSlowAtDeadline { get; init; }

        public bool NeverStops { get; init; }

        public ManualResetEventSlim DeadlineCame { get; } = new();

        public Instant DeadlineWanted { get; private set; }

        public Instant DeadlineAt { get; private set; }

        public Instant NextDeadline { get; private set; } = Instant.Never;

        public void Step(in NodeEvent e, Instant now, EffectList<NodeEffect> effects)
        {
            if (e.Kind == NodeEventKind.Start && FirstDeadlineMs is { } ms)
                NextDeadline = DeadlineWanted = now + Duration.FromMs(ms);
            if (e.Kind == NodeEventKind.StopRequested && !NeverStops) effects.Add(NodeEffect.Stopped);
            if (e.Kind != NodeEventKind.Deadline) return;
            NextDeadline = Instant.Never;
            DeadlineAt = now;
            Verify.That(!ThrowsAtDeadline);
            if (HaltsAtDeadline) effects.Add(NodeEffect.Halt("the disk is gone"));
            if (IsSlowAtDeadline) SpinWait.SpinUntil(() => SystemClock.MonotonicNs - now.MonotonicNs > 12_000_000);
            DeadlineCame.Set();
        }
    }
}
