using System.Runtime.InteropServices;
using Moldau.Base;
using Moldau.Protocol;
using Moldau.Storage;

namespace Moldau.Broker;

/// <summary>A response on its way out: parts of leased memory and slices of files, in order, length prefix included.
/// The sender owns it: it calls <see cref="Release"/> when the frame has left or the connection is gone.</summary>
/// <param name="pool">Where the frame goes back to on release, if it came from one.</param>
public sealed class OutgoingFrame(OutgoingFramePool? pool = null)
{
    private readonly List<Part> _parts = [];

    /// <summary>Either memory (<see cref="Lease"/>, Start, Length) or a file (<see cref="File"/>).</summary>
    public readonly record struct Part(BufferLease? Lease, int Start, int Length, FileSlice File);

    public IReadOnlyList<Part> Parts => _parts;

    /// <summary>Of the request that the frame answers.</summary>
    public RequestStamp Stamp { get; set; }

    /// <summary>For the sender: when the turn that finished the answer began, when it queued the frame, and when it first
    /// tried to send it (0: not yet). Nanoseconds of the monotonic clock.</summary>
    public (long TurnNs, long QueuedNs, long FirstSendNs) Times { get; set; }

    /// <summary>The parts without the list's indirection, for the sender.</summary>
    public ReadOnlySpan<Part> PartSpan => CollectionsMarshal.AsSpan(_parts);

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
        TotalBytes = 0;
        Stamp = default;
        pool?.Return(this);
    }
}

/// <summary>A request as its metrics know it.</summary>
/// <param name="Api">Its API key, below <see cref="ApiCount"/>.</param>
/// <param name="RequestBytes">Header and body; 0 where the frame answers nothing.</param>
/// <param name="ReceivedNs">When its last byte came, by the monotonic clock.</param>
/// <param name="StartedNs">When work on it began.</param>
public readonly record struct RequestStamp(int Api, int RequestBytes, long ReceivedNs, long StartedNs)
{
    public static int ApiCount => ApiTable.All.Length;
}

/// <summary>Frames to use again, so that a response in steady state allocates nothing. Belongs to one machine and its
/// reactor, which share a thread.</summary>
public sealed class OutgoingFramePool(int keep = 1024)
{
    private readonly Stack<OutgoingFrame> _free = new();

    public OutgoingFrame Rent() => _free.TryPop(out OutgoingFrame? frame) ? frame : new OutgoingFrame(this);

    internal void Return(OutgoingFrame frame)
    {
        if (_free.Count < keep) _free.Push(frame);
    }
}
