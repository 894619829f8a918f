using System.Buffers.Binary;
using Moldau.Base;

namespace Moldau.Broker;

/// <summary>Cuts a connection's byte stream into frames without copying the large ones. The caller receives into
/// <see cref="GetSpace"/>, calls <see cref="Advance"/>, then takes frames until none is left. Memory grows with the
/// bytes that arrived, never with a length that was only claimed; between frames an idle connection owns no buffer. A
/// connection that sent a large frame gets room for another one at once, and a large frame is received up to its end
/// and no further, so that a stream of large frames is not copied.</summary>
public sealed class FrameReader(BufferPool pool, int maxFrameBytes)
{
    private const int PrefixBytes = 4;
    private const int FirstBytes = 16 * 1024;

    /// <summary>A request of several partitions with a batch of the largest usual size for each.</summary>
    private const int LargestUsualBytes = BufferPool.LargestPooledBytes;

    private BufferLease? _buffer;
    // Size of recent frames with their prefixes, if the last one was large.
    private int _usual;
    private int _start;
    private int _end;

    /// <summary>Set when the peer claimed a frame that is negative or too large; the connection must be closed.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Bytes of memory this connection holds.</summary>
    public int HeldBytes => _buffer?.Capacity ?? 0;

    /// <summary>Free space to receive into, at least one byte.</summary>
    public Span<byte> GetSpace()
    {
        _buffer ??= pool.Rent(Math.Max(FirstBytes, _usual));
        if (_end == _buffer.Capacity) MakeRoom();
        return _buffer.Whole[_end..SpaceEnd()];
    }

    public void Advance(int bytes)
    {
        _end += bytes;
        Verify.That(_end <= (_buffer?.Capacity ?? 0));
    }

    /// <summary>The next whole frame, without prefix. The caller owns one hold on the lease.</summary>
    public bool TryTake(out BufferLease lease, out int start, out int length)
    {
        lease = null!;
        start = length = 0;
        int have = _end - _start;
        if (IsBroken || _buffer is null || have < PrefixBytes) return false;
        int claimed = BinaryPrimitives.ReadInt32BigEndian(_buffer.Whole[_start..]);
        if (claimed < 0 || claimed > maxFrameBytes)
        {
            IsBroken = true;
            return false;
        }

        if (have - PrefixBytes < claimed) return false;
        lease = _buffer;
        lease.SetLength(_end);
        start = _start + PrefixBytes;
        length = claimed;
        _start = start + claimed;
        int total = claimed + PrefixBytes;
        // The largest of late, so that frames of changing size do not make each buffer grow again.
        _usual = total > FirstBytes ? Math.Min(Math.Max(total, _usual - (_usual / 8)), LargestUsualBytes) : 0;
        if (_start == _end)
        {
            // The frame's holder is the last one: the buffer goes back when the frame has been dealt with.
            _buffer = null;
            _start = _end = 0;
        }
        else
        {
            lease.Retain();
        }

        return true;
    }

    public void Release()
    {
        _buffer?.Release();
        _buffer = null;
        _start = _end = 0;
    }

    /// <summary>Where to stop receiving: at the end of a large frame that has begun, or soon where one is expected, since
    /// only its beginning says how long it is.</summary>
    private int SpaceEnd()
    {
        int capacity = _buffer!.Capacity; // the caller made sure of it
        int have = _end - _start;
        if (have < PrefixBytes) return _usual > 0 ? Math.Min(capacity, _end + FirstBytes) : capacity;
        long frame = BinaryPrimitives.ReadInt32BigEndian(_buffer.Whole[_start..]) + (long)PrefixBytes;
        bool isLarge = frame > FirstBytes && frame > have;
        return isLarge ? (int)Math.Min(capacity, _start + frame) : capacity;
    }

    private void MakeRoom()
    {
        int have = _end - _start;
        int wanted = FirstBytes;
        if (have >= PrefixBytes)
        {
            int claimed = BinaryPrimitives.ReadInt32BigEndian(_buffer!.Whole[_start..]);
            // Twice what has arrived, up to what the frame needs: a claim alone never makes the buffer large.
            long target = Math.Min((long)claimed + PrefixBytes, Math.Max(2L * have, Math.Max(FirstBytes, _usual)));
            wanted = (int)Math.Max(target, have + 1);
        }

        BufferLease next = pool.Rent(Math.Max(wanted, FirstBytes));
        _buffer!.Whole[_start.._end].CopyTo(next.Whole);
        // Frames taken earlier may still hold the old buffer; the reader lets go of its own hold only.
        _buffer.Release();
        _buffer = next;
        _end = have;
        _start = 0;
    }
}
