using Moldau.Base;
using Moldau.Client.Tests.Support;
using Moldau.TestServers;

namespace Moldau.Client.Tests.Consuming;

public sealed class GroupTests(Servers servers)
{
    private static CancellationToken Cancel => Patience.Token;

    [Theory]
    [MemberData(nameof(Servers.Names), MemberType = typeof(Servers))]
    public async Task TwoMembers_ShareTheTopic_AndTheSecondsShareComesBackWhenItLeaves(string server)
    {
        ServerUnderTest node = servers.Get(server);
        string topic = TestTopics.Create(node, "group-share", partitions: 4);
        for (int p = 0; p < 4; p++) TestTopics.Produce(node, topic, ["a", "b", "c"], p);
        ConsumerOptions options = new() { GroupId = $"g-{topic}", OffsetReset = OffsetReset.Earliest };
        Topic<string, string> texts = new(topic, Serde.Utf8, Serde.Utf8);
        await using MoldauClient client = new(node.Bootstrap);
        await using var first = client.CreateConsumer(texts, options);
        await ReadAsync(first, 12);
        Assert.Equal(4, first.Assignment.Count);

        await using (var second = client.CreateConsumer(texts, options))
        {
            Wait.Until(() => first.Assignment.Count == 2 && second.Assignment.Count == 2,
                TimeSpan.FromSeconds(60), "both to have two partitions");
            Assert.Empty(first.Assignment.Intersect(second.Assignment));

            // What was read was committed before it was given up: nothing comes twice.
            for (int p = 0; p < 4; p++) TestTopics.Produce(node, topic, ["d"], p);
            await Task.WhenAll(ReadAsync(first, 2, "d"), ReadAsync(second, 2, "d"));
        }

        Wait.Until(() => first.Assignment.Count == 4, TimeSpan.FromSeconds(60), "the partitions to come back");
        for (int p = 0; p < 4; p++) TestTopics.Produce(node, topic, ["e"], p);
        await ReadAsync(first, 4, "e");
    }

    [Fact]
    public async Task ReaderThatBlocksItsThread_KeepsItsMembership()
    {
        ServerUnderTest node = servers.Get("moldau");
        string topic = TestTopics.Create(node, "group-blocked");
        await using MoldauClient client = new(node.Bootstrap);
        await using var consumer = client.CreateConsumer(new Topic<string, string>(topic, Serde.Utf8, Serde.Utf8), new ConsumerOptions
        {
            GroupId = $"g-{topic}",
            GroupProtocol = GroupProtocol.Classic,
            OffsetReset = OffsetReset.Earliest,
            SessionTimeout = TimeSpan.FromSeconds(6),
            HeartbeatInterval = TimeSpan.FromSeconds(1),
            EnableAutoCommit = false,
        });
        Wait.Until(() => consumer.Assignment.Count == 1, TimeSpan.FromSeconds(60), "the partition");
        string member = consumer.GroupMetadata.MemberId;
        Task reading = Task.Run(
            async () =>
            {
                await foreach (var record in consumer.ReadAllAsync(Cancel))
                {
                    // For longer than the session, on the thread that brought the record.
                    using ManualResetEventSlim never = new();
                    never.Wait(TimeSpan.FromSeconds(8), Cancel);
                    record.Done();
                    await consumer.CommitAsync(Cancel);
                    break;
                }
            },
            Cancel);

        // The reader waits when the record comes.
        await using Producer producer = client.CreateProducer();
        await producer.SendAsync(topic, default, "x"u8, Cancel);
        Assert.False(reading.IsCompleted);
        await producer.SendAsync(topic, default, "y"u8, Cancel);
        await reading;
        Assert.Equal(member, consumer.GroupMetadata.MemberId);
        var committed = await consumer.CommittedAsync([new TopicPartition(topic, 0)], Cancel);
        Assert.Equal(1, committed[new TopicPartition(topic, 0)].Offset);
    }

    private static async Task ReadAsync(Consumer<string, string> consumer, int count, string? value = null)
    {
        await foreach (var record in consumer.ReadAllAsync(Cancel))
        {
            if (value is not null) Assert.Equal(value, record.Value);
            record.Done();
            if (--count == 0) break;
        }
    }
}
