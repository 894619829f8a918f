using System.Net;
using System.Net.Sockets;
using System.Text;
using Moldau.Base;

namespace Moldau.Transport.Tests;

public sealed class PosixTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("moldau-posix-");

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void Sockets_ConnectAcceptSendReceiveAndClose(string address)
    {
        using ListenSocket listener = ListenSocket.Open(IPAddress.Parse(address), 0, 10);
        Assert.NotEqual(0, listener.LocalEndPoint.Port);
        Assert.Null(listener.Accept(out int error));
        Assert.Equal(Errno.Again, error);
        using Epoll epoll = new();
        Assert.True(epoll.TryAdd(listener, EpollInterest.Readable, 7));
        using StreamSocket client = StreamSocket.StartConnect(IPAddress.Parse(address), listener.LocalEndPoint.Port);
        Assert.True(epoll.TryAdd(client, EpollInterest.Writable, 8));
        WaitFor(epoll, 7);
        using StreamSocket server = listener.Accept(out _)!;
        Assert.Equal(IPAddress.Parse(address), server.Peer.Address);
        WaitFor(epoll, 8);
        Assert.Equal(0, client.TakeError());
        byte[] buffer = new byte[10];
        Assert.True(server.Receive(buffer).WouldBlock);
        Assert.Equal(3, client.Send("abc"u8, more: false).Count);
        Assert.True(epoll.TryAdd(server, EpollInterest.Readable, 9));
        WaitFor(epoll, 9);
        Assert.Equal(3, server.Receive(buffer).Count);
        Assert.Equal("abc"u8, buffer.AsSpan(0, 3));
        client.ShutdownSend();
        WaitFor(epoll, 9);
        Assert.Equal((0, 0), (server.Receive(buffer).Count, server.Receive(buffer).Error));
        server.Dispose();
        client.Dispose();
        Assert.Equal(Errno.BadDescriptor, client.Send("x"u8, more: false).Error);
    }

    [Fact]
    public void Refused_IsReportedWhenTheConnectEnds()
    {
        int port;
        using (ListenSocket listener = ListenSocket.Open(IPAddress.Loopback, 0, 1)) port = listener.LocalEndPoint.Port;
        const int connectionRefused = 111;
        using Epoll epoll = new();
        try
        {
            using StreamSocket client = StreamSocket.StartConnect(IPAddress.Loopback, port);
            epoll.TryAdd(client, EpollInterest.Writable, 1);
            WaitFor(epoll, 1);
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
        using ListenSocket listener = ListenSocket.Open(IPAddress.Loopback, 0, 10);
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndPoint);
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
    public void CachedRead_BringsWhatIsCached_AndAgainForTheRest()
    {
        PosixFile file = PosixFile.Open(At("f"), PosixOpen.ReadWrite | PosixOpen.Create, out _)!;
        byte[] data = new byte[1 << 20];
        data.AsSpan().Fill(5);
        file.WriteAt(0, data);
        byte[] read = new byte[1 << 20];
        IoResult cached = file.ReadCachedAt(0, read);
        if (cached.Error == Errno.NotSupported) Assert.Skip("this file system does not tell what is cached");
        Assert.Equal(1 << 20, cached.Count);
        Assert.Equal(data, read);
        // Null where the kernel cannot tell.
        Assert.NotEqual(false, file.IsCached(5_000, (1 << 20) - 5_000));
        Assert.NotEqual(true, file.IsCached(64 << 20, 1));
        Assert.True(file.DataSync().IsOk);
        file.DropCache();
        // Before the read, which has the kernel fetch the pages.
        bool? isCached = file.IsCached(0, 1 << 20);
        IoResult after = file.ReadCachedAt(0, read);
        if (after.WouldBlock) Assert.NotEqual(true, isCached);
        // A file system in memory keeps its pages; another one says that it would have to wait.
        Assert.True(after.WouldBlock || after.Count > 0);
        Assert.Equal(1 << 20, file.ReadAt(0, read).Count);
        file.Release();
    }

    [Fact]
    public void Open_ReportsTheErrorNumber()
    {
        Assert.Null(PosixFile.Open(At("none"), PosixOpen.Read, out int error));
        Assert.Equal(Errno.NoEntry, error);
        Assert.Equal("No such file or directory", Errno.Describe(error));
        PosixFile? directory = PosixFile.Open(_folder.FullName, PosixOpen.Directory, out error);
        Assert.NotNull(directory);
        Assert.True(directory.Sync().IsOk);
        directory.Release();
        Assert.False(directory.TryRetain());
    }

    [Fact]
    public async Task WakeSignal_EndsTheWaitOfAnotherThread()
    {
        using Epoll epoll = new();
        using WakeSignal signal = new();
        Assert.True(epoll.TryAdd(signal, 3));
        Assert.Equal(0, epoll.Wait(0));
        Task<int> waiting = Task.Run(() => epoll.Wait(30_000));
        signal.Set();
        Assert.Equal(1, await waiting);
        Assert.Equal(3, epoll[0].Tag);
        signal.Clear();
        Assert.Equal(0, epoll.Wait(0));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static void WaitFor(Epoll epoll, long tag)
    {
        for (int attempt = 0; attempt < 1000; attempt++)
        {
            int count = epoll.Wait(1000);
            for (int i = 0; i < count; i++)
            {
                if (epoll[i].Tag == tag) return;
            }
        }

        Assert.Fail($"descriptor {tag} did not become ready");
    }

    private static (StreamSocket Here, Socket There) Pair()
    {
        using ListenSocket listener = ListenSocket.Open(IPAddress.Loopback, 0, 1);
        Socket there = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        there.Connect(listener.LocalEndPoint);
        using Epoll epoll = new();
        epoll.TryAdd(listener, EpollInterest.Readable, 1);
        WaitFor(epoll, 1);
        return (listener.Accept(out _)!, there); // a client waits, as epoll says
    }

    private string At(string name) => Path.Combine(_folder.FullName, name);
}
