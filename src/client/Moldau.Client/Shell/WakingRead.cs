using System.Runtime.CompilerServices;

namespace Moldau.Client;

/// <summary>Awaits what a link receives next, and lets a reader whose records have just come go on meanwhile, on the same
/// thread: once the link is waited for, the thread has nothing else to do, and whatever the reader does, as long as it
/// likes, what the link brings next is taken by another one.</summary>
internal readonly struct WakingRead(ValueTask<int> read, List<OperationWait> woken) : ICriticalNotifyCompletion
{
    private readonly ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter _read = read.ConfigureAwait(false).GetAwaiter();

    public bool IsCompleted
    {
        get
        {
            if (!_read.IsCompleted) return false;

            // There is more to take at once: readers go on elsewhere.
            foreach (OperationWait wait in woken) wait.Release(isInline: false);
            woken.Clear();
            return true;
        }
    }

    public WakingRead GetAwaiter() => this;

    public int GetResult() => _read.GetResult();

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation)
    {
        // The list is the continuation's from then on. Several readers do not wait for one another.
        OperationWait? own = null;
        foreach (OperationWait wait in woken)
        {
            own?.Release(isInline: false);
            own = wait;
        }

        woken.Clear();
        _read.UnsafeOnCompleted(continuation);
        own?.Release(isInline: true);
    }
}
