using System.Buffers.Binary;
using Moldau.Base;
using Moldau.Protocol;

namespace Moldau.Broker.Tests;

/// <summary>A client's connection to one machine: requests go in as bytes, answers come out as messages.</summary>
internal sealed class TestClient(TestNode node, MachineId machine, ConnectionId id)
{
    private readonly Queue<(int Correlation, byte[] Frame)> _inbox = new();
    private readonly Queue<OutgoingFrame> _stalled = new();
    private int _correlation;

    public TestNode Node => node;

    public ConnectionId Id => id;

    public MachineId Machine => machine;

    public bool IsPaused { get; set; }

    public bool IsClosedByServer { get; set; }

    /// <summary>The client does not read: answers stay with the server.</summary>
    public bool IsStalled { get; set; }

    /// <summary>Correlation ids of the answers that have come, oldest first.</summary>
    public IReadOnlyList<int> Answered => [.. _inbox.Select(a => a.Correlation)];

    public int AnswerCount => _inbox.Count;

    public int Send<T>(T request, short version, string clientId = "test") where T : class, IRequest
    {
        ApiInfo api = ApiTable.Get(T.ApiKey);
        byte[] frame = new byte[RequestFrame.Size(api, version, clientId, request)];
        RequestFrame.Write(frame, api, version, ++_correlation, clientId, request);
        node.Receive(this, frame);
        return _correlation;
    }

    /// <summary>Bytes as a client would send them, with length prefix.</summary>
    public void SendRaw(params byte[] content)
    {
        byte[] frame = new byte[content.Length + 4];
        BinaryPrimitives.WriteInt32BigEndian(frame, content.Length);
        content.CopyTo(frame, 4);
        node.Receive(this, frame);
    }

    public TResponse Call<TRequest, TResponse>(TRequest request, short version, string clientId = "test")
        where TRequest : class, IRequest
        where TResponse : class, IResponse, IMessage<TResponse>
    {
        int sent = Send(request, version, clientId);
        node.Until(() => _inbox.Count > 0 || IsClosedByServer);
        Assert.False(IsClosedByServer, "the node closed the connection");
        return Take<TResponse>(sent, version);
    }

    /// <summary>The next answer, which must be that of the request.</summary>
    public T Take<T>(int correlation, short version) where T : class, IResponse, IMessage<T>
    {
        (int actual, byte[] frame) = _inbox.Dequeue();
        Assert.Equal(correlation, actual);
        KafkaReader reader = new(frame.AsSpan(4), 1000);
        ResponseFrame.ReadHeader(ref reader, ApiTable.Get(T.ApiKey), version);
        T message = T.Read(ref reader, version);
        Assert.True(reader.IsComplete);
        return message;
    }

    public void Disconnect()
    {
        node.Disconnect(this);
        while (_stalled.TryDequeue(out OutgoingFrame? frame)) frame.Release();
    }

    internal void Take(OutgoingFrame frame)
    {
        if (IsStalled)
        {
            _stalled.Enqueue(frame);
            return;
        }

        byte[] bytes = new byte[frame.TotalBytes];
        int at = 0;
        foreach (OutgoingFrame.Part part in frame.Parts)
        {
            Span<byte> target = bytes.AsSpan(at, part.Length);
            at += part.Length;
            if (part.Lease is { } lease)
            {
                lease.Whole.Slice(part.Start, part.Length).CopyTo(target);
                continue;
            }

            Assert.True(part.File.IsCurrent);
            Assert.Equal(part.Length, part.File.File.Read(part.File.Position, target));
        }

        frame.Release();
        Assert.Equal(bytes.Length - 4, BinaryPrimitives.ReadInt32BigEndian(bytes));
        _inbox.Enqueue((BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(4)), bytes));
        node.Drained(this);
    }
}
