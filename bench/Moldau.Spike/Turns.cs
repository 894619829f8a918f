using System.Diagnostics;
using System.Runtime.CompilerServices;
using Moldau.Base;
using Moldau.Broker;
using Moldau.Storage;

namespace Moldau.Spike;

/// <summary>ADR 0001 and 0002: what one produce-like turn costs (event → append and send effects → completion), with
/// the events and effects as structs or as classes, and with the append as an effect or as a call.</summary>
internal static class Turns
{
    private const int Warm = 300_000;
    private const int Count = 3_000_000;
    private const int Rounds = 7;

    public static void Run()
    {
        using BufferPool pool = new();
        BufferLease lease = pool.Rent(16 * 1024);
        string path = Path.Combine(Path.GetTempPath(), $"moldau-spike-{Environment.ProcessId}");
        using RealFile real = new(path);
        Console.WriteLine("variant | ns/turn median (min-max) | B/turn");
        Action<int>[] none = Variants(lease, new NullFile(), out string[] names);
        Measure(names, none, Count);
        Console.WriteLine("with a real pwrite of 16 KiB (page cache) in every turn:");
        Measure(names, Variants(lease, real, out _), 20_000);
        lease.Release();
        File.Delete(path);
    }

    private static Action<int>[] Variants(BufferLease lease, IDiskFile file, out string[] names)
    {
        names =
        [
            "struct event + effects, append op reused", "struct event + effects, new append op",
            "class event + effects, append op reused", "class event + effects, new append op",
            "struct event, append as a direct call",
        ];
        return
        [
            n => Structs(lease, file, n, reuse: true), n => Structs(lease, file, n, reuse: false),
            n => Classes(lease, file, n, reuse: true), n => Classes(lease, file, n, reuse: false),
            n => Direct(lease, file, n),
        ];
    }

    private static void Measure(string[] names, Action<int>[] variants, int count)
    {
        double[][] ns = [.. variants.Select(_ => new double[Rounds])];
        long[] bytes = new long[variants.Length];
        foreach (Action<int> variant in variants) variant(Math.Min(Warm, count));
        _ = Native.usleep(300_000);
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < variants.Length; i++)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                long start = Stopwatch.GetTimestamp();
                variants[i](count);
                ns[i][round] = Stopwatch.GetElapsedTime(start).TotalNanoseconds / count;
                bytes[i] = GC.GetAllocatedBytesForCurrentThread() - before;
            }
        }

        for (int i = 0; i < variants.Length; i++)
        {
            Array.Sort(ns[i]);
            Console.WriteLine($"{names[i]} | {ns[i][Rounds / 2]:F1} ({ns[i][0]:F1}-{ns[i][^1]:F1}) | {bytes[i] / count}");
        }
    }

    private static void Structs(BufferLease lease, IDiskFile file, int count, bool reuse)
    {
        StructMachine machine = new(file, reuse);
        EffectList<NodeEffect> effects = new();
        EffectList<NodeEffect> completions = new();
        Instant now = default;
        for (int i = 0; i < count; i++)
        {
            effects.Clear();
            machine.Step(NodeEvent.Received(new ConnectionId(1), lease, 0, 16 * 1024), now, effects);
            for (int k = 0; k < effects.Count; k++)
            {
                if (effects[k].Kind != NodeEffectKind.Disk) continue;
                DiskOp op = Unsafe.As<DiskOp>(effects[k].Payload!);
                op.Execute(null!);
                completions.Clear();
                machine.Step(NodeEvent.DiskDone(op), now, completions);
            }
        }

        Verify.That(machine.Sent == count);
    }

    private static void Classes(BufferLease lease, IDiskFile file, int count, bool reuse)
    {
        ClassMachine machine = new(file, reuse);
        List<Effect> effects = [];
        List<Effect> completions = [];
        for (int i = 0; i < count; i++)
        {
            effects.Clear();
            machine.Step(new ReceivedEvent(new ConnectionId(1), lease, 0, 16 * 1024), default, effects);
            foreach (Effect effect in effects)
            {
                if (effect is not DiskEffect disk) continue;
                disk.Op.Execute(null!);
                completions.Clear();
                machine.Step(new DiskDoneEvent(disk.Op), default, completions);
            }
        }

        Verify.That(machine.Sent == count);
    }

    private static void Direct(BufferLease lease, IDiskFile file, int count)
    {
        DirectMachine machine = new(file);
        EffectList<NodeEffect> effects = new();
        for (int i = 0; i < count; i++)
        {
            effects.Clear();
            machine.Step(NodeEvent.Received(new ConnectionId(1), lease, 0, 16 * 1024), default, effects);
        }

        Verify.That(machine.Sent == count);
    }

    internal static AppendOp NewOp(IDiskFile file, BufferLease lease) =>
        new() { LogDirectory = "/d", File = file, Position = 0, Data = lease };
}

internal sealed class StructMachine(IDiskFile file, bool reuse) : INodeMachine
{
    private readonly OutgoingFrame _frame = new();
    private AppendOp? _op;

    public long Sent { get; private set; }

    public Instant NextDeadline => Instant.Never;

    public void Step(in NodeEvent e, Instant now, EffectList<NodeEffect> effects)
    {
        switch (e.Kind)
        {
            case NodeEventKind.Received:
                BufferLease lease = (BufferLease)e.Payload!;
                AppendOp op = reuse ? _op ??= Turns.NewOp(file, lease) : Turns.NewOp(file, lease);
                op.Data = lease;
                op.Start = e.Start;
                op.Length = e.Length;
                effects.Add(NodeEffect.Disk(op));
                effects.Add(NodeEffect.ResumeReads(e.Connection));
                break;
            case NodeEventKind.DiskDone:
                Sent++;
                effects.Add(NodeEffect.Send(e.Connection, _frame));
                break;
        }
    }
}

internal sealed class DirectMachine(IDiskFile file)
{
    private readonly OutgoingFrame _frame = new();

    public long Sent { get; private set; }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Step(in NodeEvent e, Instant now, EffectList<NodeEffect> effects)
    {
        if (e.Kind != NodeEventKind.Received) return;
        file.Write(0, ((BufferLease)e.Payload!).Span.Slice(e.Start, e.Length));
        Sent++;
        effects.Add(NodeEffect.ResumeReads(e.Connection));
        effects.Add(NodeEffect.Send(e.Connection, _frame));
    }
}

internal abstract class Event;

internal sealed class ReceivedEvent(ConnectionId connection, BufferLease lease, int start, int length) : Event
{
    public ConnectionId Connection => connection;

    public BufferLease Lease => lease;

    public int Start => start;

    public int Length => length;
}

internal sealed class DiskDoneEvent(DiskOp op) : Event
{
    public DiskOp Op => op;
}

internal abstract class Effect;

internal sealed class DiskEffect(DiskOp op) : Effect
{
    public DiskOp Op => op;
}

internal sealed class ResumeEffect(ConnectionId connection) : Effect
{
    public ConnectionId Connection => connection;
}

internal sealed class SendEffect(ConnectionId connection, OutgoingFrame frame) : Effect
{
    public ConnectionId Connection => connection;

    public OutgoingFrame Frame => frame;
}

internal sealed class ClassMachine(IDiskFile file, bool reuse)
{
    private readonly OutgoingFrame _frame = new();
    private AppendOp? _op;

    public long Sent { get; private set; }

    public void Step(Event e, Instant now, List<Effect> effects)
    {
        switch (e)
        {
            case ReceivedEvent received:
                AppendOp op = reuse ? _op ??= Turns.NewOp(file, received.Lease) : Turns.NewOp(file, received.Lease);
                op.Data = received.Lease;
                op.Start = received.Start;
                op.Length = received.Length;
                effects.Add(new DiskEffect(op));
                effects.Add(new ResumeEffect(received.Connection));
                break;
            case DiskDoneEvent:
                Sent++;
                effects.Add(new SendEffect(default, _frame));
                break;
        }
    }
}

/// <summary>Takes the bytes and does nothing: what is left is the price of the contract.</summary>
internal class NullFile : IDiskFile
{
    public string Path => "null";

    public long Length => 0;

    public int Read(long position, Span<byte> destination) => 0;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public virtual void Write(long position, ReadOnlySpan<byte> source)
    {
    }

    public void Sync()
    {
    }

    public void SetLength(long length)
    {
    }

    public void Allocate(long length)
    {
    }

    public void StartWriteback(long position, long length)
    {
    }

    public virtual void Dispose()
    {
    }
}

internal sealed class RealFile(string path) : NullFile
{
    private readonly int _fd = Native.OpenFile(path);

    public override unsafe void Write(long position, ReadOnlySpan<byte> source)
    {
        fixed (byte* p = source) Verify.That(Native.pwrite(_fd, p, (nuint)source.Length, position) == source.Length);
    }

    public override void Dispose() => _ = Native.close(_fd);
}
