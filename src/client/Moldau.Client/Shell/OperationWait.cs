namespace Moldau.Client;

/// <summary>Waits for an operation whose result nobody needs, and goes back to its pool when it is over for both
/// sides.</summary>
internal sealed class OperationWait : IOperationWaiter
{
    private readonly UserWait<bool> _wait;
    private ClientError? _error;

    private OperationWait(IdlePool<OperationWait> pool) => _wait = new UserWait<bool>(() => pool.Return(this));

    /// <summary>Awaited once.</summary>
    public ValueTask End => _wait.End;

    /// <summary>In a turn of the machine.</summary>
    public static OperationWait For(ClientOperation operation, IdlePool<OperationWait> pool, CancellationToken cancel)
    {
        if (!pool.TryRent(out OperationWait? wait)) wait = new OperationWait(pool);
        wait._wait.Begin(cancel);
        if (operation.IsDone) wait.Complete(operation);
        else operation.Waiter = wait;
        return wait;
    }

    public void Complete(ClientOperation operation)
    {
        Hold(operation);
        Release(isInline: false);
    }

    /// <summary>Under the lock: who waits is told by <see cref="Release"/>, outside of it.</summary>
    public void Hold(ClientOperation operation) => _error = operation.Error;

    /// <param name="isInline">True where the user's code may run on this thread, within the call.</param>
    public void Release(bool isInline)
    {
        ClientError? error = _error;
        _error = null;
        if (error is null) _wait.Succeed(true, isInline);
        else _wait.Fail(new MoldauException(error));
    }
}
