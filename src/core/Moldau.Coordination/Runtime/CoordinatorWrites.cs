using Moldau.Protocol;

namespace Moldau.Coordination;

/// <summary>Answers that wait for records: each leaves when the log is committed up to its offset, reads wait for all
/// that was decided before them. What a coordinator says is therefore never undone by a lost log tail.</summary>
public sealed class CoordinatorWrites
{
    private readonly Queue<(long EndOffset, Action<ErrorCode> Done)> _waiting = new();
    private long _decidedEnd;
    private long _committedEnd;

    public int Count => _waiting.Count;

    /// <summary>Starts at the end of the loaded log.</summary>
    public void Reset(long committedEnd) => _decidedEnd = _committedEnd = committedEnd;

    public void Decided(long endOffset, Action<ErrorCode> done)
    {
        _decidedEnd = endOffset;
        _waiting.Enqueue((endOffset, done));
    }

    /// <summary>Runs now if everything decided is committed, else when it is.</summary>
    public void AfterDecided(Action<ErrorCode> read)
    {
        if (_waiting.Count == 0 && _decidedEnd <= _committedEnd) read(ErrorCode.None);
        else _waiting.Enqueue((_decidedEnd, read));
    }

    public void Advance(long committedEnd)
    {
        if (committedEnd <= _committedEnd) return;
        _committedEnd = committedEnd;
        while (_waiting.TryPeek(out (long EndOffset, Action<ErrorCode> Done) next) && next.EndOffset <= committedEnd)
        {
            _waiting.Dequeue();
            next.Done(ErrorCode.None);
        }
    }

    /// <summary>The log is lost to this coordinator (failed append, moved leadership).</summary>
    public void FailAll(ErrorCode error)
    {
        while (_waiting.TryDequeue(out (long EndOffset, Action<ErrorCode> Done) next)) next.Done(error);
    }
}
