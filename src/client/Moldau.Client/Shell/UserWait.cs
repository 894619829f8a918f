using System.Threading.Tasks.Sources;
using Moldau.Base;

namespace Moldau.Client;

/// <summary>One wait of a user for something that the machine ends under its lock. It has two sides on different threads, the
/// user's and the machine's, and is free for another wait when both are through: a token may end the user's side long before
/// the machine's.</summary>
/// <param name="free">Called when both sides are through.</param>
internal sealed class UserWait<T>(Action free) : IValueTaskSource<T>, IValueTaskSource
{
    private const int BothSides = 2;

    // Continuations run elsewhere, unless it is said otherwise: most waits are ended under the machine's lock.
    private ManualResetValueTaskSourceCore<T> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private int _isOver;
    private int _sides;

    /// <summary>The user's side: the result. Awaited once.</summary>
    public ValueTask<T> Result => new(this, _core.Version);

    /// <summary>The user's side: the end alone. Awaited once.</summary>
    public ValueTask End => new(this, _core.Version);

    /// <summary>Before either side gets it.</summary>
    public void Begin(CancellationToken cancel)
    {
        Verify.That(_sides == 0);
        _core.Reset();
        _core.RunContinuationsAsynchronously = true;
        (_isOver, _sides) = (0, BothSides);
        if (!cancel.CanBeCanceled) return;
        _registration = cancel.UnsafeRegister(
            static (state, token) => ((UserWait<T>)state!).TryEnd(new OperationCanceledException(token)), this);
    }

    /// <summary>The user's side, where nobody wants to know the end.</summary>
    public void Forget() => Leave();

    /// <summary>The machine's side.</summary>
    /// <param name="result">What the user gets.</param>
    /// <param name="isInline">True where the user's code may run within the call.</param>
    public void Succeed(T result, bool isInline = false)
    {
        if (Interlocked.Exchange(ref _isOver, 1) == 0)
        {
            _registration.Unregister();
            _core.RunContinuationsAsynchronously = !isInline;
            _core.SetResult(result);
        }

        Leave();
    }

    /// <summary>The machine's side.</summary>
    public void Fail(Exception error)
    {
        TryEnd(error);
        Leave();
    }

    T IValueTaskSource<T>.GetResult(short token) => Take(token);

    void IValueTaskSource.GetResult(short token) => Take(token);

    ValueTaskSourceStatus IValueTaskSource<T>.GetStatus(short token) => _core.GetStatus(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<T>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private T Take(short token)
    {
        // A second await of the same result has an old token: it throws here and changes nothing.
        if (_core.GetStatus(token) == ValueTaskSourceStatus.Pending) throw new InvalidOperationException("the wait is not over");

        // Waits for a token that is just about to end it: that must not end the next wait.
        _registration.Dispose();
        _registration = default;
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            _core.Reset();
            Leave();
        }
    }

    /// <summary>The machine and a token may both want to end it; the first one does.</summary>
    private void TryEnd(Exception error)
    {
        if (Interlocked.Exchange(ref _isOver, 1) != 0) return;
        _registration.Unregister();
        _core.SetException(error);
    }

    private void Leave()
    {
        int left = Interlocked.Decrement(ref _sides);
        Verify.That(left >= 0);
        if (left == 0) free();
    }
}
