using System.Buffers.Binary;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Sim;

/// <summary>A client's connection that speaks the real protocol: requests go out pipelined, responses must come back in
/// order. Breaks by itself when an answer takes too long.</summary>
internal sealed class KafkaLink : ISimPeer, ISimActor
{
    private const long TimeoutNs = 8_000_000_000;

    private readonly SimWorld _world;
    private readonly string _clientId;
    private readonly Action _opened;
    private readonly Action _broken;
    private readonly Queue<Waiting> _waiting = new();
    private readonly SimConnection _connection;
    private byte[] _in = new byte[4096];
    private int _have;
    private int _correlation;
    private bool _isOver;

    public KafkaLink(SimWorld world, SimNode node, string listener, string clientId, Action opened, Action broken)
    {
        (_world, _clientId, _opened, _broken) = (world, clientId, opened, broken);
        _connection = world.Network.Connect(this, node, listener);
        world.After(TimeoutNs, this, 0, -1);
    }

    private delegate void Answer(ref KafkaReader reader);

    private sealed record Waiting(int Correlation, ApiInfo Api, short Version, long SentNs, Answer Done);

    public bool IsOpen { get; private set; }

    public int InFlight => _waiting.Count;

    /// <summary>Sends a request. The answer comes once, or never if the link breaks first.</summary>
    public void Send<TRequest, TResponse>(TRequest request, short version, Action<TResponse> done)
        where TRequest : IRequest
        where TResponse : IResponse, IMessage<TResponse>
    {
        ApiInfo api = ApiTable.Get(TRequest.ApiKey);
        int correlation = ++_correlation;
        byte[] frame = Encode(api, version, correlation, request);
        _waiting.Enqueue(new Waiting(correlation, api, version, _world.Clock.NowNs, (ref KafkaReader reader) =>
        {
            TResponse response = TResponse.Read(ref reader, version);
            if (reader.IsComplete) done(response);
            else _world.Fail($"{_clientId}: the answer to {api.Name} v{version} cannot be read");
        }));
        _connection.Send(frame);
        _world.After(TimeoutNs, this, 0, correlation);
    }

    /// <summary>The oldest request, if it has waited so long. A join may rightly wait for other members.</summary>
    public string? Overdue(long ns) => IsOpen && !_connection.IsDisturbed && _waiting.TryPeek(out Waiting? first)
        && first.Api.Key is not (ApiKey.JoinGroup or ApiKey.SyncGroup) && _world.Clock.NowNs - first.SentNs > ns ? first.Api.Name : null;

    public void Close()
    {
        _isOver = true;
        IsOpen = false;
        _connection.Close();
    }

    public void OnOpen(SimConnection connection)
    {
        if (_isOver) return;
        IsOpen = true;
        _opened();
    }

    public void OnBytes(SimConnection connection, ReadOnlySpan<byte> bytes)
    {
        if (_isOver) return;
        if (_in.Length - _have < bytes.Length) Array.Resize(ref _in, Math.Max(_in.Length * 2, _have + bytes.Length));
        bytes.CopyTo(_in.AsSpan(_have));
        _have += bytes.Length;
        int at = 0;
        while (!_isOver && _have - at >= 4)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(_in.AsSpan(at));
            if (length is < 4 or > 64 << 20)
            {
                _world.Fail($"{_clientId}: a response claims {length} bytes");
                return;
            }

            if (_have - at - 4 < length) break;
            TakeFrame(_in.AsSpan(at + 4, length).ToArray());
            at += 4 + length;
        }

        _in.AsSpan(at, _have - at).CopyTo(_in);
        _have -= at;
    }

    public void OnClose(SimConnection connection) => Break();

    public void OnEvent(int code, long number, object? payload)
    {
        if (_isOver) return;
        if (number < 0 ? !IsOpen : _waiting.TryPeek(out Waiting? first) && first.Correlation <= number) Break();
    }

    private void Break()
    {
        if (_isOver) return;
        Close();
        _broken();
    }

    private void TakeFrame(byte[] frame)
    {
        KafkaReader reader = new(frame);
        int correlation = reader.ReadInt32();
        if (!_waiting.TryDequeue(out Waiting? waiting) || waiting.Correlation != correlation)
        {
            _world.Fail($"[V1] {_clientId}: response {correlation} came where {waiting?.Correlation} was due");
            return;
        }

        // A node sends no tagged fields in a response header: their count is all there is.
        if (waiting.Api.ResponseHeaderVersion(waiting.Version) >= 1) reader.ReadUnsignedVarint();
        waiting.Done(ref reader);
    }

    private byte[] Encode(ApiInfo api, short version, int correlation, IMessage request)
    {
        byte[] body = KafkaWriter.ToArray(request, version);
        bool isFlexible = api.RequestHeaderVersion(version) >= 2;
        byte[] frame = new byte[4 + 8 + 2 + _clientId.Length + (isFlexible ? 1 : 0) + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length - 4);
        KafkaWriter writer = new(frame.AsSpan(4));
        writer.WriteInt16((short)api.Key);
        writer.WriteInt16(version);
        writer.WriteInt32(correlation);
        writer.WriteString(_clientId, flexible: false);
        if (isFlexible) writer.WriteUnsignedVarint(0);
        writer.WriteRaw(body);
        return frame;
    }
}
