using Moldau.Base;

namespace Moldau.Broker;

/// <summary>The time-outs of produce calls. Nearly all calls are complete within a turn or a sync, so a call gets a
/// deadline of its own only when it is still open after a short while: a timer for each would stay queued until its
/// 30 seconds are over, long after the answer has left.</summary>
internal sealed class ProduceTimeouts(ShardMachine shard)
{
    private static readonly Duration Grace = Duration.FromMs(50);

    private readonly Queue<(ProduceCall Call, Instant Deadline)> _fresh = new();

    public int FreshCount => _fresh.Count;

    public void Watch(ProduceCall call, int timeoutMs)
    {
        _fresh.Enqueue((call, shard.Now + Duration.FromMs(timeoutMs)));
        if (_fresh.Count == 1) shard.After(Grace, new TimedCall(_ => Sweep()));
    }

    private void Sweep()
    {
        while (_fresh.TryDequeue(out (ProduceCall Call, Instant Deadline) next))
            if (!next.Call.IsComplete) shard.Timers.Schedule(next.Deadline, next.Call.StartTimer());
    }
}
