using Moldau.Base;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>A response on its way out: parts of leased memory and slices of files, in order, length prefix included.
/// The sender owns it: it calls <see cref="Release"/> when the frame has left or the connection is gone.</summary>
public sealed class OutgoingFrame
{
    private readonly List<Part> _parts = [];

    /// <summary>Either memory (<see cref="Lease"/>, Start, Length) or a file (<see cref="File"/>).</summary>
    public readonly record struct Part(BufferLease? Lease, int Start, int Length, FileSlice File);

    public IReadOnlyList<Part> Parts => _parts;

    /// <summary>Bytes of the whole frame.</summary>
    public long TotalBytes { get; private set; }

    /// <summary>Takes over one hold on the lease.</summary>
    public void Add(BufferLease lease, int start, int length)
    {
        _parts.Add(new Part(lease, start, length, default));
        TotalBytes += length;
    }

    /// <summary>Takes over the slice's hold on its file.</summary>
    public void Add(in FileSlice slice)
    {
        _parts.Add(new Part(null, 0, slice.Length, slice));
        TotalBytes += slice.Length;
    }

    public void Release()
    {
        foreach (Part part in _parts)
        {
            part.Lease?.Release();
            part.File.Release();
        }

        _parts.Clear();
    }
}
