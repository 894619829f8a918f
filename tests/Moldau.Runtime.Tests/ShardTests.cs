using System.Buffers.Binary;
using Moldau.Broker;
using Moldau.Transport;

namespace Moldau.Runtime.Tests;

public sealed class LinuxShardTests() : ShardTests(SocketTransport.Linux);

public sealed class PortableShardTests() : ShardTests(SocketTransport.Portable);

/// <summary>On every transport.</summary>
public abstract class ShardTests(SocketTransport transport)
{
    [Theory]
    [InlineData(16 * 1024)]
    [InlineData(4)]
    public async Task Messages_BetweenReactorThreads_KeepTheirOrderPerPair(int mailboxCapacity)
    {
        const int shards = 3;
        const int clients = 12;
        const int perClient = 3_000;
        using TestNode node = new(shards, new() { MailboxCapacity = mailboxCapacity }, withControl: true, transport: transport);
        Task[] all = new Task[clients];
        for (int c = 0; c < clients; c++)
        {
            int target = (c % (shards + 1)) - 1;
            int index = c;
            all[c] = Task.Run(() => Relay(node, index, target, perClient));
        }

        await Task.WhenAll(all);
        node.Stop();
        Assert.Equal(clients * perClient, node.Machines.Sum(m => m.Relayed.Count));
        foreach (LogMachine machine in node.Machines)
        {
            Dictionary<int, int> last = [];
            foreach ((int _, int number) in machine.Relayed)
            {
                int client = number / perClient;
                if (last.TryGetValue(client, out int before)) Assert.Equal(before + 1, number);
                last[client] = number;
            }
        }
    }

    [Fact]
    public void Connections_AreHandedOutInTurn_AndTheControllerListenerGoesToControl()
    {
        using TestNode node = new(shards: 3, withControl: true, transport: transport);
        List<TestClient> clients = [];
        for (int i = 0; i < 9; i++) clients.Add(node.Connect());
        using TestClient controller = node.Connect(listener: 1);
        foreach (TestClient client in clients) client.Call(TestClient.Frame(Ask.Echo));
        controller.Call(TestClient.Frame(Ask.Echo));
        foreach (TestClient client in clients) client.Dispose();
        controller.Dispose();
        node.Stop();
        Assert.Equal([3, 3, 3, 1], node.Machines.Select(m => m.Connected));
    }

    private static async Task Relay(TestNode node, int index, int target, int count)
    {
        using TestClient client = node.Connect();
        Task sender = Task.Run(() =>
        {
            byte[] body = new byte[8];
            BinaryPrimitives.WriteInt32BigEndian(body, target);
            for (int i = 0; i < count; i++)
            {
                BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(4), (index * count) + i);
                client.Send(TestClient.Frame(Ask.Relay, body));
            }
        });
        for (int i = 0; i < count; i++)
        {
            byte[] answer = client.Receive();
            Assert.Equal((index * count) + i, BinaryPrimitives.ReadInt32BigEndian(answer.AsSpan(5)));
        }

        await sender;
    }
}
