using Moldau.Protocol;
using Moldau.Storage;

namespace Moldau.Broker.Tests;

public sealed class ConnectionTests
{
    [Fact]
    public void Malformed_frames_end_their_own_connection_and_leak_nothing()
    {
        using TestNode node = new(2);
        TestClient other = node.Connect();
        other.CreateTopic("t");
        byte[][] bad =
        [
            [], [1], [0, 0, 0, 12, 0, 0, 0],
            [0, 99, 0, 0, 0, 0, 0, 1, 255, 255], // no such API
            [0, 0, 0, 99, 0, 0, 0, 1, 255, 255], // no such version
            [0, 0, 0, 12, 0, 0, 0, 1, 127, 255, 1], // client id longer than the frame
            [0, 0, 0, 12, 0, 0, 0, 1, 255, 255, 0, 1, 2, 3], // produce that ends in the middle
            [0, 1, 0, 12, 0, 0, 0, 1, 255, 255, 0, 1, 2, 3], // fetch that does
            [0, 3, 0, 12, 0, 0, 0, 1, 255, 255, 0, 255, 255, 255, 255, 15], // metadata with a huge array
        ];
        foreach (byte[] frame in bad)
        {
            TestClient client = node.Connect();
            client.SendRaw(frame);
            client.Send(new ApiVersionsRequest { ClientSoftwareName = "t", ClientSoftwareVersion = "1" }, 3);
            node.Run();
            Assert.True(client.IsClosedByServer, Convert.ToHexString(frame));
            Assert.Equal(0, client.AnswerCount);
        }

        Assert.Equal(0, other.Produced("t", 0, "a"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Requests_with_bytes_changed_anywhere_never_harm_the_node(int seed)
    {
        Moldau.Base.Prng prng = new((ulong)seed);
        using TestNode node = new(2, (ulong)seed);
        node.Connect().CreateTopic("t", 4);
        for (int i = 0; i < 200; i++)
        {
            TestClient client = node.Connect(i % 2);
            byte[] frame = prng.Next(3) switch
            {
                0 => Frame(Ask.ProduceOf("t", -1, (0, Ask.Batch("a", "b")), (1, Ask.Batch("c"))), Ask.ProduceVersion),
                1 => Frame(Ask.FetchOf("t", [(0, 0), (1, 0)], maxWaitMs: 10, sessionEpoch: 0), Ask.FetchVersion),
                _ => Frame(new MetadataRequest(), 12),
            };
            for (int n = prng.Next(3) + 1; n > 0; n--) frame[8 + prng.Next(frame.Length - 8)] = (byte)prng.Next(256);
            client.SendRaw(frame.AsSpan(4).ToArray());
            if (prng.Chance(0.5)) node.Run();
            client.Disconnect();
        }

        node.Advance(2_000);
        Assert.Null(node.Halted);
        Assert.True(node.Connect().Produced("t", 3, "a") >= 0);
    }

    [Fact]
    public void A_connection_with_too_many_requests_is_not_read_until_half_are_answered()
    {
        using TestNode node = new() { InlineAppends = 0 };
        TestClient client = node.Connect();
        client.CreateTopic("t");
        node.HoldsDisk = op => op is AppendOp append && append.File.Path.Contains("/t-0/", StringComparison.Ordinal);
        List<int> sent = [];
        for (int i = 0; i < 200; i++) sent.Add(client.Send(Ask.ProduceOf("t", -1, (0, Ask.Batch($"{i}"))), 12));
        node.Run();
        Assert.True(client.IsPaused);
        // Requests hold one lease each (small frames), and no more than the limit are held.
        Assert.InRange(node.PoolOf(MachineId.Shard(0)).Outstanding, 64, 70);
        node.HoldsDisk = null;
        node.Run();
        Assert.False(client.IsPaused);
        Assert.Equal(sent, client.Answered);
    }

    [Fact]
    public void Connections_that_add_to_more_waiting_requests_than_allowed_are_not_read()
    {
        using TestNode node = new(1, 1, ("queued.max.requests", "4"));
        TestClient[] clients = [node.Connect(), node.Connect()];
        clients[0].CreateTopic("t");
        foreach (TestClient client in clients)
        {
            // Waits for data; what comes behind it waits for its answer.
            client.Send(Ask.FetchOf("t", [(0, 0)], maxWaitMs: 5_000, sessionEpoch: 0), Ask.FetchVersion);
            for (int i = 0; i < 10; i++) client.Send(new MetadataRequest(), 12);
            node.Run();
            Assert.True(client.IsPaused);
        }

        // Not all twenty: four of the first client, one of the second, and the two that they wait for.
        Assert.InRange(node.PoolOf(MachineId.Shard(0)).Outstanding, 1, 7);
        node.Advance(6_000);
        Assert.All(clients, c => Assert.Equal(11, c.AnswerCount));
        Assert.All(clients, c => Assert.False(c.IsPaused));
    }

    [Fact]
    public void The_shell_hears_of_changed_configuration_before_the_client_and_when_nothing_changed()
    {
        using TestNode node = new();
        TestClient client = node.Connect();
        int before = node.Configured.Count;
        for (int i = 1; i <= 2; i++)
        {
            IncrementalAlterConfigsRequest request = new();
            request.Resources.Add(new() { ResourceType = 4, ResourceName = "" });
            request.Resources[0].Configs.Add(new() { Name = "max.connections", Value = "7" });
            IncrementalAlterConfigsResponse answer =
                client.Call<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>(request, 1);
            Assert.Equal(0, answer.Responses[0].ErrorCode);
            Assert.Equal(before + i, node.Configured.Count);
            Assert.Equal(7, node.Configured[^1].MaxConnections);
        }
    }

    [Fact]
    public void A_connection_may_hold_so_many_bytes_and_counts_them_right_for_life()
    {
        using TestNode node = new() { MaxHeldBytes = 4_000 };
        node.Stop();
        node.Start();
        TestClient client = node.Connect();
        client.CreateTopic("t");
        for (int i = 0; i < 400; i++) Assert.Equal(i, client.Produced("t", 0, "small"));
        node.InlineAppends = 0;
        node.HoldsDisk = op => op is AppendOp append && append.File.Path.Contains("/t-0/", StringComparison.Ordinal);
        for (int i = 0; i < 10; i++) client.Send(Ask.ProduceOf("t", -1, (0, Ask.Sized(1000))), 12);
        node.Run();
        Assert.True(client.IsPaused);
        Assert.InRange(node.PoolOf(MachineId.Shard(0)).Outstanding, 3, 5);
        node.HoldsDisk = null;
        node.Run();
        Assert.Equal(10, client.AnswerCount);
        Assert.False(client.IsPaused);
    }

    [Fact]
    public void A_client_that_leaves_with_requests_under_way_leaves_nothing_behind()
    {
        using TestNode node = new(2) { InlineAppends = 0 };
        TestClient client = node.Connect();
        client.CreateTopic("t", 4);
        node.HoldsDisk = op => op is AppendOp;
        for (int i = 0; i < 20; i++)
        {
            client.Send(Ask.ProduceOf("t", (short)(i % 3 - 1), (i % 4, Ask.Batch($"{i}"))), 12);
            if (i % 5 == 0) client.Send(new MetadataRequest(), 12);
        }

        node.Run();
        client.Disconnect();
        node.Run();
        node.HoldsDisk = null;
        node.Advance(5_000);
    }

    [Fact]
    public void A_broker_that_is_alive_cannot_be_registered_by_another_process()
    {
        using TestNode node = new();
        TestClient client = node.Connect(MachineId.Control, "CONTROLLER");
        BrokerRegistrationRequest request = new()
        {
            BrokerId = 1,
            ClusterId = node.Boot.ClusterId,
            IncarnationId = new Moldau.Base.Uuid(7, 7),
            LogDirs = [node.Boot.Directories[0].DirectoryId],
        };
        request.Listeners.Add(new() { Name = "PLAINTEXT", Host = "elsewhere", Port = 9092 });
        request.Features.Add(new() { Name = "metadata.version", MinSupportedVersion = 1, MaxSupportedVersion = 40 });
        BrokerRegistrationResponse answer =
            client.Call<BrokerRegistrationRequest, BrokerRegistrationResponse>(request, 4);
        Assert.Equal(ErrorCode.DuplicateBrokerRegistration, (ErrorCode)answer.ErrorCode);
    }

    private static byte[] Frame<T>(T request, short version) where T : class, IRequest
    {
        ApiInfo api = ApiTable.Get(T.ApiKey);
        byte[] frame = new byte[RequestFrame.Size(api, version, "t", request)];
        RequestFrame.Write(frame, api, version, 1, "t", request);
        return frame;
    }
}
