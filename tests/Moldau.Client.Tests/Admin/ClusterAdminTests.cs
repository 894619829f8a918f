using Moldau.Client.Tests.Support;
using Moldau.Protocol;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Admin;

public sealed class ClusterAdminTests(Servers servers)
{
    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task DescribeCluster_NamesTheBroker(string server)
    {
        ServerUnderTest node = servers.Get(server);
        await using MoldauClient client = new($"127.0.0.1:{node.Port}");
        ClusterDescription cluster = await client.Admin.DescribeClusterAsync(Patience.Token);
        Assert.NotEmpty(cluster.ClusterId);
        Assert.Equal(node.Port, Assert.Single(cluster.Brokers).Address.Port);
    }

    [Fact]
    public async Task DescribeCluster_WhereNobodyListens_SaysSo()
    {
        int port = FreePorts.Take();
        await using MoldauClient client = new(new ClientSettings
        {
            BootstrapServers = [new BrokerAddress("127.0.0.1", port)],
            ApiTimeout = Moldau.Base.Duration.FromMs(500),
        });
        var error = await Assert.ThrowsAsync<MoldauException>(
            () => client.Admin.DescribeClusterAsync(Patience.Token));
        Assert.Equal(ErrorCode.RequestTimedOut, error.Error);
        Assert.Contains($"127.0.0.1:{port}", error.Message, StringComparison.Ordinal);
    }
}
