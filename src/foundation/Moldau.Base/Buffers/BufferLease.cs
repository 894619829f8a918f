#pragma warning disable RS0030 // leases are counted across the reactor and the disk threads: see Release
using System.Runtime.InteropServices;

namespace Moldau.Base;

/// <summary>A pooled block of native memory. One holder at a time reads or writes it; whoever passes it on without
/// giving it up calls <see cref="Retain"/> first. The last <see cref="Release"/> returns it to its pool. Reading
/// after the last release fails at once, because the span is then empty.</summary>
public sealed unsafe class BufferLease
{
    private readonly BufferPool _pool;
    private byte* _data;
    private int _holders;

    internal BufferLease(BufferPool pool, byte* data, int capacity)
    {
        _pool = pool;
        _data = data;
        Capacity = capacity;
    }

    /// <summary>Only of a lease that nobody returned: one of a node that was ended without a clean end, in a process that
    /// lives on.</summary>
    ~BufferLease() => NativeMemory.Free(_data);

    /// <summary>The next free lease of the same size while this one is in the pool.</summary>
    internal BufferLease? NextFree { get; set; }

    /// <summary>Bytes of memory behind the lease.</summary>
    public int Capacity { get; }

    /// <summary>Bytes in use, from the start.</summary>
    public int Length { get; private set; }

    public Span<byte> Span => new(_data, _holders > 0 ? Length : 0);

    public Span<byte> Whole => new(_data, _holders > 0 ? Capacity : 0);

    /// <summary>For system calls only; valid while the lease is held.</summary>
    public byte* Pointer => _data;

    public void SetLength(int length)
    {
        Verify.That(length >= 0);
        Verify.That(length <= Capacity);
        Length = length;
    }

    public void Retain()
    {
        int holders = Interlocked.Increment(ref _holders);
        Verify.That(holders > 1);
    }

    public void Release()
    {
        // The reactor that rented and a disk thread that writes may let go at the same time; the last one returns.
        int holders = Interlocked.Decrement(ref _holders);
        Verify.That(holders >= 0);
        if (holders == 0) _pool.Return(this);
    }

    internal void Lend(int length)
    {
        Length = length;
        _holders = 1;
    }

    internal byte* Free()
    {
        byte* data = _data;
        _data = null;
        return data;
    }
}
