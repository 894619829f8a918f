using Moldau.Base;
using Moldau.Broker;
using Moldau.Storage;

namespace Moldau.Sim;

/// <summary>The server's ends of connections: frames cut out of what arrives, responses cut into pieces.</summary>
internal sealed partial class SimShell
{
    private const int Arrived = 10, Gone = 11, NewConnection = 12;
    private const int MaxFrameBytes = 100 * 1024 * 1024;
    private const int LargestPiece = 64 * 1024;

    private readonly Dictionary<long, ServerEnd> _ends = [];
    private readonly byte[] _scratch = new byte[LargestPiece];

    private sealed class ServerEnd(SimConnection connection, FrameReader reader)
    {
        public readonly Queue<OutgoingFrame> Out = new();
        public readonly Queue<byte[]> In = new();

        public SimConnection Connection => connection;

        public FrameReader Reader => reader;

        public ConnectionId Id => new(connection.Number);

        public bool IsPaused { get; set; }

        public bool IsClosing { get; set; }

        public bool IsClosed { get; set; }

        public bool IsPumping { get; set; }

        /// <summary>Bytes of the first frame in the queue that have left.</summary>
        public long Sent { get; set; }
    }

    internal void Accept(SimConnection connection)
    {
        ServerEnd end = new(connection, new FrameReader(_machine.Pool, MaxFrameBytes));
        _ends.Add(connection.Number, end);
        OnEvent(NewConnection, 0, end);
    }

    internal void Receive(SimConnection connection, ReadOnlySpan<byte> bytes)
    {
        if (!_ends.TryGetValue(connection.Number, out ServerEnd? end)) return;
        end.In.Enqueue(bytes.ToArray());
        OnEvent(Arrived, 0, end);
    }

    internal void ClosedByPeer(SimConnection connection)
    {
        if (_ends.TryGetValue(connection.Number, out ServerEnd? end)) OnEvent(Gone, 0, end);
    }

    /// <summary>The process is gone: what it held of leased memory goes back, so that a long run does not grow.</summary>
    internal void LetGo()
    {
        foreach (ServerEnd end in _ends.Values)
        {
            end.Reader.Release();
            while (end.Out.TryDequeue(out OutgoingFrame? frame)) frame.Release();
        }

        _ends.Clear();
        _machine.Pool.Dispose();
    }

    private void TakeConnection(ServerEnd end) =>
        Turn(NodeEvent.Connected(end.Id, new ConnectionInfo(end.Connection.Listener, "127.0.0.1", 40_000, false)));

    private void TakeClose(ServerEnd end)
    {
        if (!end.IsClosed) Finish(end);
    }

    private void TakeBytes(ServerEnd end)
    {
        while (!end.IsPaused && !end.IsClosed && !end.IsClosing)
        {
            TakeFrames(end);
            if (end.IsPaused || end.IsClosed || end.IsClosing || !end.In.TryDequeue(out byte[]? bytes)) return;
            for (ReadOnlySpan<byte> left = bytes; !left.IsEmpty && !end.IsClosed;)
            {
                Span<byte> space = end.Reader.GetSpace();
                int n = Math.Min(space.Length, left.Length);
                left[..n].CopyTo(space);
                end.Reader.Advance(n);
                left = left[n..];
                TakeFrames(end);
            }
        }
    }

    private void TakeFrames(ServerEnd end)
    {
        while (!end.IsPaused && !end.IsClosed && !end.IsClosing && !IsDead
            && end.Reader.TryTake(out BufferLease lease, out int start, out int length))
            Turn(NodeEvent.Received(end.Id, lease, start, length));
        if (end.Reader.IsBroken && !end.IsClosed) Finish(end);
    }

    private void Resume(ConnectionId connection)
    {
        if (!_ends.TryGetValue(connection.Number, out ServerEnd? end) || !end.IsPaused) return;
        end.IsPaused = false;
        _world.After(1_000, this, Arrived, 0, end);
    }

    private void QueueFrame(ConnectionId connection, OutgoingFrame frame)
    {
        if (!_ends.TryGetValue(connection.Number, out ServerEnd? end) || end.IsClosing)
        {
            frame.Release();
            return;
        }

        end.Out.Enqueue(frame);
        SchedulePump(end);
    }

    private void CloseByMachine(ConnectionId connection, bool atOnce)
    {
        if (!_ends.TryGetValue(connection.Number, out ServerEnd? end)) return;
        end.IsClosing = true;
        if (atOnce || end.Out.Count == 0) Finish(end);
    }

    private void SchedulePump(ServerEnd end)
    {
        if (end.IsPumping) return;
        end.IsPumping = true;
        _world.After(_prng.Next(0, 50_000), this, Pump, 0, end);
    }

    /// <summary>The kernel takes some bytes of what is queued: any number, like a socket with a full buffer.</summary>
    private void PumpOut(ServerEnd end)
    {
        end.IsPumping = false;
        if (end.IsClosed || end.Out.Count == 0) return;
        OutgoingFrame frame = end.Out.Peek();
        int most = (int)Math.Min(frame.TotalBytes - end.Sent, LargestPiece);
        int wanted = _prng.Chance(0.7) ? most : 1 + _prng.Next(most);
        int n;
        try
        {
            n = Copy(frame, end.Sent, _scratch.AsSpan(0, wanted));
        }
        catch (DiskException)
        {
            n = 0;
        }
        catch (SimCrashException)
        {
            _node.Crash();
            return;
        }

        if (n < wanted)
        {
            Finish(end);
            return;
        }

        _world.Network.SendToClient(end.Connection, _scratch.AsSpan(0, n));
        end.Sent += n;
        if (end.Sent == frame.TotalBytes)
        {
            end.Out.Dequeue();
            end.Sent = 0;
            frame.Release();
        }

        if (end.Out.Count > 0) SchedulePump(end);
        else if (end.IsClosing) Finish(end);
        else Turn(NodeEvent.SendDrained(end.Id));
    }

    /// <summary>Bytes of a frame from a position on; fewer than asked if a file slice is stale or cut short.</summary>
    private static int Copy(OutgoingFrame frame, long from, Span<byte> destination)
    {
        int done = 0;
        foreach (OutgoingFrame.Part part in frame.PartSpan)
        {
            if (from >= part.Length)
            {
                from -= part.Length;
                continue;
            }

            int n = Math.Min(part.Length - (int)from, destination.Length - done);
            if (part.Lease is { } lease)
            {
                lease.Whole.Slice(part.Start + (int)from, n).CopyTo(destination[done..]);
            }
            else
            {
                if (!part.File.IsCurrent) return done;
                int read = part.File.File.Read(part.File.Position + from, destination.Slice(done, n));
                if (read < n) return done + read;
            }

            done += n;
            from = 0;
            if (done == destination.Length) break;
        }

        return done;
    }

    private void Finish(ServerEnd end)
    {
        end.IsClosed = true;
        _ends.Remove(end.Connection.Number);
        end.Reader.Release();
        while (end.Out.TryDequeue(out OutgoingFrame? frame)) frame.Release();
        end.In.Clear();
        _world.Network.CloseByServer(end.Connection);
        Turn(NodeEvent.Disconnected(end.Id));
    }
}
