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
