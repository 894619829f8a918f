using Moldau.Protocol;

namespace Moldau.Coordination;

/// <summary>Answers that wait for records: each leaves when the log is committed up to its offset, reads wait for all
/// that was decided before them. What a coordinator says is therefore never undone by a lost log tail.</summary>
public sealed class CoordinatorWrites
{
    private readonly Queue<(long EndOffset, Action<ErrorCode> Done)> _waiting = new();
    private long _committedEnd;
    private ErrorCode _failure;

    public int Count => _waiting.Count;

    /// <summary>The offset after the last record that was decided.</summary>
    public long DecidedEnd { get; private set; }

    /// <summary>After <see cref="FailAll"/>: nothing will be committed any more.</summary>
    public bool HasFailed => _failure != ErrorCode.None;

    /// <summary>Starts at the end of the loaded log.</summary>
    public void Reset(long committedEnd) => DecidedEnd = _committedEnd = committedEnd;

    public void Decided(long endOffset, Action<ErrorCode> done)
    {
        DecidedEnd = endOffset;
        _waiting.Enqueue((endOffset, done));
    }

    /// <summary>Runs now if everything decided is committed, else when it is.</summary>
    public void AfterDecided(Action<ErrorCode> read)
    {
        if (HasFailed) read(_failure);
        else if (_waiting.Count == 0 && DecidedEnd <= _committedEnd) read(ErrorCode.None);
        else _waiting.Enqueue((DecidedEnd, read));
    }

    public void Advance(long committedEnd)
    {
        if (committedEnd <= _committedEnd || HasFailed) return;
        _committedEnd = committedEnd;
        while (_waiting.TryPeek(out (long EndOffset, Action<ErrorCode> Done) next) && next.EndOffset <= committedEnd)
        {
            _waiting.Dequeue();
            next.Done(ErrorCode.None);
        }
    }

    /// <summary>The log is lost to this coordinator (failed append, moved leadership). Final.</summary>
    public void FailAll(ErrorCode error)
    {
        _failure = error;
        while (_waiting.TryDequeue(out (long EndOffset, Action<ErrorCode> Done) next)) next.Done(error);
    }
}
