using Moldau.Base;

namespace Moldau.Broker;

/// <summary>Something that wants a turn at a given time. Its owner cancels by setting <see cref="IsCancelled"/>; the
/// queue forgets it when its time comes.</summary>
internal abstract class TimedTask
{
    public bool IsCancelled { get; set; }

    public abstract void OnDue(Instant now);
}

/// <summary>A machine's deadlines, earliest first, ties in the order they were set.</summary>
internal sealed class TimerQueue
{
    private readonly PriorityQueue<TimedTask, (long AtNs, long Sequence)> _queue = new();
    private long _sequence;

    public int Count => _queue.Count;

    public Instant Next
    {
        get
        {
            while (_queue.TryPeek(out TimedTask? task, out (long AtNs, long Sequence) at))
            {
                if (!task.IsCancelled) return new Instant(at.AtNs, 0);
                _queue.Dequeue();
            }

            return Instant.Never;
        }
    }

    public void Schedule(Instant at, TimedTask task) => _queue.Enqueue(task, (at.MonotonicNs, _sequence++));

    public void RunDue(Instant now)
    {
        while (_queue.TryPeek(out TimedTask? task, out (long AtNs, long Sequence) at) && at.AtNs <= now.MonotonicNs)
        {
            _queue.Dequeue();
            if (!task.IsCancelled) task.OnDue(now);
        }
    }
}

/// <summary>A timed task that is one call.</summary>
internal sealed class TimedCall(Action<Instant> call) : TimedTask
{
    public override void OnDue(Instant now) => call(now);
}
