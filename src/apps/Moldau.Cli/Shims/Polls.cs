namespace Moldau.Cli.Shims;

/// <summary>What comes without end, in the portions in which Java's consumers would have polled it: what is there already belongs
/// together.</summary>
internal sealed class Polls<T> : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly IAsyncEnumerator<T> _items;
    private ValueTask<bool>? _next;

    public Polls(Func<CancellationToken, IAsyncEnumerable<T>> read, CancellationToken cancel)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        _items = read(_stop.Token).GetAsyncEnumerator(CancellationToken.None);
    }

    public T Current => _items.Current;

    /// <summary>Goes on to the next item; false where the portion ends.</summary>
    /// <param name="isFirst">The portion begins with it: it is waited for.</param>
    public async ValueTask<bool> NextAsync(bool isFirst)
    {
        ValueTask<bool> next = _next ?? _items.MoveNextAsync();
        _next = null;
        if (isFirst || next.IsCompleted) return await next.ConfigureAwait(false);
        _next = next;
        return false;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        try
        {
            if (_next is { } pending) await pending.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Nobody waits for it any more.
        }

        await _items.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }
}
