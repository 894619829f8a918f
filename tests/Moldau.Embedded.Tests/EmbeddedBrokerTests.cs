using Moldau.Base;
using Moldau.Client;

namespace Moldau.Embedded.Tests;

/// <summary>The broker inside the test's own process, on both transports.</summary>
public sealed class EmbeddedBrokerTests
{
    private static CancellationToken Cancel => Broker.Patience;

    public static TheoryData<EmbeddedTransport> Transports => new(EmbeddedTransport.System, EmbeddedTransport.Portable);

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Started_ItServesTopicsProducersAndGroups(EmbeddedTransport transport)
    {
        await using EmbeddedBroker broker = await EmbeddedBroker.StartAsync(
            new() { Transport = transport, Topics = [new NewTopic("orders", 3, 1)] }, Cancel);
        Assert.Equal($"127.0.0.1:{broker.Port}", broker.BootstrapServers);
        await using MoldauClient client = broker.CreateClient();
        Assert.Equal(["orders"], (await client.Admin.ListTopicsAsync(Cancel)).Select(t => t.Name));
        await Broker.SendAsync(client, "orders", 0, 500);
        Assert.Equal(Enumerable.Range(0, 500), (await Broker.ReadAsync(client, "orders", 500, "readers")).Order());
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task LargeRecords_AndManyAtATime_ComeBackWhole(EmbeddedTransport transport)
    {
        await using EmbeddedBroker broker = await EmbeddedBroker.StartAsync(
            new() { Transport = transport, Topics = [new NewTopic("large", 1, 1)] }, Cancel);
        await using MoldauClient client = broker.CreateClient();
        await using Producer producer = client.CreateProducer();
        Topic<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> topic = new("large", Serde.Bytes, Serde.Bytes);
        byte[][] values = [.. Enumerable.Range(0, 30)
            .Select(i => Enumerable.Range(0, 700_000).Select(b => (byte)(b * (i + 3) / 7)).ToArray())];
        await Task.WhenAll(values.Select(v => producer.SendAsync(topic, default, v, Cancel).AsTask()));
        await using var consumer = client.CreateConsumer(Serde.Bytes, Serde.Bytes, new() { OffsetReset = OffsetReset.Earliest });
        consumer.Assign(new TopicPartition("large", 0));
        int at = 0;
        await foreach (var record in consumer.ReadAllAsync(Cancel))
        {
            Assert.True(values[at].AsSpan().SequenceEqual(record.Value.Span), $"record {at} differs");
            if (++at == values.Length) break;
        }
    }

    [Fact]
    public async Task Properties_ByKafkasNames_AreInForce()
    {
        await using EmbeddedBroker broker = await EmbeddedBroker.StartAsync(
            new() { Properties = new Dictionary<string, string> { ["num.partitions"] = "5" } }, Cancel);
        await using MoldauClient client = broker.CreateClient();
        await client.Admin.CreateTopicAsync(new NewTopic("five"), Cancel);
        var described = await client.Admin.DescribeTopicsAsync(["five"], Cancel);
        Assert.Equal(5, described["five"].Value!.Partitions.Length);
    }

    [Theory]
    [InlineData("num.partitionz", "1", "unknown property 'num.partitionz', did you mean 'num.partitions'?")]
    [InlineData("listeners", "PLAINTEXT://:1", "the property 'listeners' cannot be set: an embedded broker chooses its addresses and folders by its options")]
    [InlineData("num.partitions", "many", "Invalid value many for configuration num.partitions: Not a number of type INT")]
    public async Task WrongProperty_IsOneClearLine_AndLeavesNothing(string name, string value, string text)
    {
        string[] before = Broker.TemporaryFolders();
        EmbeddedBrokerException e = await Assert.ThrowsAsync<EmbeddedBrokerException>(() => EmbeddedBroker.StartAsync(
            new() { Properties = new Dictionary<string, string> { [name] = value } }, Cancel));
        Assert.Equal(text, e.Message);
        Assert.DoesNotContain(Broker.TemporaryFolders().Except(before), Broker.IsAbandoned);
    }

    [Fact]
    public async Task TakenPort_IsOneClearLine()
    {
        await using EmbeddedBroker first = await EmbeddedBroker.StartAsync(null, Cancel);
        EmbeddedBrokerException e = await Assert.ThrowsAsync<EmbeddedBrokerException>(
            () => EmbeddedBroker.StartAsync(new() { Port = first.Port }, Cancel));
        Assert.Contains($"127.0.0.1:{first.Port}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TemporaryFolder_IsGoneAtTheEnd_AGivenOneStays()
    {
        EmbeddedBroker broker = await EmbeddedBroker.StartAsync(null, Cancel);
        Assert.True(File.Exists($"{broker.DataFolder}/meta.properties"));
        await broker.DisposeAsync();
        Assert.False(Directory.Exists(broker.DataFolder));
        await broker.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => broker.RestartAsync(Cancel));

        using Broker.Folder folder = new();
        EmbeddedOptions options = new() { DataFolder = folder.Path, Topics = [new NewTopic("kept", 1, 1)] };
        await using (EmbeddedBroker first = await EmbeddedBroker.StartAsync(options, Cancel))
        {
            await using MoldauClient client = first.CreateClient();
            await Broker.SendAsync(client, "kept", 0, 10);
        }

        await using EmbeddedBroker second = await EmbeddedBroker.StartAsync(options, Cancel);
        await using MoldauClient reader = second.CreateClient();
        Assert.Equal(Enumerable.Range(0, 10), await Broker.ReadAsync(reader, "kept", 10));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Restart_KeepsPortAndData_AndClientsGoOn(EmbeddedTransport transport)
    {
        await using EmbeddedBroker broker = await EmbeddedBroker.StartAsync(
            new() { Transport = transport, Topics = [new NewTopic("t", 1, 1)] }, Cancel);
        int port = broker.Port;
        await using MoldauClient client = broker.CreateClient();
        await Broker.SendAsync(client, "t", 0, 20);
        await broker.RestartAsync(Cancel);
        Assert.Equal(port, broker.Port);
        Assert.True(broker.IsRunning);
        await Broker.SendAsync(client, "t", 20, 20);
        await broker.StopAsync();
        Assert.False(broker.IsRunning);
        await broker.RestartAsync(Cancel);
        Assert.Equal(Enumerable.Range(0, 40), await Broker.ReadAsync(client, "t", 40));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Kill_LosesNothingThatWasAcknowledged(EmbeddedTransport transport)
    {
        using Broker.Folder folder = new();
        await using EmbeddedBroker broker = await EmbeddedBroker.StartAsync(
            new() { Transport = transport, DataFolder = folder.Path, Topics = [new NewTopic("t", 1, 1)] }, Cancel);
        await using MoldauClient client = broker.CreateClient();
        await using Producer producer = client.CreateProducer();
        Topic<int, int> topic = new("t", Serde.Int32, Serde.Int32);
        // Under way while it dies: idempotence writes each once.
        Task<RecordMetadata>[] sends = new Task<RecordMetadata>[200];
        for (int i = 0; i < 100; i++) sends[i] = producer.SendAsync(topic, i, i, Cancel).AsTask();
        await sends[50];
        await broker.KillAsync();
        Assert.False(broker.IsRunning);
        Assert.False(File.Exists($"{folder.Path}/.kafka_cleanshutdown"));
        for (int i = 100; i < 200; i++) sends[i] = producer.SendAsync(topic, i, i, Cancel).AsTask();
        await broker.RestartAsync(Cancel);
        await Task.WhenAll(sends);
        Assert.Equal(Enumerable.Range(0, 200), await Broker.ReadAsync(client, "t", 200));
    }
}
