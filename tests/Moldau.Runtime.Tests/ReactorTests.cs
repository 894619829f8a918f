using System.Buffers.Binary;
using System.Net.Sockets;
using Moldau.Base;
using Moldau.Transport;

namespace Moldau.Runtime.Tests;

public sealed class LinuxReactorTests() : ReactorTests(SocketTransport.Linux);

public sealed class PortableReactorTests() : ReactorTests(SocketTransport.Portable);

/// <summary>On every transport.</summary>
public abstract class ReactorTests(SocketTransport transport)
{
    [Fact]
    public void Frame_CutAtEveryByte_IsAnswered()
    {
        using TestNode node = new(transport: transport);
        using TestClient client = node.Connect();
        byte[] frame = TestClient.Frame(Ask.Echo, "0123456789"u8);
        for (int cut = 1; cut < frame.Length; cut++)
        {
            client.Send(frame.AsSpan(0, cut));
            client.Send(frame.AsSpan(cut));
            Assert.Equal(frame[4..], client.Receive());
        }

        foreach (byte b in frame) client.Send([b]);
        Assert.Equal(frame[4..], client.Receive());
    }

    [Fact]
    public async Task TenThousandRequests_PipelinedOnOneConnection_AreAnsweredInOrder()
    {
        const int count = 10_000;
        using TestNode node = new(transport: transport);
        using TestClient client = node.Connect();
        Task sender = Task.Run(() =>
        {
            byte[] number = new byte[4];
            for (int i = 0; i < count; i++)
            {
                BinaryPrimitives.WriteInt32BigEndian(number, i);
                client.Send(TestClient.Frame(Ask.Echo, number));
            }
        });
        for (int i = 0; i < count; i++)
            Assert.Equal(i, BinaryPrimitives.ReadInt32BigEndian(client.Receive().AsSpan(1)));
        await sender;
    }

    [Fact]
    public void Frame_ThatClaimsTooMuch_ClosesTheConnection()
    {
        using TestNode node = new(limits: new() { MaxFrameBytes = 1000 }, transport: transport);
        using TestClient client = node.Connect();
        client.Send([0, 0, 0x10, 0]);
        Assert.True(client.IsHungUpOn());
        using TestClient negative = node.Connect();
        negative.Send([0xFF, 0xFF, 0xFF, 0xFF]);
        Assert.True(negative.IsHungUpOn());
        using TestClient other = node.Connect();
        Assert.Equal(5, other.Call(TestClient.Frame(Ask.Echo, 1, 2, 3, 4)).Length);
    }

    [Fact]
    public async Task LargeFrame_IsAnsweredWhole()
    {
        using TestNode node = new(transport: transport);
        using TestClient client = node.Connect();
        byte[] data = Bytes(3_000_000, seed: 1);
        Task<byte[]> answer = Task.Run(client.Receive);
        client.Send(TestClient.Frame(Ask.Echo, data));
        Assert.Equal(data, (await answer)[1..]);
    }

    [Fact]
    public void Close_AfterAnAnswer_LetsTheAnswerLeaveFirst()
    {
        using TestNode node = new(transport: transport);
        using TestClient client = node.Connect();
        byte[] frame = TestClient.Frame(Ask.Goodbye, Bytes(500_000, seed: 2));
        client.Send(frame);
        Assert.Equal(frame[4..], client.Receive());
        Assert.True(client.IsHungUpOn());
    }

    [Fact]
    public void HundredsOfConnections_AreServed_AndNoneHoldsABufferWhenIdle()
    {
        using TestNode node = new(shards: 2, transport: transport);
        List<TestClient> clients = [];
        for (int i = 0; i < 400; i++) clients.Add(node.Connect());
        for (int round = 0; round < 3; round++)
        {
            foreach (TestClient client in clients) client.Send(TestClient.Frame(Ask.Echo, 1, 2, 3));
            foreach (TestClient client in clients) Assert.Equal(4, client.Receive().Length);
        }

        Assert.All(node.Host.Reactors, r => Assert.Equal(200, r.Metrics.Connections.Value));
        // Every request has been answered, so what is outstanding belongs to connections.
        Assert.True(SpinWait.SpinUntil(() => node.Pools.All(p => p.Outstanding == 0), 10_000));
        foreach (TestClient client in clients) client.Dispose();
        node.Stop();
        Assert.Equal(400, node.Machines.Sum(m => m.Connected));
    }

    [Fact]
    public void IdleConnection_IsClosed()
    {
        using TestNode node = new(limits: new() { MaxIdleMs = 50 }, transport: transport);
        using TestClient client = node.Connect();
        Assert.True(client.IsHungUpOn());
    }

    [Fact]
    public void MaxConnectionsPerAddress_ClosesTheNextOne_AndMaxConnectionsLetsItWait()
    {
        using TestNode perAddress = new(quotas: new() { MaxPerAddress = 1 }, transport: transport);
        using TestClient first = perAddress.Connect();
        first.Call(TestClient.Frame(Ask.Echo));
        using TestClient second = perAddress.Connect();
        Assert.True(second.IsHungUpOn());

        using TestNode full = new(quotas: new() { MaxConnections = 1 }, limits: new() { AcceptPauseMs = 5 }, transport: transport);
        using TestClient holder = full.Connect();
        holder.Call(TestClient.Frame(Ask.Echo));
        using TestClient waiting = full.Connect();
        waiting.Send(TestClient.Frame(Ask.Echo, 9));
        waiting.Socket.ReceiveTimeout = 200;
        Assert.Throws<SocketException>(() => waiting.Receive());
        waiting.Socket.ReceiveTimeout = 30_000;
        holder.Dispose();
        Assert.Equal(9, waiting.Receive()[1]);
    }

    [Fact]
    public async Task SlowReader_DoesNotGrowMemory_AndGetsAllItsAnswers()
    {
        const int answerBytes = 256 * 1024;
        const int count = 400;
        using TestNode node = new(limits: new() { SendQueueBytes = 1024 * 1024 }, transport: transport);
        using TestClient client = new(node.Port, receiveBuffer: 16 * 1024);
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, answerBytes);
        byte[] ask = TestClient.Frame(Ask.Give, length);
        Task sender = Task.Run(() =>
        {
            for (int i = 0; i < count; i++) client.Send(ask);
        });
        using TestClient other = node.Connect();
        Assert.Equal(2, other.Call(TestClient.Frame(Ask.Echo, 3)).Length);
        for (int i = 0; i < count; i++) Assert.Equal(answerBytes, client.Receive().Length);
        await sender;
        client.Dispose();
        other.Dispose();
        node.Stop();
        Assert.InRange(node.Machines[0].MostOutstandingBytes, answerBytes, 3 * 1024 * 1024);
    }

    [Fact]
    public async Task UsedUpMemory_HoldsBackNewFrames_AndLosesNone()
    {
        using TestNode node = new(limits: new() { PoolBytes = 64 * 1024 }, transport: transport);
        Task[] all = new Task[8];
        for (int c = 0; c < all.Length; c++)
        {
            byte[] frame = TestClient.Frame(Ask.Echo, Bytes(100_000, seed: (ulong)c));
            all[c] = Task.Run(() =>
            {
                using TestClient client = node.Connect();
                for (int i = 0; i < 20; i++) Assert.Equal(frame[4..], client.Call(frame));
            });
        }

        await Task.WhenAll(all);
    }

    [Fact]
    public async Task ClientsThatComeAndGoRudely_DisturbNobody()
    {
        using TestNode node = new(shards: 2, transport: transport);
        Task[] rude = new Task[3];
        for (int c = 0; c < rude.Length; c++)
        {
            int kind = c;
            rude[c] = Task.Run(() =>
            {
                for (int i = 0; i < 150; i++)
                {
                    using TestClient client = node.Connect();
                    byte[] frame = TestClient.Frame(Ask.Echo, Bytes(50_000, seed: 1));
                    // Half a frame; a frame and a reset with the answer unread; garbage.
                    if (kind == 0) client.Send(frame.AsSpan(0, frame.Length / 2));
                    if (kind == 1) client.Send(frame);
                    if (kind == 2) client.Send(Bytes(1000, seed: (ulong)i));
                    client.Socket.LingerState = new LingerOption(true, 0);
                }
            });
        }

        using TestClient calm = node.Connect();
        byte[] echo = TestClient.Frame(Ask.Echo, Bytes(3_000, seed: 9));
        while (!rude.All(r => r.IsCompleted)) Assert.Equal(echo[4..], calm.Call(echo));
        await Task.WhenAll(rude);
        calm.Dispose();
        Assert.True(SpinWait.SpinUntil(
            () => node.Host.Reactors.Sum(r => r.Metrics.Connections.Value) == 0, 10_000));
    }

    internal static byte[] Bytes(int count, ulong seed)
    {
        byte[] bytes = new byte[count];
        ulong x = seed * 0x9E3779B97F4A7C15UL + 1;
        for (int i = 0; i < count; i++)
        {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            bytes[i] = (byte)x;
        }

        return bytes;
    }
}
