using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Coordination;

/// <summary>What a coordinator shard needs of the machine that owns its log partition. State is applied when an append
/// is decided. Where an append that was accepted is lost later, or leadership is, memory may therefore be ahead of the
/// log: the owner calls the shard's Stop, which answers everybody NOT_COORDINATOR, and builds a new shard from the log.
/// Nothing is reverted in place.</summary>
public interface ICoordinatorHost
{
    /// <summary>Time of the current turn.</summary>
    Instant Now { get; }

    /// <summary>Source of member ids.</summary>
    Prng Prng { get; }

    /// <summary>Decides the append of one batch. None: <paramref name="endOffset"/> is the offset after its last
    /// record, and <see cref="CoordinatorWrites.Advance"/> or <see cref="CoordinatorWrites.FailAll"/> follows.
    /// Otherwise nothing is appended, and the log says why: NOT_LEADER_OR_FOLLOWER, KAFKA_STORAGE_ERROR,
    /// NOT_ENOUGH_REPLICAS, MESSAGE_TOO_LARGE, REQUEST_TIMED_OUT where the disk is far behind.</summary>
    ErrorCode Append(IReadOnlyList<CoordinatorRecord> records, out long endOffset);

    /// <summary>Calls back after the delay unless cancelled first. The same task may be scheduled again.</summary>
    void Schedule(CoordinatorTimer timer, Duration delay);
}

/// <summary>A deadline of a coordinator: its latest <see cref="Set"/> counts, earlier ones are forgotten.</summary>
public sealed class CoordinatorTimer(ICoordinatorHost host, Action onExpired)
{
    private Instant _deadline = Instant.Never;
    private bool _isQueued;
    private Instant _queuedFor = Instant.Never;

    public bool IsSet => _deadline != Instant.Never;

    public void Set(Duration delay)
    {
        _deadline = host.Now + delay;
        // A later deadline needs no new entry: the queued one comes first and moves itself on.
        if (_isQueued && _queuedFor <= _deadline) return;
        Queue(delay);
    }

    public void Cancel() => _deadline = Instant.Never;

    /// <summary>The queued entry has come due; called by the host.</summary>
    public void OnDue(Instant now)
    {
        if (now < _queuedFor) return;
        _isQueued = false;
        if (_deadline == Instant.Never) return;
        if (now < _deadline)
        {
            Queue(_deadline - now);
            return;
        }

        _deadline = Instant.Never;
        onExpired();
    }

    private void Queue(Duration delay)
    {
        _isQueued = true;
        _queuedFor = host.Now + delay;
        host.Schedule(this, delay);
    }
}
