using Moldau.Sim;

namespace Moldau.Testing;

/// <summary>The world's clock as clients see it. Read by any thread; timers fire on the world's.</summary>
internal sealed class VirtualTime(WorldThread world) : TimeProvider
{
    public override long TimestampFrequency => 1_000_000_000;

    public override long GetTimestamp() => world.NowNs;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(world.UnixMs);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Timer timer = new(world, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(WorldThread world, TimerCallback callback, object? state) : ITimer, ISimActor
    {
        // Only the last setting counts; each has a number. Set by any thread, compared on the world's.
        private long _setting;
        private TimeSpan _period;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            long setting = Interlocked.Increment(ref _setting);
            _period = period;
            if (dueTime == Timeout.InfiniteTimeSpan) return true;
            long atNs = world.NowNs + (dueTime.Ticks * 100);
            world.Post(w => w.At(atNs, this, 0, setting));
            return true;
        }

        public void OnEvent(int code, long number, object? payload)
        {
            if (Volatile.Read(ref _setting) != number) return;
            world.NoteClientTurn();
            if (_period > TimeSpan.Zero) Change(_period, _period);
            callback(state);
        }

        public void Dispose() => Interlocked.Increment(ref _setting);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
