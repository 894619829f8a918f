using System.Net;
using Moldau.Base;
using Moldau.Broker;
using Moldau.Transport;

namespace Moldau.Runtime;

/// <summary>Connections of a reactor: made, read, paused, closed.</summary>
public sealed partial class Reactor
{
    private const int SlotBits = 20;
    private const int MaxSlots = 1 << SlotBits;
    private const int ReceivesPerTurn = 4;

    private readonly List<Connection?> _connections = [];
    private readonly Stack<int> _freeSlots = new();
    private readonly IdleList _idle = new();
    private readonly List<Connection> _resumed = [];
    private readonly List<Connection> _memoryPaused = [];
    private long _sequence;

    /// <summary>The connection, unless it is gone. An id holds its slot and a sequence number that is never
    /// reused.</summary>
    private Connection? Find(ConnectionId id)
    {
        int slot = (int)(id.Number & (MaxSlots - 1));
        if (slot >= _connections.Count) return null;
        Connection? found = _connections[slot];
        return found is not null && found.Id == id ? found : null;
    }

    private void Adopt(AcceptedClient client)
    {
        int slot = _freeSlots.TryPop(out int free) ? free : _connections.Count;
        if (slot == MaxSlots)
        {
            Refuse(client);
            return;
        }

        if (slot == _connections.Count) _connections.Add(null);
        ListenerOptions options = client.Listener.Options;
        ConnectionId id = new((++_sequence << SlotBits) | (long)slot);
        IPEndPoint peer = client.Socket.Peer;
        TlsServer? server = client.Listener.Tls;
        ConnectionInfo info = new(options.Name, JavaAddress.Format(peer.Address), peer.Port, server is not null);
        TlsSession? tls = server is null ? null : new(server, _pool);
        Connection connection = new(
            id, slot, client.Socket, info, new FrameReader(_pool, _limits.MaxFrameBytes), client.Listener, tls, _sent);
        client.Socket.SetBuffers(options.SendBufferBytes, options.ReceiveBufferBytes);
        if (!_poller.TryAdd(client.Socket, connection.Interest, id.Number))
        {
            _freeSlots.Push(slot);
            tls?.Dispose();
            Refuse(client);
            return;
        }

        _connections[slot] = connection;
        _idle.Add(connection, SystemClock.MonotonicNs);
        Metrics.Connections.Add(1);
        Turn(NodeEvent.Connected(id, info));
    }

    private void Refuse(AcceptedClient client)
    {
        Metrics.ConnectionsRefused.Increment();
        client.Listener.Give(client.Socket.Peer.Address);
        client.Socket.Dispose();
    }

    private void TakeConnection(in Ready ready)
    {
        if (Find(new ConnectionId(ready.Tag)) is not { } connection) return;
        bool isBroken = (ready.What & (Interest.Error | Interest.HangUp)) != 0;
        if ((ready.What & Interest.Readable) != 0) ReceiveAny(connection);
        else if (isBroken) CloseNow(connection);
        if (connection.IsClosed || (ready.What & Interest.Writable) == 0) return;
        connection.IsSendBlocked = false;
        _idle.Touch(connection, _nowNs);
        ListForFlush(connection);
    }

    private void ReceiveAny(Connection connection)
    {
        bool isAtFrameStart = connection.Reader.HeldBytes == 0;
        if (isAtFrameStart && _pool.OutstandingBytes > _limits.PoolBytes && connection.Pause == PauseReason.None)
        {
            Pause(connection, PauseReason.Memory);
            _memoryPaused.Add(connection);
            Metrics.MemoryPauses.Increment();
            return;
        }

        if (connection.Tls is { } tls) ReceiveTls(connection, tls);
        else Receive(connection);
    }

    private void Receive(Connection connection)
    {
        for (int i = 0; i < ReceivesPerTurn && connection is { Pause: PauseReason.None, IsClosed: false }; i++)
        {
            bool heldNothing = connection.Reader.HeldBytes == 0;
            Span<byte> space = connection.Reader.GetSpace();
            IoResult result = connection.Socket.Receive(space);
            if (result.WouldBlock)
            {
                // A false alarm must not leave an idle connection with a buffer.
                if (heldNothing) connection.Reader.Release();
                return;
            }

            if (!result.IsOk || result.Count == 0)
            {
                CloseNow(connection);
                return;
            }

            Metrics.BytesIn.Add(result.Count);
            _idle.Touch(connection, _nowNs);
            connection.Reader.Advance((int)result.Count);
            Deliver(connection);
            // Less than there was room for: the kernel has no more for now, and epoll tells when it has.
            if (result.Count < space.Length) return;
        }
    }

    /// <summary>Hands whole frames to the machine until none is left or the connection is paused.</summary>
    private void Deliver(Connection connection)
    {
        while (connection.Pause == PauseReason.None && !connection.IsClosed
            && connection.Reader.TryTake(out BufferLease lease, out int start, out int length))
        {
            Turn(NodeEvent.Received(connection.Id, lease, start, length));
        }

        if (connection.IsClosed || !connection.Reader.IsBroken) return;
        _log.Warn($"{Id}: closing {connection.Id} from {connection.Info.PeerAddress}: it claims a frame "
            + $"that is negative or above {_limits.MaxFrameBytes} bytes");
        CloseNow(connection);
    }

    private void Pause(Connection connection, PauseReason reason)
    {
        connection.Pause |= reason;
        SetInterest(connection);
    }

    private void Resume(Connection connection, PauseReason reason)
    {
        if (connection.IsClosed || !connection.IsPausedBy(reason)) return;
        connection.Pause &= ~reason;
        if (connection.Pause != PauseReason.None || connection.IsResumeListed) return;
        // Frames that were received before the pause come first; then the socket is read again.
        connection.IsResumeListed = true;
        _resumed.Add(connection);
    }

    private void DeliverResumed()
    {
        if (_memoryPaused.Count > 0 && _pool.OutstandingBytes <= _limits.PoolBytes)
        {
            foreach (Connection connection in _memoryPaused) Resume(connection, PauseReason.Memory);
            _memoryPaused.Clear();
        }

        int count = _resumed.Count;
        for (int i = 0; i < count; i++)
        {
            Connection connection = _resumed[i];
            connection.IsResumeListed = false;
            if (connection.IsClosed || connection.Pause != PauseReason.None) continue;
            Deliver(connection);
            if (!connection.IsClosed) SetInterest(connection);
        }

        _resumed.RemoveRange(0, count);
    }

    private void SetInterest(Connection connection)
    {
        if (connection.IsClosed) return;
        Interest wanted = connection.Pause == PauseReason.None ? Interest.Readable : Interest.None;
        if (connection.IsSendBlocked) wanted |= Interest.Writable;
        if (wanted == connection.Interest) return;
        connection.Interest = wanted;
        _poller.Modify(connection.Socket, wanted, connection.Id.Number);
    }

    private void CloseByMachine(ConnectionId id, bool atOnce)
    {
        if (Find(id) is not { } connection) return;
        if (atOnce || !connection.HasOutgoing)
        {
            CloseNow(connection);
            return;
        }

        Pause(connection, PauseReason.Closing);
    }

    private void CloseNow(Connection connection)
    {
        if (connection.IsClosed) return;
        Discard(connection);
        _local.Enqueue(NodeEvent.Disconnected(connection.Id));
    }

    private void Discard(Connection connection)
    {
        connection.IsClosed = true;
        _poller.Remove(connection.Socket);
        connection.Socket.Dispose();
        connection.Reader.Release();
        connection.Tls?.Dispose();
        connection.Out.Clear();
        _idle.Remove(connection);
        _connections[connection.Slot] = null;
        _freeSlots.Push(connection.Slot);
        connection.Listener.Give(connection.Socket.Peer.Address);
        Metrics.Connections.Add(-1);
        Metrics.ConnectionsClosed.Increment();
    }

    private long NextIdleNs() => _limits.MaxIdleMs < 0 || _idle.LeastRecent is null
        ? long.MaxValue
        : _idle.LeastRecent.LastActiveNs + (_limits.MaxIdleMs * 1_000_000);

    private void CloseIdle()
    {
        if (_limits.MaxIdleMs < 0) return;
        long now = SystemClock.MonotonicNs;
        while (_idle.LeastRecent is { } connection && NextIdleNs() <= now)
        {
            Metrics.ConnectionsClosedIdle.Increment();
            CloseNow(connection);
        }
    }

    /// <summary>Closes the connections that were idle longest while more are open than may be.</summary>
    private void CloseExcess()
    {
        Connection? next = _idle.LeastRecent;
        while (next is { } connection)
        {
            next = connection.MoreRecent;
            if (!connection.Listener.Limits.MustShrink(connection.Listener.Name)) continue;
            Metrics.ConnectionsClosedExcess.Increment();
            CloseNow(connection);
        }
    }

    /// <summary>The thread's end: nothing is stepped any more.</summary>
    private void CloseAll()
    {
        foreach (ListenerState listener in _listeners) CloseListener(listener);
        foreach (Connection? connection in _connections.ToArray())
        {
            if (connection is not null) Discard(connection);
        }
    }

    /// <summary>Lets go of what arrived after the end, when no thread can post any more.</summary>
    private void DropMail()
    {
        foreach (Mail mail in Mail.Take())
        {
            if (mail.Payload is AcceptedClient client) Refuse(client);
            if (mail.Payload is ColdRead read) read.LetGo();
        }
    }
}
