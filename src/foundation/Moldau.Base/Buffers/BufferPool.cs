#pragma warning disable RS0030, MOL0001 // the free lists are shared by the reactor that rents and the threads that return
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Moldau.Base;

/// <summary>Native buffers in power-of-two sizes from 256 B. Rent on any thread; a return from another thread goes
/// through the same free lists, which neither allocate nor stay locked longer than a pointer swap. Buffers
/// above <see cref="LargestPooledBytes"/> and beyond the pool's budget are freed instead of kept. Debug builds overwrite returned buffers, so that a use after return shows as a wrong CRC.</summary>
public sealed unsafe class BufferPool(long keepBytes = 64 * 1024 * 1024) : IDisposable
{
    public const int LargestPooledBytes = 16 * 1024 * 1024;
    private const int SmallestBits = 8;

    private readonly FreeList[] _free = CreateLists();
    private long _outstanding;
    private long _outstandingBytes;
    private long _keptBytes;

    /// <summary>Leases not yet returned: zero at the end of every test.</summary>
    public long Outstanding => Interlocked.Read(ref _outstanding);

    public long OutstandingBytes => Interlocked.Read(ref _outstandingBytes);

    /// <summary>A buffer whose <see cref="BufferLease.Length"/> is <paramref name="bytes"/>; contents are undefined.</summary>
    public BufferLease Rent(int bytes)
    {
        Verify.That(bytes >= 0);
        int index = ClassOf(bytes);
        Interlocked.Increment(ref _outstanding);
        BufferLease? lease = null;
        if (index < _free.Length && _free[index].TryPop(out lease)) Interlocked.Add(ref _keptBytes, -lease.Capacity);
        if (lease is null)
        {
            int capacity = index < _free.Length ? 1 << (index + SmallestBits) : bytes;
            lease = new BufferLease(this, (byte*)NativeMemory.Alloc((nuint)capacity), capacity);
        }

        Interlocked.Add(ref _outstandingBytes, lease.Capacity);
        lease.Lend(bytes);
        return lease;
    }

    public void Dispose()
    {
        foreach (FreeList list in _free)
            while (list.TryPop(out BufferLease? lease)) NativeMemory.Free(lease.Free());
    }

    internal void Return(BufferLease lease)
    {
        Interlocked.Decrement(ref _outstanding);
        Interlocked.Add(ref _outstandingBytes, -lease.Capacity);
        Poison(lease);
        int index = ClassOf(lease.Capacity);
        if (index < _free.Length && Interlocked.Add(ref _keptBytes, lease.Capacity) <= keepBytes)
        {
            _free[index].Push(lease);
            return;
        }

        if (index < _free.Length) Interlocked.Add(ref _keptBytes, -lease.Capacity);
        NativeMemory.Free(lease.Free());
    }

    [System.Diagnostics.Conditional("DEBUG")]
    private static void Poison(BufferLease lease) => NativeMemory.Fill(lease.Pointer, (nuint)lease.Capacity, 0xDB);

    private static int ClassOf(int bytes) =>
        bytes <= 1 << SmallestBits ? 0 : 32 - int.LeadingZeroCount(bytes - 1) - SmallestBits;

    private static FreeList[] CreateLists()
    {
        int count = int.Log2(LargestPooledBytes) - SmallestBits + 1;
        FreeList[] lists = new FreeList[count];
        for (int i = 0; i < count; i++) lists[i] = new();
        return lists;
    }

    /// <summary>Free leases of one size, linked through themselves.</summary>
    private sealed class FreeList
    {
        private readonly Lock _lock = new();
        private BufferLease? _first;

        internal void Push(BufferLease lease)
        {
            lock (_lock)
            {
                lease.NextFree = _first;
                _first = lease;
            }
        }

        internal bool TryPop([NotNullWhen(true)] out BufferLease? lease)
        {
            lock (_lock)
            {
                lease = _first;
                if (lease is null) return false;
                _first = lease.NextFree;
                lease.NextFree = null;
                return true;
            }
        }
    }
}
