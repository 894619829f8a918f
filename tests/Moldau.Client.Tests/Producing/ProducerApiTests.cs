using System.Collections.Concurrent;
using System.Text;
using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;
using Moldau.Records;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Producing;

/// <summary>What the public producer promises beside writing: flushes, reports, tokens, the end.</summary>
public sealed class ProducerApiTests(Servers servers)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task FlushAsync_TellsOfEnqueuedRecordsThatFailed_Once()
    {
        ServerUnderTest node = servers.Get("moldau");
        await using MoldauClient client = new(node.Bootstrap);
        string name = await Topics.CreateAsync(client, 1, ("max.message.bytes", "1000"));
        await using Producer producer = client.CreateProducer();
        await producer.EnqueueAsync(name, default, new byte[2000], Cancel);
        await producer.EnqueueAsync(name, default, "small"u8, Cancel);
        var error = await Assert.ThrowsAsync<AggregateException>(() => producer.FlushAsync(Cancel));
        var one = Assert.IsType<MoldauException>(Assert.Single(error.InnerExceptions));
        Assert.Equal(ErrorCode.MessageTooLarge, one.Error);
        await producer.FlushAsync(Cancel);
        Assert.Equal(["small"], Topics.Read(node, name, "%s"));
    }

    [Fact]
    public async Task Handlers_AreToldInTheOrderOfOffsets()
    {
        ServerUnderTest node = servers.Get("moldau");
        await using MoldauClient client = new(node.Bootstrap);
        string name = await Topics.CreateAsync(client);
        ConcurrentQueue<DeliveryReport> reports = new();
        await using Producer producer = client.CreateProducer();
        for (int i = 0; i < 1000; i++)
            await producer.EnqueueAsync(name, new RawRecord(null, new byte[50]), reports.Enqueue, Cancel);
        await producer.FlushAsync(Cancel);
        Wait.Until(() => reports.Count == 1000, TimeSpan.FromSeconds(30), "all reports");
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => (long)i), reports.Select(r => r.Offset));
        Assert.All(reports, r => Assert.True(r.Error is null && r.TimestampMs > 0 && r.Topic == name));
    }

    [Fact]
    public async Task Interceptors_AddHeadersAndHearOfEveryRecord()
    {
        ServerUnderTest node = servers.Get("moldau");
        await using MoldauClient client = new(node.Bootstrap);
        string name = await Topics.CreateAsync(client);
        Stamper stamper = new();
        await using Producer producer = client.CreateProducer(new ProducerOptions { Interceptors = [stamper] });
        await producer.SendAsync(name, default, "awaited"u8, Cancel);
        await producer.EnqueueAsync(name, default, "enqueued"u8, Cancel);
        await producer.FlushAsync(Cancel);
        Wait.Until(() => stamper.Reports.Count == 2, TimeSpan.FromSeconds(30), "both reports");
        Assert.All(stamper.Reports, r => Assert.True(r.TimestampMs > 0));
        Assert.Equal(["awaited stamp=1", "enqueued stamp=1"], Topics.Read(node, name, "%s %h"));
    }

    [Fact]
    public async Task DisposeAsync_SendsWhatLingers()
    {
        ServerUnderTest node = servers.Get("moldau");
        await using MoldauClient client = new(node.Bootstrap);
        string name = await Topics.CreateAsync(client);
        await using (Producer producer = client.CreateProducer(new ProducerOptions { Linger = Duration.FromSeconds(1000) }))
            await producer.EnqueueAsync(name, default, "late"u8, Cancel);
        Assert.Equal(["late"], Topics.Read(node, name, "%s"));
    }

    [Fact]
    public async Task Token_GivesUpWaitingAndLeavesTheRecord()
    {
        ServerUnderTest node = servers.Get("moldau");
        await using MoldauClient client = new(node.Bootstrap);
        string name = await Topics.CreateAsync(client);
        await using (Producer producer = client.CreateProducer(new ProducerOptions { Linger = Duration.FromSeconds(1000) }))
        {
            using CancellationTokenSource source = new();
            ValueTask<RecordMetadata> send = producer.SendAsync(name, default, "kept"u8, source.Token);
            await source.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await send);
        }

        Assert.Equal(["kept"], Topics.Read(node, name, "%s"));
    }

    [Fact]
    public async Task RecordsAfterTheEnd_AreRefused()
    {
        ServerUnderTest node = servers.Get("moldau");
        await using MoldauClient client = new(node.Bootstrap);
        Producer producer = client.CreateProducer();
        await producer.DisposeAsync();
        await Assert.ThrowsAsync<MoldauException>(async () => await producer.SendAsync("t", default, "v"u8, Cancel));
        await Assert.ThrowsAsync<MoldauException>(async () => await producer.EnqueueAsync("t", default, "v"u8, Cancel));
    }

    [Fact]
    public async Task OptionsThatContradictOneAnother_AreRefused()
    {
        await using MoldauClient client = new("127.0.0.1:1");
        Assert.Throws<ArgumentException>(
            () => client.CreateProducer(new ProducerOptions { Acks = Acks.Leader, IsIdempotent = true }));
        Assert.Throws<ArgumentException>(() => client.CreateProducer(new ProducerOptions { MaxInFlight = 0 }));
    }

    [Fact]
    public async Task SendsFromManyThreads_AllArrive()
    {
        ServerUnderTest node = servers.Get("moldau");
        await using MoldauClient client = new(node.Bootstrap);
        string name = await Topics.CreateAsync(client, 3);
        await using Producer producer = client.CreateProducer(new ProducerOptions { BufferBytes = 200_000 });
        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(async () =>
        {
            for (int i = 0; i < 500; i++)
                await producer.SendAsync(name, default, Encoding.UTF8.GetBytes($"{thread} {i}"));
        })));
        Assert.Equal(4000, Topics.Read(node, name, "%s").Distinct().Count());
    }

    private sealed class Stamper : IProducerInterceptor
    {
        public ConcurrentQueue<DeliveryReport> Reports { get; } = new();

        public void OnSend(string topic, IList<RecordHeader> headers) => headers.Add(new RecordHeader("stamp", "1"u8.ToArray()));

        public void OnDelivery(in DeliveryReport report) => Reports.Enqueue(report);
    }
}
