using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;

namespace Moldau.Client.Tests.Shell;

/// <summary>The driver in a world without sockets and without time of its own.</summary>
public sealed class ClientDriverTests
{
    private readonly HandClock _clock = new();

    [Fact]
    public async Task Timer_SendsWhatHasLingered()
    {
        ScriptedLinks world = new(Answer);
        await using MoldauClient client = Client(world);
        Producer producer = client.CreateProducer(new ProducerOptions { Linger = Duration.FromSeconds(30), IsIdempotent = false });
        Task<RecordMetadata> sent = producer.SendAsync("t", new RawRecord(null, "v"u8.ToArray()) { Partition = 0 }, Patience.Token).AsTask();
        await Eventually.UntilAsync(() => Task.FromResult(client.Cluster.Topics.ContainsKey("t") && client.Driver.LinkCount > 0));
        _clock.Advance(29_000);
        Assert.Equal(0, Count(world, ApiKey.Produce));
        Assert.False(sent.IsCompleted);
        _clock.Advance(2_000);
        Assert.Equal(42, (await sent.WaitAsync(Patience.Token)).Offset);
        Assert.Equal(1, Count(world, ApiKey.Produce));
        await producer.DisposeAsync();
    }

    [Fact]
    public async Task Timer_EndsARequestThatIsNotAnswered()
    {
        ScriptedLinks world = new((api, version) => api == ApiKey.DescribeConfigs ? null : Answer(api, version));
        await using MoldauClient client = Client(world);
        Task<IReadOnlyList<ConfigValue>> asked =
            client.Admin.DescribeConfigAsync(new ConfigResource(ConfigResourceKind.Topic, "t"), Patience.Token);
        await Eventually.UntilAsync(() => Task.FromResult(Count(world, ApiKey.DescribeConfigs) == 1));
        _clock.Advance(29_900);
        Assert.DoesNotContain(world.Links, l => l.IsClosed);
        _clock.Advance(200);
        Assert.Contains(world.Links, l => l.IsClosed);
        Assert.False(asked.IsCompleted);
        _clock.Advance(30_000);
        MoldauException error = await Assert.ThrowsAsync<MoldauException>(() => asked.WaitAsync(Patience.Token));
        Assert.Equal(ErrorCode.RequestTimedOut, error.Error);
    }

    [Fact]
    public async Task LinkThatThePeerCloses_IsForgotten()
    {
        ScriptedLinks world = new(Answer);
        await using MoldauClient client = Client(world);
        await client.Admin.DescribeClusterAsync(Patience.Token);
        Assert.NotEqual(0, client.Driver.LinkCount);
        foreach (ScriptedLinks.ScriptedLink link in world.Links.ToArray()) link.Break();
        Assert.Equal(0, client.Driver.LinkCount);
    }

    private static int Count(ScriptedLinks world, ApiKey api)
    {
        lock (world.Requests) return world.Requests.Count(r => r == api);
    }

    private MoldauClient Client(ScriptedLinks world) => new(MachineWorld.Settings(), world, _clock, seed: 1);

    private static IMessage Answer(ApiKey api, short version) => api switch
    {
        ApiKey.ApiVersions => new ApiVersionsResponse
        {
            ApiKeys = [.. ApiTable.All.Where(a => !a.IsRemoved).Select(a => new ApiVersionsResponse.ApiVersion
            {
                ApiKey = (short)a.Key,
                MinVersion = a.LowestVersion,
                MaxVersion = a.HighestVersion,
            })],
        },
        ApiKey.Metadata => new MetadataResponse
        {
            ClusterId = "scripted",
            ControllerId = 1,
            Brokers = [new() { NodeId = 1, Host = "one", Port = 9092 }],
            Topics =
            [
                new()
                {
                    Name = "t",
                    TopicId = new Uuid(7, 7),
                    Partitions = [new() { PartitionIndex = 0, LeaderId = 1, ReplicaNodes = [1], IsrNodes = [1] }],
                },
            ],
        },
        ApiKey.Produce => new ProduceResponse
        {
            Responses = [new() { TopicId = new Uuid(7, 7), PartitionResponses = [new() { Index = 0, BaseOffset = 42 }] }],
        },
        _ => throw new InvalidOperationException($"the script has no answer to {api} version {version}"),
    };
}
