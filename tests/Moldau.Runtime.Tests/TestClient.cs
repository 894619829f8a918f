using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Moldau.Runtime.Tests;

/// <summary>A blocking client that speaks length-prefixed frames. Every read gives up after 30 seconds.</summary>
internal sealed class TestClient : IDisposable
{
    private const int PrefixBytes = 4;

    public TestClient(int port, int? receiveBuffer = null)
    {
        Socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveTimeout = 30_000,
            SendTimeout = 30_000,
        };
        if (receiveBuffer is { } bytes) Socket.ReceiveBufferSize = bytes;
        Socket.Connect(IPAddress.Loopback, port);
    }

    public Socket Socket { get; }

    public static byte[] Frame(Ask ask, params ReadOnlySpan<byte> body)
    {
        byte[] frame = new byte[PrefixBytes + 1 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, 1 + body.Length);
        frame[PrefixBytes] = (byte)ask;
        body.CopyTo(frame.AsSpan(PrefixBytes + 1));
        return frame;
    }

    public static byte[] FetchFrame(long position, int length)
    {
        byte[] body = new byte[12];
        BinaryPrimitives.WriteInt64BigEndian(body, position);
        BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(8), length);
        return Frame(Ask.Fetch, body);
    }

    public static byte[] Number(long value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }

    public void Send(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0) bytes = bytes[Socket.Send(bytes)..];
    }

    public byte[] Call(ReadOnlySpan<byte> frame)
    {
        Send(frame);
        return Receive();
    }

    /// <summary>The next answer, without its prefix.</summary>
    public byte[] Receive()
    {
        byte[] prefix = new byte[PrefixBytes];
        Fill(prefix);
        byte[] body = new byte[BinaryPrimitives.ReadInt32BigEndian(prefix)];
        Fill(body);
        return body;
    }

    public long Produce(ReadOnlySpan<byte> data) => BinaryPrimitives.ReadInt64BigEndian(Call(Frame(Ask.Produce, data)));

    /// <summary>The bytes between the two echoes of the request, which are checked.</summary>
    public byte[] Fetch(long position, int length)
    {
        byte[] request = FetchFrame(position, length);
        return Between(Call(request), request);
    }

    public static byte[] Between(byte[] answer, byte[] request)
    {
        int echo = request.Length - PrefixBytes;
        Assert.Equal(request.AsSpan(PrefixBytes), answer.AsSpan(0, echo));
        Assert.Equal(request.AsSpan(PrefixBytes), answer.AsSpan(answer.Length - echo));
        return answer[echo..^echo];
    }

    /// <summary>Whether the server hangs up, after any bytes still on their way.</summary>
    public bool IsHungUpOn()
    {
        byte[] rest = new byte[64 * 1024];
        try
        {
            while (Socket.Receive(rest) > 0)
            {
            }

            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return true;
        }
    }

    public void Dispose() => Socket.Dispose();

    private void Fill(Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            int count = Socket.Receive(buffer);
            if (count == 0) throw new EndOfStreamException("the server hung up");
            buffer = buffer[count..];
        }
    }
}
