using System.Net;
using System.Net.Sockets;
using System.Text;
using Moldau.Base;

namespace Moldau.Transport.Tests;

public sealed class LinuxSocketTests() : SocketTests(SocketTransport.Linux);

public sealed class PortableSocketTests() : SocketTests(SocketTransport.Portable);

/// <summary>What every transport does alike.</summary>
public abstract class SocketTests(SocketTransport transport) : IDisposable
{
    private readonly SocketTransport _transport = transport;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("moldau-sockets-");

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void Sockets_ConnectAcceptSendReceiveAndClose(string address)
    {
        using ListenSocket listener = _transport.Listen(IPAddress.Parse(address), 0, 10);
        Assert.NotEqual(0, listener.LocalEndPoint.Port);
        Assert.Null(listener.Accept(out int error));
        Assert.Equal(Errno.Again, error);
        using Poller poller = _transport.NewPoller();
        Assert.True(poller.TryAdd(listener, Interest.Readable, 7));
        using StreamSocket client = _transport.Connect(IPAddress.Parse(address), listener.LocalEndPoint.Port);
        Assert.True(poller.TryAdd(client, Interest.Writable, 8));
        WaitFor(poller, 7);
        using StreamSocket server = listener.Accept(out _)!;
        Assert.Equal(IPAddress.Parse(address), server.Peer.Address);
        WaitFor(poller, 8);
        Assert.Equal(0, client.TakeError());
        byte[] buffer = new byte[10];
        Assert.True(server.Receive(buffer).WouldBlock);
        Assert.Equal(3, client.Send("abc"u8, more: false).Count);
        Assert.True(poller.TryAdd(server, Interest.Readable, 9));
        WaitFor(poller, 9);
        Assert.Equal(3, server.Receive(buffer).Count);
        Assert.Equal("abc"u8, buffer.AsSpan(0, 3));
        client.ShutdownSend();
        WaitFor(poller, 9);
        Assert.Equal((0, 0), (server.Receive(buffer).Count, server.Receive(buffer).Error));
        server.Dispose();
        client.Dispose();
        Assert.Equal(Errno.BadDescriptor, client.Send("x"u8, more: false).Error);
    }

    [Fact]
    public void Refused_IsReportedWhenTheConnectEnds()
    {
        int port;
        using (ListenSocket listener = _transport.Listen(IPAddress.Loopback, 0, 1)) port = listener.LocalEndPoint.Port;
        const int connectionRefused = 111;
        using Poller poller = _transport.NewPoller();
        try
        {
            using StreamSocket client = _transport.Connect(IPAddress.Loopback, port);
            poller.TryAdd(client, Interest.Writable, 1);
            WaitFor(poller, 1);
            Assert.Equal(connectionRefused, client.TakeError());
        }
        catch (SocketFailure e)
        {
            Assert.Equal(connectionRefused, e.Error);
        }
    }

    [Fact]
    public void RefuseOne_HangsUpOnTheClientThatWaits()
    {
        using ListenSocket listener = _transport.Listen(IPAddress.Loopback, 0, 10);
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndPoint);
        Assert.SkipWhen(_transport == SocketTransport.Portable, "the base library cannot accept without a descriptor to spare");
        Assert.True(listener.RefuseOne());
        Assert.Equal(0, client.Receive(new byte[1]));
        Assert.False(listener.RefuseOne());
    }

    [Fact]
    public void GatheredPieces_ArriveAsOneSend_EqualToTheCopy()
    {
        using BufferPool pool = new();
        using GatherList list = new();
        (StreamSocket here, Socket there) = Pair();
        StringBuilder copy = new();
        List<BufferLease> leases = [];
        for (int i = 0; i < GatherList.MaxPieces; i++)
        {
            BufferLease lease = pool.Rent(100);
            for (int b = 0; b < 100; b++) lease.Span[b] = (byte)('a' + ((i + b) % 26));
            list.Add(lease, i, 30);
            copy.Append(Encoding.ASCII.GetString(lease.Span.Slice(i, 30)));
            leases.Add(lease);
        }

        Assert.True(list.IsFull);
        Assert.Equal(list.Bytes, here.Send(list, more: false).Count);
        byte[] received = new byte[list.Bytes];
        new NetworkStream(there).ReadExactly(received);
        Assert.Equal(copy.ToString(), Encoding.ASCII.GetString(received));
        foreach (BufferLease lease in leases) lease.Release();
        Assert.Equal(0, pool.Outstanding);
        here.Dispose();
        there.Dispose();
    }

    [Fact]
    public void SendFile_EqualsReading_AndTellsTheEnd()
    {
        PosixFile file = PosixFile.Open(At("f"), PosixOpen.ReadWrite | PosixOpen.Create, out _)!;
        byte[] data = new byte[50_000];
        for (int i = 0; i < data.Length; i++) data[i] = (byte)(i * 7 / 3);
        Assert.Equal(data.Length, file.WriteAt(0, data).Count);
        (StreamSocket here, Socket there) = Pair();
        Assert.Equal(40_000, here.SendFile(file, 10_000, 60_000).Count);
        byte[] received = new byte[40_000];
        new NetworkStream(there).ReadExactly(received);
        byte[] read = new byte[40_000];
        Assert.Equal(40_000, file.ReadAt(10_000, read).Count);
        Assert.Equal(read, received);
        Assert.Equal((0, 0), (here.SendFile(file, 50_000, 1).Count, here.SendFile(file, 50_000, 1).Error));
        file.Release();
        Assert.Equal(Errno.BadDescriptor, here.SendFile(file, 0, 1).Error);
        here.Dispose();
        there.Dispose();
    }

    [Fact]
    public async Task Wake_EndsTheWaitOfAnotherThread()
    {
        using Poller poller = _transport.NewPoller();
        Assert.Equal(0, poller.Wait(0));
        Task waiting = Task.Run(() => poller.Wait(-1), TestContext.Current.CancellationToken);
        poller.Wake();
        await waiting.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        // One that came before the wait counts too, once.
        poller.Wake();
        await Task.Run(() => poller.Wait(-1), TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Equal(0, poller.Wait(0));
    }

    [Fact]
    public void Readable_IsToldAgain_WhileThereIsMore_AndNotWithoutInterest()
    {
        (StreamSocket here, Socket there) = Pair();
        using Poller poller = _transport.NewPoller();
        Assert.True(poller.TryAdd(here, Interest.Readable, 5));
        Assert.Equal(0, poller.Wait(0));
        there.Send("abc"u8);
        byte[] one = new byte[1];
        for (int i = 0; i < 3; i++)
        {
            WaitFor(poller, 5);
            Assert.Equal(1, here.Receive(one).Count);
        }

        Assert.True(here.Receive(one).WouldBlock);
        poller.Modify(here, Interest.None, 5);
        there.Send("d"u8);
        Assert.Equal(0, poller.Wait(20));
        poller.Modify(here, Interest.Readable, 6);
        WaitFor(poller, 6);
        Assert.Equal(1, here.Receive(one).Count);
        poller.Remove(here);
        here.Dispose();
        there.Dispose();
    }

    [Fact]
    public void FullBuffer_TakesNoMore_UntilThePeerHasRead_AndLosesNothingAtTheClose()
    {
        (StreamSocket here, Socket there) = Pair();
        using Poller poller = _transport.NewPoller();
        Assert.True(poller.TryAdd(here, Interest.Readable, 1));
        byte[] data = new byte[1 << 20];
        for (int i = 0; i < data.Length; i++) data[i] = (byte)(i % 251);
        long sent = 0;
        IoResult result = default;
        while (!result.WouldBlock)
        {
            result = here.Send(data.AsSpan((int)(sent % 251), data.Length / 2), more: false);
            sent += result.Count;
            Assert.True(sent < 1L << 30, "the buffer is never full");
        }

        poller.Modify(here, Interest.Writable, 2);
        long read = Drain(there, sent / 2, 0);
        WaitFor(poller, 2);
        result = here.Send(data.AsSpan((int)(sent % 251), 1000), more: false);
        Assert.True(result.Count > 0);
        sent += result.Count;
        poller.Remove(here);
        here.Dispose();
        read = Drain(there, sent, read);
        Assert.Equal(0, there.Receive(new byte[1]));
        Assert.Equal(sent, read);
        there.Dispose();
    }

    [Fact]
    public void Accept_GoesOn_AfterAPause_AndTakesAllWhoWait()
    {
        using ListenSocket listener = _transport.Listen(IPAddress.Loopback, 0, 10);
        using Poller poller = _transport.NewPoller();
        Assert.True(poller.TryAdd(listener, Interest.Readable, 1));
        Assert.Equal(0, poller.Wait(0));
        poller.Modify(listener, Interest.None, 1);
        List<Socket> clients = [];
        for (int i = 0; i < 3; i++)
        {
            clients.Add(new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
            clients[i].Connect(listener.LocalEndPoint);
        }

        Assert.Equal(0, poller.Wait(20));
        poller.Modify(listener, Interest.Readable, 1);
        List<StreamSocket> accepted = [];
        while (accepted.Count < 3)
        {
            WaitFor(poller, 1);
            while (listener.Accept(out int error) is { } client) accepted.Add(client);
        }

        Assert.Equal(clients.Select(c => c.LocalEndPoint), accepted.Select(a => a.Peer));
        foreach (StreamSocket socket in accepted) socket.Dispose();
        foreach (Socket client in clients) client.Dispose();
    }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Reads up to that many bytes in all and checks each.</summary>
    private static long Drain(Socket from, long until, long have)
    {
        byte[] buffer = new byte[64 << 10];
        while (have < until)
        {
            int count = from.Receive(buffer, (int)Math.Min(buffer.Length, until - have), SocketFlags.None);
            Assert.True(count > 0, $"the end came after {have} bytes of {until}");
            for (int i = 0; i < count; i++)
                if (buffer[i] != (have + i) % 251) Assert.Fail($"byte {have + i} is {buffer[i]}");
            have += count;
        }

        return have;
    }

    private static void WaitFor(Poller poller, long tag)
    {
        for (int attempt = 0; attempt < 1000; attempt++)
        {
            int count = poller.Wait(1000);
            for (int i = 0; i < count; i++)
            {
                if (poller[i].Tag == tag) return;
            }
        }

        Assert.Fail($"socket {tag} did not become ready");
    }

    private (StreamSocket Here, Socket There) Pair()
    {
        using ListenSocket listener = _transport.Listen(IPAddress.Loopback, 0, 1);
        Socket there = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        there.Connect(listener.LocalEndPoint);
        using Poller poller = _transport.NewPoller();
        poller.TryAdd(listener, Interest.Readable, 1);
        WaitFor(poller, 1);
        return (listener.Accept(out _)!, there); // a client waits, as the poller says
    }

    private string At(string name) => Path.Combine(_folder.FullName, name);
}
