using System.Text;
using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Consuming;

public sealed class ConsumerTests(Servers servers)
{
    private static CancellationToken Cancel => Patience.Token;

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task AssignedPartition_IsReadFromTheBeginningInOrder(string server)
    {
        (ServerUnderTest node, string topic) = Topic(server, "in-order");
        for (int i = 0; i < 5; i++) TestTopics.Produce(node, topic, [.. Enumerable.Range(i * 100, 100).Select(n => $"v{n}")]);
        await using MoldauClient client = new(node.Bootstrap);
        await using var consumer = client.CreateConsumer(
            Serde.Utf8, Serde.Utf8, new ConsumerOptions { OffsetReset = OffsetReset.Earliest });
        consumer.Assign(new TopicPartition(topic, 0));
        List<string> values = [];
        await foreach (var record in consumer.ReadAllAsync(Cancel))
        {
            Assert.Equal(values.Count, record.Offset);
            values.Add(record.Value!);
            if (values.Count == 500) break;
        }

        Assert.Equal(Enumerable.Range(0, 500).Select(n => $"v{n}"), values);
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task Seek_GoesToTheOffset_AndPositionsFollow(string server)
    {
        (ServerUnderTest node, string topic) = Topic(server, "seek");
        TestTopics.Produce(node, topic, [.. Enumerable.Range(0, 50).Select(n => $"v{n}")]);
        TopicPartition partition = new(topic, 0);
        await using MoldauClient client = new(node.Bootstrap);
        await using var consumer = client.CreateConsumer(Serde.Utf8, Serde.Utf8);
        consumer.Assign(partition);
        consumer.Seek(partition, 40);
        await foreach (var record in consumer.ReadAllAsync(Cancel))
        {
            Assert.Equal("v40", record.Value);
            break;
        }

        consumer.SeekToBeginning(partition);
        int read = 0;
        await foreach (var record in consumer.ReadAllAsync(Cancel))
        {
            Assert.Equal($"v{read}", record.Value);
            if (++read == 10) break;
        }

        Assert.Equal(9, consumer.Position(partition));
        Assert.Throws<InvalidOperationException>(() => consumer.Seek(new TopicPartition(topic, 7), 0));
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task CommittedOffset_IsWhereTheNextConsumerBegins(string server)
    {
        (ServerUnderTest node, string topic) = Topic(server, "commit");
        TestTopics.Produce(node, topic, [.. Enumerable.Range(0, 20).Select(n => $"v{n}")]);
        TopicPartition partition = new(topic, 0);
        ConsumerOptions options = new() { GroupId = $"g-{topic}", OffsetReset = OffsetReset.Earliest, EnableAutoCommit = false };
        await using MoldauClient client = new(node.Bootstrap);
        await using (var first = client.CreateConsumer(Serde.Utf8, Serde.Utf8, options))
        {
            first.Assign(partition);
            await foreach (var record in first.ReadAllAsync(Cancel))
            {
                if (record.Offset == 12) break;
            }

            await first.CommitAsync(Cancel);
            Assert.Equal(12, (await first.CommittedAsync([partition], Cancel))[partition].Offset);
        }

        await using var second = client.CreateConsumer(Serde.Utf8, Serde.Utf8, options);
        second.Assign(partition);
        await foreach (var record in second.ReadAllAsync(Cancel))
        {
            Assert.Equal(12, record.Offset);
            break;
        }
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task Batches_AreOfOnePartition_AndHoldAllRecords(string server)
    {
        (ServerUnderTest node, string topic) = Topic(server, "batches", partitions: 3);
        for (int p = 0; p < 3; p++) TestTopics.Produce(node, topic, [.. Enumerable.Range(0, 30).Select(n => $"{p}/{n}")], p);
        await using MoldauClient client = new(node.Bootstrap);
        await using var consumer = client.CreateConsumer(
            Serde.Utf8, Serde.Bytes, new ConsumerOptions { OffsetReset = OffsetReset.Earliest });
        consumer.Assign([.. Enumerable.Range(0, 3).Select(p => new TopicPartition(topic, p))]);
        Dictionary<int, int> read = [];
        await foreach (var batch in consumer.ReadBatchesAsync(Cancel))
        {
            foreach (var record in batch)
            {
                Assert.Equal(batch.TopicPartition, record.TopicPartition);
                int n = read.GetValueOrDefault(record.Partition);
                Assert.Equal($"{record.Partition}/{n}", Encoding.UTF8.GetString(record.Value.Span));
                read[record.Partition] = n + 1;
            }

            if (read.Values.Sum() == 90) break;
        }

        Assert.Equal(3, read.Count);
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(3)]
    public async Task Batches_HaveAtMostMaxPollRecords_AndWhatIsLeftComesWithTheNext(int taken)
    {
        const int Records = 120;
        (ServerUnderTest node, string topic) = Topic("moldau", "max-poll");
        for (int i = 0; i < Records; i += 40)
            TestTopics.Produce(node, topic, [.. Enumerable.Range(i, 40).Select(n => $"v{n}")]);
        await using MoldauClient client = new(node.Bootstrap);
        await using var consumer = client.CreateConsumer(
            Serde.Utf8, Serde.Utf8, new ConsumerOptions { OffsetReset = OffsetReset.Earliest, MaxPollRecords = 10 });
        consumer.Assign(new TopicPartition(topic, 0));
        List<string> values = [];
        List<int> sizes = [];
        await foreach (var batch in consumer.ReadBatchesAsync(Cancel))
        {
            int size = 0;
            foreach (var record in batch)
            {
                values.Add(record.Value!);
                if (++size == taken) break;
            }

            sizes.Add(size);
            if (values.Count == Records) break;
        }

        Assert.Equal(Enumerable.Range(0, Records).Select(n => $"v{n}"), values);
        Assert.All(sizes, size => Assert.Equal(Math.Min(taken, 10), size));
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task TimesAndDurations_SayWhereToBegin(string server)
    {
        (ServerUnderTest node, string topic) = Topic(server, "times");
        TestTopics.Produce(node, topic, ["old"]);
        await using MoldauClient client = new(node.Bootstrap);
        await using (Producer producer = client.CreateProducer())
        {
            for (int i = 0; i < 3; i++)
                await producer.SendAsync(new Topic<string, string>(topic, Serde.Utf8, Serde.Utf8), null, $"new{i}", Cancel);
        }

        TopicPartition partition = new(topic, 0);
        await using var consumer = client.CreateConsumer(
            Serde.Utf8, Serde.Utf8, new ConsumerOptions { OffsetReset = OffsetReset.ByDuration(Duration.FromSeconds(3600)) });
        consumer.Assign(partition);
        Assert.Equal("new0", await FirstAsync(consumer));

        // TestTopics' records have the time 1 700 000 000 000.
        consumer.SeekToTime(partition, DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000));
        Assert.Equal("old", await FirstAsync(consumer));
        consumer.SeekToTime(partition, DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_001));
        Assert.Equal("new0", await FirstAsync(consumer));

        // No record is so young: the end.
        consumer.SeekToTime(partition, DateTimeOffset.UtcNow + TimeSpan.FromDays(1));
        Task<string?> next = FirstAsync(consumer);
        Wait.Until(() => consumer.Position(partition) == 4, TimeSpan.FromSeconds(20), "the consumer to be at the end");
        TestTopics.Produce(node, topic, ["last"]);
        Assert.Equal("last", await next);
    }

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task PausedPartition_IsNotRead_AndASeekCountsForWhatIsCommitted(string server)
    {
        (ServerUnderTest node, string topic) = Topic(server, "pause", partitions: 2);
        TestTopics.Produce(node, topic, ["a0", "a1"], 0);
        TestTopics.Produce(node, topic, ["b0", "b1"], 1);
        TopicPartition paused = new(topic, 0);
        await using MoldauClient client = new(node.Bootstrap);
        await using var consumer = client.CreateConsumer(
            Serde.Utf8, Serde.Utf8, new ConsumerOptions { OffsetReset = OffsetReset.Earliest });
        consumer.Assign(paused, new TopicPartition(topic, 1));
        consumer.Pause(paused);
        List<string> read = [];
        await foreach (var record in consumer.ReadAllAsync(Cancel))
        {
            read.Add(record.Value!);
            if (read.Count == 2) consumer.Resume(paused);
            if (read.Count == 3) consumer.Seek(paused, 1);
            if (read.Count != 4) continue;

            // The record before the seek is asked behind now, and does not move the position back.
            Assert.Equal(1, consumer.Position(paused));
            break;
        }

        Assert.Equal(["b0", "b1", "a0", "a1"], read);
    }

    /// <summary>What was fetched already of a partition, the reader's own batch included, waits too (KAFKA-7548).</summary>
    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task PartitionPausedAmidItsRecords_GoesOnWhereItWas(string server)
    {
        (ServerUnderTest node, string topic) = Topic(server, "pause-amid", partitions: 2);
        TestTopics.Produce(node, topic, [.. Enumerable.Range(0, 50).Select(i => $"a{i}")], 0);
        TestTopics.Produce(node, topic, [.. Enumerable.Range(0, 50).Select(i => $"b{i}")], 1);
        TopicPartition[] both = [new(topic, 0), new(topic, 1)];
        await using MoldauClient client = new(node.Bootstrap);
        await using var consumer = client.CreateConsumer(
            Serde.Utf8, Serde.Utf8, new ConsumerOptions { OffsetReset = OffsetReset.Earliest });
        consumer.Assign(both);
        List<string> read = [];
        TopicPartition? paused = null;
        await foreach (var record in consumer.ReadAllAsync(Cancel))
        {
            read.Add(record.Value!);
            Assert.NotEqual(paused, record.TopicPartition);
            if (read.Count == 10) consumer.Pause((paused = record.TopicPartition).Value);
            if (read.Count == 60) consumer.Resume(paused!.Value);
            if (read.Count == 60) paused = null;
            if (read.Count == 100) break;
        }

        char first = read[0][0];
        char other = first == 'a' ? 'b' : 'a';
        IEnumerable<string> Values(char of, int from, int count) => Enumerable.Range(from, count).Select(i => $"{of}{i}");
        Assert.Equal([.. Values(first, 0, 10), .. Values(other, 0, 50), .. Values(first, 10, 40)], read);
    }

    private static async Task<string?> FirstAsync(Consumer<string, string> consumer)
    {
        await foreach (var record in consumer.ReadAllAsync(Cancel)) return record.Value;
        return null;
    }

    [Fact]
    public async Task NoPolicyAndNoOffset_IsAnErrorThatNamesThePartition()
    {
        (ServerUnderTest node, string topic) = Topic("moldau", "none");
        await using MoldauClient client = new(node.Bootstrap);
        await using var consumer = client.CreateConsumer(
            Serde.Utf8, Serde.Utf8, new ConsumerOptions { OffsetReset = OffsetReset.None });
        consumer.Assign(new TopicPartition(topic, 0));
        var error = await Assert.ThrowsAsync<MoldauException>(async () =>
        {
            await foreach (var record in consumer.ReadAllAsync(Cancel)) Assert.Fail($"read {record.Offset}");
        });
        Assert.Contains($"{topic}-0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disposing_EndsAReaderThatWaits()
    {
        (ServerUnderTest node, string topic) = Topic("moldau", "dispose");
        await using MoldauClient client = new(node.Bootstrap);
        var consumer = client.CreateConsumer(Serde.Utf8, Serde.Utf8);
        consumer.Assign(new TopicPartition(topic, 0));
        Task<string?> reading = FirstAsync(consumer);
        await consumer.DisposeAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => reading.WaitAsync(TimeSpan.FromSeconds(60), Cancel));
        Assert.True(reading.IsFaulted);
    }

    [Fact]
    public async Task Reading_TwiceAtOnce_IsRefused()
    {
        (ServerUnderTest node, string topic) = Topic("moldau", "twice");
        await using MoldauClient client = new(node.Bootstrap);
        await using var consumer = client.CreateConsumer(
            Serde.Utf8, Serde.Utf8, new ConsumerOptions { OffsetReset = OffsetReset.Earliest });
        consumer.Assign(new TopicPartition(topic, 0));
        await using var first = consumer.ReadAllAsync(Cancel).GetAsyncEnumerator(Cancel);
        ValueTask<bool> pending = first.MoveNextAsync();
        await using var second = consumer.ReadAllAsync(Cancel).GetAsyncEnumerator(Cancel);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await second.MoveNextAsync());
        TestTopics.Produce(node, topic, ["x"]);
        Assert.True(await pending);
    }

    private (ServerUnderTest Node, string Topic) Topic(string server, string name, int partitions = 1)
    {
        ServerUnderTest node = servers.Get(server);
        return (node, TestTopics.Create(node, $"consumer-{name}", partitions));
    }
}
