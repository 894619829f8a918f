using System.Runtime.InteropServices;
using Moldau.Base;
using Moldau.Broker;
using Moldau.Storage;
using Moldau.Transport;

namespace Moldau.Runtime;

/// <summary>Sending: frames queue on their connection and leave at the end of the turn that made them, several in one
/// call where they are memory, by sendfile where they are bytes of a file that the page cache holds.</summary>
public sealed partial class Reactor
{
    /// <summary>Largest piece of a file that is looked for in the page cache and sent from there in one
    /// call.</summary>
    private const int SendFileBytes = 1024 * 1024;

    private const int FirstStageBytes = 64 * 1024;
    private const int LargestStageBytes = 256 * 1024;

    /// <summary>One connection sends no more in one turn, however fast its peer takes it.</summary>
    private const long FlushBytesPerTurn = 4 * 1024 * 1024;

    private readonly List<Connection> _flushes = [];
    private readonly GatherList _gather = new();
    // Answers that left in the flush under way.
    private readonly List<SentResponse> _sent = [];

    private enum SendOutcome
    {
        /// <summary>Something left; go on.</summary>
        Progress,

        /// <summary>The kernel takes no more for now.</summary>
        Blocked,

        /// <summary>A disk thread reads what comes next.</summary>
        Reading,

        /// <summary>The connection cannot go on.</summary>
        Failed,
    }

    private void QueueFrame(ConnectionId id, OutgoingFrame frame)
    {
        if (Find(id) is not { } connection || connection.IsPausedBy(PauseReason.Closing))
        {
            frame.Release();
            return;
        }

        frame.Times = (_turnNs, SystemClock.MonotonicNs, 0);
        connection.Out.Add(frame);
        ListForFlush(connection);
        if (IsFull(connection.Out)) Pause(connection, PauseReason.SendQueue);
    }

    private bool IsFull(SendQueue queue) =>
        queue.QueuedBytes > _limits.SendQueueBytes || queue.Count > _limits.SendQueueFrames;

    private bool HasRoom(SendQueue queue) =>
        queue.QueuedBytes <= _limits.SendQueueBytes / 2 && queue.Count <= _limits.SendQueueFrames / 2;

    private void ListForFlush(Connection connection)
    {
        if (connection.IsFlushListed) return;
        connection.IsFlushListed = true;
        _flushes.Add(connection);
    }

    private void FlushListed()
    {
        int count = _flushes.Count;
        if (count == 0) return;
        for (int i = 0; i < count; i++)
        {
            Connection connection = _flushes[i];
            connection.IsFlushListed = false;
            if (connection.IsClosed) continue;
            long started = _nowNs;
            Flush(connection);
            // A sendfile of pages that are not in the cache would show here.
            if (IsSlowSince(started)) NoteSlow("send", started);
            NoteSent();
        }

        _flushes.RemoveRange(0, count);
        DrainLocal();
    }

    private void NoteSent()
    {
        foreach (ref readonly SentResponse sent in CollectionsMarshal.AsSpan(_sent))
            (_requestTimes[sent.Stamp.Api] ??= new()).Record(sent, _nowNs);
        _sent.Clear();
    }

    private void Flush(Connection connection)
    {
        SendQueue queue = connection.Out;
        if (!connection.HasOutgoing || connection.IsSendBlocked || queue.Reading is not null) return;
        queue.Begin(_nowNs);
        // A handshake's bytes are none of the machine's business.
        bool hadFrames = !queue.IsEmpty || connection.OwesDrained;
        long sentBefore = Metrics.BytesOut.Value;
        SendOutcome outcome = SendOutcome.Progress;
        while (outcome == SendOutcome.Progress && connection.HasOutgoing)
        {
            if (Metrics.BytesOut.Value - sentBefore > FlushBytesPerTurn)
            {
                ListForFlush(connection);
                break;
            }

            outcome = connection.Tls is { } tls ? SendNextTls(connection, tls) : SendNext(connection);
        }

        if (outcome == SendOutcome.Failed)
        {
            CloseNow(connection);
            return;
        }

        queue.Pause();
        connection.IsSendBlocked = outcome == SendOutcome.Blocked;
        if (!connection.HasOutgoing && connection.IsPausedBy(PauseReason.Closing))
        {
            if (connection.Tls is { } ended) SayGoodbye(connection, ended);
            CloseNow(connection);
            return;
        }

        connection.OwesDrained = hadFrames && connection.HasOutgoing;
        if (HasRoom(queue)) Resume(connection, PauseReason.SendQueue);
        SetInterest(connection);
        if (hadFrames && !connection.HasOutgoing) _local.Enqueue(NodeEvent.SendDrained(connection.Id));
    }

    private SendOutcome SendNext(Connection connection)
    {
        SendQueue queue = connection.Out;
        OutgoingFrame head = queue.Head;
        if (head.PartSpan.Length == 0)
        {
            queue.Advance(0);
            return SendOutcome.Progress;
        }

        ref readonly OutgoingFrame.Part part = ref head.PartSpan[queue.Part];
        if (part.Lease is not null || part.Length == 0) return SendMemory(connection);
        if (queue.Staged is not null) return SendStaged(connection);
        long position = part.File.Position + queue.PartDone;
        int length = Math.Min(part.File.Length - queue.PartDone, SendFileBytes);
        return part.File.File is DiskFile file && file.IsInCache(position, length)
            ? SendFromCache(connection, file, part.File, position, length)
            : Stage(connection, part.File, position);
    }

    /// <summary>Sends memory parts from the front of the queue, across frames, in one call.</summary>
    private SendOutcome SendMemory(Connection connection)
    {
        _gather.Clear();
        int skip = connection.Out.Part;
        int done = connection.Out.PartDone;
        bool isMore = false;
        foreach (OutgoingFrame frame in connection.Out)
        {
            ReadOnlySpan<OutgoingFrame.Part> parts = frame.PartSpan;
            for (int i = skip; i < parts.Length && !isMore; i++)
            {
                ref readonly OutgoingFrame.Part part = ref parts[i];
                isMore = _gather.IsFull || (part.Lease is null && part.Length > 0);
                if (isMore) break;
                if (part.Length > done) _gather.Add(part.Lease!, part.Start + done, part.Length - done); // not a file
                done = 0;
            }

            skip = 0;
            if (isMore) break;
        }

        if (_gather.Count == 0)
        {
            connection.Out.Advance(0);
            return SendOutcome.Progress;
        }

        IoResult result = connection.Socket.Send(_gather, isMore);
        return Sent(connection, result, _gather.Bytes);
    }

    private SendOutcome SendFromCache(
        Connection connection, DiskFile file, in FileSlice slice, long position, int length)
    {
        if (!slice.IsCurrent) return NoteStale(connection);
        IoResult result = connection.Socket.SendFile(file.Native, position, length);
        // End of file before the end of the slice, or cut off while the kernel read it.
        if (result is { IsOk: true, Count: 0 } || !slice.IsCurrent) return NoteStale(connection);
        Metrics.SendFileBytes.Add(result.Count);
        return Sent(connection, result, length);
    }

    private SendOutcome SendStaged(Connection connection)
    {
        SendQueue queue = connection.Out;
        int left = queue.StagedTo - queue.StagedFrom;
        Span<byte> staged = queue.Staged!.Span.Slice(queue.StagedFrom, left); // the caller saw that it is there
        IoResult result = connection.Socket.Send(staged, more: false);
        if (result.Count == left)
        {
            // Before the position moves on, since that may let go of the frame.
            queue.Unstage();
            queue.StageBytes = Math.Min(queue.StageBytes * 2, LargestStageBytes);
        }
        else
        {
            queue.StagedFrom += (int)result.Count;
            queue.StageBytes = FirstStageBytes;
        }

        return Sent(connection, result, left);
    }

    private SendOutcome Sent(Connection connection, IoResult result, long wanted)
    {
        if (result.WouldBlock) return SendOutcome.Blocked;
        if (!result.IsOk) return SendOutcome.Failed;
        Metrics.BytesOut.Add(result.Count);
        connection.Out.Advance(result.Count);
        _idle.Touch(connection, _nowNs);
        return result.Count < wanted ? SendOutcome.Blocked : SendOutcome.Progress;
    }

    /// <summary>Brings the next piece of a slice into memory: from the page cache if it is there, else by a disk
    /// thread.</summary>
    private SendOutcome Stage(Connection connection, in FileSlice slice, long position)
    {
        SendQueue queue = connection.Out;
        if (!slice.IsCurrent) return NoteStale(connection);
        if (queue.StageBytes == 0) queue.StageBytes = FirstStageBytes;
        int wanted = Math.Min(slice.Length - queue.PartDone, queue.StageBytes);
        BufferLease buffer = _pool.Rent(wanted);
        if (slice.File is DiskFile file)
        {
            IoResult result = file.Native.ReadCachedAt(position, buffer.Span);
            if (result is { IsOk: true, Count: > 0 }) return TakeStaged(connection, buffer, (int)result.Count);
        }

        // Not in the cache, or this file system cannot tell, or an error: the blocking read finds out which.
        Metrics.ColdReads.Increment();
        queue.Reading = new ColdRead
        {
            LogDirectory = "",
            Connection = connection,
            Buffer = buffer,
            Slice = slice,
            Position = position,
        };
        slice.Shared?.Retain();
        _lanes.Reads.Submit(new(queue.Reading, Mail));
        return SendOutcome.Reading;
    }

    private SendOutcome TakeStaged(Connection connection, BufferLease buffer, int count)
    {
        SendQueue queue = connection.Out;
        queue.Staged = buffer;
        queue.StagedFrom = 0;
        queue.StagedTo = count;
        FileSlice slice = queue.Head.PartSpan[queue.Part].File;
        return slice.IsCurrent ? SendOutcome.Progress : NoteStale(connection);
    }

    private void TakeColdRead(ColdRead read)
    {
        Connection connection = read.Connection;
        if (connection.IsClosed)
        {
            read.LetGo();
            return;
        }

        connection.Out.Reading = null;
        if (read.Error != DiskError.None || read.Count == 0)
        {
            _log.Warn($"{Id}: closing {connection.Id}: "
                + (read.ErrorText ?? $"{read.Slice.File.Path} ends before the bytes queued from it"));
            read.LetGo();
            CloseNow(connection);
            return;
        }

        read.Slice.Release();
        if (TakeStaged(connection, read.Buffer, read.Count) == SendOutcome.Failed) CloseNow(connection);
        else ListForFlush(connection);
    }

    private SendOutcome NoteStale(Connection connection)
    {
        Metrics.StaleSlices.Increment();
        _log.Warn($"{Id}: closing {connection.Id}: bytes queued for it were cut off their file");
        return SendOutcome.Failed;
    }
}
