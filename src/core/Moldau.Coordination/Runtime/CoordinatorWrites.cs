using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Coordination;

/// <summary>The way to a coordinator's log, and the answers that wait for it: each leaves when the log is committed up
/// to its offset, reads wait for all that was decided before them. What a coordinator says is therefore never undone by
/// a lost log tail. Errors are those of the log; <see cref="CoordinatorErrors"/> has what clients are told.</summary>
public sealed class CoordinatorWrites
{
    private readonly ICoordinatorHost _host;
    private readonly Duration _timeout;
    private readonly CoordinatorTimer _timer;
    private readonly Queue<Waiter> _waiting = new();
    private long _decidedEnd;
    private long _committedEnd;
    private ErrorCode _failure;

    /// <param name="host">Owner of the log.</param>
    /// <param name="timeoutMs">Longest wait of an answer (offsets.commit.timeout.ms). What was decided stays decided
    /// when it ends: only the client no longer waits.</param>
    internal CoordinatorWrites(ICoordinatorHost host, int timeoutMs)
    {
        _host = host;
        _timeout = Duration.FromMs(timeoutMs);
        _timer = new CoordinatorTimer(host, Expire);
    }

    public int Count => _waiting.Count;

    /// <summary>The offset after the last record that was decided.</summary>
    internal long DecidedEnd => _decidedEnd;

    /// <summary>Starts at the end of the loaded log.</summary>
    public void Reset(long committedEnd) => _decidedEnd = _committedEnd = committedEnd;

    /// <summary>Appends records as one batch. None: <paramref name="done"/> runs when they are committed or lost, or
    /// when that takes too long. Otherwise nothing was appended and it does not run.</summary>
    public ErrorCode Append(IReadOnlyList<CoordinatorRecord> records, Action<ErrorCode> done)
    {
        if (_failure != ErrorCode.None) return _failure;
        ErrorCode error = _host.Append(records, out long endOffset);
        if (error != ErrorCode.None) return error;
        _decidedEnd = endOffset;
        Await(done);
        return ErrorCode.None;
    }

    /// <summary>Runs now if everything decided is committed, else when it is.</summary>
    public void AfterDecided(Action<ErrorCode> read)
    {
        if (_failure != ErrorCode.None) read(_failure);
        else if (_waiting.Count == 0 && _decidedEnd <= _committedEnd) read(ErrorCode.None);
        else Await(read);
    }

    public void Advance(long committedEnd)
    {
        if (committedEnd <= _committedEnd || _failure != ErrorCode.None) return;
        _committedEnd = committedEnd;
        while (_waiting.TryPeek(out Waiter next) && next.EndOffset <= committedEnd)
        {
            _waiting.Dequeue();
            next.Done(ErrorCode.None);
        }
    }

    /// <summary>The log is lost to this coordinator (failed append, moved leadership). Final.</summary>
    public void FailAll(ErrorCode error)
    {
        _failure = error;
        _timer.Cancel();
        while (_waiting.TryDequeue(out Waiter next)) next.Done(error);
    }

    private void Await(Action<ErrorCode> done)
    {
        _waiting.Enqueue(new(_decidedEnd, _host.Now + _timeout, done));
        if (!_timer.IsSet) _timer.Set(_timeout);
    }

    private void Expire()
    {
        while (_waiting.TryPeek(out Waiter next) && next.Deadline <= _host.Now)
        {
            _waiting.Dequeue();
            next.Done(ErrorCode.RequestTimedOut);
        }

        if (_waiting.TryPeek(out Waiter first) && !_timer.IsSet) _timer.Set(first.Deadline - _host.Now);
    }

    /// <summary>Offsets and deadlines of those that wait both rise from one to the next.</summary>
    private readonly record struct Waiter(long EndOffset, Instant Deadline, Action<ErrorCode> Done);
}
