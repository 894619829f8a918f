using Moldau.Base;
using Moldau.Broker;

namespace Moldau.Runtime;

/// <summary>What waits to leave on one connection: frames in order, a position within the first, and, when bytes of a
/// file go through memory, the piece of it that has been read.</summary>
/// <param name="sent">Takes note of answers whose last byte has left.</param>
internal sealed class SendQueue(List<SentResponse> sent)
{
    private readonly Queue<OutgoingFrame> _frames = new(0);
    private int _part;
    private int _partDone;
    private long _flushNs;

    internal int Count => _frames.Count;

    internal bool IsEmpty => _frames.Count == 0;

    /// <summary>Bytes of all frames, those already sent of the first included.</summary>
    internal long QueuedBytes { get; private set; }

    /// <summary>The frames from the front, without allocating.</summary>
    public Queue<OutgoingFrame>.Enumerator GetEnumerator() => _frames.GetEnumerator();

    internal OutgoingFrame Head => _frames.Peek();

    /// <summary>The first part not wholly sent, and how much of it has left.</summary>
    internal int Part => _part;

    internal int PartDone => _partDone;

    /// <summary>Bytes of the current file part that are in memory, from <see cref="StagedFrom"/> on.</summary>
    internal BufferLease? Staged { get; set; }

    internal int StagedFrom { get; set; }

    internal int StagedTo { get; set; }

    /// <summary>Size of the next piece read; grows while the peer keeps up.</summary>
    internal int StageBytes { get; set; }

    /// <summary>A disk thread reads the next piece; nothing is sent until it is back.</summary>
    internal ColdRead? Reading { get; set; }

    /// <summary>Takes the frame over.</summary>
    internal void Add(OutgoingFrame frame)
    {
        _frames.Enqueue(frame);
        QueuedBytes += frame.TotalBytes;
    }

    /// <summary>Notes that bytes of the memory or file at the front have left.</summary>
    internal void Advance(long bytes)
    {
        while (true)
        {
            OutgoingFrame head = _frames.Peek();
            if (_part < head.PartSpan.Length)
            {
                long left = head.PartSpan[_part].Length - _partDone;
                if (bytes < left)
                {
                    _partDone += (int)bytes;
                    return;
                }

                bytes -= left;
                _part++;
                _partDone = 0;
            }

            if (_part == head.PartSpan.Length) Remove();
            if (bytes == 0) return;
        }
    }

    /// <summary>Sending is tried now.</summary>
    internal void Begin(long nowNs) => _flushNs = nowNs;

    /// <summary>Sending stops for now: the frame at the front may have been begun.</summary>
    internal void Pause()
    {
        if (_frames.TryPeek(out OutgoingFrame? head) && head.Times.FirstSendNs == 0)
            head.Times = head.Times with { FirstSendNs = _flushNs };
    }

    internal void Clear()
    {
        Unstage();
        while (_frames.TryDequeue(out OutgoingFrame? frame)) frame.Release();
        QueuedBytes = 0;
        _part = _partDone = 0;
    }

    internal void Unstage()
    {
        Staged?.Release();
        Staged = null;
        StagedFrom = StagedTo = 0;
    }

    private void Remove()
    {
        OutgoingFrame frame = _frames.Dequeue();
        QueuedBytes -= frame.TotalBytes;
        _part = _partDone = 0;
        (long turnNs, long queuedNs, long firstSendNs) = frame.Times;
        if (frame.Stamp.RequestBytes > 0)
            sent.Add(new(frame.Stamp, turnNs, queuedNs, firstSendNs == 0 ? _flushNs : firstSendNs));
        frame.Release();
    }
}
