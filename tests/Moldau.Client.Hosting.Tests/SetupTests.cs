using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Moldau.TestServers;

namespace Moldau.Client.Hosting.Tests;

/// <summary>What a host gets out of its configuration.</summary>
public sealed class SetupTests(Node node)
{
    [Fact]
    public async Task Producer_IsInjected_WithTheOptionsOfTheSection()
    {
        await using World world = await World.CreateAsync(node);
        IHost host = world.Host(
            b => b.AddProducer(world.Topic),
            ("Moldau:kafka:Producer:linger.ms", "0"),
            ("Moldau:kafka:Producer:Compression", "gzip"),
            ("Moldau:kafka:client.id", "hosted"));
        await host.StartAsync(World.Patience);
        IProducer<string, string> producer = host.Services.GetRequiredService<IProducer<string, string>>();
        Assert.Same(producer, host.Services.GetRequiredKeyedService<IProducer<string, string>>(world.Topic.Name));
        await producer.EnqueueAsync("k", "0", World.Patience);
        RecordMetadata at = await producer.SendAsync("k", "1", World.Patience);
        await producer.FlushAsync(World.Patience);
        Assert.Equal(1, at.Offset);
        Assert.Same(
            host.Services.GetRequiredService<MoldauClient>(), host.Services.GetRequiredKeyedService<MoldauClient>("kafka"));
    }

    [Fact]
    public async Task Topics_AreMadeWhereTheyAreMissing_BeforeAnythingElse()
    {
        await using World world = await World.CreateAsync(node, partitions: 2);
        string other = $"{world.Topic.Name}-other";
        IHost host = world.Host(
            b => b.AddTopics(t => t.Ensure(other, partitions: 5).Ensure(world.Topic.Name, partitions: 9)));
        await host.StartAsync(World.Patience);
        var topics = await world.Client.Admin.DescribeTopicsAsync([other, world.Topic.Name], World.Patience);
        Assert.Equal(5, topics[other].Value!.Partitions.Length);
        Assert.Equal(2, topics[world.Topic.Name].Value!.Partitions.Length);
    }

    [Fact]
    public async Task UnknownKey_StopsTheStart_AndOneWithoutMeaningIsLogged()
    {
        await using World world = await World.CreateAsync(node);
        IHost wrong = world.Host(_ => { }, ("Moldau:kafka:Producer:linger.mss", "5"));
        FormatException error = await Assert.ThrowsAsync<FormatException>(() => wrong.StartAsync(World.Patience));
        Assert.Contains("did you mean", error.Message, StringComparison.Ordinal);
        IHost value = world.Host(_ => { }, ("Moldau:kafka:Consumer:isolation.level", "serializable"));
        await Assert.ThrowsAsync<FormatException>(() => value.StartAsync(World.Patience));
        IHost known = world.Host(_ => { }, ("Moldau:kafka:ssl.provider", "BC"));
        await known.StartAsync(World.Patience);
        Assert.Single(world.Log, l => l.StartsWith("ssl.provider is not used", StringComparison.Ordinal));
    }

    [Fact]
    public async Task HealthCheck_TellsWhetherTheClusterAnswers()
    {
        await using World world = await World.CreateAsync(node);
        IHost well = world.Host(_ => { });
        HealthReport report = await well.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(World.Patience);
        Assert.Equal(HealthStatus.Healthy, report.Entries["moldau-kafka"].Status);
        IHost away = world.Host(
            _ => { },
            ("Moldau:kafka:bootstrap.servers", $"127.0.0.1:{FreePorts.Take()}"), ("Moldau:kafka:default.api.timeout.ms", "300"));
        report = await away.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(World.Patience);
        Assert.Equal(HealthStatus.Unhealthy, report.Entries["moldau-kafka"].Status);
        Assert.Contains("connection refused", report.Entries["moldau-kafka"].Description, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void HandlerWithoutAGroup_IsRefused()
    {
        HostApplicationBuilder builder = new(new HostApplicationBuilderSettings { DisableDefaults = true });
        Topic<string, string> topic = new("t", Serde.Utf8, Serde.Utf8);
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => builder.AddMoldau("kafka").AddHandler<ScriptedHandler, string, string>(topic, _ => { }));
        Assert.Contains("GroupId", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RetryTopics_AreNamedByTheirDelay()
    {
        HandlerOptions options = new HandlerOptions()
            .RetryTopics(TimeSpan.FromMilliseconds(700), TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), TimeSpan.FromHours(2))
            .DeadLetter();
        Assert.Equal(
            ["t.retry.700ms", "t.retry.10s", "t.retry.1m", "t.retry.2h", "t.dlq"], options.StagesOf("t").Select(s => s.Topic));
    }
}
