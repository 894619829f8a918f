using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Moldau.Protocol;

namespace Moldau.Stress.Tests;

/// <summary>A blocking client of one connection.</summary>
internal sealed class StressClient : IDisposable
{
    private readonly Socket _socket;
    private int _correlation;

    public StressClient(int port)
    {
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveTimeout = 20_000,
            SendTimeout = 20_000,
        };
        _socket.Connect(IPAddress.Loopback, port);
    }

    public int Send<T>(T request, short version) where T : class, IRequest
    {
        ApiInfo api = ApiTable.Get(T.ApiKey);
        byte[] frame = new byte[RequestFrame.Size(api, version, "stress", request)];
        RequestFrame.Write(frame, api, version, ++_correlation, "stress", request);
        for (Span<byte> left = frame; left.Length > 0; left = left[_socket.Send(left)..])
        {
        }

        return _correlation;
    }

    public T Receive<T>(int correlation, short version) where T : class, IResponse, IMessage<T>
    {
        byte[] prefix = new byte[4];
        Fill(prefix);
        byte[] frame = new byte[BinaryPrimitives.ReadInt32BigEndian(prefix)];
        Fill(frame);
        KafkaReader reader = new(frame, 1000);
        Assert.Equal(correlation, ResponseFrame.ReadHeader(ref reader, ApiTable.Get(T.ApiKey), version));
        T message = T.Read(ref reader, version);
        Assert.True(reader.IsComplete);
        return message;
    }

    public TResponse Call<TRequest, TResponse>(TRequest request, short version)
        where TRequest : class, IRequest
        where TResponse : class, IResponse, IMessage<TResponse> =>
        Receive<TResponse>(Send(request, version), version);

    /// <summary>Hangs up with whatever is under way.</summary>
    public void Dispose()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }

    private void Fill(Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            int count = _socket.Receive(buffer);
            if (count == 0) throw new EndOfStreamException("the node hung up");
            buffer = buffer[count..];
        }
    }
}
