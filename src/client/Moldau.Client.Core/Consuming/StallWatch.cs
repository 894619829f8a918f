#pragma warning disable RS0030 // the reader's thread counts what it reads while the machine looks: see OnRead
using Moldau.Base;

namespace Moldau.Client;

/// <summary>Sees whether the reader still takes records. One that holds some for longer than <c>max.poll.interval.ms</c> is
/// stalled: Kafka's consumers leave the group then, ours stays and fetches nothing until the reader goes on.</summary>
internal sealed class StallWatch(ConsumerSettings settings)
{
    private const int ChecksPerInterval = 4;

    private long _reads;
    private long _seen;
    private Instant _since;
    private Instant _nextCheck = Instant.Never;

    public bool IsStalled { get; private set; }

    public Instant NextDeadline => _nextCheck;

    /// <summary>On the reader's thread: a record was read.</summary>
    public void OnRead() => Volatile.Write(ref _reads, _reads + 1);

    /// <summary>True where <see cref="IsStalled"/> has changed.</summary>
    /// <param name="isHolding">Records are there that the reader has not taken or not finished.</param>
    /// <param name="now">The time of the turn.</param>
    public bool Look(bool isHolding, Instant now)
    {
        bool isRunning = _nextCheck != Instant.Never;
        long reads = Volatile.Read(ref _reads);
        if (!isHolding || !isRunning || reads != _seen)
        {
            if (isRunning && isHolding && _nextCheck > now && !IsStalled) return false;
            (_seen, _since) = (reads, now);
            _nextCheck = isHolding ? now + Step : Instant.Never;
            return Set(false);
        }

        if (_nextCheck > now) return false;
        bool isLate = _since + settings.MaxPollInterval <= now;
        _nextCheck = now + Step;
        return isLate && Set(true);
    }

    private Duration Step => new(Math.Max(1, settings.MaxPollInterval.Ns / ChecksPerInterval));

    private bool Set(bool isStalled)
    {
        bool isOther = IsStalled != isStalled;
        IsStalled = isStalled;
        return isOther;
    }
}
