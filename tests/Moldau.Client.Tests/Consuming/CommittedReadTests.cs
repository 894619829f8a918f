using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.Protocol;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Consuming;

/// <summary>Transactions as their readers see them, and consumers that commit in them, against Apache Kafka.</summary>
public sealed class CommittedReadTests(Servers servers)
{
    private static CancellationToken Cancel => Patience.Token;

    [Fact]
    public async Task ReadCommitted_PassesAbortedRecordsOver_AndStopsAtTheOpenTransaction()
    {
        ServerUnderTest node = servers.Get("apache-4.4.0");
        await using MoldauClient client = new(node.Bootstrap);
        Topic<string, string> topic = new(TestTopics.Create(node, "committed"), Serde.Utf8, Serde.Utf8);
        await using Producer producer = client.CreateProducer(new ProducerOptions { TransactionalId = topic.Name });
        await using Producer plain = client.CreateProducer();
        foreach (string round in new[] { "a", "abort b", "c", "abort d" })
        {
            await using Transaction transaction = await producer.BeginTransactionAsync(Cancel);
            for (int i = 0; i < 3; i++) await transaction.SendAsync(topic, "k", $"{round}{i}", Cancel);
            await plain.SendAsync(topic, "k", $"plain after {round}", Cancel);
            if (round.StartsWith("abort", StringComparison.Ordinal)) await transaction.AbortAsync(Cancel);
            else await transaction.CommitAsync(Cancel);
        }

        Transaction open = await producer.BeginTransactionAsync(Cancel);
        await open.SendAsync(topic, "k", "late", Cancel);
        await plain.SendAsync(topic, "k", "behind", Cancel);
        string[] expected =
        [
            "a0", "a1", "a2", "plain after a", "plain after abort b", "c0", "c1", "c2", "plain after c", "plain after abort d",
        ];
        await using var consumer = client.CreateConsumer(Serde.Utf8, Serde.Utf8, Options(null, IsolationLevel.ReadCommitted));
        consumer.Assign(new TopicPartition(topic.Name, 0));
        await using var reader = consumer.ReadAllAsync(Cancel).GetAsyncEnumerator(Cancel);
        foreach (string value in expected)
        {
            Assert.True(await reader.MoveNextAsync());
            Assert.Equal(value, reader.Current.Value);
        }

        // What stands behind the first record of an open transaction is not read before its end.
        ValueTask<bool> next = reader.MoveNextAsync();
        await using var all = client.CreateConsumer(Serde.Utf8, Serde.Utf8, Options(null, IsolationLevel.ReadUncommitted));
        all.Assign(new TopicPartition(topic.Name, 0));
        await ReadUntilAsync(all, "behind");
        Assert.False(next.IsCompleted);
        await open.CommitAsync(Cancel);
        Assert.True(await next);
        Assert.Equal("late", reader.Current.Value);
        Assert.True(await reader.MoveNextAsync());
        Assert.Equal("behind", reader.Current.Value);
    }

    [Theory]
    [InlineData(GroupProtocol.Consumer)]
    [InlineData(GroupProtocol.Classic)]
    public async Task ConsumersOffsets_GoWithTheTransaction_AndAnAbortReadsAgain(GroupProtocol protocol)
    {
        ServerUnderTest node = servers.Get("apache-4.4.0");
        await using MoldauClient client = new(node.Bootstrap);
        Topic<string, string> input = new(TestTopics.Create(node, "eos-in"), Serde.Utf8, Serde.Utf8);
        Topic<string, string> output = new(TestTopics.Create(node, "eos-out"), Serde.Utf8, Serde.Utf8);
        TestTopics.Produce(node, input.Name, [.. Enumerable.Range(0, 6).Select(n => $"{n}")]);
        ConsumerOptions options = Options($"g-{input.Name}", IsolationLevel.ReadCommitted) with { GroupProtocol = protocol };
        await using Producer producer = client.CreateProducer(new ProducerOptions { TransactionalId = input.Name });
        await using var consumer = client.CreateConsumer(input, options);
        HashSet<string> aborted = [];
        await foreach (var record in consumer.ReadAllAsync(Cancel))
        {
            await using Transaction transaction = await producer.BeginTransactionAsync(Cancel);
            await transaction.SendAsync(output, "k", $"{record.Value} done", Cancel);
            await transaction.AddOffsetsAsync(consumer, Cancel);
            bool isAborted = int.Parse(record.Value!) % 2 == 1 && aborted.Add(record.Value!);
            if (isAborted)
            {
                await transaction.AbortAsync(Cancel);
                consumer.SeekToCommitted();
                continue;
            }

            await transaction.CommitAsync(Cancel);
            if (record.Value == "5") break;
        }

        Assert.Equal(3, aborted.Count);
        TopicPartition partition = new(input.Name, 0);
        Assert.Equal(6, (await consumer.CommittedAsync([partition], Cancel))[partition].Offset);
        await using var check = client.CreateConsumer(Serde.Utf8, Serde.Utf8, Options(null, IsolationLevel.ReadCommitted));
        check.Assign(new TopicPartition(output.Name, 0));
        Assert.Equal(["0 done", "1 done", "2 done", "3 done", "4 done", "5 done"], await ReadUntilAsync(check, "5 done"));
    }

    [Theory]
    [InlineData(GroupProtocol.Consumer)]
    [InlineData(GroupProtocol.Classic)]
    public async Task MemberThatWasReplaced_CannotCommitInATransaction(GroupProtocol protocol)
    {
        ServerUnderTest node = servers.Get("apache-4.4.0");
        await using MoldauClient client = new(node.Bootstrap);
        Topic<string, string> input = new(TestTopics.Create(node, "eos-fenced"), Serde.Utf8, Serde.Utf8);
        TestTopics.Produce(node, input.Name, ["a"]);
        await using Producer producer = client.CreateProducer(new ProducerOptions { TransactionalId = input.Name });
        ConsumerOptions options = Options($"g-{input.Name}", IsolationLevel.ReadCommitted) with { GroupProtocol = protocol };
        await using var consumer = client.CreateConsumer(input, options);
        await ReadUntilAsync(consumer, "a");
        ConsumerGroupMetadata who = consumer.GroupMetadata;
        Assert.NotEmpty(who.MemberId);
        await using Transaction transaction = await producer.BeginTransactionAsync(Cancel);
        var error = await Assert.ThrowsAsync<MoldauException>(() => transaction.AddOffsetsAsync(
            new Dictionary<TopicPartition, long> { [new(input.Name, 0)] = 1 },
            who with { MemberId = "somebody-else" }, Cancel));
        Assert.NotEqual(ErrorCode.None, error.Error);
    }

    [Fact]
    public async Task ConsumerThatCommitsByItself_IsNotForTransactions()
    {
        ServerUnderTest node = servers.Get("apache-4.4.0");
        await using MoldauClient client = new(node.Bootstrap);
        Topic<string, string> input = new(TestTopics.Create(node, "eos-auto"), Serde.Utf8, Serde.Utf8);
        await using Producer producer = client.CreateProducer(new ProducerOptions { TransactionalId = input.Name });
        await using var consumer = client.CreateConsumer(input, new ConsumerOptions { GroupId = $"g-{input.Name}" });
        await using Transaction transaction = await producer.BeginTransactionAsync(Cancel);
        await Assert.ThrowsAsync<InvalidOperationException>(() => transaction.AddOffsetsAsync(consumer, Cancel));
    }

    private static ConsumerOptions Options(string? group, IsolationLevel level) => new()
    {
        GroupId = group,
        IsolationLevel = level,
        OffsetReset = OffsetReset.Earliest,
        EnableAutoCommit = false,
    };

    private static async Task<string[]> ReadUntilAsync(Consumer<string, string> consumer, string last)
    {
        List<string> read = [];
        await foreach (var record in consumer.ReadAllAsync(Cancel))
        {
            read.Add(record.Value!);
            if (record.Value == last) break;
        }

        return [.. read];
    }
}
