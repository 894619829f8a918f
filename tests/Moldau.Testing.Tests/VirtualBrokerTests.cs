using System.Diagnostics;
using Moldau.Base;
using Moldau.Client;

namespace Moldau.Testing.Tests;

/// <summary>The public API under virtual time.</summary>
public sealed class VirtualBrokerTests(ITestOutputHelper output)
{
    private static readonly Topic<int, int> Numbers = new("numbers", Serde.Int32, Serde.Int32);
    private static readonly TopicPartition Partition = new("numbers", 0);

    private static CancellationToken Cancel
    {
        get
        {
            CancellationTokenSource source = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            source.CancelAfter(TimeSpan.FromSeconds(90));
            return source.Token;
        }
    }

    [Fact]
    public async Task WhatIsSent_IsReadByAGroup_WithoutSocketsAndFiles()
    {
        await using VirtualBroker broker = await StartAsync();
        await using MoldauClient client = broker.CreateClient();
        await SendAsync(client, 0, 200);
        Assert.Equal(Enumerable.Range(0, 200), await ReadAsync(client, 200, new() { GroupId = "g", OffsetReset = OffsetReset.Earliest }));
    }

    [Fact]
    public async Task Retention_OfSevenDays_TakesWhatIsOlder()
    {
        await using VirtualBroker broker = await VirtualBroker.StartAsync(
            new() { Topics = [new NewTopic("numbers", 1, 1) { Configs = new Dictionary<string, string> { ["segment.bytes"] = "1048576" } }] },
            Cancel);
        await using MoldauClient client = broker.CreateClient();
        DateTimeOffset began = broker.Time.GetUtcNow();
        await SendAsync(client, 0, 100);
        Stopwatch watch = Stopwatch.StartNew();
        await broker.AdvanceAsync(TimeSpan.FromDays(6.9));
        await SendAsync(client, 100, 1);
        Assert.Equal(0, await StartOfLogAsync(client));
        await broker.AdvanceAsync(TimeSpan.FromDays(7.2));
        await SendAsync(client, 101, 1);
        Assert.InRange(await StartOfLogAsync(client), 100, 101);
        output.WriteLine($"two weeks passed in {watch.ElapsedMilliseconds} ms");
        Assert.InRange(broker.Time.GetUtcNow() - began, TimeSpan.FromDays(14.1), TimeSpan.FromDays(14.2));
    }

    [Fact]
    public async Task SessionTimeout_GivesTheShareOfASilentMemberToTheOther()
    {
        await using VirtualBroker broker = await StartAsync(partitions: 4);
        await using MoldauClient first = broker.CreateClient();
        await using MoldauClient second = broker.CreateClient();
        ConsumerOptions options = new() { GroupId = "g", SessionTimeout = TimeSpan.FromSeconds(45) };
        await using var stays = first.CreateConsumer(Numbers, options);
        await using var falls = second.CreateConsumer(Numbers, options);
        using CancellationTokenSource reading = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task[] readers = [DrainAsync(stays, reading.Token), DrainAsync(falls, reading.Token)];
        await UntilAsync(broker, () => stays.Assignment.Count == 2 && falls.Assignment.Count == 2, "two partitions each");
        await broker.CutLinksAsync(second);
        await broker.AdvanceAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(2, stays.Assignment.Count);
        Stopwatch watch = Stopwatch.StartNew();
        await broker.AdvanceAsync(TimeSpan.FromSeconds(30));
        output.WriteLine($"half a minute passed in {watch.ElapsedMilliseconds} ms");
        await UntilAsync(broker, () => stays.Assignment.Count == 4, "all partitions to be the other's");
        await broker.HealAsync();
        await UntilAsync(broker, () => stays.Assignment.Count == 2 && falls.Assignment.Count == 2, "two partitions each again");
        await reading.CancelAsync();
        await Task.WhenAll(readers);
    }

    [Fact]
    public async Task LostAnswers_AreSentAgain_AndWrittenOnce()
    {
        await using VirtualBroker broker = await StartAsync();
        await using MoldauClient client = broker.CreateClient();
        await using Producer producer = client.CreateProducer();
        await producer.SendAsync(Numbers, 0, 0, Cancel);
        await broker.DropAnswersAsync();
        Task<RecordMetadata> unanswered = producer.SendAsync(Numbers, 1, 1, Cancel).AsTask();
        await broker.AdvanceAsync(TimeSpan.FromSeconds(35));
        Assert.False(unanswered.IsCompleted);
        await broker.HealAsync();
        await broker.AdvanceAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(1, (await unanswered).Offset);
        Assert.Equal([0, 1], await ReadAsync(client, 2));
    }

    [Fact]
    public async Task Kill_LosesNothing_PowerLoss_OnlyWhatWasNotFlushed()
    {
        await using VirtualBroker broker = await VirtualBroker.StartAsync(new()
        {
            Topics = [new NewTopic("numbers", 1, 1)],
            Properties = new Dictionary<string, string> { ["moldau.acknowledge"] = "fsync" },
        }, Cancel);
        await using MoldauClient client = broker.CreateClient();
        await using Producer producer = client.CreateProducer();
        for (int round = 0; round < 4; round++)
        {
            for (int i = 0; i < 10; i++) await producer.SendAsync(Numbers, i, (10 * round) + i, Cancel);
            await broker.KillAsync(losesPower: round % 2 == 1);
            Task<RecordMetadata> meanwhile = producer.SendAsync(Numbers, 0, 1000 + round, Cancel).AsTask();
            await broker.AdvanceAsync(TimeSpan.FromSeconds(1));
            Assert.False(meanwhile.IsCompleted);
            await broker.RestartAsync();
            await meanwhile;
        }

        List<int> expected = [.. Enumerable.Range(0, 4).SelectMany(r => Enumerable.Range(10 * r, 10).Append(1000 + r))];
        Assert.Equal(expected, await ReadAsync(client, expected.Count));
    }

    [Fact]
    public async Task PausedBroker_AnswersLater_BrokenLinksAreMadeAgain()
    {
        await using VirtualBroker broker = await StartAsync();
        await using MoldauClient client = broker.CreateClient();
        await SendAsync(client, 0, 1);
        await broker.PauseAsync();
        Task<ClusterDescription> asked = client.Admin.DescribeClusterAsync(Cancel);
        await broker.AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.False(asked.IsCompleted);
        await broker.ResumeAsync();
        await asked;
        await broker.BreakLinksAsync();
        await SendAsync(client, 1, 1);
        Assert.Equal([0, 1], await ReadAsync(client, 2));
    }

    [Fact]
    public async Task DeliveryTimeout_FailsTheSend_AtItsTime()
    {
        await using VirtualBroker broker = await StartAsync();
        await using MoldauClient client = broker.CreateClient();
        await using Producer producer = client.CreateProducer(new() { DeliveryTimeout = Duration.FromSeconds(120) });
        await producer.SendAsync(Numbers, 0, 0, Cancel);
        await broker.CutLinksAsync();
        Task<RecordMetadata> send = producer.SendAsync(Numbers, 1, 1, Cancel).AsTask();
        await broker.AdvanceAsync(TimeSpan.FromSeconds(110));
        Assert.False(send.IsCompleted);
        await broker.AdvanceAsync(TimeSpan.FromSeconds(15));
        await Assert.ThrowsAsync<MoldauException>(() => send);
        await broker.HealAsync();
    }

    [Fact]
    public async Task Worlds_BesideOneAnother_HaveTheirOwnTime()
    {
        VirtualBroker[] brokers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => StartAsync()));
        await Task.WhenAll(brokers.Select(async (broker, i) =>
        {
            await using MoldauClient client = broker.CreateClient();
            await SendAsync(client, i, 10);
            await broker.AdvanceAsync(TimeSpan.FromHours(i));
            Assert.Equal(Enumerable.Range(i, 10), await ReadAsync(client, 10));
        }));
        DateTimeOffset first = brokers[0].Time.GetUtcNow();
        Assert.InRange(brokers[3].Time.GetUtcNow() - first, TimeSpan.FromHours(2.5), TimeSpan.FromHours(3.5));
        foreach (VirtualBroker broker in brokers) await broker.DisposeAsync();
    }

    [Fact]
    public async Task WrongProperty_IsOneClearLine()
    {
        VirtualBrokerException e = await Assert.ThrowsAsync<VirtualBrokerException>(() => VirtualBroker.StartAsync(
            new() { Properties = new Dictionary<string, string> { ["num.partitionz"] = "1" } }, Cancel));
        Assert.Equal("unknown property 'num.partitionz', did you mean 'num.partitions'?", e.Message);
    }

    private static Task<VirtualBroker> StartAsync(int partitions = 1) =>
        VirtualBroker.StartAsync(new() { Topics = [new NewTopic("numbers", partitions, 1)] }, Cancel);

    private static async Task SendAsync(MoldauClient client, int first, int count)
    {
        await using Producer producer = client.CreateProducer();
        for (int i = first; i < first + count; i++) await producer.SendAsync(Numbers, i, i, Cancel);
    }

    private static async Task<List<int>> ReadAsync(MoldauClient client, int count, ConsumerOptions? options = null)
    {
        await using var consumer = client.CreateConsumer(
            Serde.Int32, Serde.Int32, options ?? new ConsumerOptions { OffsetReset = OffsetReset.Earliest });
        if (options is null) consumer.Assign(Partition);
        else consumer.Subscribe("numbers");
        List<int> read = [];
        await foreach (var record in consumer.ReadAllAsync(Cancel))
        {
            read.Add(record.Value);
            if (read.Count == count) break;
        }

        return read;
    }

    private static async Task DrainAsync(Consumer<int, int> consumer, CancellationToken cancel)
    {
        try
        {
            await foreach (var record in consumer.ReadAllAsync(cancel)) record.Done();
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private static async Task<long> StartOfLogAsync(MoldauClient client)
    {
        var found = await client.Admin.ListOffsetsAsync(
            new Dictionary<TopicPartition, OffsetSpec> { [Partition] = OffsetSpec.Earliest }, cancel: Cancel);
        return found[Partition].Value!.Offset;
    }

    /// <summary>Lets time pass, a second at a time, until it is so.</summary>
    private static async Task UntilAsync(VirtualBroker broker, Func<bool> isSo, string what)
    {
        for (int i = 0; i < 600; i++)
        {
            if (isSo()) return;
            await broker.AdvanceAsync(TimeSpan.FromSeconds(1));
        }

        Assert.Fail($"waited ten minutes in vain for {what}");
    }
}
