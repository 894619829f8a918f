using Moldau.Base;

namespace Moldau.Runtime.Tests;

public sealed class FileSliceTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4_096)]
    [InlineData(100_000)]
    [InlineData(1_000_000)]
    [InlineData(6_000_000)]
    public void Fetch_OfRecentlyWrittenBytes_BringsThemIntact(int length)
    {
        using TestNode node = new();
        using TestClient client = node.Connect();
        byte[] data = ReactorTests.Bytes(length, seed: 3);
        Assert.Equal(0, client.Produce(data));
        Assert.Equal(data, client.Fetch(0, length));
        Assert.Equal(data[(length / 2)..], client.Fetch(length / 2, length - (length / 2)));
        Assert.Equal(length + (length - (length / 2)), Reactor(node).Metrics.SendFileBytes.Value);
    }

    [Fact]
    public void Fetches_PipelinedBetweenEchoes_ArriveInOrder()
    {
        using TestNode node = new();
        using TestClient client = node.Connect();
        byte[] data = ReactorTests.Bytes(300_000, seed: 4);
        client.Produce(data);
        List<byte> burst = [];
        for (int i = 0; i < 50; i++)
        {
            burst.AddRange(TestClient.Frame(Ask.Echo, (byte)i));
            burst.AddRange(TestClient.FetchFrame(i * 1000, 5000));
        }

        client.Send(burst.ToArray());
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(i, client.Receive()[1]);
            byte[] slice = TestClient.Between(client.Receive(), TestClient.FetchFrame(i * 1000, 5000));
            Assert.Equal(data[(i * 1000)..((i * 1000) + 5000)], slice);
        }
    }

    [Fact]
    public void Fetch_OfBytesThatLeftTheCache_ReadsThemOnADiskThread()
    {
        using TestNode node = new();
        using TestClient client = node.Connect();
        byte[] data = ReactorTests.Bytes(3_000_000, seed: 5);
        client.Produce(data);
        for (int round = 0; round < 3; round++)
        {
            client.Call(TestClient.Frame(Ask.DropCache));
            client.Send(TestClient.FetchFrame(1_000, 2_500_000));
            client.Send(TestClient.Frame(Ask.Echo, 42));
            byte[] slice = TestClient.Between(client.Receive(), TestClient.FetchFrame(1_000, 2_500_000));
            Assert.Equal(data[1_000..2_501_000], slice);
            Assert.Equal(42, client.Receive()[1]);
        }

        // Files in memory never leave it.
        bool isOnDisk = new DriveInfo(node.Folder.FullName).DriveFormat is not "tmpfs";
        if (isOnDisk) Assert.True(Reactor(node).Metrics.ColdReads.Value > 0);
    }

    [Fact]
    public async Task Cut_WhileASliceIsQueued_ClosesTheConnection()
    {
        using TestNode node = new();
        using TestClient client = new(node.Port, receiveBuffer: 4096);
        using TestClient other = node.Connect();
        byte[] data = ReactorTests.Bytes(500_000, seed: 6);
        for (int i = 0; i < 40; i++) client.Produce(data);
        // More than the kernel's buffers take, so that slices still wait when the file is cut.
        Task asking = Task.Run(() =>
        {
            for (int i = 0; i < 40; i++) client.Send(TestClient.FetchFrame(i * 500_000L, 500_000));
        });
        await asking;
        client.Receive();
        other.Call(TestClient.Frame(Ask.Cut, TestClient.Number(1000)));
        Assert.True(client.IsHungUpOn());
        Assert.Equal(2, other.Call(TestClient.Frame(Ask.Echo, 1)).Length);
        Assert.Equal(1, Reactor(node).Metrics.StaleSlices.Value);
    }

    [Fact]
    public void Fetch_BeyondTheEnd_ClosesTheConnection()
    {
        using TestNode node = new();
        using TestClient client = node.Connect();
        client.Produce(new byte[100]);
        client.Send(TestClient.FetchFrame(50, 100));
        Assert.True(client.IsHungUpOn());
        using TestClient cold = node.Connect();
        cold.Call(TestClient.Frame(Ask.DropCache));
        cold.Send(TestClient.FetchFrame(50, 100));
        Assert.True(cold.IsHungUpOn());
    }

    [Fact]
    public void Client_ThatLeavesWithAnswersQueued_LeavesNothingBehind()
    {
        using TestNode node = new();
        using TestClient other = node.Connect();
        byte[] data = ReactorTests.Bytes(400_000, seed: 7);
        for (int i = 0; i < 10; i++) other.Produce(data);
        for (int round = 0; round < 5; round++)
        {
            using TestClient client = new(node.Port, receiveBuffer: 4096);
            client.Call(TestClient.Frame(Ask.DropCache));
            for (int i = 0; i < 20; i++) client.Send(TestClient.FetchFrame(i * 1000, 3_000_000));
        }

        Assert.Equal(2, other.Call(TestClient.Frame(Ask.Echo, 1)).Length);
        // Stopping asserts that no lease is left; the file's holds are checked by its being closed here.
        node.Stop();
    }

    private static Reactor Reactor(TestNode node) => node.Host.Reactors.First();
}
