using System.Buffers.Binary;
using System.Collections.Concurrent;
using Moldau.Client;
using Moldau.Sim;

namespace Moldau.Testing;

/// <summary>A client's link through the simulated network. Its client's threads queue; all the rest happens on the world's
/// thread.</summary>
internal sealed class VirtualLink(VirtualNetwork network, ClientDriver driver, long number, BrokerAddress address) : ILink, ISimPeer
{
    private const int SizeBytes = 4;

    private readonly ConcurrentQueue<ClientFrame> _outgoing = new();
    private SimConnection? _connection;
    private byte[] _held = [];
    private int _heldBytes;
    private volatile bool _isClosed;

    public Task Ended => Task.CompletedTask;

    internal ClientDriver Driver => driver;

    internal SimConnection? Connection => _connection;

    internal BrokerAddress Address => address;

    public void Start() => network.World.Post(_ => network.Connect(this));

    public bool Enqueue(ClientFrame frame)
    {
        if (_isClosed)
        {
            frame.Release();
            return false;
        }

        _outgoing.Enqueue(frame);
        return true;
    }

    public void Flush() => network.World.Post(_ => Send());

    public void Close()
    {
        if (_isClosed) return;
        _isClosed = true;
        network.World.Post(_ =>
        {
            network.Forget(this);
            _connection?.Close();
            while (_outgoing.TryDequeue(out ClientFrame? frame)) frame.Release();
        });
    }

    /// <summary>On the world's thread, once the network lets it through.</summary>
    internal void Open(Func<ISimPeer, SimConnection> connect)
    {
        if (!_isClosed) _connection = connect(this);
    }

    public void OnOpen(SimConnection connection)
    {
        network.Opened(this);
        Tell(ClientEvent.Opened(number));
    }

    public void OnBytes(SimConnection connection, ReadOnlySpan<byte> bytes)
    {
        if (_held.Length < _heldBytes + bytes.Length) Array.Resize(ref _held, Math.Max(_held.Length * 2, _heldBytes + bytes.Length));
        bytes.CopyTo(_held.AsSpan(_heldBytes));
        _heldBytes += bytes.Length;
        int at = 0;
        while (_heldBytes - at >= SizeBytes)
        {
            int size = BinaryPrimitives.ReadInt32BigEndian(_held.AsSpan(at));
            if (_heldBytes - at - SizeBytes < size) break;
            ClientFrame frame = ClientFrame.Rent(size);
            _held.AsSpan(at + SizeBytes, size).CopyTo(frame.Span);
            at += SizeBytes + size;
            Tell(ClientEvent.Received(number, frame));
        }

        _held.AsSpan(at, _heldBytes - at).CopyTo(_held);
        _heldBytes -= at;
    }

    public void OnClose(SimConnection connection)
    {
        network.Forget(this);
        _isClosed = true;
        while (_outgoing.TryDequeue(out ClientFrame? frame)) frame.Release();
        Tell(ClientEvent.Closed(number, new LinkFailure($"{address}: the connection broke")));
    }

    private void Tell(in ClientEvent happened)
    {
        network.World.NoteClientTurn();
        driver.Post(happened);
    }

    private void Send()
    {
        while (_outgoing.TryDequeue(out ClientFrame? frame))
        {
            if (!_isClosed) _connection?.Send(frame.Span);
            frame.Release();
        }
    }
}
