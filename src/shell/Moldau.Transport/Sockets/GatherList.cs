using System.Runtime.InteropServices;
using Moldau.Base;

namespace Moldau.Transport;

/// <summary>Pieces of leased memory that leave in one system call. Made once per thread and filled again for each
/// call; the leases must be held until the call has returned.</summary>
public sealed unsafe class GatherList : IDisposable
{
    /// <summary>More pieces than this go in another call.</summary>
    public const int MaxPieces = 64;

    private LibC.IoVector* _vectors =
        (LibC.IoVector*)NativeMemory.Alloc(MaxPieces, (nuint)sizeof(LibC.IoVector));

    public int Count { get; private set; }

    public long Bytes { get; private set; }

    public bool IsFull => Count == MaxPieces;

    internal LibC.IoVector* Vectors => _vectors;

    public void Clear()
    {
        Count = 0;
        Bytes = 0;
    }

    public void Add(BufferLease lease, int start, int length)
    {
        ArgumentNullException.ThrowIfNull(lease);
        Verify.That(Count < MaxPieces);
        Verify.That(start >= 0);
        Verify.That(length > 0);
        Verify.That(start + length <= lease.Whole.Length);
        _vectors[Count++] = new LibC.IoVector { Base = lease.Pointer + start, Length = (nuint)length };
        Bytes += length;
    }

    public void Dispose()
    {
        NativeMemory.Free(_vectors);
        _vectors = null;
    }
}
