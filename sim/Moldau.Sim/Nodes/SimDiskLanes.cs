using Moldau.Base;
using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>Plays the disk threads: each operation runs at some later moment and completes at one later still; within a
/// lane and an order key in the order they came, otherwise in any.</summary>
internal sealed class SimDiskLanes(SimWorld world, SimNode node, Prng prng) : ISimActor
{
    private readonly Dictionary<object, Line>[] _lines =
    [
        new(ReferenceEqualityComparer.Instance), new(ReferenceEqualityComparer.Instance),
        new(ReferenceEqualityComparer.Instance),
    ];

    // Insertion order for the torn writes of a kill; never enumerated from the dictionaries above.
    private readonly LinkedList<Pending> _pending = new();

    private sealed class Line
    {
        public readonly Queue<Pending> Waiting = new();
        public long LastDoneNs;

        /// <summary>Operations whose completion the machine has not taken yet; it may be paused.</summary>
        public int Untaken;
    }

    private sealed record Pending(SimShell Shell, DiskOp Op, Line? Line);

    /// <summary>True if the append was performed on the spot; else it completes by an event.</summary>
    public bool Submit(SimShell shell, DiskOp op)
    {
        Line? line = op.OrderKey is { } key ? LineOf(op.Lane, key) : null;
        bool isFree = line is null || line.Waiting.Count == 0;
        bool isLate = line is { Untaken: > 0 };
        if (op.Lane == DiskLane.Append && isFree && !isLate && !prng.Chance(node.Temper.LateAppends))
        {
            op.Execute(shell.Disk);
            return true;
        }

        Pending pending = new(shell, op, line);
        _pending.AddLast(pending);
        line?.Waiting.Enqueue(pending);
        if (line is not null) line.Untaken++;
        if (isFree) world.After(Delay(), this, 0, 0, pending);
        return false;
    }

    /// <summary>The machine takes a completion: from now on an append of its key may be performed on the spot again.</summary>
    public void Taken(DiskOp op)
    {
        if (op.OrderKey is { } key) LineOf(op.Lane, key).Untaken--;
    }

    public void OnEvent(int code, long number, object? payload)
    {
        Pending pending = (Pending)payload!; // only pending operations are scheduled here
        if (pending.Shell.IsDead) return;
        _pending.Remove(pending);
        try
        {
            pending.Op.Execute(pending.Shell.Disk);
        }
        catch (SimCrashException)
        {
            node.Crash();
            return;
        }

        long doneNs = world.Clock.NowNs + prng.Next(Math.Max((int)Math.Min(node.Temper.DiskDelayNs / 4, int.MaxValue), 1));
        if (pending.Line is { } line)
        {
            doneNs = line.LastDoneNs = Math.Max(doneNs, line.LastDoneNs);
            line.Waiting.Dequeue();
            if (line.Waiting.TryPeek(out Pending? next)) world.After(Delay(), this, 0, 0, next);
        }

        pending.Shell.PostDone(pending.Op, doneNs);
    }

    /// <summary>A process that is killed may be in the middle of a write: some of the bytes are in the page cache.</summary>
    public void TearPendingWrites()
    {
        foreach (Pending pending in _pending)
        {
            if (pending.Op is not AppendOp op || pending.Shell.IsDead || !prng.Chance(0.3)) continue;
            if (pending.Line is not null && pending.Line.Waiting.Peek() != pending) continue;
            int length = prng.Next(op.Length + 1);
            if (length == 0) continue;
            try
            {
                op.File.Write(op.Position, op.Data.Span.Slice(op.Start, length));
            }
            catch (Exception e) when (e is DiskException or SimCrashException)
            {
                return;
            }
        }
    }

    public void Forget()
    {
        // Each pending append holds its data once; nobody will hear of it again.
        foreach (Pending pending in _pending)
            if (pending.Op is AppendOp append) append.Data.Release();
        _pending.Clear();
        foreach (Dictionary<object, Line> lane in _lines) lane.Clear();
    }

    private long Delay()
    {
        long most = node.Temper.DiskDelayNs;
        // Mostly quick, sometimes as slow as the disk is at the moment.
        return 20_000 + (prng.Next(4) == 0 ? prng.Next(0, most) : prng.Next(0, most / 10 + 1));
    }

    private Line LineOf(DiskLane lane, object key)
    {
        Dictionary<object, Line> lines = _lines[(int)lane];
        if (!lines.TryGetValue(key, out Line? line)) lines.Add(key, line = new Line());
        return line;
    }
}
