#pragma warning disable RS0030 // who takes and who gives back are different threads: see Rent and Return
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Moldau.Client;

/// <summary>Objects that nobody holds, for whoever needs one next, on any thread.</summary>
internal sealed class IdlePool<T>(int mostKept)
    where T : class
{
    private readonly ConcurrentQueue<T> _idle = new();
    private int _count;

    public bool TryRent([MaybeNullWhen(false)] out T taken)
    {
        if (!_idle.TryDequeue(out taken)) return false;
        Interlocked.Decrement(ref _count);
        return true;
    }

    public void Return(T idle)
    {
        // Threads return at the same time; a few more or less than the limit do no harm.
        if (Volatile.Read(ref _count) >= mostKept) return;
        Interlocked.Increment(ref _count);
        _idle.Enqueue(idle);
    }
}
