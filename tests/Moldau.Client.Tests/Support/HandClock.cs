namespace Moldau.Client.Tests.Support;

/// <summary>A clock that a test moves; its timers fire on the thread that does.</summary>
internal sealed class HandClock : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<HandTimer> _timers = [];
    private long _ns = 1_000_000_000;

    public override long TimestampFrequency => 1_000_000_000;

    public override long GetTimestamp() => Interlocked.Read(ref _ns);

    public override DateTimeOffset GetUtcNow() =>
        DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000 + (Interlocked.Read(ref _ns) / 1_000_000));

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        HandTimer timer = new(this, callback, state);
        lock (_lock) _timers.Add(timer);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves time, a millisecond after the other, and fires what is due.</summary>
    public void Advance(int ms)
    {
        for (int i = 0; i < ms; i++)
        {
            Interlocked.Add(ref _ns, 1_000_000);
            HandTimer[] due;
            lock (_lock) due = [.. _timers.Where(t => t.DueNs <= _ns)];
            foreach (HandTimer timer in due) timer.Fire();
        }
    }

    private sealed class HandTimer(HandClock clock, TimerCallback callback, object? state) : ITimer
    {
        private long _dueNs = long.MaxValue;

        public long DueNs => Interlocked.Read(ref _dueNs);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Assert.Equal(Timeout.InfiniteTimeSpan, period);
            Interlocked.Exchange(
                ref _dueNs, dueTime == Timeout.InfiniteTimeSpan ? long.MaxValue : clock.GetTimestamp() + (dueTime.Ticks * 100));
            return true;
        }

        public void Fire()
        {
            Interlocked.Exchange(ref _dueNs, long.MaxValue);
            callback(state);
        }

        public void Dispose() => Interlocked.Exchange(ref _dueNs, long.MaxValue);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
